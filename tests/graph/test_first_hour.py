"""The first hour with Lyceum, through the router: a course is built, taken, and honoured with a badge, live."""

import json
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from graphql import OperationDefinitionNode, parse, print_ast

from tests.graph.clients import Feed, Graph
from tests.graph.school import Person, School
from tests.graph.test_contract import CONTRACT
from tests.shared.credentials import digitalbazaar_refuses, openbadgeslib_refuses

OPERATIONS = {
    definition.name.value: print_ast(definition)
    for definition in parse((CONTRACT / "operations.graphql").read_text()).definitions
    if isinstance(definition, OperationDefinitionNode) and definition.name
}
REVOKE = """
mutation($id: ID!, $reason: String!) { revokeAward(id: $id, reason: $reason) { ... on Award { status } } }
"""
AWARDS = "{ viewer { user { awards { edges { node { id code verificationUrl credential } } } } } }"


@dataclass(frozen=True)
class Classroom:
    """A course with two items, a quiz and a badge for all of them, and what the school's people can do in it."""

    school: School
    course: dict[str, Any]
    items: list[str]
    quiz: dict[str, Any]
    badge: dict[str, Any]

    async def run(self, name: str, who: Person, **variables: Any) -> Any:
        """One of the contract's operations, word for word."""
        [answer] = (await self.school.graph.ask(OPERATIONS[name], who.token, **variables)).data.values()
        return answer


@pytest.fixture(scope="module")
async def classroom(graph: Graph) -> Classroom:
    """What the teacher builds, as a teacher would."""
    school = await School.open(graph)
    room = Classroom(school, {}, [], {}, {})
    teacher = school.teacher
    input: dict[str, Any] = {"title": "Knots", "slug": "knots", "modules": [{"title": "Bends"}]}
    course = await room.run("CreateCourse", teacher, input=input)
    for title in ("The sheet bend", "The carrick bend"):
        input = {
            "moduleId": course["modules"][0]["id"],
            "type": "TEXT",
            "title": title,
            "text": f"{title} joins ropes.",
        }
        room.items.append((await room.run("CreateContentItem", teacher, input=input))["id"])
        assert (await room.run("PublishContentItem", teacher, id=room.items[-1]))["publishedAt"]
    question = {"kind": "TRUE_FALSE", "prompt": "A bend joins two ropes.", "answer": True}
    input = {"courseId": course["id"], "title": "Of bends", "questions": [question]}
    quiz = await room.run("CreateAssessment", teacher, input=input)
    assert (await room.run("PublishCourse", teacher, id=course["id"]))["status"] == "PUBLISHED"
    criteria = [
        {"kind": "COMPLETE_ITEMS", "targetId": course["id"], "threshold": 2},
        {"kind": "PASS_ASSESSMENT", "targetId": quiz["id"], "threshold": 0.7},
    ]
    input = {"name": "Bender", "description": "Joins ropes.", "courseId": course["id"], "criteria": criteria}
    for _ in range(10):  # each try waits a second for what is on its way
        badge = await room.run("CreateBadge", teacher, input=input)
        if badge["__typename"] == "Badge":
            break
    assert badge["__typename"] == "Badge", badge
    return Classroom(school, course, room.items, quiz, badge)


def at(ratio: float) -> Any:
    """Whether an event shows this progress."""
    return lambda event: event["data"]["badgeProgress"]["ratio"] == pytest.approx(ratio)


async def shown(feed: Feed, ratio: float) -> dict[str, Any]:
    """The event that shows this progress; `make bench-live` says how soon it comes."""
    await feed.until(at(ratio), within=20)
    return next(event["data"]["badgeProgress"] for _, event in feed.events if at(ratio)(event))


