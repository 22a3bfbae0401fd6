"""The floor: what `Dashboard`, `CoursePage`, `Gradebook` and `Login` cost without GraphQL, federation and an ORM.

One Starlette endpoint per operation answers the same JSON for the same variables and token, with the fewest SQL
statements over raw asyncpg: one, two for `Dashboard` (what to recommend follows from the first) and for `Login`. It
reads the schemas of all subgraphs as the owner, which no subgraph may, and names the tenant in every condition. It
verifies each token, checks passwords and reads presence as the graph does; it keeps no cache, and `Login` here counts
no attempts, writes no audit row and no event.

Run by `bench.graph`: `python -m bench.floor PORT`, with the engines' addresses in its environment.
"""

import hashlib
import os
import secrets
import sys
import time
from collections import defaultdict
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import jwt
import numpy as np
import orjson
import uvicorn
from redis.asyncio import Redis
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from bench import statements
from shared.auth import SCOPES, Role, Viewer, viewer_of
from shared.connections import cursor_of
from shared.ids import decode, encode, new_id
from subgraphs.ai import recommending
from subgraphs.ai.recommending import CourseItem
from subgraphs.catalog.presence import presence_key
from subgraphs.identity import passwords
from subgraphs.identity.keys import SigningKeys

Json = dict[str, Any]

_ISSUER, _AUDIENCE = "https://lyceum.example", "lyceum"
_CONNECTIONS = 10


