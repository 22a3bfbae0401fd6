"""Search as the viewer may do it: where to look for whom, and what is found as GraphQL."""

from collections.abc import Sequence
from uuid import UUID

from shared import ids
from shared.auth import organization_of
from shared.connections import PageInfo
from shared.context import Context
from shared.errors import BadInput
from shared.search import Cursor, Facets, SearchHit, SearchQuery, SearchResult, TitleQuery
from shared.search import Facet as FoundFacet
from subgraphs.content.loaders import own_courses
from subgraphs.content.runtime import search_of
from subgraphs.content.types import ContentItem, Facet, SearchConnection, SearchEdge, SearchFacets, SearchFilter

_LONGEST = 1_000  # characters


async def found(context: Context, text: str, filter: SearchFilter, first: int, after: str | None) -> SearchConnection:
    """A page of what matches among what the viewer may read."""
    _check(text, "query")
    for tag in filter.tags or ():
        _check(tag, "tags")
    place = Cursor.of(after) if after is not None else None
    query = SearchQuery(
        text=text,
        course_ids=await _course_ids(context, filter.course_id),
        drafts=_teaches(context),
        types=frozenset(filter.types or ()),
        difficulties=frozenset(filter.difficulties or ()),
        tags=frozenset(tag.lower() for tag in filter.tags or ()),
        first=first,
        after=place,
    )
    result = SearchResult()
    if query.course_ids is None or query.course_ids:
        result = await search_of(context.platform).find(organization_of(context.viewer), query)
    return await _connection(context, result, is_first=place is None)


async def suggested(context: Context, prefix: str, course_id: str | None, first: int) -> list[str]:
    """Titles of what the viewer may read."""
    _check(prefix, "prefix")
    course_ids = await _course_ids(context, course_id)
    if course_ids is not None and not course_ids:
        return []
    query = TitleQuery(prefix=prefix, course_ids=course_ids, drafts=_teaches(context), first=first)
    return await search_of(context.platform).suggest(organization_of(context.viewer), query)


async def _connection(context: Context, result: SearchResult, *, is_first: bool) -> SearchConnection:
    # The index runs behind by a moment: what the viewer may see is what the rows say.
    nodes = await context.load.all(ContentItem, [hit.id for hit in result.hits])
    edges = [_edge(hit, node) for hit, node in zip(result.hits, nodes, strict=True) if node is not None]
    info = PageInfo(
        has_next_page=result.has_next,
        has_previous_page=not is_first,
        start_cursor=str(result.hits[0].cursor) if result.hits else None,
        end_cursor=str(result.hits[-1].cursor) if result.hits else None,
    )
    return SearchConnection(edges=edges, page_info=info, total_count=result.total, facets=_facets(result.facets))


def _edge(hit: SearchHit, node: ContentItem) -> SearchEdge:
    return SearchEdge(cursor=str(hit.cursor), node=node, score=hit.score, highlight=hit.highlight)


def _facets(facets: Facets) -> SearchFacets:
    def shown(counts: Sequence[FoundFacet]) -> list[Facet]:
        return [Facet(value=facet.value, count=facet.count) for facet in counts]

    return SearchFacets(types=shown(facets.types), difficulties=shown(facets.difficulties), tags=shown(facets.tags))


async def _course_ids(context: Context, course_id: str | None) -> frozenset[UUID] | None:
    """Where to look: None is everywhere, which is for teachers."""
    wanted = None
    if course_id is not None:
        uuid = ids.decode("course", course_id)
        wanted = frozenset([uuid] if uuid else [])
    if _teaches(context):
        return wanted
    own = await own_courses(context)
    return own if wanted is None else own & wanted


def _teaches(context: Context) -> bool:
    return "write:course" in context.viewer.scopes


def _check(text: str, name: str) -> None:
    if len(text) > _LONGEST:
        raise BadInput(f"`{name}` has at most {_LONGEST} characters; it has {len(text)}.")
    if "\0" in text:
        raise BadInput(f"`{name}` holds a NUL character.")
