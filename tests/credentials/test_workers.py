"""Workers: what comes of a step that fails, is cancelled or killed, or whose engine is away."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import psutil
import pytest

from shared import ids
from shared.jobs import Failure, Step
from shared.stack import environment, keys
from shared.stack.project import Project
from shared.stack.running import Engines
from tests.conftest import Subgraph, Tenant
from tests.credentials.certificates_kit import (
    new_template,
)
from tests.credentials.conftest import (
    emitted,
    rows,
)
from tests.credentials.jobs_kit import begin, done_before, shows, working


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
