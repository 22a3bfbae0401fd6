"""`lyceum reindex`: everything is found afterwards, nothing newer is lost, and an interrupted run goes on."""

import asyncio
import json
import os
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from redis.asyncio import Redis
from sqlalchemy import Engine, event, select, text

from shared import ids
from shared.auth import Viewer
from shared.documents import Documents, open_store
from shared.postgres import Database
from shared.redis import connect
from shared.search import Search, SearchQuery, open_search
from shared.stack import jobs
from shared.stack.console import Reporter
from shared.stack.errors import StackError
from shared.stack.project import Project
from shared.stack.running import Engines
from subgraphs.content import consumers
from subgraphs.content.documents import ItemText
from subgraphs.content.events import CourseCreated
from subgraphs.content.models import Item
from subgraphs.content.reindex import reindex
from subgraphs.content.runtime import search_of, texts_in, texts_of
from subgraphs.content.search import document_of, put_all
from subgraphs.content.settings import Settings
from tests.conftest import Subgraph, Tenant
from tests.content.apart import apart
from tests.graph.stack import ROOT

SIZES = (500, 399, 1)
"""How many items each organization has: 900 in all."""

WORDS = " ".join(f"word{n}" for n in range(499))
KEY = "reindex:content"


@dataclass(frozen=True)
class Library:
    """Organizations with items that no index knows yet, and content's engines."""

    settings: Settings
    database: Database
    texts: Documents[ItemText]
    search: Search
    redis: Redis
    organizations: tuple[UUID, ...]

    async def items(self, organization_id: UUID) -> list[Item]:
        """The items of an organization, in order."""
        async with self.database.begin(Viewer(organization_id=organization_id)) as session:
            return list((await session.execute(select(Item).order_by(Item.id))).scalars())

    async def counts(self) -> tuple[int, ...]:
        """How many of each organization are in the index."""
        await self.search.refresh()
        return tuple([await self.search.count(organization_id) for organization_id in self.organizations])

    async def found(self, organization_id: UUID, text: str) -> int:
        """How many items of an organization match."""
        query = SearchQuery(text=text, drafts=True, first=0)
        return (await self.search.find(organization_id, query)).total

    def enter(self, environment: pytest.MonkeyPatch) -> None:
        """Makes these the engines of whoever reads the environment."""
        environment.setenv("DATABASE_URL", self.settings.database_url.get_secret_value())
        environment.setenv("SYSTEM_DATABASE_URL", self.settings.system_database_url.get_secret_value())
        environment.setenv("REDIS_URL", self.settings.redis_url.get_secret_value())

    @classmethod
    @asynccontextmanager
    async def open(cls, settings: Settings, sizes: Sequence[int]) -> AsyncIterator["Library"]:
        """The engines for these settings, and an organization of each size, whose items have 500 words each."""
        database = Database("content", settings)
        store = open_store("content", settings.mongodb_url, database)
        texts = texts_in(store)
        search, redis = open_search(settings.elasticsearch_url, database), connect(settings.redis_url)
        organizations = tuple(ids.new_id() for _ in sizes)
        for organization_id, size in zip(organizations, sizes, strict=True):
            await _fill(database, texts, organization_id, size)
        yield cls(settings, database, texts, search, redis, organizations)
        for organization_id in organizations:
            await execute(database, organization_id, "DELETE FROM item")
        await redis.flushdb()
        await search.close()
        await redis.aclose()
        await store.close()
        await database.close()


async def execute(database: Database, organization_id: UUID, statement: str) -> None:
    """Runs a statement in a tenant."""
    async with database.begin(Viewer(organization_id=organization_id)) as session:
        await session.execute(text(statement))


