"""The key of a question is nowhere a student can read: every field there is, searched for every part of the key."""

import json
from typing import Any
from uuid import UUID

import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    build_client_schema,
    get_introspection_query,
    get_named_type,
    is_leaf_type,
)

from tests.assessment.conftest import create, right_answers, rows, start, submit
from tests.conftest import Subgraph, Tenant

DEPTH = 6

SECRETS = {"accepted": "Zanzibar-9471", "value": 86420.125, "tolerance": 0.0713}
QUESTIONS: list[dict[str, Any]] = [
    {"kind": "SHORT_TEXT", "prompt": "Where?", "accepted": [SECRETS["accepted"], "Unguja-5527"]},
    {"kind": "NUMERIC", "prompt": "How much?", "value": SECRETS["value"], "tolerance": SECRETS["tolerance"]},
    {"kind": "TRUE_FALSE", "prompt": "Really?", "answer": True},
    {"kind": "SINGLE_CHOICE", "prompt": "Which?", "choices": [{"text": "Left"}, {"text": "Right", "correct": True}]},
    {"kind": "MULTIPLE_CHOICE", "prompt": "What?", "choices": [{"text": "Up", "correct": True}, {"text": "Down"}]},
]
WORDS = (SECRETS["accepted"], "Unguja", "86420.125", "0.0713", "zanzibar")


@pytest.fixture
async def schema(assessment: Subgraph) -> GraphQLSchema:
    """The subgraph's schema, as introspection shows it."""
    return build_client_schema((await assessment.ask(get_introspection_query())).body["data"])


def everything(schema: GraphQLSchema, type_: Any, depth: int = DEPTH) -> str:
    """A selection of all fields that need no argument, and of all that they lead to."""
    if depth == 0:
        return "{ __typename }"
    if isinstance(type_, GraphQLUnionType | GraphQLInterfaceType):
        members = [
            f"... on {it.name} {everything(schema, it, depth - 1)}"
            for it in schema.get_possible_types(type_)
            if it.name not in ("InvalidInput", "NotFound")
        ]
        return "{ __typename " + " ".join(members) + " }"
    assert isinstance(type_, GraphQLObjectType)
    fields = ["__typename"]
    for name, field in type_.fields.items():
        named = get_named_type(field.type)
        # Fields of one name and different types cannot stand side by side in the members of a union.
        alias = f"{type_.name}_{name}: {name}"
        fields.append(alias if is_leaf_type(named) else f"{alias} {everything(schema, named, depth - 1)}")
    return "{ " + " ".join(fields) + " }"


def test_the_walk_reaches_questions_on_every_path(schema: GraphQLSchema) -> None:
    document = everything(schema, schema.type_map["Attempt"])
    for path in ("Attempt_questions", "Attempt_results", "Assessment_questions", "QuestionResult_question"):
        assert path in document


@pytest.mark.parametrize("is_done", [False, True])
async def test_no_answer_to_a_student_holds_a_part_of_a_key(
    assessment: Subgraph, tenant: Tenant, course_id: UUID, schema: GraphQLSchema, is_done: bool
) -> None:
    made = await create(assessment, tenant.teacher, course_id, questions=QUESTIONS)
    attempt = await start(assessment, tenant.student, made["id"])
    if is_done:
        attempt = await submit(assessment, tenant.student, attempt, [])
    texts = [json.dumps(it.body) for it in await _everything_read(assessment, tenant, schema, made, attempt)]
    assert all("Question_prompt" in it for it in texts), "questions were read"
    keys = await rows(assessment, tenant, "SELECT content::text FROM document")
    assert any(word in keys[0][0] for word in WORDS), "and there is something to find"
    for answer in (*texts, json.dumps([made, attempt])):
        assert not [word for word in WORDS if str(word).lower() in answer.lower()]


async def _everything_read(
    assessment: Subgraph, tenant: Tenant, schema: GraphQLSchema, made: dict[str, Any], attempt: dict[str, Any]
) -> list[Any]:
    """All that a student can select, from both root fields and as entities."""
    student, answers = tenant.student, []
    for field, id in (("assessment", made["id"]), ("attempt", attempt["id"])):
        type_ = field.capitalize()
        selection = everything(schema, schema.type_map[type_])
        answers.append(await assessment.ask(f"query($id: ID!) {{ {field}(id: $id) {selection} }}", student, id=id))
        entity = {"__typename": type_, "id": id}
        answers.append(await assessment.entities(student, f"... on {type_} {selection}", entity))
    for answer in answers:
        assert answer.data
    return answers


def test_no_type_of_the_graph_has_a_field_for_a_key(schema: GraphQLSchema) -> None:
    fields = {
        (type_.name, name)
        for type_ in schema.type_map.values()
        if isinstance(type_, GraphQLObjectType) and not type_.name.startswith("__")
        for name in type_.fields
    }
    of_questions = {name for type_, name in fields if type_ in ("Question", "Choice", "QuestionResult")}
    assert of_questions == {"id", "kind", "prompt", "choices", "points", "text", "question", "correct"}
    assert ("Choice", "correct") not in fields
    assert not {name for _, name in fields} & {"answer", "answers", "value", "tolerance", "accepted", "key"}


async def test_mistakes_do_not_tell_the_key_either(assessment: Subgraph, tenant: Tenant, course_id: UUID) -> None:
    """Refusals, events and the audit trail name ids and rules, never what would have been right."""
    made = await create(assessment, tenant.teacher, course_id, questions=QUESTIONS)
    attempt = await start(assessment, tenant.student, made["id"])
    wrong = [{"questionId": it["id"], "text": "?", "number": 1, "boolean": True} for it in attempt["questions"]]
    refused = await submit(assessment, tenant.student, attempt, wrong)
    assert refused["__typename"] == "InvalidInput"
    done = await submit(assessment, tenant.student, attempt, right_answers(attempt, "TRUE_FALSE")[:0])
    written = await rows(assessment, tenant, "SELECT data::text FROM outbox UNION ALL SELECT details::text FROM audit")
    for answer in (json.dumps(refused), json.dumps(done), *(row[0] for row in written)):
        assert not [word for word in WORDS if str(word).lower() in answer.lower()]
