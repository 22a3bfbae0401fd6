"""Another tenant's ids: at every field that takes one, as entities sent straight to the subgraph, and in SQL."""

from typing import Any

import pytest
from sqlalchemy import insert, text
from sqlalchemy.exc import DBAPIError

from shared import ids
from shared.auth import ANONYMOUS, Viewer
from subgraphs.content.models import Completion, Course, Enrollment, Item, Media, Module, Version
from subgraphs.content.runtime import texts_of
from tests.conftest import Subgraph, Tenant
from tests.content.conftest import complete, join, later, new_course, nothing_changes, published, rows, stored

TABLES = ("course", "module", "enrollment", "item", "version", "completion", "media", "document")
ENTITY = """
__typename
... on ContentItem {
  id nodeId title text mediaUrl draftText viewerCompletedAt versions { id text } course { id } module { id }
}
... on ContentVersion { id nodeId number title text }
"""
FILE = f'fileName: "a film", mediaType: "video/mp4", size: 3, sha256: "{"0" * 64}"'
NOT_FOUND = {"__typename": "NotFound"}
FIELDS: dict[str, tuple[str, str, Any]] = {
    "contentItem": ("query($id: ID!) { found: contentItem(id: $id) { id } }", "content_item", None),
    "createContentItem": (
        'mutation($id: ID!) { found: createContentItem(input: {moduleId: $id, type: QUIZ, title: "Mine"}) '
        "{ __typename } }",
        "module",
        NOT_FOUND,
    ),
    "updateContentItem": (
        'mutation($id: ID!) { found: updateContentItem(input: {id: $id, text: "Mine"}) { __typename } }',
        "content_item",
        NOT_FOUND,
    ),
    "publishContentItem": (
        "mutation($id: ID!) { found: publishContentItem(id: $id) { __typename } }",
        "content_item",
        NOT_FOUND,
    ),
    "scheduleContentItem": (
        "mutation($id: ID!) { found: scheduleContentItem(input: {id: $id, "
        f'publishAt: "{later(days=365).isoformat()}"}}) {{ __typename }} }}',
        "content_item",
        NOT_FOUND,
    ),
    "completeContentItem": (
        "mutation($id: ID!) { found: completeContentItem(id: $id) { __typename } }",
        "content_item",
        NOT_FOUND,
    ),
    "createMediaUpload": (
        f"mutation($id: ID!) {{ found: createMediaUpload(input: {{itemId: $id, {FILE}}}) {{ __typename }} }}",
        "content_item",
        NOT_FOUND,
    ),
    "completeMediaUpload": (
        "mutation($id: ID!) { found: completeMediaUpload(id: $id) { __typename } }",
        "media",
        NOT_FOUND,
    ),
    "search courseId": (
        'query($id: ID!) { found: search(query: "secret", filter: {courseId: $id}) { totalCount } }',
        "course",
        {"totalCount": 0},
    ),
    "searchSuggestions courseId": (
        'query($id: ID!) { found: searchSuggestions(prefix: "sec", courseId: $id) }',
        "course",
        [],
    ),
}


@pytest.fixture
async def theirs(content: Subgraph, stranger: Tenant) -> dict[str, str]:
    """Ids of another tenant, as public as ids can be."""
    place = await new_course(content, stranger)
    await join(content, place.course_id, stranger.student)
    item = await published(content, stranger, place, "VIDEO", title="Secret film")
    await complete(content, stranger.student, item["id"])
    upload = (
        f"mutation($id: ID!) {{ createMediaUpload(input: {{itemId: $id, {FILE}}}) {{ ... on MediaUpload {{ id }} }} }}"
    )
    media = await content.ask(upload, stranger.teacher, id=item["id"])
    return {
        "course": ids.encode("course", place.course_id),
        "module": place.module,
        "content_item": item["id"],
        "content_version": item["versions"][0]["id"],
        "media": media.data["createMediaUpload"]["id"],
    }


@pytest.mark.parametrize("field", FIELDS)
async def test_a_foreign_id_answers_exactly_like_an_unknown_one(
    content: Subgraph, tenant: Tenant, stranger: Tenant, theirs: dict[str, str], field: str
) -> None:
    document, kind, expected = FIELDS[field]
    async with nothing_changes(content, tenant, stranger):
        foreign = await content.ask(document, tenant.admin, id=theirs[kind])
        unknown = await content.ask(document, tenant.admin, id=ids.encode(kind, ids.new_id()))
    assert foreign.body == unknown.body == {"data": {"found": expected}}
    assert len(foreign.statements) == len(unknown.statements), "not even the work differs"


