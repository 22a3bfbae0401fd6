"""Jobs: certificates and awards for many, told of as they go on, to be ended, and never done twice."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import psutil
import pytest

from shared import ids
from shared.auth import Role, Viewer
from shared.jobs import Failure, Step, Work, Worker, begin_job
from shared.stack import environment, keys
from shared.stack.project import Project
from shared.stack.running import Engines
from subgraphs.credentials import jobs
from tests.catalog.sockets import Watcher, connected, params, served
from tests.conftest import Subgraph, Tenant, viewer
from tests.credentials.certificates_kit import (
    ARCHIVE,
    ASK,
    AWARD,
    CANCEL,
    ISSUE,
    certificates,
    complete,
    course_of,
    finished,
    made,
    new_template,
)
from tests.credentials.conftest import (
    apply,
    course_done,
    create,
    emitted,
    items,
    named,
    new_course,
    nothing_changes,
    organization_named,
    rows,
    students,
    user_id,
)
from tests.credentials.issuing_kit import awards_of, get, path_of

WATCH = "subscription($id: ID!) { jobProgress(jobId: $id) { id status total done failed } }"


class JobWatcher(Watcher):
    """One subscription, and all it has been told."""

    field = "jobProgress"


async def done_before(credentials: Subgraph, tenant: Tenant, count: int) -> tuple[UUID, list[Viewer]]:
    """A course that people, who have names, have completed before there was a template."""
    course_id, people = await new_course(credentials, tenant), students(tenant, count)
    await complete(credentials, tenant, course_id, *people)
    return course_id, people


async def issue(credentials: Subgraph, who: Viewer, course_id: UUID, key: str | None = None, **input: Any) -> Any:
    """What `issueCertificates` answers."""
    return await made(credentials, ISSUE, who, input={"courseId": course_of(course_id)} | input, key=key)


async def test_everybody_who_has_completed_the_course_gets_a_printed_certificate(
    credentials: Subgraph, tenant: Tenant
) -> None:
    course_id, people = await done_before(credentials, tenant, 120)
    await new_template(credentials, tenant)
    begun = await issue(credentials, tenant.teacher, course_id)
    assert begun["__typename"] == "Job", begun
    assert (begun["kind"], begun["status"], begun["total"], begun["done"]) == ("ISSUE_CERTIFICATES", "QUEUED", 120, 0)
    ended = await finished(credentials, tenant.teacher, begun)
    assert (ended["status"], ended["done"], ended["failed"], ended["errors"]) == ("DONE", 120, 0, [])
    assert await rows(credentials, tenant, "SELECT count(*), count(DISTINCT user_id), count(printed) FROM award") == [
        (120, 120, 120)
    ]
    assert len(await emitted(credentials, tenant, "certificate.issued")) == 120
    (found,) = await certificates(credentials, people[77])
    assert (await get(credentials, path_of(found["pdfUrl"]))).content.startswith(b"%PDF")
    actors = "SELECT DISTINCT user_id FROM audit WHERE action = 'certificate.issued'"
    assert await rows(credentials, tenant, actors) == [(tenant.teacher.user_id,)]
    assert (await issue(credentials, tenant.teacher, course_id))["status"] == "DONE"  # nobody is left


async def test_named_people_get_theirs_and_others_an_error(credentials: Subgraph, tenant: Tenant) -> None:
    course_id, people = await done_before(credentials, tenant, 2)
    await apply(credentials, tenant, named(tenant.student), named(people[1], "ꯃꯩꯇꯩ"))
    template = await new_template(credentials, tenant, isDefault=False)
    asked = [user_id(it) for it in (people[0], tenant.student, people[1], people[0])]
    begun = await issue(credentials, tenant.admin, course_id, userIds=asked, templateId=template["id"])
    assert begun["total"] == 3
    ended = await finished(credentials, tenant.admin, begun)
    assert (ended["done"], ended["failed"]) == (3, 2)
    assert {it["user"]["id"]: it["code"] for it in ended["errors"]} == {
        asked[1]: "NOT_COMPLETED",
        asked[2]: "UNPRINTABLE",
    }
    owners = await rows(credentials, tenant, "SELECT user_id FROM award ORDER BY user_id")
    assert [row.user_id for row in owners] == sorted(it.user_id for it in people if it.user_id)


async def test_awards_for_many(credentials: Subgraph, tenant: Tenant) -> None:
    course_id, people = await new_course(credentials, tenant, items=1), students(tenant, 150)
    await apply(credentials, tenant, organization_named(tenant), *(named(who) for who in people))
    badge = await create(credentials, tenant.teacher, items(course_id, 1))
    input = {"badgeId": badge["id"], "userIds": [user_id(who) for who in people]}
    begun = await made(credentials, AWARD, tenant.teacher, input=input)
    ended = await finished(credentials, tenant.teacher, begun)
    assert (ended["kind"], ended["status"], ended["done"], ended["failed"]) == ("ISSUE_AWARDS", "DONE", 150, 0)
    assert len(await awards_of(credentials, people[42])) == 1
    assert len(await emitted(credentials, tenant, "award.issued")) == 150
    again = await finished(credentials, tenant.teacher, await made(credentials, AWARD, tenant.teacher, input=input))
    assert again["failed"] == 0
    assert len(await emitted(credentials, tenant, "award.issued")) == 150


async def test_the_same_key_begins_one_job(credentials: Subgraph, tenant: Tenant) -> None:
    course_id, _ = await done_before(credentials, tenant, 3)
    await new_template(credentials, tenant)
    begun = await asyncio.gather(*(issue(credentials, tenant.admin, course_id, "once") for _ in range(5)))
    assert len({it["id"] for it in begun}) == 1
    await finished(credentials, tenant.admin, begun[0])
    assert await rows(credentials, tenant, "SELECT count(*) FROM job") == [(1,)]


async def test_it_is_told_of_until_it_ends(credentials: Subgraph, tenant: Tenant, url: str) -> None:
    course_id, _ = await done_before(credentials, tenant, 160)
    await new_template(credentials, tenant)
    begun = await issue(credentials, tenant.teacher, course_id)
    async with connected(url, params(credentials, tenant.teacher)) as session:
        watcher = JobWatcher(session, begun["id"], WATCH)
        async with asyncio.timeout(30):
            while not watcher.states or watcher.states[-1]["status"] != "DONE":
                await asyncio.sleep(0.05)
        await watcher.close()
    done = [state["done"] for state in watcher.states]
    assert done == sorted(done)
    assert done[-1] == 160
    assert len(done) > 2


@pytest.mark.parametrize("who", ["stranger", "student", "other teacher", "nobody"])
async def test_others_do_not_watch_or_end_it(
    credentials: Subgraph, tenant: Tenant, stranger: Tenant, url: str, who: str
) -> None:
    course_id, _ = await done_before(credentials, tenant, 1)
    await new_template(credentials, tenant)
    begun = await issue(credentials, tenant.teacher, course_id)
    person = {
        "stranger": stranger.admin,
        "student": tenant.student,
        "other teacher": viewer(Role.TEACHER, tenant.id),
        "nobody": None,
    }[who]
    signed_in = person is not None
    asked, cancelled = (
        await credentials.ask(ASK, person, id=begun["id"]),
        await credentials.ask(CANCEL, person, id=begun["id"]),
    )
    if signed_in:
        assert asked.data["job"] is None
        assert cancelled.codes == ["FORBIDDEN"] if who == "student" else cancelled.data["made"]["code"] == "NOT_FOUND"
    else:
        assert asked.codes == cancelled.codes == ["UNAUTHENTICATED"]
    async with connected(url, params(credentials, person)) as session:
        watcher = JobWatcher(session, begun["id"], WATCH)
        assert await watcher.ends() == ["NOT_FOUND" if signed_in else "UNAUTHENTICATED"]
        await watcher.close()
    assert (await finished(credentials, tenant.admin, begun))["status"] == "DONE"


@asynccontextmanager
async def working(credentials: Subgraph, kind: str, take: Any, at_once: int) -> AsyncIterator[None]:
    """A worker that knows one kind of jobs, of the test's own."""
    worker = asyncio.create_task(Worker(credentials.platform, {kind: Work(take, at_once)}).run())
    try:
        yield
    finally:
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)


