"""The demo data: quizzes that the rules accept, and a history that the grading has made."""

import pytest
from sqlalchemy import text

from shared.auth import Viewer
from shared.demo import demo_id
from shared.stack import environment, keys
from shared.stack.project import Project
from shared.stack.running import Engines
from subgraphs.assessment import demo
from subgraphs.assessment.demo_data import HISTORY, QUIZZES
from subgraphs.assessment.inputs import QuestionInput
from subgraphs.catalog.demo_data import COURSES, ENROLLMENTS
from tests.conftest import Subgraph


@pytest.mark.parametrize("slug", QUIZZES)
def test_every_question_would_be_accepted_from_a_teacher(slug: str) -> None:
    for quiz in QUIZZES[slug]:
        for question in quiz.questions:
            QuestionInput.model_validate(
                {
                    "kind": question.kind,
                    "prompt": question.prompt,
                    "points": question.points,
                    "choices": [{"text": it.text, "correct": it.correct} for it in question.choices],
                    "answer": question.answer,
                    "value": question.value,
                    "tolerance": question.tolerance,
                    "accepted": list(question.accepted) or None,
                }
            )


@pytest.mark.parametrize("slug", QUIZZES)
def test_every_quiz_has_a_course_and_everybody_in_the_history_is_in_it(slug: str) -> None:
    published = {course.slug for course in COURSES[slug] if course.status == "PUBLISHED"}
    assert {quiz.course for quiz in QUIZZES[slug]} <= published
    enrolled = dict(ENROLLMENTS[slug])
    limits = {quiz.course: quiz for quiz in QUIZZES[slug]}
    for course, history in HISTORY[slug].items():
        assert {attempt.email for attempt in history} <= set(enrolled[course])
        assert all(attempt.minutes < limits[course].time_limit_minutes for attempt in history)
        assert all(0 < number <= len(limits[course].questions) for it in history for number in it.missed)


async def test_seeding_twice_makes_everything_once(
    assessment: Subgraph, project: Project, engines: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    jwks = keys.public_keys(project.home).as_uri()
    for name, value in environment.for_subgraph("assessment", project, engines.addresses, jwks).items():
        monkeypatch.setenv(name, value)
    expected = sum(map(len, QUIZZES.values())) + sum(len(it) for of in HISTORY.values() for it in of.values())
    assert [await demo.seed(lambda done, total: None) for _ in range(2)] == [expected, 0]
    organization_id = demo_id("organization", "demo")
    query = text("SELECT score, passed FROM attempt WHERE user_id = :user AND course_id = :course ORDER BY id")
    async with assessment.platform.database.begin(Viewer(organization_id=organization_id)) as session:
        values = {
            "user": demo_id("user", "student@demo.example"),
            "course": demo_id("course", "demo", "reading-the-night-sky"),
        }
        first, second = (await session.execute(query, values)).all()
    assert (first.passed, second.passed) == (False, True)
    assert first.score < 0.7 <= second.score < 1
