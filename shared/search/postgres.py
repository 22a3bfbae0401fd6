"""Search in PostgreSQL, on `search_document`.

Words are those of the configuration `english` (stems, stop words), over text that is folded here.

No index on the words: `@@` is not leakproof, so under row-level security PostgreSQL may not use one for a tenant's
query. A search reads the rows of its organization, or of the viewer's courses, and nobody else's. Measured on two
cores, with items of 500 words: 10 to 25 ms among 2,000 items, 160 to 330 ms among 20,000, and 10 ms among 5 of the
latter's 200 courses, whatever else the table holds. Organizations beyond that want Elasticsearch.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from sqlalchemy import MetaData, delete, func, select

from shared.auth import Viewer
from shared.postgres import Database
from shared.search import statements
from shared.search.protocol import Facet, Facets, SearchDocument, SearchHit, SearchQuery, SearchResult, TitleQuery
from shared.search.table import search_table
from shared.search.words import Terms, cleaned_text, cleaned_title, folded, highlighted, marked, opening

search_document = search_table(MetaData())

_BATCH = 100  # documents in a transaction: 1.5 s if all are of the greatest length


class PostgresSearch:
    """`Search` in the subgraph's own database, each call in a transaction of its own, bound to the organization."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def put(self, documents: Iterable[SearchDocument]) -> None:
        """Adds or replaces documents, of any organizations; those that are there in a newer version stay."""
        rows: dict[UUID, list[dict[str, Any]]] = defaultdict(list)
        for document in documents:
            rows[document.organization_id].append(_row(document))
        for organization_id, of_one in rows.items():
            of_one.sort(key=lambda row: row["id"])  # two writers lock what both touch in the same order
            for start in range(0, len(of_one), _BATCH):
                async with self._database.begin(Viewer(organization_id=organization_id)) as session:
                    await session.execute(statements.PUT, of_one[start : start + _BATCH])

    async def remove(self, organization_id: UUID, ids: Iterable[UUID]) -> None:
        """Forgets documents."""
        gone = delete(search_document).where(
            search_document.c.organization_id == organization_id, search_document.c.id.in_(list(ids))
        )
        async with self._database.begin(Viewer(organization_id=organization_id)) as session:
            await session.execute(gone)

    async def find(self, organization_id: UUID, query: SearchQuery) -> SearchResult:
        """What matches in this organization: one statement, after the one that sets the tenant."""
        terms = Terms.of(query.text)
        if terms is None:
            return SearchResult()
        statement = statements.find(by_course=query.course_ids is not None, after=query.after is not None)
        values = _scope(organization_id, query) | {
            "terms": " ".join(terms.terms),
            "ending": ":*" if terms.is_unfinished else "",
            "types": list(query.types) or None,
            "difficulties": list(query.difficulties) or None,
            "tags": list(query.tags) or None,
            "limit": query.first + 1,
        }
        if query.after is not None:
            values |= {"score": query.after.score, "after": query.after.id}
        async with self._database.begin(Viewer(organization_id=organization_id)) as session:
            row = (await session.execute(statement, values)).one()
        return SearchResult(
            hits=[_hit(hit) for hit in row.hits[: query.first]],
            has_next=len(row.hits) > query.first,
            total=row.total,
            facets=Facets(_facets(row.types), _facets(row.difficulties), _facets(row.tags)),
        )

    async def suggest(self, organization_id: UUID, query: TitleQuery) -> list[str]:
        """Different titles that complete the prefix, those that begin with it first, then in order."""
        prefix = " ".join(folded(opening(query.prefix)).split())
        if not prefix:
            return []
        statement = statements.suggest(by_course=query.course_ids is not None)
        values = _scope(organization_id, query) | {"prefix": prefix, "limit": query.first}
        async with self._database.begin(Viewer(organization_id=organization_id)) as session:
            return list(await session.scalars(statement, values))

    async def count(self, organization_id: UUID) -> int:
        """How many documents of this organization there are."""
        counted = select(func.count()).where(search_document.c.organization_id == organization_id)
        async with self._database.begin(Viewer(organization_id=organization_id)) as session:
            return await session.scalar(counted) or 0

    async def refresh(self) -> None:
        """Nothing to wait for: what is committed is found."""

    async def close(self) -> None:
        """Nothing of its own: the connections are the database's."""


def _row(document: SearchDocument) -> dict[str, Any]:
    title, text = cleaned_title(document.title), cleaned_text(document.text)
    return {
        "organization_id": document.organization_id,
        "id": document.id,
        "version": document.version,
        "course_id": document.course_id,
        "content_type": document.content_type,
        "difficulty": document.difficulty,
        "is_published": document.is_published,
        "tags": list(document.tags),
        "title": title,
        "text": text,
        "folded_title": folded(title),
        "folded_text": folded(text),
        "folded_tags": folded(cleaned_title(" ".join(document.tags))),
    }


def _scope(organization_id: UUID, query: SearchQuery | TitleQuery) -> dict[str, Any]:
    scope: dict[str, Any] = {"organization_id": organization_id, "drafts": query.drafts}
    return scope if query.course_ids is None else scope | {"course_ids": list(query.course_ids)}


def _hit(hit: dict[str, Any]) -> SearchHit:
    passage, original = hit["passage"], hit["original"]
    return SearchHit(UUID(hit["id"]), hit["score"], highlighted(marked(original, passage)) or None)


def _facets(counts: Sequence[Sequence[Any]]) -> list[Facet]:
    return [Facet(value, count) for value, count in counts]
