"""The public schema and the operations of the first milestone, as `contract/` fixes them word for word."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    OperationDefinitionNode,
    Undefined,
    build_schema,
    get_introspection_query,
    parse,
    print_ast,
    validate,
)

from tests.graph.clients import PASSWORD, Graph, shows
from tests.graph.school import School
from tests.graph.stack import ROOT, Stack

CONTRACT = Path(__file__).parent / "contract"

# What is not served yet; a name leaves these lists with the issue that serves it.
LATER_FIELDS: dict[str, set[str]] = {}
LATER_TYPES: set[str] = set()
LATER_OPERATIONS: set[str] = set()

promised = build_schema((CONTRACT / "graph.graphql").read_text())
public = build_schema((ROOT / "router" / "schema.graphql").read_text())
operations = {
    definition.name.value: definition
    for definition in parse((CONTRACT / "operations.graphql").read_text()).definitions
    if isinstance(definition, OperationDefinitionNode) and definition.name
}
documents = {name: print_ast(operation) for name, operation in operations.items() if name not in LATER_OPERATIONS}


def served_types() -> list[str]:
    """The types of the contract that have to be there now."""
    return [name for name in promised.type_map if not name.startswith("__") and name not in LATER_TYPES]


def accepts(wider: Any, narrower: Any) -> bool:
    """Whether an argument of the wider type takes every value of the narrower one."""
    return str(wider) == str(narrower) or (isinstance(narrower, GraphQLNonNull) and accepts(wider, narrower.of_type))


def differences_of_arguments(where: str, promised: dict[str, Any], public: dict[str, Any]) -> Iterator[str]:
    """What a client of the contract could trip over in arguments or input fields."""
    for name, argument in promised.items():
        found = public.get(name)
        if found is None:
            yield f"{where}.{name} is missing"
        elif not accepts(found.type, argument.type):
            yield f"{where}.{name}: {argument.type} is promised, {found.type} is taken"
        elif argument.default_value is not Undefined and found.default_value != argument.default_value:
            yield f"{where}.{name} = {argument.default_value} is promised, {found.default_value} is there"
    for name in public.keys() - promised.keys():
        if isinstance(public[name].type, GraphQLNonNull) and public[name].default_value is Undefined:
            yield f"{where}.{name} is required, though the contract does not know it"


def differences_of_fields(name: str, promised: Any, public: Any) -> Iterator[str]:
    """The same for the fields of an object or an interface."""
    for missing in {each.name for each in promised.interfaces} - {each.name for each in public.interfaces}:
        yield f"{name} does not implement {missing}"
    for field_name, field in promised.fields.items():
        found = public.fields.get(field_name)
        if field_name in LATER_FIELDS.get(name, ()):
            if found is not None:
                yield f"{name}.{field_name} is served: take it off the list of later fields"
        elif found is None:
            yield f"{name}.{field_name} is missing"
        else:
            if str(found.type) != str(field.type):
                yield f"{name}.{field_name}: {field.type} is promised, {found.type} is there"
            yield from differences_of_arguments(f"{name}.{field_name}", field.args, found.args)


def differences(name: str, public: GraphQLSchema = public) -> list[str]:
    """How a public type falls short of the promised one."""
    wanted, found = promised.type_map[name], public.type_map.get(name)
    if type(wanted) is not type(found):
        return [f"{name} is missing or of another kind"]
    if isinstance(wanted, (GraphQLObjectType, GraphQLInterfaceType)):
        return list(differences_of_fields(name, wanted, found))
    if isinstance(wanted, GraphQLInputObjectType):
        assert isinstance(found, GraphQLInputObjectType)
        return list(differences_of_arguments(name, wanted.fields, found.fields))
    if isinstance(wanted, GraphQLUnionType):
        assert isinstance(found, GraphQLUnionType)
        members = {member.name for member in found.types}
        return [f"{name} lacks {member.name}" for member in wanted.types if member.name not in members]
    if isinstance(wanted, GraphQLEnumType):
        assert isinstance(found, GraphQLEnumType)
        return [f"{name} is {found.values.keys()}"] if wanted.values.keys() != found.values.keys() else []
    return []


@pytest.mark.parametrize("name", served_types())
def test_the_public_schema_keeps_what_the_contract_promises(name: str) -> None:
    assert not differences(name)


def test_what_comes_later_is_not_there_yet() -> None:
    assert not LATER_TYPES & public.type_map.keys(), "take these off the list of later types"
    assert not LATER_TYPES - promised.type_map.keys(), "the contract does not know these"
    later = {name for name, operation in operations.items() if validate(public, parse(print_ast(operation)))}
    assert later == LATER_OPERATIONS


@pytest.mark.parametrize("name", documents)
def test_what_clients_send_is_valid(name: str) -> None:
    assert not validate(public, parse(documents[name]))


async def test_what_the_router_says_of_itself_is_the_committed_schema(graph: Graph, stack: Stack) -> None:
    assert (stack.home / "schema.graphql").read_text() == (ROOT / "router" / "schema.graphql").read_text()
    query = get_introspection_query(descriptions=False)
    types = {type_["name"]: type_ for type_ in (await graph.ask(query)).data["__schema"]["types"]}
    assert {name for name in types if not name.startswith("__")} >= set(served_types())
    fields = {name: {field["name"] for field in type_["fields"] or ()} for name, type_ in types.items()}
    assert all(
        fields[name] == set(type_.fields) for name, type_ in public.type_map.items() if name in ("Query", "User")
    )
    assert not {"_Any", "_Entity", "_Service"} & types.keys()
    hidden = {"_entities", "_service", "nodeId"}
    assert not any(hidden & names for names in fields.values())


async def test_null_is_taken_where_the_contract_takes_it(graph: Graph, school: School) -> None:
    query = "mutation($input: CreateCourseInput!) { createCourse(input: $input) { ... on Course { id description } } }"
    input = {"title": "Undescribed", "slug": "undescribed", "description": None}
    made = (await graph.ask(query, school.teacher.token, input=input)).data["createCourse"]
    assert made["description"] == ""
    enrolled = await school.enroll(made["id"], None)
    assert enrolled["__typename"] == "CourseNotOpen"


async def until_found(graph: Graph, token: str, query: str) -> None:
    """Waits for the index, and for vectors, which a stack that has just started makes of all its demo items first."""
    for _ in range(300):
        by_word = (await graph.ask(documents["Search"], token, query=query)).data["search"]["totalCount"]
        if by_word and (await graph.ask(documents["SemanticSearch"], token, query=query)).data["semanticSearch"]:
            return
        await asyncio.sleep(0.1)


async def learned(run: Any, graph: Graph, token: str, module_id: str, course_id: str) -> list[tuple[str, str]]:
    """Runs what one does with an item and with a quiz; returns the ids made, with their types."""
    text = "The queen lays up to two thousand eggs a day."
    input = {"moduleId": module_id, "type": "TEXT", "title": "The queen", "text": text}
    item = await run("CreateContentItem", token, input=input)
    assert item["module"] == {"id": module_id, "title": "The hive"}
    assert (item["version"], item["publishedAt"]) == (1, None)
    assert (await run("PublishContentItem", token, id=item["id"]))["publishedAt"]
    completion = await run("CompleteContentItem", token, id=item["id"])
    assert completion["item"] == {"id": item["id"], "title": "The queen"}
    await until_found(graph, token, "eggs")
    [edge] = (await run("Search", token, query="eggs"))["edges"]
    assert edge["node"] == {"id": item["id"], "title": "The queen", "type": "TEXT", "course": {"title": "Beekeeping"}}
    [match] = await run("SemanticSearch", token, query="how many offspring has the mother of the hive")
    assert match["item"] == {"id": item["id"], "title": "The queen", "course": {"title": "Beekeeping"}}
    generated = await run("GenerateQuestions", token, input={"contentItemId": item["id"], "count": 1})
    assert generated["questions"][0]["source"] == text
    question = {"kind": "TRUE_FALSE", "prompt": "Drones sting.", "answer": False}
    input = {"courseId": course_id, "title": "Of bees", "questions": [question]}
    assessment = await run("CreateAssessment", token, input=input)
    attempt = await run("StartAttempt", token, assessmentId=assessment["id"])
    assert attempt["assessment"]["questions"] == assessment["questions"]
    answers = [{"questionId": assessment["questions"][0]["id"], "boolean": False}]
    graded = await run("SubmitAttempt", token, input={"attemptId": attempt["id"], "answers": answers})
    assert (graded["status"], graded["score"], graded["passed"]) == ("GRADED", 1, True)
    return [(assessment["id"], "Assessment"), (attempt["id"], "Attempt"), (item["id"], "ContentItem")]


async def honoured(run: Any, graph: Graph, token: str, course_id: str, assessment_id: str) -> list[tuple[str, str]]:
    """Runs what one does with a badge, for somebody who has done all that it asks for; returns the ids made."""
    criteria = [
        {"kind": "COMPLETE_ITEMS", "targetId": course_id, "threshold": 1},
        {"kind": "PASS_ASSESSMENT", "targetId": assessment_id, "threshold": 0.7},
    ]
    input = {"name": "Beekeeper", "description": "Knows the hive", "courseId": course_id, "criteria": criteria}
    for _ in range(5):  # each try waits a second for what is on its way
        badge = await run("CreateBadge", token, input=input)
        if badge["__typename"] == "Badge":
            break
    assert [(it["kind"], it["threshold"]) for it in badge["criteria"]] == [
        ("COMPLETE_ITEMS", 1),
        ("PASS_ASSESSMENT", 0.7),
    ]
    async with graph.watch(documents["BadgeProgress"], token, badgeId=badge["id"]) as feed:
        await feed.until(lambda event: event["data"]["badgeProgress"]["award"] is not None, within=20)
        progress = feed.last["data"]["badgeProgress"]
    assert (progress["ratio"], progress["badge"]) == (1, {"id": badge["id"], "name": "Beekeeper"})
    assert [(it["value"], it["met"]) for it in progress["criteria"]] == [(1, True), (1, True)]
    found = await run("VerifyCredential", code=progress["award"]["code"])
    assert (found["valid"], found["reason"], found["credential"]["name"]) == (True, None, "Beekeeper")
    assert found["credential"]["recipientName"] == progress["user"]["displayName"]
    return [(badge["id"], "Badge"), (progress["award"]["id"], "Award")]


async def pages(run: Any, token: str, course_id: str) -> None:
    """Runs what the course page and the gradebook ask for, once all of this has been done."""
    page = await run("CoursePage", token, id=course_id)
    assert (page["viewerEnrollment"]["progress"], page["viewerEnrollment"]["grade"]) == (1, 1)
    [badge] = page["badges"]["edges"]
    assert badge["node"]["viewerProgress"] == {"ratio": 1}
    assert page["assessments"]["edges"][0]["node"]["viewerAttempts"][0]["passed"] is True
    book = await run("Gradebook", token, courseId=course_id)
    [row] = book["enrollments"]["edges"]
    assert row["node"]["badgeProgress"] == [{"ratio": 1, "badge": {"name": "Beekeeper"}}]
    assert (row["node"]["grade"], row["node"]["status"]) == (1, "COMPLETED")


async def test_every_operation_of_now_runs_word_for_word(graph: Graph, school: School) -> None:
    person = await school.add("TEACHER")
    ran = set()

    async def run(name: str, access_token: str | None = None, **variables: Any) -> Any:
        ran.add(name)
        [answer] = (await graph.ask(documents[name], access_token, **variables)).data.values()
        return answer

    tokens = await run("Login", input={"email": person.email, "password": PASSWORD})
    assert tokens["viewer"]["user"] == {"id": person.id, "displayName": person.name}
    assert tokens["viewer"]["organization"] == {"id": school.id, "slug": school.slug}
    me = await run("Me", tokens["accessToken"])
    assert me["user"]["email"] == person.email
    assert me["user"]["memberships"] == [{"role": "TEACHER", "organization": {"slug": school.slug}}]
    assert me["membership"] == {"role": "TEACHER"}
    assert "write:course" in me["scopes"]
    input = {"title": "Beekeeping", "slug": "beekeeping", "modules": [{"title": "The hive"}, {"title": "The year"}]}
    course = await run("CreateCourse", tokens["accessToken"], input=input)
    assert course["status"] == "DRAFT"
    assert [(module["title"], module["position"]) for module in course["modules"]] == [("The hive", 1), ("The year", 2)]
    published = await run("PublishCourse", tokens["accessToken"], id=course["id"])
    assert published == {"__typename": "Course", "id": course["id"], "status": "PUBLISHED"}
    enrolled = await run("Enroll", tokens["accessToken"], input={"courseId": course["id"]})
    assert enrolled["course"] == {"id": course["id"], "title": "Beekeeping"}
    assert enrolled["user"] == {"id": person.id, "displayName": person.name}
    made = await learned(run, graph, tokens["accessToken"], course["modules"][0]["id"], course["id"])
    made += await honoured(run, graph, tokens["accessToken"], course["id"], made[0][0])
    await pages(run, tokens["accessToken"], course["id"])
    dashboard = await run("Dashboard", tokens["accessToken"])
    assert dashboard["user"]["recommendations"] == []  # everything is done
    for id, type_ in (
        (course["id"], "Course"),
        (enrolled["id"], "Enrollment"),
        (person.id, "User"),
        *made,
    ):
        assert await run("Refetch", tokens["accessToken"], id=id) == {"__typename": type_, "id": id}
    async with graph.watch(documents["CoursePresence"], tokens["accessToken"], courseId=course["id"]) as feed:
        await feed.until(shows(person.id))
        present = feed.last["data"]["coursePresence"]
    assert present == {
        "count": 1,
        "users": [{"id": person.id, "displayName": person.name}],
        "course": {"title": "Beekeeping"},
    }
    renewed = (await graph.ask(documents["RefreshSession"], token=tokens["refreshToken"])).data["refreshSession"]
    assert renewed["__typename"] == "Tokens"
    assert renewed["refreshToken"] != tokens["refreshToken"]
    assert documents.keys() == ran | {"RefreshSession", "CoursePresence", "BadgeProgress"}
