"""Search in Elasticsearch 8 or 9, in the index `course_content`, an alias. It is made where it is missing.

Nothing keeps tenants apart there but this module: the organization is part of every document's id and its routing, and
`_within` is the only place that makes queries.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from elastic_transport import TransportError
from elasticsearch import ApiError, AsyncElasticsearch, helpers

from shared.search.mapping import BEHIND, INDEX, MAPPINGS, SETTINGS
from shared.search.protocol import Facet, Facets, SearchDocument, SearchHit, SearchQuery, SearchResult, TitleQuery
from shared.search.words import MARK, UNMARK, Terms, cleaned_text, cleaned_title, highlighted, opening

_SECONDS = 3.0  # for a call, with no second try: a resolver waits for it
_FACETS = {"types": "content_type", "difficulties": "metadata.difficulty", "tags": "metadata.tags"}
_MOST_VALUES = 50
_BULK_BYTES = 10_000_000
_BULK_SECONDS = 10.0  # for one request of them
_MISSING = 404
_BUSY = (429, 502, 503, 504)
_HIGHLIGHT = {
    "pre_tags": [MARK],
    "post_tags": [UNMARK],
    "fields": {
        "content": {"number_of_fragments": 1, "fragment_size": 160, "no_match_size": 160},
        "title": {"number_of_fragments": 0},
    },
}
_WEIGHTED = ["title^50", "metadata.tags.words^20", "content"]  # as in PostgreSQL


class ElasticsearchSearch:
    """`Search` on a cluster; one request per call (`put` and `remove`: per 10 MB), and one more before the first."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("ELASTICSEARCH_URL must be http(s)://[user:password@]host:port")
        self._client = AsyncElasticsearch(url, request_timeout=_SECONDS, max_retries=0, retry_on_timeout=False)
        self._opening = asyncio.Lock()
        self._is_open = False

    async def put(self, documents: Iterable[SearchDocument]) -> None:
        """Adds or replaces documents, of any organizations; those that are there in a newer version stay."""
        actions = (
            _address(document.organization_id, document.id)
            | {"_op_type": "index", "version": document.version, "version_type": "external_gte"}
            | {"_source": _source(document)}
            for document in documents
        )
        await self._bulk(actions, conflict=409)

    async def remove(self, organization_id: UUID, ids: Iterable[UUID]) -> None:
        """Forgets documents."""
        await self._bulk((_address(organization_id, id) | {"_op_type": "delete"} for id in ids), conflict=404)

    async def find(self, organization_id: UUID, query: SearchQuery) -> SearchResult:
        """What matches in this organization."""
        terms = Terms.of(query.text)
        if terms is None:
            return SearchResult()
        filters = _filters(query)
        answer = await self._search(
            query=_within(organization_id, query, must=[_words(terms)]),
            routing=str(organization_id),
            post_filter={"bool": {"filter": list(filters.values())}},
            aggs={name: _facet(name, filters) for name in _FACETS},
            sort=[{"_score": "desc"}, {"id": "asc"}],
            search_after=[query.after.score, str(query.after.id)] if query.after else None,
            size=query.first + 1,
            source=False,
            highlight=_HIGHLIGHT,
            track_total_hits=True,
        )
        hits = answer["hits"]["hits"]
        return SearchResult(
            hits=[_hit(hit) for hit in hits[: query.first]],
            has_next=len(hits) > query.first,
            total=answer["hits"]["total"]["value"],
            facets=Facets(**{name: _counts(answer["aggregations"][name]) for name in _FACETS}),
        )

    async def suggest(self, organization_id: UUID, query: TitleQuery) -> list[str]:
        """Different titles that complete the prefix, those that begin with it first, then in order."""
        prefix = opening(query.prefix)
        if not prefix:
            return []
        begins = {"prefix": {"title.keyword": {"value": prefix, "case_insensitive": True}}}
        holds = {"constant_score": {"filter": {"match_phrase_prefix": {"title.plain": prefix}}}}
        answer = await self._search(
            query=_within(organization_id, query, must=[holds], should=[begins]),
            routing=str(organization_id),
            sort=[{"_score": "desc"}, {"title.keyword": "asc"}],
            collapse={"field": "title.keyword"},
            size=query.first,
            source=["title"],
        )
        return [hit["_source"]["title"] for hit in answer["hits"]["hits"]]

    async def count(self, organization_id: UUID) -> int:
        """How many documents of this organization there are."""
        async with self._answering():
            query = {"bool": {"filter": [_of(organization_id)]}}
            return int((await self._client.count(index=INDEX, query=query, routing=str(organization_id)))["count"])

    async def refresh(self) -> None:
        """Makes everything put or removed before seen by `find`."""
        async with self._answering():
            await self._client.indices.refresh(index=INDEX)

    async def close(self) -> None:
        """Gives up its connections."""
        await self._client.close()

    async def _search(self, **body: Any) -> Any:
        async with self._answering():
            return await self._client.search(index=INDEX, allow_partial_search_results=False, **body)

    async def _bulk(self, actions: Iterable[dict[str, Any]], conflict: int) -> None:
        """Sends them in parts; one that is refused with the status `conflict` has nothing left to do."""
        client = self._client.options(request_timeout=_BULK_SECONDS)
        async with self._answering(None):
            async for done, result in helpers.async_streaming_bulk(
                client, actions, max_chunk_bytes=_BULK_BYTES, raise_on_error=False, require_alias=True
            ):
                [outcome] = result.values()
                if done or outcome["status"] == conflict:
                    continue
                if outcome["status"] == _MISSING:
                    raise self._lost()
                if outcome["status"] in _BUSY:
                    raise ConnectionError(f"Elasticsearch is away: it answers {outcome['status']}")
                raise RuntimeError(f"Elasticsearch refused a document: {outcome}")

    @asynccontextmanager
    async def _answering(self, seconds: float | None = _SECONDS) -> AsyncIterator[None]:
        """Makes the index where it is missing, and turns an engine that is away into `ConnectionError`."""
        try:
            async with asyncio.timeout(seconds):
                await self._open()
                yield
        except TransportError as error:
            raise ConnectionError(f"Elasticsearch is away: {type(error).__name__}") from error
        except ApiError as error:
            if error.status_code == _MISSING:
                raise self._lost() from error
            if error.status_code in _BUSY:
                raise ConnectionError(f"Elasticsearch is away: it answers {error.status_code}") from error
            raise

    def _lost(self) -> ConnectionError:
        self._is_open = False  # whoever comes next makes it anew
        return ConnectionError("Elasticsearch is away: somebody has deleted the index")

    async def _open(self) -> None:
        async with self._opening:
            if self._is_open:
                return
            created = self._client.options(ignore_status=400).indices.create
            answer = await created(index=BEHIND, aliases={INDEX: {}}, settings=SETTINGS, mappings=MAPPINGS)
            if "error" in answer and answer["error"]["type"] != "resource_already_exists_exception":
                raise RuntimeError(f"Elasticsearch refused the index: {answer['error']}")
            self._is_open = True


