"""What is asked: the contract's own operations, by people and about courses that a home really has."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
from graphql import OperationDefinitionNode, parse, print_ast

from shared import ids
from shared.auth import Role
from shared.demo import demo_id
from tests.graph.clients import PASSWORD, bearer
from tests.graph.stack import ROOT
from tests.graph.tokens import Mint

OPERATIONS = ("Dashboard", "CoursePage", "Gradebook", "Login")
ALONE = {"Login": "identity"}
"""Operations that one subgraph can answer without the router, and which."""

_MOST = 40  # different requests per operation
_HOURS = 4

_LEARNERS = """
SELECT organization_id, user_id, (array_agg(course_id ORDER BY progress DESC, id))[1:2] AS courses
FROM catalog.enrollment WHERE organization_id = $1
GROUP BY 1, 2 HAVING count(*) FILTER (WHERE progress > 0) > 0 AND count(*) BETWEEN 1 AND 10
ORDER BY count(*) FILTER (WHERE progress > 0) DESC, user_id LIMIT $2
"""
_LARGEST = "SELECT organization_id FROM identity.membership GROUP BY 1 ORDER BY count(*) DESC LIMIT 1"
_TEACHERS = """
SELECT user_id FROM identity.membership WHERE organization_id = $1 AND role = 'TEACHER' ORDER BY id LIMIT $2
"""
_COURSES = """
SELECT course_id FROM catalog.enrollment WHERE organization_id = $1
GROUP BY 1 ORDER BY count(*) DESC, course_id LIMIT $2
"""
_ADDRESSES = """
SELECT email FROM identity."user" WHERE id = ANY ($1) ORDER BY id
"""


@dataclass(frozen=True)
class Case:
    """One request: whose, and with which variables."""

    variables: Mapping[str, Any]
    token: str | None


@dataclass(frozen=True)
class Target:
    """Something that answers operations."""

    name: str
    url: str
    headers: Mapping[str, str]
    by_path: bool = False
    """Whether the operation is the path (the floor), instead of a document in the body."""

    def request(self, operation: str, case: Case) -> dict[str, Any]:
        """What the clients send."""
        headers = {
            "accept": "application/json",
            "content-type": "application/json",
            **self.headers,
            **bearer(case.token),
        }
        body: dict[str, Any] = {"variables": case.variables}
        if not self.by_path:
            body |= {"query": documents()[operation], "operationName": operation}
        return {
            "url": f"{self.url}/{operation}" if self.by_path else self.url,
            "headers": headers,
            "body": json.dumps(body),
        }


def documents() -> dict[str, str]:
    """The operations of the contract, each as a document of its own."""
    whole = parse((Path(ROOT) / "tests" / "graph" / "contract" / "operations.graphql").read_text())
    return {
        definition.name.value: print_ast(definition)
        for definition in whole.definitions
        if isinstance(definition, OperationDefinitionNode) and definition.name
    }


async def cases(database: asyncpg.Connection, mint: Mint, size: str) -> dict[str, Sequence[Case]]:
    """Requests of each operation: learners of the largest tenant who have begun something, and its teachers."""
    tenant = demo_id("organization", "demo") if size == "demo" else await database.fetchval(_LARGEST)
    learners = await database.fetch(_LEARNERS, tenant, _MOST)
    teachers = await database.fetch(_TEACHERS, tenant, _MOST)
    courses = await database.fetch(_COURSES, tenant, _MOST)
    addresses = await database.fetch(_ADDRESSES, [row["user_id"] for row in learners])

    def token(user_id: Any, role: Role) -> str:
        names = ids.encode("user", user_id), ids.encode("organization", tenant)
        return mint.token(*names, role, seconds=3600 * _HOURS)

    own = {row["user_id"]: token(row["user_id"], Role.STUDENT) for row in learners}
    teaching = token(teachers[0]["user_id"], Role.TEACHER)
    return {
        "Dashboard": [Case({"first": 10}, token) for token in own.values()],
        "CoursePage": [
            Case({"id": ids.encode("course", course)}, own[row["user_id"]])
            for row in learners
            for course in row["courses"]
        ][:_MOST],
        "Gradebook": [
            Case({"courseId": ids.encode("course", row["course_id"]), "first": 50}, teaching) for row in courses
        ],
        "Login": [Case({"input": {"email": row["email"], "password": PASSWORD}}, None) for row in addresses],
    }