async def _fill(database: Database, texts: Documents[ItemText], organization_id: UUID, size: int) -> None:
    own = {"organization_id": organization_id}
    course_id, module_id = ids.new_id(), ids.new_id()
    stored = [ItemText(**own, item_id=ids.new_id(), text=f"{WORDS} unique{n}") for n in range(size)]
    for start in range(0, size, 250):
        await texts.insert(organization_id, stored[start : start + 250])
    place = {"course_id": course_id, "module_id": module_id, "type": "TEXT", "difficulty": "BEGINNER", "tags": ["tag"]}
    items = [
        Item(**own, **place, id=it.item_id, title=f"Item {n}", text_id=it.id, version=1, revision=1)
        for n, it in enumerate(stored)
    ]
    async with database.begin(Viewer(organization_id=organization_id)) as session:
        await consumers.keep_course(session, CourseCreated(**own, id=course_id, module_ids=[module_id]))
        session.add_all(items)


@pytest.fixture(scope="module")
async def settings(content: Subgraph, engines: Engines) -> AsyncIterator[Settings]:
    """Of a database where reindexing finds what these tests put there, and nothing else."""
    async with apart(content, engines) as made:
        yield made


@pytest.fixture
async def library(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Library]:
    """900 items of three organizations; the environment of this process tells of their engines."""
    async with Library.open(settings, SIZES) as made:
        made.enter(monkeypatch)
        yield made


class Told:
    """A progress that keeps what it is told, and may break off."""

    def __init__(self, until: int | None = None) -> None:
        self.steps: list[tuple[int, int]] = []
        self._until = until

    def __call__(self, done: int, total: int) -> None:
        self.steps.append((done, total))
        if self._until is not None and done >= self._until:
            raise KeyboardInterrupt


KINDS = {
    "ORDER BY item.organization_id": "items",
    "FROM document": "texts",
    "INSERT INTO search_document": "entries",
}