def _address(organization_id: UUID, id: UUID) -> dict[str, Any]:
    """Where a document is: no organization can write on another's, whatever its id."""
    return {"_index": INDEX, "_id": f"{organization_id}:{id}", "routing": str(organization_id)}


def _source(document: SearchDocument) -> dict[str, Any]:
    return {
        "id": str(document.id),
        "organization_id": str(document.organization_id),
        "course_id": str(document.course_id),
        "content_type": document.content_type,
        "is_published": document.is_published,
        "title": cleaned_title(document.title),
        "content": cleaned_text(document.text),
        "metadata": {
            "tags": list(document.tags),
            "difficulty": document.difficulty,
            "duration": document.duration_minutes,
        },
        "created_at": document.created_at.isoformat(),
        "updated_at": document.updated_at.isoformat(),
    }


def _of(organization_id: UUID) -> dict[str, Any]:
    return {"term": {"organization_id": str(organization_id)}}


def _within(organization_id: UUID, query: SearchQuery | TitleQuery, **clauses: Any) -> dict[str, Any]:
    """The clauses, among what this query may see of the organization."""
    seen = [_of(organization_id)]
    if not query.drafts:
        seen.append({"term": {"is_published": True}})
    if query.course_ids is not None:
        seen.append({"terms": {"course_id": [str(id) for id in query.course_ids]}})
    return {"bool": {"filter": seen, **clauses}}


def _words(terms: Terms) -> dict[str, Any]:
    written = ["|" if term == "or" else term for term in terms.terms]
    if terms.is_unfinished:
        written[-1] = f"({written[-1]} | {written[-1]}*)"  # a word before `*` is not stemmed
    return {
        "simple_query_string": {
            "query": " ".join(written),
            "fields": _WEIGHTED,
            "default_operator": "and",
            "flags": "AND|OR|NOT|PHRASE|PREFIX|PRECEDENCE|WHITESPACE",
        }
    }


def _filters(query: SearchQuery) -> dict[str, dict[str, Any]]:
    chosen = {"types": query.types, "difficulties": query.difficulties, "tags": query.tags}
    return {name: {"terms": {_FACETS[name]: sorted(values)}} for name, values in chosen.items() if values}


def _facet(name: str, filters: dict[str, dict[str, Any]]) -> dict[str, Any]:
    others = [filter for of, filter in filters.items() if of != name]
    order = [{"_count": "desc"}, {"_key": "asc"}]
    values = {"terms": {"field": _FACETS[name], "size": _MOST_VALUES, "order": order}}
    return {"filter": {"bool": {"filter": others}}, "aggs": {"values": values}}


def _counts(answer: dict[str, Any]) -> list[Facet]:
    return [Facet(bucket["key"], bucket["doc_count"]) for bucket in answer["values"]["buckets"]]


def _hit(hit: dict[str, Any]) -> SearchHit:
    passages = hit.get("highlight", {})
    [text], [title] = passages.get("content", [""]), passages.get("title", [""])
    passage = title if MARK in title and MARK not in text else text
    score, id = hit["sort"]
    return SearchHit(UUID(id), score, highlighted(passage) or None)
