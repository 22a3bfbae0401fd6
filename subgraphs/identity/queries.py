"""The root fields one reads identity by."""

import strawberry

from shared import ids
from shared.auth import requires
from shared.connections import Connection, Page
from shared.graphql import Info, Node
from subgraphs.identity import models
from subgraphs.identity.types import ELSEWHERE, OWN, Organization, User, Viewer

_OWN = {type_.prefix: type_ for type_ in OWN}
_ELSEWHERE = {type_.prefix: type_ for type_ in ELSEWHERE}


@strawberry.type
class Query:
    @strawberry.field(description="Who is asking; null for an anonymous request.")
    def viewer(self, info: Info) -> Viewer | None:
        caller = info.context.viewer
        return Viewer.of(caller) if caller.user_id else None

    @strawberry.field(description="An organization the viewer belongs to, by id or by slug.", extensions=[requires()])
    async def organization(
        self, info: Info, id: strawberry.ID | None = None, slug: str | None = None
    ) -> Organization | None:
        if id is not None:
            return await info.context.load.one(Organization, ids.decode("organization", id))
        return await info.context.load.by(Organization, models.Organization.slug, slug) if slug else None

    @strawberry.field(
        description="The organizations the viewer belongs to; for the platform's own login, all of them.",
        extensions=[requires()],
    )
    async def organizations(
        self, info: Info, first: int | None = 10, after: str | None = None
    ) -> Connection[Organization]:
        return await info.context.load.page(Organization, Page.of(first, after))

    @strawberry.field(description="A person of the viewer's organization.", extensions=[requires()])
    async def user(self, info: Info, id: strawberry.ID) -> User | None:
        return await info.context.load.one(User, ids.decode("user", id))

    @strawberry.field(description="Anything the viewer may see, by its id.", extensions=[requires()])
    async def node(self, info: Info, id: strawberry.ID) -> Node | None:
        prefix, uuid = ids.parse(id) or ("", None)
        if uuid is None or prefix not in _OWN.keys() | _ELSEWHERE.keys():
            return None
        if prefix in _OWN:
            return await info.context.load.one(_OWN[prefix], uuid)
        return _ELSEWHERE[prefix](id=id, node_id=id, uuid=uuid)