@pytest.mark.parametrize("key", ["id", "nodeId"])
@pytest.mark.parametrize(("kind", "type"), [("content_item", "ContentItem"), ("content_version", "ContentVersion")])
async def test_an_entity_is_found_by_either_key_in_its_own_tenant_only(
    content: Subgraph, tenant: Tenant, stranger: Tenant, root: Viewer, theirs: dict[str, str],
    kind: str, type: str, key: str,
) -> None:  # fmt: skip
    representation = {"__typename": type, key: theirs[kind]}
    (entity,) = (await content.entities(stranger.admin, ENTITY, representation)).data["_entities"]
    assert (entity["id"], entity["nodeId"]) == (theirs[kind], theirs[kind])
    for who in (tenant.admin, root, None):
        assert (await content.entities(who, ENTITY, representation)).data == {"_entities": [None]}


async def test_a_foreign_module_has_no_items(
    content: Subgraph, tenant: Tenant, stranger: Tenant, root: Viewer, theirs: dict[str, str]
) -> None:
    module = {"__typename": "Module", "id": theirs["module"]}
    selection = "... on Module { items { totalCount edges { node { id } } } }"
    for who in (tenant.admin, tenant.student, root):
        answer = await content.entities(who, selection, module)
        assert answer.data["_entities"] == [{"items": {"totalCount": 0, "edges": []}}]
    answer = await content.entities(stranger.admin, selection, module)
    assert answer.data["_entities"][0]["items"]["totalCount"] == 1


async def test_a_representation_is_trusted_for_its_key_alone(
    content: Subgraph, tenant: Tenant, stranger: Tenant, theirs: dict[str, str], item: dict[str, Any]
) -> None:
    (their_text,) = await rows(content, stranger, "SELECT text_id::text FROM item")
    forged = {
        "title": "Mine",
        "textId": their_text.text_id,
        "text_id": their_text.text_id,
        "courseId": theirs["course"],
        "organizationId": ids.encode("organization", stranger.id),
        "link": "https://evil.example",
    }
    representation = {"__typename": "ContentItem", "id": item["id"]} | forged
    (entity,) = (await content.entities(tenant.teacher, ENTITY, representation)).data["_entities"]
    assert (entity["title"], entity["text"], entity["mediaUrl"]) == (item["title"], item["text"], None)
    assert entity["course"] == item["course"]
    foreign = {"__typename": "ContentItem", "id": theirs["content_item"]} | forged
    assert (await content.entities(tenant.teacher, ENTITY, foreign)).data == {"_entities": [None]}


async def test_a_row_that_points_at_a_foreign_text_shows_nothing_of_it(
    content: Subgraph, tenant: Tenant, stranger: Tenant, theirs: dict[str, str], item: dict[str, Any]
) -> None:
    """Even then the documents are the tenant's own, and so are the keys of the cache."""
    seen = await content.ask("query($id: ID!) { contentItem(id: $id) { text } }", stranger.teacher,
                             id=theirs["content_item"])  # fmt: skip
    assert seen.data["contentItem"]["text"]
    (their_text,) = await rows(content, stranger, "SELECT text_id FROM item")
    await rows(content, tenant, "UPDATE item SET text_id = :id", id=their_text.text_id)
    query = "query($id: ID!) { contentItem(id: $id) { text draftText } }"
    for _ in range(2):
        answer = await content.ask(query, tenant.teacher, id=item["id"])
        assert answer.data["contentItem"] == {"text": None, "draftText": None}
    assert await texts_of(content.platform).get(tenant.id, [their_text.text_id]) == [None]


@pytest.mark.parametrize(
    "representation",
    [
        {"__typename": "ContentItem"},
        {"__typename": "ContentItem", "id": None},
        {"__typename": "ContentItem", "id": "content_version_01h455vb4pex5vsknk084sn02q"},
        {"__typename": "ContentItem", "id": "nonsense"},
        {"__typename": "ContentItem", "id": "\x00"},
        {"__typename": "ContentVersion", "id": "content_item_01h455vb4pex5vsknk084sn02q"},
        {"__typename": "Module", "id": "course_01h455vb4pex5vsknk084sn02q"},
        {"__typename": "Completion", "id": "completion_01h455vb4pex5vsknk084sn02q"},
    ],
    ids=str,
)
async def test_a_malformed_representation_is_null_and_takes_nothing_else_with_it(
    content: Subgraph, tenant: Tenant, item: dict[str, Any], representation: dict[str, Any]
) -> None:
    good = {"__typename": "ContentItem", "id": item["id"]}
    answer = await content.entities(tenant.teacher, "... on ContentItem { id }", representation, good)
    assert answer.data == {"_entities": [None, {"id": item["id"]}]}


