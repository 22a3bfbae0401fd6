"""Vectors in Pinecone, over its published REST API, in one serverless index, by default `lms-content`.

Nothing here has run against the service itself, for want of an account: the tests use a server that follows the
published API, and the service where `PINECONE_API_KEY` is set.

The namespace of a tenant has its id for a name, and is all that keeps tenants apart. The metric of the index must be
cosine or dotproduct, and its dimensions the model's; of the metadata, all but `text` and `chunk_id` must be filterable.

Pinecone knows no transaction and no condition. So `put` adds an item's new chunks, asks whether there are newer ones,
and then deletes all of the item but the newest: for a moment, or until the event is handled again after a crash in
between, old chunks may be found beside the new ones. What is written is found some seconds later; two versions of an
item that are put within that time in the wrong order may leave chunks of both, of which queries prefer the newer.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

import orjson
from pydantic import SecretStr

from shared import ids
from shared.vectors.chunks import Items, checked, mean_of, unit
from shared.vectors.pinecone_client import PineconeClient, understood
from shared.vectors.protocol import Embedding, SimilarQuery, Vector, VectorHit, VectorQuery

_SECONDS = 3.0  # for a read, tries included: a resolver waits for it
_WRITE_SECONDS = 20.0  # for the items of one batch
_REFRESH_SECONDS = 60.0
_BATCH = 20  # items that are replaced together: as many conditions in a filter
_UPSERT_BYTES = 1_900_000  # of 2 MB, which Pinecone takes at once
_UPSERT_RECORDS = 1_000  # as above
_REMOVED = 1_000  # item ids in a filter, of 10,000
_PAGE = 100  # vectors with their values in an answer
_AT_ONCE = 10  # queries for what is similar to several items


class PineconeVectors:
    """`Vectors` in a Pinecone index; a `put` is three requests per 20 items or more, other calls are one or few."""

    def __init__(self, api_key: SecretStr, host: str | None, index: str, api: str, model: str, dimensions: int) -> None:
        self._client = PineconeClient(api_key, host, index, api, dimensions)
        self._model = model
        self._dimensions = dimensions

    async def put(self, vectors: Iterable[Vector]) -> None:
        """Replaces all chunks of these items; those that are there in a newer version stay."""
        for organization_id, items in checked(vectors, self._dimensions).items():
            rest = iter(items.items())
            while batch := dict(islice(rest, _BATCH)):
                async with self._client.within(_WRITE_SECONDS):
                    await self._replace(str(organization_id), batch)

    async def remove(self, organization_id: UUID, item_ids: Iterable[UUID]) -> None:
        """Forgets items, whichever model's."""
        rest = iter(item_ids)
        while batch := [str(id) for id in islice(rest, _REMOVED)]:
            async with self._client.within(_WRITE_SECONDS):
                await self._client.post("/vectors/delete", str(organization_id), filter={"item_id": {"$in": batch}})

    async def nearest(self, organization_id: UUID, query: VectorQuery) -> list[VectorHit]:
        """The nearest items. Pinecone finds chunks, so it is asked again, without the items it found, for the rest."""
        vector = unit(query.embedding, self._dimensions)
        found: dict[UUID, VectorHit] = {}
        is_more = query.first > 0 and query.course_ids != frozenset()
        async with self._client.within(_SECONDS):
            while is_more and len(found) < query.first:
                top = 4 * query.first
                fields = {"vector": vector, "topK": top, "filter": self._filter(query, found), "includeMetadata": True}
                answer = await self._client.post("/query", str(organization_id), **fields)
                with understood():
                    matches = answer.get("matches", [])
                    found |= _best(matches)
                    is_more = len(matches) >= top
        return sorted(found.values(), key=lambda hit: (-hit.similarity, hit.item_id))[: query.first]

    async def similar(self, organization_id: UUID, query: SimilarQuery) -> dict[UUID, list[VectorHit]]:
        """The nearest others of each item. Pinecone takes one query at a time, so there is one per item."""
        asked: dict[UUID, list[Embedding]] = defaultdict(list)
        for vector in await self.of_items(organization_id, query.item_ids):
            is_in = query.course_ids is None or vector.course_id in query.course_ids
            if is_in and (vector.is_published or query.drafts):
                asked[vector.item_id].append(vector.embedding)
        gate = asyncio.Semaphore(_AT_ONCE)

        async def near(item_id: UUID, mean: list[float]) -> list[VectorHit]:
            if not any(mean):
                return []
            others = VectorQuery(
                embedding=mean,
                course_ids=query.course_ids,
                drafts=query.drafts,
                excluded=frozenset({item_id}),
                first=query.first,
            )
            async with gate:
                return await self.nearest(organization_id, others)

        hits = await asyncio.gather(*(near(item_id, mean_of(chunks)) for item_id, chunks in asked.items()))
        return {item_id: found for item_id, found in zip(asked, hits, strict=True) if found}

    async def of_items(self, organization_id: UUID, item_ids: Iterable[UUID]) -> Sequence[Vector]:
        """All chunks of items."""
        asked = [str(id) for id in item_ids]
        if not asked:
            return []
        wanted = {"$and": [{"item_id": {"$in": asked}}, {"model": {"$eq": self._model}}]}
        async with self._client.within(_SECONDS):
            found = [record async for record in self._fetched(str(organization_id), wanted)]
        with understood():
            stored = [_vector(organization_id, record) for record in found]
            items = checked(stored, self._dimensions).get(organization_id, {})
        return sorted((vector for chunks in items.values() for vector in chunks), key=lambda one: (one.item_id, one.id))

    async def count(self, organization_id: UUID) -> int:
        """How many chunks of this organization there are; Pinecone says that this may lag behind."""
        async with self._client.within(_SECONDS):
            return await self._client.count(str(organization_id))

    async def refresh(self) -> None:
        """Returns once everything put or removed here before is seen by queries."""
        async with self._client.within(_REFRESH_SECONDS):
            await self._client.refresh()

    async def close(self) -> None:
        """Gives up its connections."""
        await self._client.close()

    async def _replace(self, namespace: str, items: Items) -> None:
        put = str(ids.new_id())
        for batch in _upserts(self._record(vector, put) for chunks in items.values() for vector in chunks):
            await self._client.post("/vectors/upsert", namespace, vectors=batch)
        versions = {item_id: chunks[0].version for item_id, chunks in items.items()}
        newer = {"$or": [_one(item_id, {"version": {"$gt": version}}) for item_id, version in versions.items()]}
        newest = dict(versions)
        async for record in self._fetched(namespace, newer):
            with understood():
                item_id, version = UUID(record["metadata"]["item_id"]), int(record["metadata"]["version"])
            newest[item_id] = max(newest[item_id], version)
        older = [_one(item_id, {"version": {"$lt": version}}) for item_id, version in newest.items()]
        earlier = [_one(id, {"version": {"$eq": version}}, {"put": {"$ne": put}}) for id, version in versions.items()]
        await self._client.post("/vectors/delete", namespace, filter={"$or": older + earlier})

    def _record(self, vector: Vector, put: str) -> dict[str, Any]:
        return {
            # The version is part of it, so that an old one cannot overwrite a new one.
            "id": f"{vector.item_id}#{vector.version}#{vector.id}",
            "values": [round(value, 9) for value in vector.embedding],
            "metadata": {
                "item_id": str(vector.item_id),
                "chunk_id": str(vector.id),
                "course_id": str(vector.course_id),
                "is_published": vector.is_published,
                "model": self._model,
                "version": vector.version,
                "put": put,
                "text": vector.text,
            },
        }

    def _filter(self, query: VectorQuery, found: Iterable[UUID]) -> dict[str, Any]:
        conditions: list[dict[str, Any]] = [{"model": {"$eq": self._model}}]
        if not query.drafts:
            conditions.append({"is_published": {"$eq": True}})
        if query.course_ids is not None:
            conditions.append({"course_id": {"$in": [str(id) for id in query.course_ids]}})
        if without := query.excluded.union(found):
            conditions.append({"item_id": {"$nin": [str(id) for id in without]}})
        return {"$and": conditions}

    async def _fetched(self, namespace: str, condition: dict[str, Any]) -> AsyncIterator[dict[str, Any]]:
        page: dict[str, Any] = {}
        while True:
            fields = {"filter": condition, "limit": _PAGE} | page
            answer = await self._client.post("/vectors/fetch_by_metadata", namespace, **fields)
            with understood():
                records = list(answer.get("vectors", {}).values())
                token = (answer.get("pagination") or {}).get("next")
            for record in records:
                yield record
            if not token:
                return
            page = {"paginationToken": token}


