"""Inputs that are wrong: each names what is wrong with it, and nothing is stored."""

import json
import os
from typing import Any

import pytest

from shared import ids
from tests.conftest import Answer, Subgraph, Tenant
from tests.content.conftest import (
    CREATE,
    LINK,
    Place,
    complete,
    create,
    item_input,
    new_course,
    nothing_changes,
    publish,
    rows,
    schedule,
    update,
)

LONGEST = 200_000
MALFORMED = {
    "empty": "",
    "nonsense": "nonsense",
    "a prefix alone": "{}_",
    "another type": "user_01h455vb4pex5vsknk084sn02q",
    "upper case": "{}_01H455VB4PEX5VSKNK084SN02Q",
    "NUL": "{}_\x00",
    "too long": "{}_" + "0" * 5_000,
    "not ASCII": "é" * 30,
}
WRONG: dict[str, tuple[dict[str, Any], list[str]]] = {
    "title of 2": ({"title": "ab"}, ["title"]),
    "title of 256": ({"title": "a" * 256}, ["title"]),
    "title of white space": ({"title": "     "}, ["title"]),
    "NUL in the title": ({"title": "a\x00bc"}, ["title"]),
    "half a surrogate pair in the title": ({"title": "abc\udc00"}, ["title"]),
    "text of 200,001": ({"text": "t" * (LONGEST + 1)}, ["text"]),
    "NUL in the text": ({"text": "a\x00b"}, ["text"]),
    "half a surrogate pair in the text": ({"text": "a\ud800b"}, ["text"]),
    "21 tags": ({"tags": [f"tag {number}" for number in range(21)]}, ["tags"]),
    "tag of 51": ({"tags": ["good", "t" * 51]}, ["tags", "1"]),
    "empty tag": ({"tags": [" "]}, ["tags", "0"]),
    "NUL in a tag": ({"tags": ["a\x00"]}, ["tags", "0"]),
    "half a surrogate pair in a tag": ({"tags": ["\udfff"]}, ["tags", "0"]),
    "no minutes": ({"durationMinutes": 0}, ["durationMinutes"]),
    "more minutes than a day has": ({"durationMinutes": 1_441}, ["durationMinutes"]),
    "http": ({"mediaUrl": "http://media.example/a.mp4"}, ["mediaUrl"]),
    "javascript": ({"mediaUrl": "javascript:alert(1)"}, ["mediaUrl"]),
    "no host": ({"mediaUrl": "https:///a.mp4"}, ["mediaUrl"]),
    "no address": ({"mediaUrl": ""}, ["mediaUrl"]),
    "long address": ({"mediaUrl": f"{LINK}?{'a' * 2_048}"}, ["mediaUrl"]),
    "NUL in an address": ({"mediaUrl": f"{LINK}\x00"}, ["mediaUrl"]),
}


async def sent_raw(content: Subgraph, tenant: Tenant, body: dict[str, Any]) -> Any:
    """The answer to a request that JSON escapes, as lone surrogates have to be."""
    headers = {
        "x-lyceum-router": os.environ["LYCEUM_ROUTER_SECRET"],
        "authorization": f"Bearer {content.sign(tenant.teacher)}",
        "content-type": "application/json",
    }
    return await content.client.post("/graphql", content=json.dumps(body).encode(), headers=headers)


async def ask_raw(content: Subgraph, tenant: Tenant, query: str, **variables: Any) -> Answer:
    """As `Subgraph.ask`, with what httpx would not encode."""
    response = await sent_raw(content, tenant, {"query": query, "variables": variables})
    return Answer(response.status_code, response.json(), [])


@pytest.mark.parametrize("case", WRONG)
async def test_a_value_outside_its_limits_is_named_and_nothing_is_stored(
    content: Subgraph, tenant: Tenant, place: Place, case: str
) -> None:
    values, path = WRONG[case]
    made = await create(content, tenant.teacher, place, "VIDEO")
    change = (
        "mutation($input: UpdateContentItemInput!) { updateContentItem(input: $input) "
        "{ ... on InvalidInput { fields { path } } } }"
    )
    async with nothing_changes(content, tenant):
        created = await ask_raw(content, tenant, CREATE, input=item_input(place.module, "VIDEO", **values))
        changed = await ask_raw(content, tenant, change, input={"id": made["id"], **values})
    for answer in (created.data["createContentItem"], changed.data["updateContentItem"]):
        assert [it["path"] for it in answer["fields"]] == [["input", *path]]


async def test_limits_themselves_are_allowed(content: Subgraph, tenant: Tenant, place: Place) -> None:
    values = {
        "title": "a" * 255,
        "text": "t" * LONGEST,
        "tags": [f"{number:050}" for number in range(20)],
        "durationMinutes": 1_440,
        "mediaUrl": LINK + "a" * (2_048 - len(LINK)),
    }
    made = await create(content, tenant.teacher, place, "VIDEO", **values)
    assert {name: made[name] for name in values} == values
    least = await create(content, tenant.teacher, place, title="abc", text="t", tags=["t"], durationMinutes=1)
    assert (least["title"], least["text"], least["tags"], least["durationMinutes"]) == ("abc", "t", ["t"], 1)


async def test_tags_are_kept_once_each_in_lower_case_and_in_order(
    content: Subgraph, tenant: Tenant, place: Place
) -> None:
    made = await create(content, tenant.teacher, place, tags=["Sea", "salt", " SEA", "Ärger", "sea ", "ärger"])
    assert made["tags"] == ["sea", "salt", "ärger"]
    changed = await update(content, tenant.teacher, made["id"], tags=["B", "a", "b"])
    assert changed["tags"] == ["b", "a"]