async def begin(credentials: Subgraph, tenant: Tenant, kind: str, subjects: Sequence[UUID], **about: Any) -> UUID:
    """Begins a job of a kind of the test's own."""
    async with credentials.platform.database.begin(tenant.admin) as session:
        return (await begin_job(session, tenant.admin, kind, about, subjects)).id


async def shows(credentials: Subgraph, tenant: Tenant, statement: str, expected: Any, within: float = 20) -> None:
    """Waits until SQL finds this in the tenant."""
    async with asyncio.timeout(within):
        while await rows(credentials, tenant, statement) != [expected]:
            await asyncio.sleep(0.05)


async def test_a_cancelled_job_goes_no_further(credentials: Subgraph, tenant: Tenant) -> None:
    begun, go_on, taken = asyncio.Event(), asyncio.Event(), []

    async def slow(_: Any, step: Step) -> Any:
        taken.append(step.subjects)
        begun.set()
        await go_on.wait()
        return []

    async with working(credentials, "slow", slow, 2):
        job_id = ids.encode("job", await begin(credentials, tenant, "slow", [ids.new_id() for _ in range(4)]))
        await asyncio.wait_for(begun.wait(), 10)
        cancel = "mutation($id: ID!) { cancelJob(id: $id) { ... on Job { status done finishedAt } } }"
        ended = (await credentials.ask(cancel, tenant.admin, id=job_id)).data["cancelJob"]
        assert (ended["status"], ended["done"]) == ("CANCELLED", 0)
        go_on.set()
        await shows(credentials, tenant, "SELECT count(*) FROM pgqueuer", (0,))
        assert len(taken) == 1
        assert (await credentials.ask(cancel, tenant.admin, id=job_id)).data["cancelJob"] == ended


