"""Searching as clients do, and waiting until the index has followed."""

import asyncio
from functools import partial
from typing import Any

from shared import ids
from shared.auth import Viewer
from subgraphs.content import consumers
from subgraphs.content.events import ItemUpdated
from subgraphs.content.runtime import search_of
from tests.conftest import Answer, Subgraph, Tenant
from tests.content.courses import Course, told

SEARCH = """
query($text: String!, $filter: SearchFilter, $first: Int, $after: String) {
  search(query: $text, filter: $filter, first: $first, after: $after) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor score highlight node { id title type difficulty tags } }
    facets { types { value count } difficulties { value count } tags { value count } }
  }
}
"""
SUGGEST = """
query($prefix: String!, $courseId: ID, $first: Int) {
  searchSuggestions(prefix: $prefix, courseId: $courseId, first: $first)
}
"""
NOTHING: dict[str, Any] = {
    "totalCount": 0,
    "pageInfo": {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None},
    "edges": [],
    "facets": {"types": [], "difficulties": [], "tags": []},
}


async def ask(content: Subgraph, who: Viewer | None, text: str, **variables: Any) -> Answer:
    """The whole answer to a search."""
    return await content.ask(SEARCH, who, text=text, **variables)


async def search(content: Subgraph, who: Viewer, text: str, **variables: Any) -> dict[str, Any]:
    """What `search` answers."""
    return (await ask(content, who, text, **variables)).data["search"]


async def titles(content: Subgraph, who: Viewer, text: str, **filter: Any) -> list[str]:
    """The titles of what is found under a filter, in their own order."""
    page = await search(content, who, text, filter=filter, first=100)
    assert page["totalCount"] == len(page["edges"])
    return sorted(edge["node"]["title"] for edge in page["edges"])


async def suggest(content: Subgraph, who: Viewer, prefix: str, **variables: Any) -> list[str]:
    """What `searchSuggestions` answers."""
    return (await content.ask(SUGGEST, who, prefix=prefix, **variables)).data["searchSuggestions"]


def counts(facets: list[dict[str, Any]]) -> dict[str, int]:
    """A facet as a mapping, in its order."""
    return {facet["value"]: facet["count"] for facet in facets}


async def finds(content: Subgraph, who: Viewer, text: str, count: int, within: float = 10) -> None:
    """Waits until so many items are found."""
    total = -1
    try:
        async with asyncio.timeout(within):
            while (total := (await search(content, who, text, first=0))["totalCount"]) != count:
                await asyncio.sleep(0.05)
    except TimeoutError:
        raise AssertionError(f"{total} items instead of {count} within {within} s") from None


async def followed(content: Subgraph, tenant: Tenant, course: Course, item: dict[str, Any]) -> None:
    """Has the index follow what happened to an item up to now."""
    id = ids.decode("content_item", item["id"])
    event = ItemUpdated.model_validate(
        {"id": id, "organization_id": tenant.id, "course_id": course.id, "fields": ["title"]}
    )
    await told(content, tenant.id, (partial(consumers.keep_searchable, content.platform), event))
    await search_of(content.platform).refresh()
