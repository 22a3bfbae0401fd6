"""Assessments: making, changing and reading them, and what is wrong with questions."""

from typing import Any
from uuid import UUID

import pytest

from shared import ids
from tests.assessment.conftest import (
    CREATE,
    MULTIPLE,
    NUMERIC,
    QUESTIONS,
    SHORT_TEXT,
    SINGLE,
    TRUE_FALSE,
    create,
    emitted,
    new_course,
    nothing_changes,
    quiz,
    rows,
    start,
    update,
)
from tests.conftest import Subgraph, Tenant

COURSE = """
query($r: [_Any!]!, $first: Int = 10, $after: String) {
  _entities(representations: $r) {
    ... on Course {
      id
      assessments(first: $first, after: $after) {
        totalCount pageInfo { hasNextPage endCursor } edges { node { id title course { id } } }
      }
    }
  }
}
"""


async def assessments_of(assessment: Subgraph, who: Any, course_id: UUID, **page: Any) -> Any:
    """A page of the assessments of a course."""
    course = {"__typename": "Course", "id": ids.encode("course", course_id)}
    answer = await assessment.ask(COURSE, who, r=[course], **page)
    return answer.data["_entities"][0]["assessments"]


async def test_a_new_assessment_says_what_was_put_in_and_not_the_key(
    assessment: Subgraph, tenant: Tenant, course_id: UUID
) -> None:
    made = await create(assessment, tenant.teacher, course_id, title=" Fruit and birds ", timeLimitMinutes=20)
    assert (made["title"], made["passingScore"], made["maxAttempts"]) == ("Fruit and birds", 0.7, None)
    assert (made["timeLimitMinutes"], made["points"]) == (20, 8.0)
    assert [question["prompt"] for question in made["questions"]] == [question["prompt"] for question in QUESTIONS]
    assert [choice["text"] for choice in made["questions"][0]["choices"]] == ["Plum", "Leek", "Oats"]
    assert [len(question["choices"]) for question in made["questions"]] == [3, 4, 0, 0, 0]


@pytest.mark.parametrize("course", ["", "nonsense", "user_01h455vb4pex5vsknk084sn02q", "foreign"])
async def test_an_unknown_or_foreign_course_is_not_found(
    assessment: Subgraph, tenant: Tenant, stranger: Tenant, course: str
) -> None:
    theirs = await new_course(assessment, stranger)
    id = ids.encode("course", theirs) if course == "foreign" else course
    async with nothing_changes(assessment, tenant, stranger):
        answer = await assessment.ask(CREATE, tenant.teacher, input=quiz(theirs, courseId=id))
    assert answer.data["createAssessment"]["__typename"] == "NotFound"


def without(question: dict[str, Any], *names: str) -> dict[str, Any]:
    """A question that lacks something."""
    return {name: value for name, value in question.items() if name not in names}


def options(*correct: bool) -> list[dict[str, Any]]:
    """Choices, of which these are correct."""
    return [{"text": f"Choice {place}", "correct": it} for place, it in enumerate(correct)]


WRONG_QUESTIONS = {
    "no choices": (without(SINGLE, "choices"), "choices"),
    "one choice": (SINGLE | {"choices": options(True)}, "choices"),
    "21 choices": (SINGLE | {"choices": options(True, *([False] * 20))}, "choices"),
    "single, none correct": (SINGLE | {"choices": options(False, False)}, "choices"),
    "single, two correct": (SINGLE | {"choices": options(True, True)}, "choices"),
    "multiple, none correct": (MULTIPLE | {"choices": options(False, False)}, "choices"),
    "true or false with choices": (TRUE_FALSE | {"choices": options(True, False)}, "choices"),
    "true or false without the answer": (without(TRUE_FALSE, "answer"), "answer"),
    "numeric without the value": (without(NUMERIC, "value"), "value"),
    "numeric with a negative tolerance": (NUMERIC | {"tolerance": -0.1}, "tolerance"),
    "numeric with an answer": (NUMERIC | {"answer": True}, "answer"),
    "short text without accepted ones": (without(SHORT_TEXT, "accepted"), "accepted"),
    "short text with an empty list": (SHORT_TEXT | {"accepted": []}, "accepted"),
    "short text with 51": (SHORT_TEXT | {"accepted": [str(it) for it in range(51)]}, "accepted"),
    "single with accepted ones": (SINGLE | {"accepted": ["Plum"]}, "accepted"),
    "no points": (SINGLE | {"points": 0}, "points"),
    "negative points": (SINGLE | {"points": -1}, "points"),
    "too many points": (SINGLE | {"points": 1000.1}, "points"),
    "no prompt": (SINGLE | {"prompt": "  "}, "prompt"),
    "a long prompt": (SINGLE | {"prompt": "p" * 5_001}, "prompt"),
    "NUL in the prompt": (SINGLE | {"prompt": "a\x00b"}, "prompt"),
}