async def test_every_broken_rule_is_named_at_once(content: Subgraph, tenant: Tenant, place: Place) -> None:
    values = {"title": "x", "durationMinutes": 0, "tags": [""], "mediaUrl": "http://a.example"}
    refused = await create(content, tenant.teacher, place, "VIDEO", **values)
    assert sorted(tuple(it["path"]) for it in refused["fields"]) == [
        ("input", "durationMinutes"),
        ("input", "mediaUrl"),
        ("input", "tags", "0"),
        ("input", "title"),
    ]


@pytest.mark.parametrize(
    ("type", "values", "field"),
    [
        ("TEXT", {"text": None}, "text"),
        ("TEXT", {"text": ""}, "text"),
        ("TEXT", {"text": " \n "}, "text"),
        ("TEXT", {"mediaUrl": LINK}, "mediaUrl"),
        ("QUIZ", {"mediaUrl": LINK}, "mediaUrl"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_body_of_the_wrong_kind_is_named(
    content: Subgraph, tenant: Tenant, place: Place, type: str, values: dict[str, Any], field: str
) -> None:
    made = await create(content, tenant.teacher, place, type)
    async with nothing_changes(content, tenant):
        created = await create(content, tenant.teacher, place, type, **values)
        changed = await update(content, tenant.teacher, made["id"], **values)
    for answer in (created, changed):
        assert [it["path"] for it in answer["fields"]] == [["input", field]]


@pytest.mark.parametrize("module", [*MALFORMED, "unknown", "foreign", "a course"])
async def test_an_unknown_module_is_not_found(
    content: Subgraph, tenant: Tenant, stranger: Tenant, place: Place, module: str
) -> None:
    theirs = await new_course(content, stranger)
    others = {
        "unknown": ids.encode("module", ids.new_id()),
        "foreign": theirs.module,
        "a course": ids.encode("course", place.course_id),
    }
    id = others[module] if module in others else MALFORMED[module].format("module")
    async with nothing_changes(content, tenant, stranger):
        answer = await content.ask(CREATE, tenant.teacher, input=item_input(id))
    assert answer.data["createContentItem"]["__typename"] == "NotFound"


@pytest.mark.parametrize("case", MALFORMED)
async def test_a_malformed_id_is_like_an_unknown_one(
    content: Subgraph, tenant: Tenant, item: dict[str, Any], case: str
) -> None:
    id = MALFORMED[case].format("content_item")
    query = "query($id: ID!) { contentItem(id: $id) { id } }"
    async with nothing_changes(content, tenant):
        assert (await content.ask(query, tenant.teacher, id=id)).data == {"contentItem": None}
        for answer in (
            await update(content, tenant.teacher, id, title="Nothing"),
            await publish(content, tenant.teacher, id),
            await schedule(content, tenant.teacher, id, publishAt=None),
            await complete(content, tenant.student, id),
        ):
            assert answer["__typename"] == "NotFound"


async def test_half_a_surrogate_pair_is_no_id(content: Subgraph, tenant: Tenant) -> None:
    answer = await ask_raw(content, tenant, "query($id: ID!) { contentItem(id: $id) { id } }", id="\ud800")
    assert answer.data == {"contentItem": None}
    refused = await ask_raw(content, tenant, CREATE, input=item_input("\ud800"))
    assert [it["path"] for it in refused.data["createContentItem"]["fields"]] == [["input", "moduleId"]]


@pytest.mark.parametrize("time", ["", "tomorrow", "2031-02-30T00:00:00Z", "2031-01-01T25:00:00Z", "\x00", 7, True])
async def test_a_time_that_is_none_is_the_clients_fault(
    content: Subgraph, tenant: Tenant, draft: dict[str, Any], time: Any
) -> None:
    query = "mutation($input: ScheduleContentItemInput!) { scheduleContentItem(input: $input) { __typename } }"
    async with nothing_changes(content, tenant):
        answer = await content.ask(query, tenant.teacher, input={"id": draft["id"], "publishAt": time})
    assert "publishAt" in answer.body["errors"][0]["message"]
    assert answer.body.get("data") is None


@pytest.mark.parametrize(
    "values",
    [{"type": "FILM"}, {"difficulty": "HARD"}, {"difficulty": None}, {"tags": None}, {"title": None},
     {"durationMinutes": 1.5}, {"durationMinutes": 2**40}, {"unknown": 1}],
    ids=str,
)  # fmt: skip
async def test_a_value_of_another_type_is_refused_before_anything_is_done(
    content: Subgraph, tenant: Tenant, place: Place, values: dict[str, Any]
) -> None:
    async with nothing_changes(content, tenant):
        answer = await content.ask(CREATE, tenant.teacher, input=item_input(place.module) | values)
    assert answer.body["errors"]
    assert answer.body.get("data") is None
    assert answer.statements == []


async def test_a_request_of_five_megabytes_is_refused_unread(content: Subgraph, tenant: Tenant, place: Place) -> None:
    body = {"query": CREATE, "variables": {"input": item_input(place.module, text="t" * 5_000_000)}}
    async with nothing_changes(content, tenant):
        response = await sent_raw(content, tenant, body)
    assert response.status_code == 413


@pytest.mark.parametrize("key", ["", "k" * 256])
async def test_an_idempotency_key_outside_its_limits_is_named(
    content: Subgraph, tenant: Tenant, place: Place, key: str
) -> None:
    answer = await content.ask(CREATE, tenant.teacher, input=item_input(place.module), key=key)
    assert [it["path"] for it in answer.data["createContentItem"]["fields"]] == [["idempotencyKey"]]
    assert await rows(content, tenant, "SELECT id FROM item") == []