@contextmanager
def statements() -> Iterator[Counter[str]]:
    """How many statements of each kind this process executes meanwhile."""
    counted: Counter[str] = Counter()

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        counted.update(kind for part, kind in KINDS.items() if part in " ".join(statement.split()))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield counted
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def test_of_two_thousand_items_a_hundred_take_one_statement_of_each_kind_and_all_are_found(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes, told = (1_250, 749, 1), Told()
    async with Library.open(settings, sizes) as library:
        library.enter(monkeypatch)
        with statements() as counted:
            assert await reindex(told) == 2_000
        assert await library.counts() == sizes
        for organization_id, size in zip(library.organizations, sizes, strict=True):
            assert await library.found(organization_id, "word7") == size
            assert await library.found(organization_id, f"unique{size - 1}") == 1
    assert told.steps == [(done, 2_000) for done in range(0, 2_001, 100)]
    # Of the 20 batches, two hold items of two organizations; one more look at the items finds none.
    expected = {"items": 21, "texts": 22, "entries": 22}
    if "ELASTICSEARCH_URL" in os.environ:
        del expected["entries"]
    assert counted == expected


async def test_a_second_run_changes_nothing(library: Library) -> None:
    assert [await reindex(Told()) for _ in range(2)] == [900, 900]
    assert await library.counts() == SIZES


async def test_a_newer_entry_is_never_replaced_by_an_older_one(library: Library) -> None:
    organization_id = library.organizations[0]
    [item, *_] = await library.items(organization_id)
    item.title, item.revision = "A newer title", 7
    await library.search.put([document_of(item, "newer words")])
    await reindex(Told())
    assert await library.found(organization_id, "newer") == 1
    assert await library.counts() == SIZES


async def test_what_changes_meanwhile_ends_up_as_it_is(library: Library) -> None:
    organization_id = library.organizations[0]
    items = await library.items(organization_id)
    run = put_all(library.database, library.search, library.texts)
    await anext(run)
    await renamed(library, organization_id, {items[n].id: "Changed" for n in (5, 450)})  # one of them has been put
    async for _ in run:
        pass
    await library.search.refresh()
    assert await library.found(organization_id, "changed") == 2
    assert await library.counts() == SIZES


async def renamed(library: Library, organization_id: UUID, titles: dict[UUID, str]) -> None:
    """Renames items, and has the index follow as the event's handler would."""
    async with library.database.begin(Viewer(organization_id=organization_id)) as session:
        items = (await session.execute(select(Item).where(Item.id.in_(titles)))).scalars().all()
        for item in items:
            item.title, item.revision = titles[item.id], item.revision + 1
    await library.search.put([document_of(item, WORDS) for item in items])


async def interrupted(library: Library, after: int) -> None:
    """Begins a run and breaks off."""
    with pytest.raises(KeyboardInterrupt):
        await reindex(Told(until=after))
    assert sum(await library.counts()) == after


async def test_an_interrupted_run_goes_on_and_a_finished_one_is_forgotten(library: Library) -> None:
    await interrupted(library, 600)
    assert 0 < await library.redis.ttl(KEY) <= 86_400
    told = Told()
    assert await reindex(told) == 300
    assert (told.steps[0], told.steps[-1]) == ((600, 900), (900, 900))
    assert await library.counts() == SIZES
    assert await library.redis.get(KEY) is None
    assert await reindex(Told()) == 900


async def test_a_run_that_shall_begin_from_the_start_does(library: Library) -> None:
    await interrupted(library, 600)
    assert await reindex(Told(), from_start=True) == 900
    assert await library.counts() == SIZES


async def test_a_run_that_redis_has_forgotten_begins_from_the_start(library: Library) -> None:
    await interrupted(library, 600)
    await library.redis.flushdb()
    assert await reindex(Told()) == 900
    assert await library.counts() == SIZES


async def test_a_run_whose_index_was_lost_begins_from_the_start(library: Library) -> None:
    await interrupted(library, 600)
    for organization_id in library.organizations:
        await library.search.remove(organization_id, [item.id for item in await library.items(organization_id)])
        await execute(library.database, organization_id, "UPDATE item SET revision = revision + 9")
    assert await reindex(Told()) == 900
    assert await library.counts() == SIZES


async def test_a_killed_run_goes_on_where_it_was(library: Library) -> None:
    process, receiver = await started()
    with receiver:
        reports = [await asyncio.to_thread(receiver.readline) for _ in range(2)]
        process.send_signal(signal.SIGKILL)
        assert await process.wait() == -signal.SIGKILL
    done = json.loads(reports[-1])["done"]
    assert done == 100
    process, receiver = await started()
    with receiver:
        lines = [json.loads(line) for line in await asyncio.to_thread(receiver.readlines)]
    assert await process.wait() == 0
    assert done <= lines[0]["done"] < 900
    assert lines[-1]["rows"] == 900 - lines[0]["done"]
    assert await library.counts() == SIZES


async def started() -> tuple[asyncio.subprocess.Process, Any]:
    """The job in a process of its own, and what it reports."""
    receiver, sender = os.pipe()
    arguments = ("-m", "shared.stack.job", "content", "reindex.reindex", str(sender), "{}")
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, cwd=ROOT, pass_fds=[sender])
    os.close(sender)
    return process, os.fdopen(receiver)


async def test_the_stack_runs_it_in_every_subgraph_that_has_it(
    content: Subgraph, project: Project, engines: Engines, tenant: Tenant
) -> None:
    platform = content.platform
    await _fill(platform.database, texts_of(platform), tenant.id, 3)
    assert await search_of(platform).count(tenant.id) == 0
    options = {"from_start": True}
    rows = await asyncio.to_thread(
        jobs.run, "reindex.reindex", project, engines.addresses, Reporter(quiet=True), **options
    )
    assert rows >= 3
    assert await search_of(platform).count(tenant.id) == 3


async def test_a_run_that_fails_says_where_and_why(project: Project, engines: Engines) -> None:
    with pytest.raises(StackError, match=r"reindex\.reindex of content failed \(exit code 1\)(.|\n)*TypeError"):
        await asyncio.to_thread(
            jobs.run, "reindex.reindex", project, engines.addresses, Reporter(quiet=True), no_such_option=True
        )
