"""Another tenant's ids: at every field that takes one, as entities sent straight to the subgraph, and in SQL."""

from typing import Any

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from shared import ids
from shared.auth import Viewer
from shared.vectors import SimilarQuery, VectorQuery
from subgraphs.ai.models import Completion, Course, Enrollment, Item, ModelUse
from subgraphs.ai.runtime import model_of, vectors_of
from tests.ai.conftest import TEXTS, finish, new_course, nothing_changes, published, search
from tests.conftest import Subgraph, Tenant

FIELDS = {
    "semanticSearch": (
        'query($id: ID!) { found: semanticSearch(query: "stars", courseId: $id) { score item { id } } }',
        "course",
        [],
    ),
    "generateQuestions": (
        "mutation($id: ID!) { found: generateQuestions(input: {contentItemId: $id}) { __typename } }",
        "content_item",
        {"__typename": "NotFound"},
    ),
    "similar": (
        'query($id: ID!) { found: _entities(representations: [{__typename: "ContentItem", id: $id}]) '
        "{ ... on ContentItem { similar { item { id } } } } }",
        "content_item",
        [{"similar": []}],
    ),
    "recommendations": (
        'query($id: ID!) { found: _entities(representations: [{__typename: "User", id: $id}]) '
        "{ ... on User { recommendations { item { id } } } } }",
        "user",
        [{"recommendations": None}],
    ),
}


@pytest.fixture
async def theirs(ai: Subgraph, stranger: Tenant) -> dict[str, str]:
    """Ids of another tenant, as public as ids can be."""
    place = await new_course(ai, stranger, stranger.student)
    item, *_ = await published(ai, stranger, place, *TEXTS)
    await finish(ai, stranger.student, item)
    user = stranger.student.user_id
    assert user
    return {"course": place.public_id, "content_item": item, "user": ids.encode("user", user)}


@pytest.mark.parametrize("field", FIELDS)
async def test_a_foreign_id_answers_exactly_like_an_unknown_one(
    ai: Subgraph, tenant: Tenant, stranger: Tenant, theirs: dict[str, str], shelf: dict[str, str], field: str
) -> None:
    document, kind, expected = FIELDS[field]
    async with nothing_changes(ai, stranger):
        foreign = await ai.ask(document, tenant.admin, id=theirs[kind])
        unknown = await ai.ask(document, tenant.admin, id=ids.encode(kind, ids.new_id()))
    assert foreign.body == unknown.body == {"data": {"found": expected}}
    assert len(foreign.statements) == len(unknown.statements), "not even the work differs"


async def test_the_nearest_of_another_tenant_is_not_found(
    ai: Subgraph, tenant: Tenant, stranger: Tenant, theirs: dict[str, str]
) -> None:
    place = await new_course(ai, tenant, tenant.student)
    [mine] = await published(ai, tenant, place, "Latin")
    for who in (tenant.student, tenant.teacher, tenant.admin):
        assert await search(ai, who, TEXTS["Stars"], first=100) == [mine]
    assert theirs["content_item"] in await search(ai, stranger.student, TEXTS["Stars"])


async def test_the_platforms_login_sees_no_tenant_but_the_one_it_acts_for(
    ai: Subgraph, tenant: Tenant, root: Viewer, shelf: dict[str, str]
) -> None:
    for document, _, expected in (FIELDS["similar"], FIELDS["recommendations"]):
        answer = await ai.ask(document, root, id=shelf["Stars"] if "ContentItem" in document else _user(tenant))
        assert answer.data["found"] == expected


def _user(tenant: Tenant) -> str:
    assert tenant.student.user_id
    return ids.encode("user", tenant.student.user_id)


async def test_vectors_are_the_tenants(ai: Subgraph, tenant: Tenant, stranger: Tenant, theirs: dict[str, str]) -> None:
    vectors, model = vectors_of(ai.platform), model_of(ai.platform)
    item_id = ids.decode("content_item", theirs["content_item"])
    assert item_id
    embedding = (await model.embed(["stars"])).vectors[0]
    for id, count in ((tenant.id, 0), (stranger.id, 5)):
        assert len(await vectors.nearest(id, VectorQuery(embedding=embedding))) == count
        assert bool(await vectors.of_items(id, [item_id])) == bool(count)
        assert bool(await vectors.similar(id, SimilarQuery(item_ids=frozenset({item_id})))) == bool(count)


TABLES = ("item", "item_vector", "course", "enrollment", "completion", "model_use")


@pytest.mark.parametrize("table", TABLES)
async def test_sql_shows_rows_of_the_tenant_alone(
    ai: Subgraph, tenant: Tenant, stranger: Tenant, theirs: dict[str, str], table: str
) -> None:
    for who, is_there in ((stranger.admin, True), (tenant.admin, False)):
        async with ai.platform.database.begin(who) as session:
            found = await session.scalar(text(f"SELECT count(*) FROM {table}"))
            changed: Any = await session.execute(text(f"UPDATE {table} SET id = id"))
        assert (bool(found), bool(changed.rowcount)) == (is_there, is_there)


async def test_sql_takes_rows_of_the_tenant_alone(ai: Subgraph, tenant: Tenant, stranger: Tenant) -> None:
    own = {"id": ids.new_id(), "organization_id": stranger.id}
    some = ids.new_id()
    wrong: list[tuple[Any, dict[str, Any]]] = [
        (Course, {"is_open": True, "module_ids": []}),
        (Enrollment, {"course_id": some, "user_id": some}),
        (Completion, {"item_id": some, "user_id": some}),
        (Item, {"course_id": some, "module_id": some, "version": 1, "title": "", "tags": [], "text": ""}),
        (
            ModelUse,
            {"operation": "EMBED_QUERY", "model": "", "prompt_tokens": 1, "completion_tokens": 1, "nano_dollars": 1},
        ),
    ]
    for model, values in wrong:
        with pytest.raises(DBAPIError, match="row-level security"):
            async with ai.platform.database.begin(tenant.admin) as session:
                await session.execute(insert(model).values(**own, **values))


async def test_the_system_login_sees_items_and_nothing_else(ai: Subgraph, theirs: dict[str, str]) -> None:
    for table in TABLES:
        async with ai.platform.database.system() as session:
            assert bool(await session.scalar(text(f"SELECT count(*) FROM {table}"))) == (table == "item")


async def test_every_table_of_a_tenant_is_fenced(ai: Subgraph, tenant: Tenant) -> None:
    """Each has forced row-level security and a policy, and a primary key that begins with the organization."""
    statement = text("""
        SELECT c.relname, c.relforcerowsecurity AND c.relrowsecurity AS forced,
               EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid) AS fenced,
               (SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
                WHERE i.indrelid = c.oid AND i.indisprimary) AS first
        FROM pg_class c WHERE c.relnamespace = 'ai'::regnamespace AND c.relkind = 'r' AND c.relname = ANY (:tables)
    """)
    async with ai.platform.database.begin(tenant.admin) as session:
        rows = (await session.execute(statement, {"tables": list(TABLES)})).all()
    assert len(rows) == len(TABLES)
    assert {(row.forced, row.fenced, row.first) for row in rows} == {(True, True, "organization_id")}
