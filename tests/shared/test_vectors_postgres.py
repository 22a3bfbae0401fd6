"""What vectors in PostgreSQL promise beyond the contract: their table, cost, fences, models and recall."""

import asyncio
import operator
import random
from array import array
from collections.abc import AsyncIterator, Iterator
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import Connection, MetaData, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from shared import ids
from shared.auth import Viewer
from shared.errors import Unavailable
from shared.graphql import refusal_of
from shared.postgres import Database
from shared.stack.running import Engines
from shared.vectors import VectorQuery, Vectors, open_vectors
from shared.vectors.table import drop_vector_table, vector_table
from tests.conftest import Tenant
from tests.shared import vectors as examples
from tests.shared.conftest import execute
from tests.shared.vectors import DIMENSIONS, MODEL, SCHEMA, Tried, axis, chunk


@pytest.fixture(scope="module")
async def database(engines: Engines) -> AsyncIterator[Database]:
    """A schema with the table."""
    async with examples.database(engines) as made:
        yield made


@pytest.fixture
def vectors(database: Database) -> Vectors:
    """Vectors in it."""
    return open_vectors(database, model=MODEL, dimensions=DIMENSIONS)


def _differences(connection: Connection) -> list[object]:
    metadata = MetaData()
    vector_table(metadata)
    connection.dialect.default_schema_name = SCHEMA
    context = MigrationContext.configure(connection, opts={"compare_server_default": True})
    return compare_metadata(context, metadata)


@pytest.mark.usefixtures("database")
async def test_autogenerate_has_nothing_to_add(engines: Engines) -> None:
    engine = examples.owner(engines)
    async with engine.connect() as connection:
        assert await connection.run_sync(_differences) == []
    await engine.dispose()


async def test_the_login_may_use_pgvector_and_make_nothing_beside_it(vectors: Vectors, database: Database) -> None:
    rights = text("SELECT has_schema_privilege('extensions', 'USAGE'), has_schema_privilege('extensions', 'CREATE')")
    async with database.begin(Viewer(organization_id=ids.new_id())) as session:
        assert (await session.execute(rights)).one() == (True, False)


@pytest.fixture
async def spare(engines: Engines) -> AsyncIterator[str]:
    """The owner's address of an empty database."""
    await execute(engines.addresses.database, "CREATE DATABASE spare")
    yield make_url(engines.addresses.database).set(database="spare").render_as_string(hide_password=False)
    await execute(engines.addresses.database, "DROP DATABASE spare WITH (FORCE)")


@pytest.mark.usefixtures("database")
async def test_a_migration_says_how_to_move_a_pgvector_that_is_elsewhere(spare: str) -> None:
    await execute(spare, f"CREATE EXTENSION vector; CREATE SCHEMA {SCHEMA}")
    engine = examples.owner_of(spare)
    async with engine.connect() as connection:
        with pytest.raises(RuntimeError, match="Move it: ") as failure:
            await connection.run_sync(examples.migrate)
    await execute(spare, str(failure.value).partition("Move it: ")[2])
    async with engine.begin() as connection:
        await connection.run_sync(examples.migrate)
        await connection.run_sync(_downgrade)
        await connection.run_sync(examples.migrate)
    await engine.dispose()


def _downgrade(connection: Connection) -> None:
    with Operations.context(MigrationContext.configure(connection)):
        drop_vector_table()


@pytest.mark.parametrize("first", [1, 50])
async def test_a_query_is_one_statement_however_many_hits(
    vectors: Vectors, database: Database, tenant: Tenant, first: int
) -> None:
    await vectors.put([chunk(tenant.id) for _ in range(60)])
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        statements.append(statement)

    event.listen(database._tenant.sync_engine, "before_cursor_execute", note)
    hits = await Tried(vectors, tenant.id).ask(first=first)
    event.remove(database._tenant.sync_engine, "before_cursor_execute", note)
    assert len(hits) == first
    assert len(statements) == 1


async def test_the_table_shows_a_session_only_its_organization(
    vectors: Vectors, database: Database, tenant: Tenant, stranger: Tenant
) -> None:
    await vectors.put([chunk(tenant.id), chunk(stranger.id)])
    rows = text("SELECT DISTINCT organization_id FROM item_vector")
    async with database.begin(Viewer(organization_id=tenant.id)) as session:
        assert list(await session.scalars(rows)) == [tenant.id]
    async with database.begin(Viewer()) as session:
        assert list(await session.scalars(rows)) == []
    async with database.system() as session:
        assert list(await session.scalars(rows)) == []
    move = text("UPDATE item_vector SET organization_id = :other")
    async with database.begin(Viewer(organization_id=tenant.id)) as session:
        with pytest.raises(DBAPIError, match="row-level security"):
            await session.execute(move, {"other": stranger.id})
        await session.rollback()


async def test_writers_of_the_same_items_at_once_leave_the_newest(vectors: Vectors, tenant: Tenant) -> None:
    items = [ids.new_id() for _ in range(30)]

    async def write(version: int) -> None:
        made = [
            chunk(tenant.id, item_id=item_id, version=version, text=str(version))
            for item_id in items
            for _ in range(version % 4)
        ]
        await vectors.put(made if version % 2 else reversed(made))

    await asyncio.gather(*(write(version) for version in range(1, 14)))
    assert {hit.text for hit in await Tried(vectors, tenant.id).ask(first=100)} == {"13"}
    assert await vectors.count(tenant.id) == 30


