"""Embeddings of content items: one protocol, on PostgreSQL with pgvector unless `PINECONE_API_KEY` is set."""

from pydantic import SecretStr

from shared.postgres import Database
from shared.vectors.postgres import PostgresVectors
from shared.vectors.protocol import Embedding, SimilarQuery, Vector, VectorHit, VectorQuery, Vectors

__all__ = ["Embedding", "SimilarQuery", "Vector", "VectorHit", "VectorQuery", "Vectors", "open_vectors"]

PINECONE_API = "https://api.pinecone.io"


def open_vectors(
    database: Database,
    *,
    model: str,
    dimensions: int,
    pinecone_api_key: SecretStr | None = None,
    pinecone_host: str | None = None,
    pinecone_index: str = "lms-content",
    pinecone_api: str = PINECONE_API,
) -> Vectors:
    """Where a model's embeddings are: Pinecone when there is a key for it, else the subgraph's own schema.

    `pinecone_host` is the index's own address; without it Pinecone is asked, at `pinecone_api`, for that of
    `pinecone_index`. Nothing is connected yet; a subgraph starts without its engines. Raises ValueError when the key or
    an address cannot be one.
    """
    # The same model may make embeddings of several sizes, which cannot be compared either.
    name = f"{model}/{dimensions}"
    if pinecone_api_key is None:
        return PostgresVectors(database, name, dimensions)
    from shared.vectors.pinecone import PineconeVectors  # noqa: PLC0415  # for those who use it

    return PineconeVectors(pinecone_api_key, pinecone_host, pinecone_index, pinecone_api, name, dimensions)
