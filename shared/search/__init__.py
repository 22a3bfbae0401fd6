"""Full-text search over content items: one protocol, on PostgreSQL unless `ELASTICSEARCH_URL` names a cluster."""

from pydantic import SecretStr

from shared.postgres import Database
from shared.search.postgres import PostgresSearch
from shared.search.protocol import (
    Cursor,
    Facet,
    Facets,
    Search,
    SearchDocument,
    SearchHit,
    SearchQuery,
    SearchResult,
    TitleQuery,
)

__all__ = [
    "Cursor",
    "Facet",
    "Facets",
    "Search",
    "SearchDocument",
    "SearchHit",
    "SearchQuery",
    "SearchResult",
    "TitleQuery",
    "open_search",
]


def open_search(elasticsearch_url: SecretStr | None, database: Database) -> Search:
    """Where the items are searched: Elasticsearch when there is an address of it, else the subgraph's own schema.

    Nothing is connected yet; a subgraph starts without its engines. Raises ValueError when the address is not
    `http(s)://[user:password@]host:port`.
    """
    if elasticsearch_url is None:
        return PostgresSearch(database)
    from shared.search.elasticsearch import ElasticsearchSearch  # noqa: PLC0415  # slow to load, for those who use it

    return ElasticsearchSearch(elasticsearch_url.get_secret_value())
