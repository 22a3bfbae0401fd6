"""Who may do what: every kind of caller at every root field, and at what is added to others' entities."""

import pytest

from shared.auth import Role, Viewer
from tests.ai.conftest import Place, nothing_changes, published
from tests.conftest import Subgraph, Tenant, viewer
from tests.shared.model import DEMO_ITEMS

CALLERS = ("anonymous", "student", "outsider", "teacher", "admin", "platform", "foreign")

FIELDS = {
    "semanticSearch": '{ found: semanticSearch(query: "stars") { item { id } } }',
    "generateQuestions": 'mutation { found: generateQuestions(input: {contentItemId: "%(item)s"}) { __typename } }',
    "similar": '{ found: _entities(representations: [{__typename: "ContentItem", id: "%(item)s"}]) '
    "{ ... on ContentItem { similar { item { id } } } } }",
}

ANONYMOUS, NOT_ALLOWED = "UNAUTHENTICATED", "FORBIDDEN"
MADE, ABSENT = {"__typename": "GeneratedQuestions"}, {"__typename": "NotFound"}
OTHER = "another item"

# What becomes of it, in the order of CALLERS: a code of a top-level error, or the answer.
OUTCOMES = {
    "semanticSearch": (ANONYMOUS, 2, 0, 2, 2, NOT_ALLOWED, 0),
    "generateQuestions": (ANONYMOUS, NOT_ALLOWED, NOT_ALLOWED, MADE, MADE, NOT_ALLOWED, ABSENT),
    "similar": (ANONYMOUS, OTHER, None, OTHER, OTHER, None, None),
}


def caller(kind: str, tenant: Tenant, stranger: Tenant, root: Viewer) -> Viewer | None:
    """Somebody of this kind; the outsider is in no course."""
    found: dict[str, Viewer | None] = {
        "anonymous": None,
        "platform": root,
        "foreign": stranger.admin,
        "outsider": viewer(Role.STUDENT, tenant.id),
    }
    return found[kind] if kind in found else getattr(tenant, kind)


@pytest.mark.parametrize(
    ("field", "kind", "outcome"),
    [(name, kind, outcome) for name, row in OUTCOMES.items() for kind, outcome in zip(CALLERS, row, strict=True)],
)
async def test_each_caller_gets_the_answer_of_the_table(
    ai: Subgraph,
    tenant: Tenant,
    stranger: Tenant,
    root: Viewer,
    place: Place,
    field: str,
    kind: str,
    outcome: object,
) -> None:
    one, other = [(await published(ai, tenant, place, item.title, text=item.text))[0] for item in DEMO_ITEMS[:2]]
    who = caller(kind, tenant, stranger, root)
    if outcome == MADE or (field == "semanticSearch" and outcome == 2):
        answer = await ai.ask(FIELDS[field] % {"item": one}, who)
    else:
        async with nothing_changes(ai, tenant):
            answer = await ai.ask(FIELDS[field] % {"item": one}, who)
    if isinstance(outcome, str) and outcome.isupper():
        assert answer.codes == [outcome]
        assert "content_item_" not in str(answer.body)
    elif field == "semanticSearch":
        assert len(answer.data["found"]) == outcome
    elif field == "similar":
        expected = [{"item": {"id": other}}] if outcome == OTHER else []
        assert answer.data["found"] == [{"similar": expected}]
    else:
        assert answer.data["found"] == outcome


async def test_the_table_names_every_root_field(ai: Subgraph) -> None:
    query = "{ __schema { queryType { fields { name } } mutationType { fields { name } } } }"
    schema = (await ai.ask(query)).data["__schema"]
    fields = {field["name"] for type_ in schema.values() for field in type_["fields"]} - {"_entities", "_service"}
    assert fields == OUTCOMES.keys() - {"similar"}
