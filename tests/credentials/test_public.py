"""What everybody gets over HTTP: the page, the credential in its forms, the picture, and what an issuer publishes."""

import asyncio
import base64
import hashlib
import html
import re
from typing import Any

import httpx
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError

from shared import ids
from shared.credentials import unbake
from tests.conftest import Subgraph, Tenant
from tests.credentials.conftest import REVOKE, apply, create, earn, items, named, new_course, organization_named
from tests.credentials.issuing_kit import JSON_LD, awarded, awards_of, body, get, path_of, slug_of
from tests.shared.credentials import STRANGE

CODE = "0123456789ABCDEF"
PATHS = [
    "/verify/{code}",
    "/credentials/{code}",
    "/credentials/{code}/jwt",
    "/credentials/{code}/image.png",
    "/organizations/{slug}/did.json",
    "/organizations/{slug}/jwks.json",
    "/organizations/{slug}/status/1",
]


async def revoke(credentials: Subgraph, tenant: Tenant, award: dict[str, Any]) -> None:
    """Takes an award back."""
    answer = await credentials.ask(REVOKE, tenant.admin, id=award["id"], reason="A secret reason")
    assert answer.data["revokeAward"]["status"] == "REVOKED"


async def test_the_credential_is_what_the_graph_says_in_each_form(credentials: Subgraph, tenant: Tenant) -> None:
    await awarded(credentials, tenant)
    (award,) = await awards_of(credentials, tenant.student)
    path = path_of(award["credential"]["id"])
    for accept in ("*/*", None, "application/json", JSON_LD, "text/html", "application/*;q=0.5", "nonsense;q=x"):
        response = await get(credentials, path, accept)
        assert body(response) == award["credential"], accept
        assert response.headers["content-type"] == ("application/json" if accept == "application/json" else JSON_LD)
    for accept in ("application/vc+jwt", "application/jwt", "application/json;q=0.1, application/jwt"):
        response = await get(credentials, path, accept)
        assert (response.text, response.headers["vary"]) == (award["credentialJwt"], "accept")
    assert (await get(credentials, f"{path}/jwt")).text == award["credentialJwt"]