@pytest.mark.parametrize("case", WRONG_QUESTIONS)
async def test_a_wrong_question_is_named_by_its_place_and_field_and_nothing_is_stored(
    assessment: Subgraph, tenant: Tenant, course_id: UUID, case: str
) -> None:
    question, field = WRONG_QUESTIONS[case]
    async with nothing_changes(assessment, tenant):
        refused = await create(assessment, tenant.teacher, course_id, questions=[SINGLE, MULTIPLE, question])
    assert refused["__typename"] == "InvalidInput"
    assert [it["path"] for it in refused["fields"]] == [["input", "questions", "2", field]]


@pytest.mark.parametrize(
    ("values", "path"),
    [
        ({"title": "ab"}, ["title"]),
        ({"passingScore": 1.01}, ["passingScore"]),
        ({"passingScore": -0.01}, ["passingScore"]),
        ({"maxAttempts": 0}, ["maxAttempts"]),
        ({"timeLimitMinutes": 0}, ["timeLimitMinutes"]),
        ({"timeLimitMinutes": 1_441}, ["timeLimitMinutes"]),
        ({"questions": []}, ["questions"]),
        ({"questions": [TRUE_FALSE] * 201}, ["questions"]),
        ({"questions": [SINGLE | {"choices": [{"text": "", "correct": True}, {"text": "b"}]}]},
         ["questions", "0", "choices", "0", "text"]),
        ({"questions": [SHORT_TEXT | {"accepted": ["good", " "]}]}, ["questions", "0", "accepted", "1"]),
    ],
)  # fmt: skip
async def test_a_value_outside_its_limits_is_named(
    assessment: Subgraph, tenant: Tenant, course_id: UUID, made: dict[str, Any], values: dict[str, Any], path: list[str]
) -> None:
    async with nothing_changes(assessment, tenant):
        refused = await create(assessment, tenant.teacher, course_id, **values)
        unchanged = await update(assessment, tenant.teacher, made["id"], **values)
    for answer in (refused, unchanged):
        assert [it["path"] for it in answer["fields"]] == [["input", *path]]


async def test_every_broken_rule_is_named_at_once(assessment: Subgraph, tenant: Tenant, course_id: UUID) -> None:
    wrong = [without(SINGLE, "choices"), SINGLE, without(TRUE_FALSE, "answer") | {"points": 0}]
    refused = await create(assessment, tenant.teacher, course_id, title="x", questions=wrong)
    assert sorted(tuple(it["path"]) for it in refused["fields"]) == [
        ("input", "questions", "0", "choices"),
        ("input", "questions", "2", "answer"),
        ("input", "questions", "2", "points"),
        ("input", "title"),
    ]


async def test_limits_themselves_are_allowed(assessment: Subgraph, tenant: Tenant, course_id: UUID) -> None:
    many = [TRUE_FALSE | {"points": 1_000}] * 199 + [SINGLE | {"choices": options(*([False] * 19), True)}]
    made = await create(
        assessment, tenant.teacher, course_id, questions=many, passingScore=1, maxAttempts=1, timeLimitMinutes=1_440
    )
    assert made["__typename"] == "Assessment"
    assert made["points"] == 199_001.0


async def test_html_stays_text(assessment: Subgraph, tenant: Tenant, course_id: UUID) -> None:
    prompt = "<script>alert(1)</script> & <b>bold</b>"
    made = await create(assessment, tenant.teacher, course_id, questions=[TRUE_FALSE | {"prompt": prompt}])
    assert made["questions"][0]["prompt"] == prompt


async def test_the_same_key_makes_one_assessment_and_keeps_one_question_set(
    assessment: Subgraph, tenant: Tenant, course_id: UUID
) -> None:
    answers = [await assessment.ask(CREATE, tenant.teacher, input=quiz(course_id), key="k") for _ in range(3)]
    assert len({answer.data["createAssessment"]["id"] for answer in answers}) == 1
    other = await assessment.ask(CREATE, tenant.teacher, input=quiz(course_id, title="Another"), key="k")
    assert other.data["createAssessment"]["code"] == "IDEMPOTENCY_MISMATCH"
    points_at = await rows(assessment, tenant, "SELECT question_set_id FROM assessment")
    kept = await rows(assessment, tenant, "SELECT count(*) FROM document WHERE id = :id", id=points_at[0][0])
    assert (len(points_at), kept[0][0]) == (1, 1)