async def test_an_idempotency_key_is_of_one_person_alone(
    content: Subgraph, tenant: Tenant, stranger: Tenant, theirs: dict[str, str], item: dict[str, Any]
) -> None:
    create = (
        "mutation($module: ID!, $key: String) { createContentItem(input: {moduleId: $module, type: QUIZ, "
        'title: "Quiz"}, idempotencyKey: $key) { ... on ContentItem { id } } }'
    )
    own = {"module": item["module"]["id"], "key": "shared"}
    made = [
        (await content.ask(create, who, **values)).data["createContentItem"]["id"]
        for who, values in (
            (tenant.teacher, own),
            (tenant.teacher, own),
            (tenant.admin, own),
            (stranger.teacher, own | {"module": theirs["module"]}),
        )
    ]
    assert made[0] == made[1]
    assert len(set(made)) == 3


@pytest.mark.parametrize("table", [*TABLES, "outbox", "audit"])
async def test_row_level_security_shows_a_tenant_its_rows_only(
    content: Subgraph, tenant: Tenant, stranger: Tenant, theirs: dict[str, str], table: str
) -> None:
    for who, expected in ((stranger.admin, {stranger.id}), (tenant.admin, set()), (ANONYMOUS, set())):
        async with content.platform.database.begin(who) as session:
            found = await session.execute(text(f"SELECT DISTINCT organization_id FROM {table}"))
            assert {row.organization_id for row in found} == expected


@pytest.mark.parametrize("statement", ["UPDATE {} SET id = id", "DELETE FROM {}"])
async def test_row_level_security_keeps_writes_in_the_tenant(
    content: Subgraph, tenant: Tenant, stranger: Tenant, theirs: dict[str, str], statement: str
) -> None:
    async with nothing_changes(content, stranger):
        for table in reversed(TABLES):
            async with content.platform.database.begin(tenant.admin) as session:
                assert (await session.execute(text(statement.format(table)))).rowcount == 0


@pytest.mark.parametrize(
    ("model", "values"),
    [
        (Course, {"is_open": True}),
        (Module, {}),
        (Enrollment, {}),
        (Item, {"type": "TEXT", "title": "Planted", "difficulty": "BEGINNER", "tags": [], "version": 1, "revision": 1}),
        (Version, {"number": 9, "title": "Planted"}),
        (Completion, {}),
        (Media, {"file_name": "planted", "media_type": "video/mp4", "size": 1, "sha256": "0"}),
    ],
    ids=lambda value: getattr(value, "__name__", "values"),
)
async def test_row_level_security_refuses_rows_for_another_tenant(
    content: Subgraph, tenant: Tenant, stranger: Tenant, theirs: dict[str, str], model: Any, values: dict[str, Any]
) -> None:
    references = {
        "course_id": ids.decode("course", theirs["course"]),
        "module_id": ids.decode("module", theirs["module"]),
        "item_id": ids.decode("content_item", theirs["content_item"]),
        "user_id": tenant.student.user_id,
    }
    known = {name: value for name, value in references.items() if hasattr(model, name)}
    row = {"id": ids.new_id(), "organization_id": stranger.id} | values | known
    async with nothing_changes(content, tenant, stranger):
        for who in (tenant.admin, ANONYMOUS):
            with pytest.raises(DBAPIError, match="row-level security"):
                async with content.platform.database.begin(who) as session:
                    await session.execute(insert(model).values(row))


async def test_the_system_login_sees_items_for_the_clock_and_no_texts(
    content: Subgraph, theirs: dict[str, str]
) -> None:
    async with content.platform.database.system() as session:
        counts = {table: await session.scalar(text(f"SELECT count(*) FROM {table}")) for table in TABLES}
    assert {table for table, found in counts.items() if found} == {"item", "version"}


async def test_every_table_of_a_tenant_is_fenced(content: Subgraph, tenant: Tenant) -> None:
    """Each has forced row-level security and a policy, and a primary key that begins with the organization."""
    statement = text("""
        SELECT c.relname, c.relforcerowsecurity AND c.relrowsecurity AS forced,
               EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid) AS fenced,
               (SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
                WHERE i.indrelid = c.oid AND i.indisprimary) AS first
        FROM pg_class c WHERE c.relnamespace = 'content'::regnamespace AND c.relkind = 'r' AND c.relname = ANY(:names)
    """)
    async with content.platform.database.begin(tenant.admin) as session:
        found = (await session.execute(statement, {"names": list(TABLES)})).all()
    assert {row.relname for row in found} == set(TABLES)
    assert {(row.forced, row.fenced, row.first) for row in found} == {(True, True, "organization_id")}


async def test_what_is_stored_of_a_tenant_is_seen_by_these_tests(
    content: Subgraph, stranger: Tenant, theirs: dict[str, str]
) -> None:
    assert set(TABLES) <= {row.kind for row in await stored(content, stranger)}