class Floor:
    """The endpoints, on one pool of connections."""

    pool: asyncpg.Pool
    redis: Redis

    def __init__(self) -> None:
        self._keys = SigningKeys(Path(os.environ["LYCEUM_SIGNING_KEYS_FILE"]).read_text(), _ISSUER, _AUDIENCE)
        self._public = {key["kid"]: jwt.PyJWK(key) for key in self._keys.jwks()["keys"]}
        self._verify = os.environ["LYCEUM_PUBLIC_URL"] + "/verify/"

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> Any:
        """Opens and closes the engines."""
        self.pool = await asyncpg.create_pool(
            os.environ["DATABASE_URL"], min_size=_CONNECTIONS, max_size=_CONNECTIONS, server_settings={"jit": "off"}
        )
        self.redis = Redis.from_url(os.environ["REDIS_URL"])
        yield
        await self.redis.aclose()
        await self.pool.close()

    async def dashboard(self, request: Request) -> Response:
        """The web dashboard of the viewer."""
        viewer, variables = self._viewer(request), await _variables(request)
        own = (viewer.organization_id, viewer.user_id)
        row = await self.pool.fetchrow(statements.DASHBOARD, *own, variables.get("first", 10))
        enrollments = _json(row["enrollments"])
        present = await self._present(viewer, [UUID(it["course_id"]) for it in enrollments])
        edges = [{"node": _enrollment(it, row["organization"], present)} for it in enrollments]
        user = {
            "id": encode("user", viewer.user_id),
            "displayName": row["name"],
            "enrollments": {"totalCount": row["total"], "edges": edges},
            "awards": {"edges": [{"node": self._award(it)} for it in _json(row["awards"])]},
            "recommendations": await self._recommendations(viewer, _json(row["courses"]), row["done"] or [], 3),
        }
        return _answer({"viewer": {"user": user}})

    async def course_page(self, request: Request) -> Response:
        """The mobile course page."""
        viewer, variables = self._viewer(request), await _variables(request)
        course_id = decode("course", variables["id"])
        row = await self.pool.fetchrow(statements.COURSE_PAGE, viewer.organization_id, viewer.user_id, course_id)
        if row is None:
            return _answer({"course": None})
        present = await self._present(viewer, [course_id])
        course = {
            "id": variables["id"],
            "title": row["title"],
            "description": row["description"],
            "status": row["status"],
            "viewerEnrollment": _own(_json(row["enrollment"])),
            "modules": [_module(it) for it in _json(row["modules"])],
            "assessments": {"edges": [{"node": _assessment(it)} for it in _json(row["assessments"])]},
            "badges": {"edges": [{"node": _badge(it)} for it in _json(row["badges"])]},
            "presence": {"count": present[course_id]},
        }
        return _answer({"course": course})

    async def gradebook(self, request: Request) -> Response:
        """The teacher's gradebook; the first page."""
        viewer, variables = self._viewer(request), await _variables(request)
        if "write:course" not in viewer.scopes:
            return Response(status_code=403)
        first, course_id = variables.get("first", 50), decode("course", variables["courseId"])
        row = await self.pool.fetchrow(statements.GRADEBOOK, viewer.organization_id, course_id, first + 1)
        if row is None:
            return _answer({"course": None})
        found = _json(row["enrollments"])
        page = {"hasNextPage": len(found) > first, "endCursor": _cursor(found[:first])}
        edges = [{"node": _graded(it)} for it in found[:first]]
        enrollments = {"totalCount": row["total"], "pageInfo": page, "edges": edges}
        return _answer({"course": {"title": row["title"], "enrollments": enrollments}})

    async def login(self, request: Request) -> Response:
        """Signing in with a password."""
        asked = (await _variables(request))["input"]
        row = await self.pool.fetchrow(statements.PERSON, asked["email"].strip().lower())
        stored = row["password_hash"] if row else None
        if not await passwords.verified(stored, asked["password"]) or row is None:
            return _answer({"login": {"__typename": "InvalidCredentials"}})
        session_id, refresh_token = new_id(), f"rt_{secrets.token_urlsafe(32)}"
        role, expires_at = Role(row["role"]), int(time.time()) + 1800
        ends_at, digest = datetime.now(UTC) + timedelta(days=7), hashlib.sha256(refresh_token.encode()).digest()
        own = (session_id, row["organization_id"], row["id"])
        await self.pool.execute(statements.SESSION, *own, ends_at, new_id(), digest)
        viewer = Viewer(row["id"], session_id, row["organization_id"], role, SCOPES[role], expires_at)
        tokens = {
            "__typename": "Tokens",
            "accessToken": self._keys.sign(viewer),
            "refreshToken": refresh_token,
            "expiresAt": datetime.fromtimestamp(expires_at, UTC).isoformat(),
            "viewer": {
                "user": {"id": encode("user", row["id"]), "displayName": row["display_name"]},
                "organization": {"id": encode("organization", row["organization_id"]), "slug": row["slug"]},
                "scopes": sorted(SCOPES[role]),
            },
        }
        return _answer({"login": tokens})

    def _viewer(self, request: Request) -> Viewer:
        token = request.headers["authorization"].removeprefix("Bearer ")
        key = self._public[jwt.get_unverified_header(token)["kid"]]
        return viewer_of(jwt.decode(token, key, algorithms=["EdDSA"], issuer=_ISSUER, audience=_AUDIENCE))

    async def _present(self, viewer: Viewer, course_ids: list[UUID]) -> dict[UUID, int]:
        now = time.time()
        assert viewer.organization_id
        async with self.redis.pipeline(transaction=False) as pipeline:
            for course_id in course_ids:
                pipeline.zrange(presence_key(viewer.organization_id, course_id), now, "+inf", byscore=True)
            found = await pipeline.execute()
        people = ({member.split(b":")[0] for member in members} for members in found)
        return {course_id: len(here) for course_id, here in zip(course_ids, people, strict=True)}

    def _award(self, it: Json) -> Json:
        return {
            "id": encode("award", UUID(it["id"])),
            "issuedAt": _time(it["issued_at"]),
            "status": it["status"],
            "verificationUrl": self._verify + it["code"],
            "badge": {"name": it["name"]},
        }

    async def _recommendations(self, viewer: Viewer, courses: list[Any], done: list[UUID], first: int) -> list[Json]:
        found = [
            ([UUID(id) for id in modules], [CourseItem(UUID(id), UUID(module)) for id, module in items or ()])
            for modules, items in courses
        ]
        reached = recommending.within_reach(recommending.candidates(found, set(done)), first)
        if not reached:
            return []
        recent = done[: recommending.RECENT]
        wanted = [*recent, *(candidate.item_id for candidate in reached)]
        rows = await self.pool.fetch(statements.ITEMS, viewer.organization_id, wanted, bool(recent))
        titles, chunks = {row["id"]: row for row in rows}, defaultdict(list)
        for row in rows:
            if row["embedding"]:
                chunks[row["id"]].append(row["embedding"])
        arrays = {id: np.array(vectors, np.float32) for id, vectors in chunks.items()}
        return [
            {
                "score": score,
                "item": {
                    "id": encode("content_item", id),
                    "title": titles[id]["title"],
                    "course": {"title": titles[id]["course"]},
                },
            }
            for id, score in recommending.ranked(reached, recent, arrays)[:first]
        ]