async def test_changing_the_questions_makes_the_next_version_and_running_attempts_keep_theirs(
    assessment: Subgraph, tenant: Tenant, course_id: UUID, made: dict[str, Any]
) -> None:
    attempt = await start(assessment, tenant.student, made["id"])
    changed = await update(assessment, tenant.teacher, made["id"], questions=[TRUE_FALSE, NUMERIC])
    assert [question["kind"] for question in changed["questions"]] == ["TRUE_FALSE", "NUMERIC"]
    assert (changed["points"], changed["title"]) == (3.0, made["title"])
    before = [question["id"] for question in made["questions"]]
    again = await start(assessment, tenant.student, made["id"])
    for it in (attempt, again):
        assert [question["id"] for question in it["questions"]] == before
        assert [question["id"] for question in it["assessment"]["questions"]] == before
    numbers = await rows(assessment, tenant, "SELECT question_set_number FROM assessment")
    assert [row[0] for row in numbers] == [2]
    assert len(await rows(assessment, tenant, "SELECT id FROM document")) == 2


async def test_limits_are_lifted_by_null_and_kept_when_left_out(
    assessment: Subgraph, tenant: Tenant, course_id: UUID
) -> None:
    made = await create(assessment, tenant.teacher, course_id, maxAttempts=2, timeLimitMinutes=30)
    kept = await update(assessment, tenant.teacher, made["id"], title="Renamed", passingScore=0)
    assert (kept["title"], kept["passingScore"], kept["maxAttempts"], kept["timeLimitMinutes"]) == ("Renamed", 0, 2, 30)
    lifted = await update(assessment, tenant.teacher, made["id"], maxAttempts=None)
    assert (lifted["maxAttempts"], lifted["timeLimitMinutes"]) == (None, 30)
    updated = await emitted(assessment, tenant, "assessment.updated")
    assert [event["fields"] for event in updated] == [["passing_score", "title"], ["max_attempts"]]


async def test_changing_nothing_says_nothing(assessment: Subgraph, tenant: Tenant, made: dict[str, Any]) -> None:
    async with nothing_changes(assessment, tenant):
        assert (await update(assessment, tenant.teacher, made["id"]))["id"] == made["id"]


async def test_students_see_the_assessments_of_courses_that_have_been_opened(
    assessment: Subgraph, tenant: Tenant, course_id: UUID, made: dict[str, Any]
) -> None:
    draft = await new_course(assessment, tenant, is_open=False)
    hidden = await create(assessment, tenant.teacher, draft)
    query = "query($id: ID!) { assessment(id: $id) { id } }"
    assert (await assessment.ask(query, tenant.student, id=made["id"])).data["assessment"] == {"id": made["id"]}
    assert (await assessment.ask(query, tenant.student, id=hidden["id"])).data["assessment"] is None
    assert (await assessment.ask(query, tenant.teacher, id=hidden["id"])).data["assessment"] == {"id": hidden["id"]}
    assert (await assessments_of(assessment, tenant.student, draft))["totalCount"] == 0
    assert (await assessments_of(assessment, tenant.teacher, draft))["totalCount"] == 1


async def test_the_assessments_of_a_course_come_in_pages(assessment: Subgraph, tenant: Tenant, course_id: UUID) -> None:
    made = [(await create(assessment, tenant.teacher, course_id, title=f"Quiz {it}"))["id"] for it in range(5)]
    read, after = [], None
    while True:
        page = await assessments_of(assessment, tenant.student, course_id, first=2, after=after)
        assert page["totalCount"] == 5
        read += [edge["node"]["id"] for edge in page["edges"]]
        assert {edge["node"]["course"]["id"] for edge in page["edges"]} == {ids.encode("course", course_id)}
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert read == made


@pytest.mark.parametrize("id", ["", "assessment_", "course_01h455vb4pex5vsknk084sn02q", "assessment_\x00", "é" * 30])
async def test_a_malformed_id_is_like_an_unknown_one(assessment: Subgraph, tenant: Tenant, id: str) -> None:
    query = "query($id: ID!) { assessment(id: $id) { id } attempt(id: $id) { id } }"
    assert (await assessment.ask(query, tenant.teacher, id=id)).data == {"assessment": None, "attempt": None}
    assert (await update(assessment, tenant.teacher, id, title="Nothing"))["__typename"] == "NotFound"
    assert (await start(assessment, tenant.student, id))["__typename"] == "NotFound"
