"""Search by meaning as the viewer may do it."""

from uuid import UUID

from shared import ids
from shared.auth import organization_of
from shared.context import Context
from shared.errors import BadInput
from shared.vectors import VectorQuery
from subgraphs.ai.loaders import Match, readable_courses
from subgraphs.ai.runtime import model_of, vectors_of
from subgraphs.ai.services.embedding import embed_query
from subgraphs.ai.types import ContentMatch

_LONGEST = 1_000  # characters


async def found(context: Context, query: str, course_id: str | None, first: int) -> list[ContentMatch]:
    """The items nearest to a query, among those that the viewer may find."""
    _check(query)
    viewer, platform = context.viewer, context.platform
    organization_id = organization_of(viewer)
    courses = await _course_ids(context, course_id)
    if first == 0 or courses == frozenset():
        return []
    embedding = await embed_query(context.session, model_of(platform), viewer, query)
    wanted = VectorQuery(embedding=embedding, course_ids=courses, first=first)
    hits = await vectors_of(platform).nearest(organization_id, wanted)
    context.load.spend(len(hits))
    return [ContentMatch.of(Match(hit.item_id, hit.similarity)) for hit in hits]


async def _course_ids(context: Context, course_id: str | None) -> frozenset[UUID] | None:
    """Where to look: None is everywhere, which is for teachers."""
    readable = await readable_courses(context)
    if course_id is None:
        return readable
    uuid = ids.decode("course", course_id)
    wanted = frozenset([uuid] if uuid else [])
    return wanted if readable is None else wanted & readable


def _check(query: str) -> None:
    if not query.strip():
        raise BadInput("`query` is empty.")
    if len(query) > _LONGEST:
        raise BadInput(f"`query` has at most {_LONGEST} characters; it has {len(query)}.")