async def test_a_step_that_fails_is_tried_again_and_then_held(
    credentials: Subgraph, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    async def broken(_: Any, step: Step) -> Any:
        tries.append(step.subjects)
        raise RuntimeError("a fault")

    monkeypatch.setattr("shared.jobs._STARTS", 2)
    subjects = [ids.new_id() for _ in range(3)]
    async with working(credentials, "broken", broken, 2):
        await begin(credentials, tenant, "broken", subjects)
        await shows(credentials, tenant, "SELECT status, position FROM job", ("FAILED", 0))
        await shows(credentials, tenant, "SELECT status::text FROM pgqueuer", ("failed",))
    assert tries == [subjects[:2]] * 2


async def test_an_engine_that_is_away_counts_for_nothing(
    credentials: Subgraph, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    async def away(_: Any, step: Step) -> Any:
        tries.append(step.subjects)
        if len(tries) < 3:
            raise ConnectionError("The object store is away")
        return [Failure(step.subjects[0], "NO", "No.")]

    monkeypatch.setattr("shared.jobs._STARTS", 1)
    async with working(credentials, "away", away, 2):
        await begin(credentials, tenant, "away", [ids.new_id()])
        await shows(credentials, tenant, "SELECT status, position, failed FROM job", ("DONE", 1, 1), within=40)
    assert len(tries) == 3


async def test_a_job_that_was_struck_off_the_queue_goes_on_with_the_next_worker(
    credentials: Subgraph, tenant: Tenant
) -> None:
    async def noted(_: Any, __: Step) -> Any:
        return []

    await begin(credentials, tenant, "later", [ids.new_id()])
    await rows(credentials, tenant, "DELETE FROM pgqueuer")
    async with working(credentials, "later", noted, 1):
        await shows(credentials, tenant, "SELECT status FROM job", ("DONE",))


async def test_a_worker_that_ends_lets_its_step_come_to_an_end(credentials: Subgraph, tenant: Tenant) -> None:
    begun, taken = asyncio.Event(), []

    async def slow(_: Any, step: Step) -> Any:
        begun.set()
        await asyncio.sleep(0.5)
        taken.append(step.subjects)
        return []

    async with working(credentials, "ending", slow, 1):
        await begin(credentials, tenant, "ending", [ids.new_id()])
        await asyncio.wait_for(begun.wait(), 10)
    assert len(taken) == 1
    assert await rows(credentials, tenant, "SELECT status FROM job") == [("DONE",)]


async def test_the_queue_shows_a_tenant_nothing_of_others(
    credentials: Subgraph, tenant: Tenant, stranger: Tenant
) -> None:
    await begin(credentials, tenant, "nobody's", [ids.new_id()])
    for table in ("job", "pgqueuer"):
        assert await rows(credentials, tenant, f"SELECT count(*) FROM {table}") == [(1,)]
        assert await rows(credentials, stranger, f"SELECT count(*) FROM {table}") == [(0,)]
    for table in ("pgqueuer_log", "pgqueuer_statistics", "pgqueuer_schedules"):
        assert await rows(credentials, tenant, f"SELECT count(*) FROM {table}") == [(0,)]


BAD = {
    "an unknown course": ({"courseId": "course_01h455vb4pex5vsknk084sn02q"}, "NOT_FOUND"),
    "no id": ({"courseId": "x"}, "NOT_FOUND"),
    "no people": ({"userIds": []}, "INVALID_INPUT"),
    "too many people": ({"userIds": ["user_01h455vb4pex5vsknk084sn02q"] * 10_001}, "INVALID_INPUT"),
    "what is no user": ({"userIds": ["course_01h455vb4pex5vsknk084sn02q"]}, "INVALID_INPUT"),
    "what is no template": ({"templateId": "x"}, "NOT_FOUND"),
    "an unknown template": ({"templateId": "certificate_template_01h455vb4pex5vsknk084sn02q"}, "INVALID_INPUT"),
}


@pytest.mark.parametrize("case", BAD)
async def test_bad_input_begins_nothing(credentials: Subgraph, tenant: Tenant, case: str) -> None:
    course_id, _ = await done_before(credentials, tenant, 1)
    await new_template(credentials, tenant)
    changes, code = BAD[case]
    async with nothing_changes(credentials, tenant):
        refused = await issue(credentials, tenant.admin, course_id, **changes)
    assert refused["code"] == code, refused


async def test_without_a_usable_template_nothing_begins(
    credentials: Subgraph, tenant: Tenant, stranger: Tenant
) -> None:
    course_id, _ = await done_before(credentials, tenant, 1)
    theirs = await new_template(credentials, stranger)
    archived = await new_template(credentials, tenant)
    await made(credentials, ARCHIVE, tenant.admin, id=archived["id"])
    for template_id in (None, theirs["id"], archived["id"]):
        async with nothing_changes(credentials, tenant):
            refused = await issue(credentials, tenant.admin, course_id, templateId=template_id)
        assert [it["path"] for it in refused["fields"]] == [["input", "templateId"]]


async def test_other_tenants_badges_and_courses_are_not_found(
    credentials: Subgraph, tenant: Tenant, stranger: Tenant
) -> None:
    course_id, _ = await done_before(credentials, tenant, 1)
    await new_template(credentials, stranger)
    badge = await create(credentials, tenant.teacher, items(await new_course(credentials, tenant, items=1), 1))
    async with nothing_changes(credentials, tenant, stranger):
        assert (await issue(credentials, stranger.admin, course_id))["code"] == "NOT_FOUND"
        input = {"badgeId": badge["id"], "userIds": [user_id(stranger.student)]}
        assert (await made(credentials, AWARD, stranger.admin, input=input))["code"] == "NOT_FOUND"


async def test_people_of_other_tenants_are_refused(credentials: Subgraph, tenant: Tenant, stranger: Tenant) -> None:
    course_id, people = await done_before(credentials, tenant, 1)
    await new_template(credentials, tenant)
    await apply(credentials, stranger, named(stranger.student))
    badge = await create(credentials, tenant.teacher, items(await new_course(credentials, tenant, items=1), 1))
    user_ids = [user_id(people[0]), user_id(stranger.student)]
    async with nothing_changes(credentials, tenant, stranger):
        refused = [
            await issue(credentials, tenant.admin, course_id, userIds=user_ids),
            await made(credentials, AWARD, tenant.admin, input={"badgeId": badge["id"], "userIds": user_ids}),
        ]
    for it in refused:
        assert [field["path"] for field in it["fields"]] == [["input", "userIds", "1"]]


async def test_students_begin_nothing(credentials: Subgraph, tenant: Tenant) -> None:
    input = {"courseId": "course_01h455vb4pex5vsknk084sn02q"}
    assert (await credentials.ask(ISSUE, tenant.student, input=input)).codes == ["FORBIDDEN"]
    input = {"badgeId": "badge_01h455vb4pex5vsknk084sn02q", "userIds": ["user_01h455vb4pex5vsknk084sn02q"]}
    assert (await credentials.ask(AWARD, tenant.student, input=input)).codes == ["FORBIDDEN"]


async def test_a_step_takes_so_many_statements_however_many_people_it_is_for(
    credentials: Subgraph, tenant: Tenant
) -> None:
    await new_template(credentials, tenant)
    take = jobs.WORK["ISSUE_CERTIFICATES"].take
    counts = []
    for number in (2, 40):
        course_id, people = await new_course(credentials, tenant), students(tenant, number)
        await complete(credentials, tenant, course_id, names=True)
        await apply(credentials, tenant, *(named(who) for who in people))
        template_ids = await rows(credentials, tenant, "SELECT id FROM certificate_template")
        await rows(credentials, tenant, "UPDATE certificate_template SET is_default = false")
        await apply(credentials, tenant, *(course_done(who, course_id) for who in people))
        about = {"course": str(course_id), "template": str(template_ids[0].id)}
        subjects = [who.user_id for who in people if who.user_id]
        with credentials.counted() as statements:
            failed = await take(credentials.platform, Step(ids.new_id(), about, subjects, tenant.admin))
        assert failed == []
        counts.append(len([it for it in statements if it != "BEGIN"]))
    assert counts[0] == counts[1]
    assert counts[0] <= 12


WORKER = """
import asyncio
from shared.jobs import Work, Worker
from subgraphs.credentials.app import app
from subgraphs.credentials.jobs import WORK
kinds = {"certify": Work(WORK["ISSUE_CERTIFICATES"].take, at_once=20)}
asyncio.run(Worker(app.state.platform, kinds).run())
"""


@pytest.fixture
def start_worker(project: Project, engines: Engines) -> Iterator[Callable[[], subprocess.Popen[bytes]]]:
    """Starts workers as processes of their own, which the test may kill."""
    jwks = keys.public_keys(project.home).as_uri()
    variables = environment.for_subgraph("credentials", project, engines.addresses, jwks)
    started: list[subprocess.Popen[bytes]] = []

    def start() -> subprocess.Popen[bytes]:
        started.append(subprocess.Popen([sys.executable, "-c", WORKER], env=variables))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.slow
async def test_a_killed_worker_loses_and_doubles_nothing(
    credentials: Subgraph, tenant: Tenant, start_worker: Callable[[], subprocess.Popen[bytes]]
) -> None:
    course_id, people = await done_before(credentials, tenant, 200)
    template = await new_template(credentials, tenant, isDefault=False)
    about = {"course": str(course_id), "template": str(ids.decode("certificate_template", template["id"]))}
    await begin(credentials, tenant, "certify", [who.user_id for who in people if who.user_id], **about)
    for reached in (1, 60):
        worker = start_worker()
        async with asyncio.timeout(60):
            while (await rows(credentials, tenant, "SELECT position FROM job"))[0].position < reached:
                await asyncio.sleep(0.01)
        worker.send_signal(signal.SIGKILL)
        (stopped,) = await rows(credentials, tenant, "SELECT status, position FROM job")
        assert stopped.status == "RUNNING"
        presses = [it for it in psutil.process_iter() if it.ppid() == worker.pid]
        psutil.wait_procs(presses, 5)  # they end with it
        assert not [it for it in presses if it.is_running() and it.status() != psutil.STATUS_ZOMBIE]
    start_worker()
    await shows(credentials, tenant, "SELECT status, position, failed FROM job", ("DONE", 200, 0), within=60)
    counted = "SELECT count(*), count(DISTINCT user_id), count(printed) FROM award"
    assert await rows(credentials, tenant, counted) == [(200, 200, 200)]
    assert len(await emitted(credentials, tenant, "certificate.issued")) == 200


@pytest.fixture
async def url(credentials: Subgraph) -> AsyncIterator[str]:
    """Where credentials listens."""
    async with served(credentials.app) as address:
        yield address