async def test_a_badge_fills_up_live_and_is_awarded(classroom: Classroom, graph: Graph) -> None:
    student = await classroom.school.add(name="Rita Ribeiro")
    course_id = classroom.course["id"]
    async with graph.watch(OPERATIONS["BadgeProgress"], student.token, badgeId=classroom.badge["id"]) as feed:
        first = await shown(feed, 0)
        assert first["award"] is None
        enrolled = await classroom.run("Enroll", student, input={"courseId": course_id})
        assert enrolled["status"] == "ACTIVE"
        for item, ratio in zip(classroom.items, (0.25, 0.5), strict=True):
            assert (await classroom.run("CompleteContentItem", student, id=item))["item"]["id"] == item
            await shown(feed, ratio)
        attempt = await classroom.run("StartAttempt", student, assessmentId=classroom.quiz["id"])
        answers = [{"questionId": attempt["assessment"]["questions"][0]["id"], "boolean": True}]
        graded = await classroom.run("SubmitAttempt", student, input={"attemptId": attempt["id"], "answers": answers})
        assert graded["passed"]
        last = await shown(feed, 1)
    assert [event["data"]["badgeProgress"]["ratio"] for _, event in feed.events] == [0, 0.25, 0.5, 1]
    assert all(criterion["met"] for criterion in last["criteria"])
    assert last["award"]["code"]
    assert last["user"]["displayName"] == "Rita Ribeiro"
    checked = (await graph.ask(OPERATIONS["VerifyCredential"], code=last["award"]["code"])).data["verifyCredential"]
    assert (checked["valid"], checked["credential"]["recipientName"]) == (True, "Rita Ribeiro")
    await verifies_until_it_is_changed_or_revoked(classroom, graph, student)


@dataclass
class Web:
    """What of the issuer can be fetched by anybody, fetched once, so that the verifiers need no network."""

    did: str
    did_document: dict[str, Any]
    status_url: str
    status: dict[str, Any]
    status_jwt: bytes

    @classmethod
    async def of(cls, credential: dict[str, Any]) -> "Web":
        """What a credential names."""
        did, status = credential["issuer"]["id"], credential["credentialStatus"]["statusListCredential"]
        base = status.rpartition("/status/")[0]
        async with httpx.AsyncClient(trust_env=False) as http:
            document = (await http.get(f"{base}/did.json")).json()
            listed = (await http.get(status)).json()
            as_jwt = (await http.get(status, headers={"accept": "application/vc+jwt"})).content
        return cls(did, document, status, listed, as_jwt)

    def web(self) -> dict[str, Any]:
        """What a document loader finds."""
        return {self.did: self.did_document, self.status_url: self.status}

    def download(self, url: str) -> bytes:
        """What a downloader finds; did:web resolves by https only, whatever we listen on."""
        if url == self.status_url:
            return self.status_jwt
        assert url.endswith("/did.json"), url
        return json.dumps(self.did_document).encode()


async def verifies_until_it_is_changed_or_revoked(classroom: Classroom, graph: Graph, student: Person) -> None:
    """Two libraries that nobody here wrote accept the credential, refuse one with another byte, and one revoked."""
    [edge] = (await graph.ask(AWARDS, student.token)).data["viewer"]["user"]["awards"]["edges"]
    award, credential = edge["node"], edge["node"]["credential"]
    page = httpx.get(award["verificationUrl"], trust_env=False)
    assert page.status_code == 200
    assert "Rita Ribeiro" in page.text
    web: Any = await Web.of(credential)
    assert openbadgeslib_refuses(web, credential) is None
    assert digitalbazaar_refuses(web, credential) == [None]
    forged = credential | {"name": "Benders"}
    assert openbadgeslib_refuses(web, forged)
    assert digitalbazaar_refuses(web, forged) != [None]
    variables = {"id": award["id"], "reason": "It was somebody else's rope."}
    revoked = (await graph.ask(REVOKE, classroom.school.admin.token, **variables)).data["revokeAward"]
    assert revoked == {"status": "REVOKED"}
    web = await Web.of(credential)
    assert "revocation" in (openbadgeslib_refuses(web, credential) or "")
    assert digitalbazaar_refuses(web, credential) == ["revoked"]
    checked = (await graph.ask(OPERATIONS["VerifyCredential"], code=award["code"])).data["verifyCredential"]
    assert (checked["valid"], checked["reason"]) == (False, "REVOKED")
    assert "REVOKED" in httpx.get(award["verificationUrl"], trust_env=False).text.upper()