def _enrollment(it: Json, organization: str, present: dict[UUID, int]) -> Json:
    badges = [
        {
            "id": encode("badge", UUID(badge["id"])),
            "name": badge["name"],
            "ratio": badge["ratio"],
            "of": badge["criteria"],
        }
        for badge in it["badges"] or ()
    ]
    course = {
        "id": encode("course", UUID(it["course_id"])),
        "title": it["title"],
        "organization": {"name": organization},
        "presence": {"count": present[UUID(it["course_id"])]},
        "badges": {"edges": [{"node": {"id": badge["id"], "name": badge["name"]}} for badge in badges[:3]]},
    }
    progress = [
        {
            "ratio": badge["ratio"],
            "badge": {"id": badge["id"], "name": badge["name"]},
            "criteria": [{"met": value >= threshold, "value": value} for threshold, value in badge["of"]],
        }
        for badge in badges
    ]
    own = {"id": encode("enrollment", UUID(it["id"])), "status": it["status"], "progress": it["progress"]}
    return own | {"grade": it["grade"], "course": course, "badgeProgress": progress}


def _own(it: list[Any]) -> Json | None:
    return {"id": encode("enrollment", UUID(it[0])), "progress": it[1], "grade": it[2]} if it else None


def _module(it: Json) -> Json:
    items = [
        {
            "id": encode("content_item", UUID(item["id"])),
            "title": item["title"],
            "type": item["type"],
            "durationMinutes": item["duration_minutes"],
            "difficulty": item["difficulty"],
            "viewerCompletedAt": item["completed_at"] and _time(item["completed_at"]),
        }
        for item in it["items"] or ()
    ]
    shown = {"totalCount": it["total"], "edges": [{"node": item} for item in items]}
    id = encode("module", UUID(it["id"]))
    return {"id": id, "title": it["title"], "position": it["position"], "items": shown}


def _assessment(it: Json) -> Json:
    attempts = [
        {"id": encode("attempt", UUID(id)), "score": score, "passed": passed} for id, score, passed in it["own"] or ()
    ]
    shown = {"title": it["title"], "passingScore": it["passing_score"], "viewerAttempts": attempts}
    return {"id": encode("assessment", UUID(it["id"]))} | shown


def _badge(it: Json) -> Json:
    return {"id": encode("badge", UUID(it["id"])), "name": it["name"], "viewerProgress": {"ratio": it["ratio"]}}


def _graded(it: Json) -> Json:
    progress = [{"ratio": ratio, "badge": {"name": name}} for name, ratio in it["badges"] or ()]
    return {
        "id": encode("enrollment", UUID(it["id"])),
        "status": it["status"],
        "progress": it["progress"],
        "grade": it["grade"],
        "user": {"displayName": it["display_name"], "email": it["email"]},
        "badgeProgress": progress,
    }


def _cursor(found: list[Json]) -> str | None:
    return cursor_of(UUID(found[-1]["id"])) if found else None


def _time(text: str) -> str:
    return datetime.fromisoformat(text).isoformat()


def _json(value: str | None) -> Any:
    return orjson.loads(value) if value else []


async def _variables(request: Request) -> Json:
    variables: Json = orjson.loads(await request.body())["variables"]
    return variables


def _answer(data: Json) -> Response:
    return Response(orjson.dumps({"data": data}), media_type="application/json")


def main(port: str) -> None:
    """Serves until it is ended."""
    floor = Floor()
    routes = [
        Route("/Dashboard", floor.dashboard, methods=["POST"]),
        Route("/CoursePage", floor.course_page, methods=["POST"]),
        Route("/Gradebook", floor.gradebook, methods=["POST"]),
        Route("/Login", floor.login, methods=["POST"]),
    ]
    app = Starlette(routes=routes, lifespan=floor.lifespan)
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="warning", access_log=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
