"""Items: making, changing and publishing those of every type, and what null does."""

from typing import Any

import pytest

from shared import ids
from tests.conftest import Subgraph, Tenant
from tests.content.conftest import (
    BODIES,
    LINK,
    Place,
    create,
    emitted,
    nothing_changes,
    publish,
    published,
    read,
    rows,
    update,
)

TYPES = list(BODIES)


@pytest.mark.parametrize("type", TYPES)
async def test_a_new_item_is_a_draft_and_says_what_was_put_in(
    content: Subgraph, tenant: Tenant, place: Place, type: str
) -> None:
    values = {"title": " The sea ", "durationMinutes": 20, "difficulty": "ADVANCED", "tags": ["Water", " salt "]}
    made = await create(content, tenant.teacher, place, type, **values)
    assert (made["__typename"], made["type"], made["title"]) == ("ContentItem", type, "The sea")
    assert (made["text"], made["mediaUrl"]) == (BODIES[type].get("text"), BODIES[type].get("mediaUrl"))
    assert (made["durationMinutes"], made["difficulty"], made["tags"]) == (20, "ADVANCED", ["water", "salt"])
    assert (made["version"], made["publishedAt"], made["publishAt"]) == (1, None, None)
    assert (made["hasDraft"], made["draftText"], made["versions"]) == (True, made["text"], [])
    assert made["course"] == {"id": ids.encode("course", place.course_id)}
    assert made["module"] == {"id": place.module}
    assert await read(content, tenant.teacher, made["id"]) == made


async def test_what_is_left_out_has_its_defaults(content: Subgraph, tenant: Tenant, place: Place) -> None:
    made = await create(content, tenant.teacher, place, "QUIZ")
    assert (made["difficulty"], made["tags"], made["durationMinutes"]) == ("BEGINNER", [], None)
    assert (made["text"], made["draftText"], made["mediaUrl"]) == (None, None, None)


@pytest.mark.parametrize("type", TYPES)
async def test_publishing_shows_it_to_students_as_version_1(
    content: Subgraph, tenant: Tenant, place: Place, type: str
) -> None:
    made = await create(content, tenant.teacher, place, type)
    assert await read(content, tenant.student, made["id"]) is None
    shown = await publish(content, tenant.teacher, made["id"])
    assert (shown["version"], shown["hasDraft"]) == (1, False)
    (version,) = shown["versions"]
    assert (version["number"], version["title"], version["text"]) == (1, "An item", made["text"])
    assert version["publishedAt"] == shown["publishedAt"]
    seen = await read(content, tenant.student, made["id"])
    assert seen is not None
    assert (seen["text"], seen["mediaUrl"], seen["version"]) == (made["text"], made["mediaUrl"], 1)


@pytest.mark.parametrize("type", TYPES)
async def test_a_draft_is_changed_in_place(content: Subgraph, tenant: Tenant, place: Place, type: str) -> None:
    made = await create(content, tenant.teacher, place, type)
    values = {"title": "Another", "text": "Other words.", "durationMinutes": 3, "difficulty": "INTERMEDIATE"}
    changed = await update(content, tenant.teacher, made["id"], **values, tags=["one"])
    assert {name: changed[name] for name in values} == values
    assert (changed["tags"], changed["draftText"], changed["mediaUrl"]) == (["one"], "Other words.", made["mediaUrl"])
    assert (changed["version"], changed["versions"], changed["publishedAt"]) == (1, [], None)
    assert await read(content, tenant.teacher, made["id"]) == changed


@pytest.mark.parametrize("type", ["VIDEO", "AUDIO", "QUIZ"])
async def test_null_takes_away_what_an_item_can_do_without(
    content: Subgraph, tenant: Tenant, place: Place, type: str
) -> None:
    made = await create(content, tenant.teacher, place, type, text="Words.", durationMinutes=5)
    bare = await update(content, tenant.teacher, made["id"], text=None, mediaUrl=None, durationMinutes=None)
    assert (bare["text"], bare["draftText"], bare["mediaUrl"], bare["durationMinutes"]) == (None, None, None, None)
    assert (bare["title"], bare["tags"], bare["difficulty"]) == (made["title"], made["tags"], made["difficulty"])


async def test_null_takes_away_from_a_published_item_only_when_that_is_published(
    content: Subgraph, tenant: Tenant, place: Place
) -> None:
    shown = await published(content, tenant, place, "VIDEO", durationMinutes=5)
    waiting = await update(content, tenant.teacher, shown["id"], text=None, mediaUrl=None, durationMinutes=None)
    assert (waiting["text"], waiting["draftText"]) == (shown["text"], None)
    assert (waiting["mediaUrl"], waiting["durationMinutes"], waiting["hasDraft"]) == (LINK, 5, True)
    bare = await publish(content, tenant.teacher, shown["id"])
    assert (bare["text"], bare["mediaUrl"], bare["durationMinutes"], bare["version"]) == (None, None, None, 2)
    assert [version["text"] for version in bare["versions"]] == [shown["text"], None]


