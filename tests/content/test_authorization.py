"""Who may do what: every kind of caller at every mutation and at every root field."""

import pytest

from shared.auth import Viewer
from tests.conftest import Subgraph, Tenant
from tests.content.conftest import Place, create, later, nothing_changes, published

CALLERS = ("anonymous", "student", "teacher", "admin", "platform", "foreign")

FILE = f'fileName: "a film", mediaType: "video/mp4", size: 3, sha256: "{"0" * 64}"'
MUTATIONS = {
    "createContentItem": 'createContentItem(input: {moduleId: "%(module)s", type: QUIZ, title: "New"})',
    "updateContentItem": 'updateContentItem(input: {id: "%(item)s", title: "Changed"})',
    "publishContentItem": 'publishContentItem(id: "%(draft)s")',
    "scheduleContentItem": 'scheduleContentItem(input: {id: "%(draft)s", publishAt: "%(time)s"})',
    "completeContentItem": 'completeContentItem(id: "%(item)s")',
    "createMediaUpload": 'createMediaUpload(input: {itemId: "%(film)s", ' + FILE + "})",
    "completeMediaUpload": 'completeMediaUpload(id: "%(media)s")',
}

# What becomes of it, in the order of CALLERS: a code of a top-level error, or the type of the answer. Nothing has been
# uploaded, so that who may complete the upload is told what is wrong with it.
NOT_SIGNED_IN, NO, ITEM = "UNAUTHENTICATED", "FORBIDDEN", "ContentItem"
OUTCOMES = {
    "createContentItem": (NOT_SIGNED_IN, NO, ITEM, ITEM, NO, "NotFound"),
    "updateContentItem": (NOT_SIGNED_IN, NO, ITEM, ITEM, NO, "NotFound"),
    "publishContentItem": (NOT_SIGNED_IN, NO, ITEM, ITEM, NO, "NotFound"),
    "scheduleContentItem": (NOT_SIGNED_IN, NO, ITEM, ITEM, NO, "NotFound"),
    "completeContentItem": (NOT_SIGNED_IN, "Completion", "NotEnrolled", "NotEnrolled", NO, "NotFound"),
    "createMediaUpload": (NOT_SIGNED_IN, NO, "MediaUpload", "MediaUpload", NO, "NotFound"),
    "completeMediaUpload": (NOT_SIGNED_IN, NO, "InvalidInput", "InvalidInput", NO, "NotFound"),
}
DONE = (ITEM, "Completion", "MediaUpload")

QUERIES = {
    "contentItem": 'contentItem(id: "%(item)s") { title }',
    "search": 'search(query: "anything") { totalCount }',
    "searchSuggestions": 'searchSuggestions(prefix: "any")',
}
READ = {
    "contentItem": (NOT_SIGNED_IN, "data", "data", "data", "null", "null"),
    "search": (NOT_SIGNED_IN, "data", "data", "data", NO, "data"),
    "searchSuggestions": (NOT_SIGNED_IN, "data", "data", "data", NO, "data"),
}


def caller(kind: str, tenant: Tenant, stranger: Tenant, root: Viewer) -> Viewer | None:
    """Somebody of this kind."""
    found: dict[str, Viewer | None] = {"anonymous": None, "platform": root, "foreign": stranger.admin}
    return found[kind] if kind in found else getattr(tenant, kind)


@pytest.fixture
async def places(content: Subgraph, tenant: Tenant, place: Place) -> dict[str, str]:
    """Public ids of what there is in a tenant."""
    film = await create(content, tenant.teacher, place, "VIDEO")
    announce = MUTATIONS["createMediaUpload"] % {"film": film["id"]}
    upload = await content.ask(f"mutation {{ {announce} {{ ... on MediaUpload {{ id }} }} }}", tenant.teacher)
    return {
        "module": place.module,
        "item": (await published(content, tenant, place))["id"],
        "draft": (await create(content, tenant.teacher, place))["id"],
        "film": film["id"],
        "media": upload.data["createMediaUpload"]["id"],
        "time": later(hours=1).isoformat(),
    }


@pytest.mark.parametrize(
    ("mutation", "kind", "outcome"),
    [(name, kind, outcome) for name, row in OUTCOMES.items() for kind, outcome in zip(CALLERS, row, strict=True)],
)
async def test_each_caller_gets_the_answer_of_the_table_and_refusals_change_nothing(
    content: Subgraph,
    tenant: Tenant,
    stranger: Tenant,
    root: Viewer,
    places: dict[str, str],
    mutation: str,
    kind: str,
    outcome: str,
) -> None:
    document = f"mutation {{ {MUTATIONS[mutation] % places} {{ __typename }} }}"
    who = caller(kind, tenant, stranger, root)
    if outcome in DONE:
        assert (await content.ask(document, who)).data == {mutation: {"__typename": outcome}}
        return
    async with nothing_changes(content, tenant, stranger):
        answer = await content.ask(document, who)
    if outcome.isupper():
        assert answer.codes == [outcome]
        assert answer.body["data"] is None
        assert answer.statements == [] or kind == "platform", "refused before anything is read"
    else:
        assert answer.data == {mutation: {"__typename": outcome}}


@pytest.mark.parametrize(
    ("query", "kind", "outcome"),
    [(name, kind, outcome) for name, row in READ.items() for kind, outcome in zip(CALLERS, row, strict=True)],
)
async def test_each_caller_reads_what_the_table_says(
    content: Subgraph,
    tenant: Tenant,
    stranger: Tenant,
    root: Viewer,
    places: dict[str, str],
    query: str,
    kind: str,
    outcome: str,
) -> None:
    answer = await content.ask(f"{{ found: {QUERIES[query] % places} }}", caller(kind, tenant, stranger, root))
    if outcome.isupper():
        assert answer.codes == [outcome]
        assert (answer.body["data"] or {"found": None}) == {"found": None}
    else:
        assert (answer.data["found"] is not None) == (outcome == "data")


@pytest.mark.parametrize(("type", "table"), [("Mutation", OUTCOMES), ("Query", READ)], ids=["Mutation", "Query"])
async def test_the_tables_name_every_root_field(content: Subgraph, type: str, table: dict[str, object]) -> None:
    answer = await content.ask("query($name: String!) { __type(name: $name) { fields { name } } }", name=type)
    names = {field["name"] for field in answer.data["__type"]["fields"]}
    assert {name for name in names if not name.startswith("_")} == set(table)
