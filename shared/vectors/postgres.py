"""Vectors in PostgreSQL, by pgvector, on `item_vector`.

A query compares all chunks of its organization, or of its courses, and nobody else's: what it finds is exact. Measured
on two cores with row-level security, all statements of a call included, whatever else the table holds:

    dimensions   50 chunks   2,000   20,000   100,000   one course of 50 among 20,000   kept per chunk
    256             1.2 ms    2 ms    20 ms    130 ms                           1.4 ms           1.3 KB
    1,536                     5 ms    97 ms                                     2.0 ms           7.9 KB

No index on the embeddings: row-level security would not keep PostgreSQL from using HNSW (it minds conditions, not the
order), but such an index is of all tenants' chunks, and finds one's own among them by passing over the others. With an
iterative scan it took 3 to 4 ms for the 20,000 and for the 100,000 above, with 95 to 100 % of what is nearest, and 143
ms for the 50 beside them, with 46 %. `halfvec` takes half the space, is as slow at 256 dimensions, and confuses what is
almost equally near (95 %). Organizations with far more than 100,000 chunks want Pinecone.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from shared.auth import Viewer
from shared.postgres import Database
from shared.vectors import statements
from shared.vectors.chunks import Items, checked, unit
from shared.vectors.protocol import SimilarQuery, Vector, VectorHit, VectorQuery

_BATCH = 20  # items in a transaction


class PostgresVectors:
    """`Vectors` in the subgraph's own database, each call in a transaction of its own, bound to the organization."""

    def __init__(self, database: Database, model: str, dimensions: int) -> None:
        self._database = database
        self._model = model
        self._dimensions = dimensions

    async def put(self, vectors: Iterable[Vector]) -> None:
        """Replaces all chunks of these items; those that are there in a newer version stay."""
        for organization_id, items in checked(vectors, self._dimensions).items():
            rest = iter(sorted(items.items(), key=lambda item: _lock(item[0])))
            while batch := dict(islice(rest, _BATCH)):
                async with self._database.begin(Viewer(organization_id=organization_id)) as session:
                    await self._replace(session, organization_id, batch)

    async def remove(self, organization_id: UUID, item_ids: Iterable[UUID]) -> None:
        """Forgets items."""
        ids = sorted(item_ids, key=_lock)
        async with self._database.begin(Viewer(organization_id=organization_id)) as session:
            await session.execute(statements.LOCK, {"locks": [_lock(id) for id in ids]})
            await session.execute(statements.REMOVE, {"organization_id": organization_id, "item_ids": ids})

    async def nearest(self, organization_id: UUID, query: VectorQuery) -> list[VectorHit]:
        """The nearest items: one statement, after the one that sets the tenant."""
        statement = statements.nearest(by_course=query.course_ids is not None, excluding=bool(query.excluded))
        values: dict[str, Any] = {
            "organization_id": organization_id,
            "model": self._model,
            "embedding": unit(query.embedding, self._dimensions),
            "drafts": query.drafts,
            "limit": query.first,
        }
        if query.course_ids is not None:
            values["course_ids"] = list(query.course_ids)
        if query.excluded:
            values["excluded"] = list(query.excluded)
        async with self._database.begin(Viewer(organization_id=organization_id)) as session:
            rows = (await session.execute(statement, values)).all()
        return [_hit(row) for row in rows]

    async def similar(self, organization_id: UUID, query: SimilarQuery) -> dict[UUID, list[VectorHit]]:
        """The nearest others of each item: one statement for all of them, after the one that sets the tenant."""
        values: dict[str, Any] = {
            "organization_id": organization_id,
            "model": self._model,
            "item_ids": list(query.item_ids),
            "drafts": query.drafts,
            "limit": query.first,
        }
        if query.course_ids is not None:
            values["course_ids"] = list(query.course_ids)
        statement = statements.similar(by_course=query.course_ids is not None)
        found: dict[UUID, list[VectorHit]] = {}
        async with self._database.begin(Viewer(organization_id=organization_id)) as session:
            for row in await session.execute(statement, values):
                found.setdefault(row.asked_id, []).append(_hit(row))
        return found

    async def of_items(self, organization_id: UUID, item_ids: Iterable[UUID]) -> Sequence[Vector]:
        """All chunks of items."""
        values = {"organization_id": organization_id, "item_ids": list(item_ids), "model": self._model}
        async with self._database.begin(Viewer(organization_id=organization_id)) as session:
            rows = await session.execute(statements.OF_ITEMS, values)
            return [Vector(**row._mapping) for row in rows]

    async def count(self, organization_id: UUID) -> int:
        """How many chunks of this organization there are."""
        async with self._database.begin(Viewer(organization_id=organization_id)) as session:
            return await session.scalar(statements.COUNT, {"organization_id": organization_id}) or 0

    async def refresh(self) -> None:
        """Nothing to wait for: what is committed is found."""

    async def close(self) -> None:
        """Nothing of its own: the connections are the database's."""

    async def _replace(self, session: AsyncSession, organization_id: UUID, items: Items) -> None:
        await session.execute(statements.LOCK, {"locks": [_lock(item_id) for item_id in items]})
        versions = [chunks[0].version for chunks in items.values()]
        values = {"organization_id": organization_id, "item_ids": list(items), "versions": versions}
        await session.execute(statements.CLEAR, values)
        await session.execute(statements.INSERT, [self._row(chunk) for chunks in items.values() for chunk in chunks])

    def _row(self, vector: Vector) -> dict[str, Any]:
        return {
            "organization_id": vector.organization_id,
            "item_id": vector.item_id,
            "id": vector.id,
            "model": self._model,
            "version": vector.version,
            "course_id": vector.course_id,
            "is_published": vector.is_published,
            "text": vector.text,
            "embedding": vector.embedding,
        }


def _hit(row: Any) -> VectorHit:
    return VectorHit(row.item_id, max(-1.0, min(1.0, -row.distance)), row.id, row.text)


def _lock(item_id: UUID) -> int:
    """The number of an item's lock; locks are taken in their order, so that no two writers wait for each other."""
    return int.from_bytes(item_id.bytes[12:], signed=True)
