"""What tests of signed credentials share: awards with all their names, and what the public gets of them."""

import json
from typing import Any

import httpx

from shared.auth import Viewer
from tests.conftest import Subgraph, Tenant
from tests.credentials.conftest import (
    apply,
    create,
    item_done,
    items,
    named,
    new_course,
    organization_named,
    user_id,
)

CODES = "... on User { awards(first: 100) { edges { node { id code } } } }"
CREDENTIALS = """
... on User {
  awards(first: 100) { edges { node { id code credential credentialJwt imageUrl verificationUrl } } }
}
"""
JSON_LD = "application/vc+ld+json"


def slug_of(tenant: Tenant) -> str:
    """The slug that `organization_named` gives."""
    return organization_named(tenant).slug


async def awarded(
    credentials: Subgraph,
    tenant: Tenant,
    *,
    count: int = 1,
    name: str = "Ada Lovelace",
    issuer: str = "Northlight",
    **badge: Any,
) -> list[dict[str, Any]]:
    """So many awards of the tenant's student, each of a badge of its own; none of them is signed yet."""
    who, course_id = tenant.student, await new_course(credentials, tenant, items=1)
    await apply(credentials, tenant, named(who, name), organization_named(tenant, issuer))
    for _ in range(count):
        made = await create(credentials, tenant.teacher, items(course_id, 1), **badge)
        assert made["__typename"] == "Badge", made
    await apply(credentials, tenant, item_done(who, course_id))
    return await awards_of(credentials, who, CODES)


async def awards_of(credentials: Subgraph, who: Viewer, selection: str = CREDENTIALS) -> list[dict[str, Any]]:
    """Somebody's awards, as they see them."""
    user = {"__typename": "User", "id": user_id(who)}
    ((found),) = (await credentials.entities(who, selection, user)).data["_entities"]
    return [edge["node"] for edge in found["awards"]["edges"]]


async def get(credentials: Subgraph, path: str, accept: str | None = "*/*", **headers: str) -> httpx.Response:
    """What the public gets; nothing is said of the form when `accept` is None."""
    request = credentials.client.build_request("GET", path, headers={"accept": accept or ""} | headers)
    if accept is None:
        del request.headers["accept"]
    return await credentials.client.send(request)


def path_of(url: str) -> str:
    """An address without its host, which is no real one in these tests."""
    return httpx.URL(url).raw_path.decode()


def body(response: httpx.Response) -> Any:
    """The JSON of an answer that is one."""
    assert response.status_code == 200, response.text
    return json.loads(response.content)
