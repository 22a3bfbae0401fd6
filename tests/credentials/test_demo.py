"""The demo data: badges that the rules accept, and people who earn them by what the other subgraphs' data tell."""

from typing import Any

import pytest
from sqlalchemy import text

from shared.auth import Viewer
from shared.demo import demo_id
from shared.stack import environment, keys
from shared.stack.project import Project
from shared.stack.running import Engines
from subgraphs.assessment.demo_data import QUIZZES
from subgraphs.catalog.demo_data import COURSES
from subgraphs.content.demo_data import ITEMS
from subgraphs.credentials import demo
from subgraphs.credentials.demo_data import BADGES, TEMPLATES
from subgraphs.credentials.inputs import CreateBadgeInput
from tests.conftest import Subgraph


@pytest.mark.parametrize("slug", BADGES)
def test_every_badge_would_be_accepted_from_a_teacher(slug: str) -> None:
    published = {course.slug for course in COURSES[slug] if course.status == "PUBLISHED"}
    quizzes = {quiz.course for quiz in QUIZZES[slug]}
    for badge in BADGES[slug]:
        criteria: list[dict[str, Any]] = [
            {"kind": it.kind, "target_id": "course_x", "threshold": it.threshold} for it in badge.criteria
        ]
        CreateBadgeInput.model_validate({"name": badge.name, "description": badge.description, "criteria": criteria})
        assert badge.course in published
        kinds = [it.kind for it in badge.criteria]
        assert len(set(kinds)) == len(kinds)
        assert "PASS_ASSESSMENT" not in kinds or badge.course in quizzes
        items = sum(item.course == badge.course for item in ITEMS[slug])
        assert all(it.kind != "COMPLETE_ITEMS" or it.threshold <= items for it in badge.criteria)


async def test_seeding_twice_makes_everything_once(
    credentials: Subgraph, project: Project, engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    jwks = keys.public_keys(project.home).as_uri()
    for name, value in environment.for_subgraph("credentials", project, engines.addresses, jwks).items():
        monkeypatch.setenv(name, value)
    made = len(TEMPLATES) + sum(map(len, BADGES.values()))
    assert [await demo.seed(lambda done, total: None) for _ in range(2)] == [made, 0]
    async with credentials.platform.database.begin(Viewer(organization_id=demo_id("organization", "demo"))) as session:
        count = await session.scalar(text("SELECT count(*) FROM badge"))
    assert count == len(BADGES["demo"])