@pytest.mark.parametrize("is_published", [False, True])
async def test_null_changes_nothing_of_what_every_item_has(
    content: Subgraph, tenant: Tenant, place: Place, is_published: bool
) -> None:
    made = await create(content, tenant.teacher, place, tags=["sea"], difficulty="ADVANCED")
    if is_published:
        await publish(content, tenant.teacher, made["id"])
    async with nothing_changes(content, tenant):
        same = await update(content, tenant.teacher, made["id"], title=None, tags=None, difficulty=None)
    assert (same["title"], same["tags"], same["difficulty"]) == ("An item", ["sea"], "ADVANCED")
    assert same["hasDraft"] is not is_published


@pytest.mark.parametrize("text", [None, "", " \n\t "])
@pytest.mark.parametrize("is_published", [False, True])
async def test_a_text_cannot_lose_its_text(
    content: Subgraph, tenant: Tenant, draft: dict[str, Any], is_published: bool, text: str | None
) -> None:
    if is_published:
        await publish(content, tenant.teacher, draft["id"])
    async with nothing_changes(content, tenant):
        refused = await update(content, tenant.teacher, draft["id"], text=text)
    assert refused["__typename"] == "InvalidInput"
    assert [it["path"] for it in refused["fields"]] == [["input", "text"]]


async def test_tags_can_be_taken_away(content: Subgraph, tenant: Tenant, place: Place) -> None:
    made = await create(content, tenant.teacher, place, tags=["sea"])
    assert (await update(content, tenant.teacher, made["id"], tags=[]))["tags"] == []


async def test_changing_nothing_says_nothing(
    content: Subgraph, tenant: Tenant, draft: dict[str, Any], item: dict[str, Any]
) -> None:
    async with nothing_changes(content, tenant):
        for it in (draft, item):
            assert await update(content, tenant.teacher, it["id"]) == it


async def test_an_address_takes_the_place_of_a_file_that_was_uploaded(
    content: Subgraph, tenant: Tenant, place: Place
) -> None:
    """Otherwise the file would hide the address for good."""
    for value in (LINK, None):
        made = await create(content, tenant.teacher, place, "VIDEO", mediaUrl=None)
        statement = "UPDATE item SET media_id = uuidv7(), media_type = 'video/mp4' WHERE id = :id"
        await rows(content, tenant, statement, id=ids.decode("content_item", made["id"]))
        assert "/media/" in (await update(content, tenant.teacher, made["id"], title="Renamed"))["mediaUrl"]
        assert (await update(content, tenant.teacher, made["id"], mediaUrl=value))["mediaUrl"] == value


async def test_html_comes_back_as_it_was_sent(content: Subgraph, tenant: Tenant, place: Place) -> None:
    text = "  <script>alert('1')</script> & <b>bold</b>\r\n\tÄ 🎓 \u2028 "
    made = await published(content, tenant, place, text=text, title="<i>Title</i>")
    assert (made["text"], made["draftText"], made["title"]) == (text, text, "<i>Title</i>")
    seen = await read(content, tenant.student, made["id"])
    assert seen is not None
    assert (seen["text"], seen["title"]) == (text, "<i>Title</i>")


async def test_what_happens_to_an_item_is_told_and_recorded(content: Subgraph, tenant: Tenant, place: Place) -> None:
    made = await create(content, tenant.teacher, place)
    await update(content, tenant.teacher, made["id"], text="Other words.", title="Renamed")
    await publish(content, tenant.teacher, made["id"])
    item_id = str(ids.decode("content_item", made["id"]))
    own = {"id": item_id, "organizationId": str(tenant.id), "courseId": str(place.course_id)}
    assert await emitted(content, tenant, "item.created") == [own | {"moduleId": str(place.module_ids[0])}]
    assert await emitted(content, tenant, "item.updated") == [own | {"fields": ["text_id", "title"]}]
    told = {"version": 1, "contentType": "TEXT", "title": "Renamed", "text": "Other words."}
    rest = {"moduleId": str(place.module_ids[0]), "difficulty": made["difficulty"], "tags": made["tags"]}
    assert await emitted(content, tenant, "item.published") == [own | told | rest]
    audit = await rows(content, tenant, "SELECT action, user_id, resource_id::text AS id FROM audit ORDER BY id")
    assert sorted(row.action for row in audit) == ["item.created", "item.published", "item.updated"]
    assert {(row.user_id, row.id) for row in audit} == {(tenant.teacher.user_id, item_id)}
    [kept] = await rows(content, tenant, "SELECT details FROM audit WHERE action = 'item.published'")
    assert kept.details == {
        key: value for key, value in (own | told | rest).items() if key not in ("id", "organizationId", "text")
    }