async def test_writers_and_removers_at_once_do_not_wait_for_each_other(vectors: Vectors, tenant: Tenant) -> None:
    made = [chunk(tenant.id) for _ in range(15)]
    items = [vector.item_id for vector in made]
    writing = [vectors.put(made) for _ in range(6)]
    removing = [vectors.remove(tenant.id, reversed(items)) for _ in range(6)]
    await asyncio.gather(*writing, *removing)
    assert await vectors.count(tenant.id) in (0, 15)


@pytest.mark.parametrize(("model", "dimensions"), [("another", DIMENSIONS), (MODEL, DIMENSIONS + 1)])
async def test_embeddings_of_two_models_are_never_compared(
    vectors: Vectors, database: Database, tenant: Tenant, model: str, dimensions: int
) -> None:
    old = [await Tried(vectors, tenant.id).put(axis(0), axis(1)) for _ in range(2)]
    switched = open_vectors(database, model=model, dimensions=dimensions)
    query = VectorQuery(embedding=[1.0] * dimensions)
    assert await switched.nearest(tenant.id, query) == []
    assert await switched.of_items(tenant.id, [old[0].item_id]) == []
    await switched.put([chunk(tenant.id, item_id=old[0].item_id, embedding=[1.0] * dimensions)])
    assert [hit.item_id for hit in await switched.nearest(tenant.id, query)] == [old[0].item_id]
    assert await Tried(vectors, tenant.id).find() == [old[1].item_id]
    assert await vectors.count(tenant.id) == 3
    await switched.remove(tenant.id, [vector.item_id for vector in old])
    assert await vectors.count(tenant.id) == 0


async def test_a_database_that_is_away() -> None:
    passwords = {f"lyceum_{SCHEMA}": "a", f"lyceum_{SCHEMA}_system": "b"}
    database = Database(SCHEMA, examples.settings("postgresql://somebody@127.0.0.1:9/nothing", passwords))
    vectors = open_vectors(database, model=MODEL, dimensions=DIMENSIONS)
    for call in (vectors.put([chunk(ids.new_id())]), vectors.count(ids.new_id()), Tried(vectors, ids.new_id()).ask()):
        [error] = await asyncio.gather(call, return_exceptions=True)
        assert isinstance(error, OSError)
        assert isinstance(refusal_of(error), Unavailable)
    await database.close()


SIZE = 20_000
WIDTH = 256  # dimensions of the embedded model


def clustered(random_: random.Random, count: int) -> Iterator[list[int]]:
    """Embeddings around 100 centres, as those of a library's chunks are: whole numbers, so that Python is fast."""
    centres = [array("h", random_.randbytes(2 * WIDTH)) for _ in range(100)]
    for number in range(count):
        noise = array("h", random_.randbytes(2 * WIDTH))
        yield list(map(operator.add, centres[number % 100], noise))


async def load(owner_url: str, organization_id: UUID, embeddings: list[list[int]]) -> list[UUID]:
    """Stores an item for each embedding, as the owner, in the fastest way there is; returns their ids."""
    items = [ids.new_id() for _ in embeddings]
    connection = await asyncpg.connect(make_url(owner_url).set(drivername="postgresql").render_as_string())
    await connection.execute("CREATE TEMPORARY TABLE loaded (item_id uuid, embedding extensions.vector)")

    async def lines() -> AsyncIterator[bytes]:
        for item_id, embedding in zip(items, embeddings, strict=True):
            yield f"{item_id}\t{embedding}\n".encode()

    await connection.copy_to_table("loaded", source=lines(), format="text")
    insert = f"""
        INSERT INTO {SCHEMA}.item_vector
        SELECT $1, item_id, item_id, $2, 1, item_id, true, '', extensions.l2_normalize(embedding) FROM loaded
    """
    await connection.execute(insert, organization_id, f"{MODEL}/{WIDTH}")
    await connection.close()
    return items


async def test_the_nearest_of_20_000_are_those_that_comparing_all_finds(
    engines: Engines, database: Database, tenant: Tenant, stranger: Tenant
) -> None:
    random_ = random.Random(4)
    embeddings = list(clustered(random_, SIZE))
    items = await load(engines.addresses.database, tenant.id, embeddings)
    queries = embeddings[:: SIZE // 5]
    await load(engines.addresses.database, stranger.id, queries)  # nearer than anything, and somebody else's
    vectors = open_vectors(database, model=MODEL, dimensions=WIDTH)
    lengths = [sum(map(operator.mul, one, one)) ** 0.5 for one in embeddings]
    shares = []
    for query in queries:
        scores = [sum(map(operator.mul, query, one)) / length for one, length in zip(embeddings, lengths, strict=True)]
        expected = sorted(range(SIZE), key=scores.__getitem__)[-10:]
        hits = await vectors.nearest(tenant.id, VectorQuery(embedding=query, first=10))
        shares.append(len({items[place] for place in expected} & {hit.item_id for hit in hits}) / 10)
    assert sum(shares) / len(shares) >= 0.95
    await vectors.remove(tenant.id, items)