async def test_the_picture_carries_the_credential_and_is_drawn_only_for_those_who_lack_it(
    credentials: Subgraph, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await awarded(credentials, tenant)
    (award,) = await awards_of(credentials, tenant.student)
    first = await get(credentials, path_of(award["imageUrl"]))
    assert (first.status_code, first.headers["content-type"]) == (200, "image/png")
    assert unbake(first.content) == award["credential"]
    assert (await get(credentials, path_of(award["imageUrl"]))).content == first.content
    monkeypatch.setattr("subgraphs.credentials.routes.awards._drawn", None)
    again = await get(credentials, path_of(award["imageUrl"]), **{"if-none-match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_page_says_in_words_that_an_award_holds_and_then_that_it_does_not(
    credentials: Subgraph, tenant: Tenant
) -> None:
    (award,) = await awarded(credentials, tenant)
    path = f"/verify/{award['code']}"
    valid = await get(credentials, path)
    assert valid.headers["content-type"] == "text/html; charset=utf-8"
    for said in ("Valid", "Ada Lovelace", "Northlight", "Stargazer", award["code"], "<time datetime="):
        assert said in valid.text
    links = re.findall('href="([^"]+)"', valid.text)
    assert [(await get(credentials, path_of(link))).status_code for link in links] == [200] * 3
    await revoke(credentials, tenant, award)
    revoked = await get(credentials, path, **{"if-none-match": valid.headers["etag"]})
    assert revoked.status_code == 200
    assert "REVOKED" in revoked.text
    assert "A secret reason" not in revoked.text
    assert (await get(credentials, path, **{"if-none-match": revoked.headers["etag"]})).status_code == 304


@pytest.mark.parametrize("name", [it for it in STRANGE if it.strip() and len(it) < 256])
async def test_names_are_shown_and_never_run(credentials: Subgraph, tenant: Tenant, name: str) -> None:
    text = name if len(name) > 2 else name * 3
    (award,) = await awarded(credentials, tenant, name=text, issuer=text, description=text)
    response = await get(credentials, f"/verify/{award['code']}")
    assert response.status_code == 200
    shown = [html.unescape(it) for it in re.findall("<bdi>(.*?)</bdi>", response.text, re.DOTALL)]
    assert shown.count(text) == 2
    assert "<script" not in response.text
    image = await get(credentials, f"/credentials/{award['code']}/image.png")
    assert image.content.startswith(b"\x89PNG")


async def test_nothing_runs_and_nothing_is_set_anywhere(credentials: Subgraph, tenant: Tenant) -> None:
    (award,) = await awarded(credentials, tenant)
    for path in PATHS:
        response = await get(credentials, path.format(code=award["code"], slug=slug_of(tenant)))
        assert response.status_code == 200, path
        headers = response.headers
        assert headers["content-security-policy"].startswith("default-src 'none'; ")
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["access-control-allow-origin"] == "*"
        assert headers["cache-control"]
        assert "set-cookie" not in headers
        again = await get(
            credentials, path.format(code=award["code"], slug=slug_of(tenant)), **{"if-none-match": headers["etag"]}
        )
        assert (again.status_code, again.content) == (304, b""), path


async def test_the_page_names_its_style_and_holds_no_script(credentials: Subgraph, tenant: Tenant) -> None:
    (award,) = await awarded(credentials, tenant)
    response = await get(credentials, f"/verify/{award['code']}")
    (style,) = re.findall("<style>(.*?)</style>", response.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert response.headers["content-security-policy"].endswith(f"style-src 'sha256-{digest}'")
    assert not re.search(r"<script|javascript:|\son\w+=|style=", response.text)


@pytest.mark.parametrize("path", [*PATHS, "/organizations/{slug}/badges/x"])
async def test_all_of_it_is_read_only(credentials: Subgraph, path: str) -> None:
    for method in ("POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
        assert (await credentials.client.request(method, path.format(code=CODE, slug="x"))).status_code == 405
    assert (await credentials.client.head(path.format(code=CODE, slug="x"))).status_code == 404


@pytest.mark.parametrize(
    "code",
    [CODE, "0" * 15, "0" * 17, "x", "%00", "%ff", "..%2f..%2fetc", "<script>", "'; DROP TABLE award --", "x" * 5_000],
)
async def test_unknown_codes_are_404(credentials: Subgraph, code: str) -> None:
    for path in PATHS[:4]:
        response = await get(credentials, path.format(code=code))
        assert response.status_code == 404, path
        assert "<script>" not in response.text
    page = await get(credentials, f"/verify/{CODE}")
    assert page.headers["content-type"].startswith("text/html")
    assert "UNKNOWN" in page.text


async def test_a_code_is_read_however_it_is_spelt_and_one_wrong_letter_is_unknown(
    credentials: Subgraph, tenant: Tenant
) -> None:
    (award,) = await awarded(credentials, tenant)
    code = award["code"]
    typed = "-".join(re.findall("....", code.lower().replace("0", "o")))
    assert (await get(credentials, f"/verify/{typed}")).status_code == 200
    for place in range(len(code)):
        wrong = code[:place] + ("2" if code[place] != "2" else "3") + code[place + 1 :]
        assert (await get(credentials, f"/credentials/{wrong}")).status_code == 404


@pytest.mark.parametrize("slug", ["unknown", "%00", "%ff", "..", "x" * 5_000, "' OR true --"])
async def test_unknown_organizations_are_404(credentials: Subgraph, slug: str) -> None:
    for path in ("did.json", "jwks.json", "status/1", "badges/badge_01h455vb4pex5vsknk084sn02q"):
        assert (await get(credentials, f"/organizations/{slug}/{path}")).status_code == 404


async def test_an_issuer_publishes_its_keys_and_its_lists(credentials: Subgraph, tenant: Tenant) -> None:
    (award,) = await awarded(credentials, tenant)
    base = f"/organizations/{slug_of(tenant)}"
    before = body(await get(credentials, f"{base}/did.json"))
    await awards_of(credentials, tenant.student)
    document = body(await get(credentials, f"{base}/did.json"))
    assert document == before, "a key that is published before anything is signed is the one that signs"
    (key,) = body(await get(credentials, f"{base}/jwks.json"))["keys"]
    assert key in [method.get("publicKeyJwk") for method in document["verificationMethod"]]
    assert "d" not in key
    credential = body(await get(credentials, f"/credentials/{award['code']}"))
    assert credential["proof"]["verificationMethod"] in document["assertionMethod"]
    assert path_of(credential["credentialStatus"]["statusListCredential"]) == f"{base}/status/1"
    for number in ("0", "2", "01", "-1", "1.0", "x", "%D9%A1", "9" * 40):
        assert (await get(credentials, f"{base}/status/{number}")).status_code == 404, number


async def test_a_status_list_is_json_unless_a_jwt_or_nothing_is_asked_for(
    credentials: Subgraph, tenant: Tenant
) -> None:
    await awarded(credentials, tenant)
    path = f"/organizations/{slug_of(tenant)}/status/1"
    for accept in ("*/*", "application/json", JSON_LD, "application/ld+json, application/json"):
        assert body(await get(credentials, path, accept))["type"][1] == "BitstringStatusListCredential"
    for accept in (None, "application/vc+jwt", "application/jwt"):
        assert (await get(credentials, path, accept)).text.count(".") == 2


async def test_a_status_list_stays_the_same_until_a_revocation_which_shows_at_once(
    credentials: Subgraph, tenant: Tenant
) -> None:
    award, _ = await awarded(credentials, tenant, count=2)
    path = f"/organizations/{slug_of(tenant)}/status/1"
    first, again = await get(credentials, path), await get(credentials, path)
    assert first.content == again.content
    await revoke(credentials, tenant, award)
    revoked = await get(credentials, path, **{"if-none-match": first.headers["etag"]})
    assert body(revoked)["credentialSubject"]["encodedList"] != body(first)["credentialSubject"]["encodedList"]


async def test_a_badge_is_public_once_somebody_has_it(credentials: Subgraph, tenant: Tenant, stranger: Tenant) -> None:
    await awarded(credentials, tenant, name="A name", description="<b>Knows</b> the sky")
    await apply(credentials, stranger, organization_named(stranger))
    (award,) = await awards_of(credentials, tenant.student)
    url = award["credential"]["credentialSubject"]["achievement"]["id"]
    found = body(await get(credentials, path_of(url)))
    assert (found["id"], found["name"], found["creator"]["name"]) == (url, "Stargazer", "Northlight")
    page = await get(credentials, path_of(url), "text/html, */*;q=0.8")
    assert "&lt;b&gt;Knows&lt;/b&gt; the sky" in page.text
    badge_id = url.rpartition("/")[2]
    assert (await get(credentials, f"/organizations/{slug_of(stranger)}/badges/{badge_id}")).status_code == 404
    course_id = await new_course(credentials, tenant, items=1)
    made = await create(credentials, tenant.teacher, items(course_id, 1))
    assert (await get(credentials, f"/organizations/{slug_of(tenant)}/badges/{made['id']}")).status_code == 404


async def test_what_waits_for_its_names_is_away_for_the_moment(
    credentials: Subgraph, tenant: Tenant, badge: dict[str, Any]
) -> None:
    award = await earn(credentials, tenant, tenant.student, badge)
    page = await get(credentials, f"/verify/{award['code']}")
    assert "(not known yet)" in page.text
    assert "<a " not in page.text
    for path in PATHS[1:4]:
        response = await get(credentials, path.format(code=award["code"]))
        assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    await apply(credentials, tenant, named(tenant.student), organization_named(tenant))
    assert (await get(credentials, f"/credentials/{award['code']}")).status_code == 200


async def test_without_redis_all_is_still_answered(
    credentials: Subgraph, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    (award,) = await awarded(credentials, tenant)

    async def away(*_: Any, **__: Any) -> None:
        raise RedisConnectionError

    monkeypatch.setattr(type(credentials.platform.redis), "execute_command", away)
    for path in PATHS:
        response = await get(credentials, path.format(code=award["code"], slug=slug_of(tenant)))
        assert response.status_code == 200, path


async def test_a_database_that_is_away_is_503(
    credentials: Subgraph, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    (award,) = await awarded(credentials, tenant)

    def away(*_: Any, **__: Any) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(type(credentials.platform.database), "system", away)
    for path in PATHS:
        response = await get(credentials, path.format(code=award["code"], slug=slug_of(tenant)))
        assert response.status_code == 503, path


async def test_who_reads_first_signs_whether_over_http_or_the_graph(credentials: Subgraph, tenant: Tenant) -> None:
    (award,) = await awarded(credentials, tenant)

    async def read() -> Any:
        return body(await get(credentials, f"/credentials/{award['code']}"))

    documents = await asyncio.gather(*(read() for _ in range(8)))
    ((again,),) = [[it["credential"] for it in await awards_of(credentials, tenant.student)]]
    assert all(document == again for document in documents)
    assert httpx.URL(again["id"]).path == f"/credentials/{award['code']}"
    assert ids.decode("award", award["id"])
