"""Documents: plain pydantic objects of a tenant, kept as JSONB in PostgreSQL or in MongoDB.

A subgraph declares what a collection holds and opens it once at start:

    class ItemVersion(Document):
        indexed: ClassVar = "item_id"
        item_id: UUID
        title: str
        blocks: list[Block]

    versions = platform.documents.collection("item_version", ItemVersion)

Every call names its tenant, is a transaction of its own, and takes at most three seconds. So write a document before
the transaction of the row that points at it, never inside: a crash in between leaves an orphan to sweep, never a
pointer to nothing, and no request holds one connection while it waits for a second.
"""

from pydantic import SecretStr

from shared.documents.document import Different, Document, Documents, Store
from shared.documents.jsonb import JsonbStore
from shared.postgres import Database

__all__ = ["Different", "Document", "Documents", "Store", "open_store"]


def open_store(subgraph: str, mongodb_url: SecretStr | None, database: Database) -> Store:
    """Where the subgraph's documents are: MongoDB when there is an address of it, else its own PostgreSQL schema.

    Nothing is connected yet; a subgraph starts without its engines.
    """
    if mongodb_url is None:
        return JsonbStore(database)
    from shared.documents.mongo import MongoStore  # noqa: PLC0415  # half a second that only its users should pay

    return MongoStore(subgraph, mongodb_url)