def _one(item_id: UUID, *conditions: dict[str, Any]) -> dict[str, Any]:
    return {"$and": [{"item_id": {"$eq": str(item_id)}}, *conditions]}


def _upserts(records: Iterable[dict[str, Any]]) -> Iterator[list[orjson.Fragment]]:
    """The records in lists that are small enough for one request."""
    batch: list[orjson.Fragment] = []
    size = 0
    for record in records:
        encoded = orjson.dumps(record)
        if batch and (size + len(encoded) > _UPSERT_BYTES or len(batch) == _UPSERT_RECORDS):
            yield batch
            batch, size = [], 0
        batch.append(orjson.Fragment(encoded))
        size += len(encoded) + 1
    if batch:
        yield batch


def _best(matches: Sequence[dict[str, Any]]) -> dict[UUID, VectorHit]:
    """The nearest chunk of each item, of the newest version that is among the matches."""
    newest: dict[str, float] = defaultdict(float)
    for match in matches:
        item_id = match["metadata"]["item_id"]
        newest[item_id] = max(newest[item_id], match["metadata"]["version"])
    hits = [_hit(match) for match in matches if match["metadata"]["version"] == newest[match["metadata"]["item_id"]]]
    best: dict[UUID, VectorHit] = {}
    for hit in sorted(hits, key=lambda hit: (-hit.similarity, hit.chunk_id)):
        best.setdefault(hit.item_id, hit)
    return best


def _hit(match: dict[str, Any]) -> VectorHit:
    metadata = match["metadata"]
    similarity = max(-1.0, min(1.0, float(match.get("score", 0))))
    return VectorHit(UUID(metadata["item_id"]), similarity, UUID(metadata["chunk_id"]), metadata["text"])


def _vector(organization_id: UUID, record: dict[str, Any]) -> Vector:
    metadata = record["metadata"]
    return Vector(
        id=UUID(metadata["chunk_id"]),
        organization_id=organization_id,
        item_id=UUID(metadata["item_id"]),
        course_id=UUID(metadata["course_id"]),
        is_published=metadata["is_published"],
        version=int(metadata["version"]),
        text=metadata["text"],
        embedding=record["values"],
    )
