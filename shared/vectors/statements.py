"""The SQL of the PostgreSQL implementation.

Embeddings travel as `real[]`, which the driver knows, and have length 1, so that `<#>`, the negative inner product, is
the negative cosine.
"""

from functools import cache
from typing import Any

from sqlalchemy import ARRAY, REAL, BigInteger, Boolean, Integer, Text, Uuid, bindparam, text
from sqlalchemy.sql.elements import TextClause

_TYPES: dict[str, Any] = {
    "organization_id": Uuid,
    "item_id": Uuid,
    "id": Uuid,
    "course_id": Uuid,
    "is_published": Boolean,
    "model": Text,
    "text": Text,
    "version": BigInteger,
    "embedding": ARRAY(REAL),
    "item_ids": ARRAY(Uuid),
    "versions": ARRAY(BigInteger),
    "locks": ARRAY(Integer),
    "course_ids": ARRAY(Uuid),
    "excluded": ARRAY(Uuid),
    "drafts": Boolean,
    "limit": Integer,
}


def _typed(sql: str) -> TextClause:
    statement = text(sql)
    return statement.bindparams(*(bindparam(name, type_=_TYPES[name]) for name in statement._bindparams))


LOCK = _typed("SELECT count(pg_advisory_xact_lock(21584, lock)) FROM unnest(:locks) AS lock")
"""Two writers of an item wait for each other, also when there is no row yet that they could lock.

The first number is for these locks alone, among those of the database that have two.
"""

CLEAR = _typed("""
    DELETE FROM item_vector AS stored USING unnest(:item_ids, :versions) AS put (item_id, version)
    WHERE stored.organization_id = :organization_id AND stored.item_id = put.item_id AND stored.version <= put.version
""")

INSERT = _typed("""
    INSERT INTO item_vector (organization_id, item_id, id, model, version, course_id, is_published, text, embedding)
    SELECT :organization_id, :item_id, :id, :model, :version, :course_id, :is_published, :text,
        CAST(:embedding AS extensions.vector)
    WHERE NOT EXISTS (
        SELECT FROM item_vector AS newer
        WHERE newer.organization_id = :organization_id AND newer.item_id = :item_id AND newer.version > :version
    )
""")

REMOVE = _typed("DELETE FROM item_vector WHERE organization_id = :organization_id AND item_id = ANY (:item_ids)")

COUNT = _typed("SELECT count(*) FROM item_vector WHERE organization_id = :organization_id")

OF_ITEMS = _typed("""
    SELECT id, organization_id, item_id, course_id, is_published, version, text, CAST(embedding AS real[]) AS embedding
    FROM item_vector WHERE organization_id = :organization_id AND item_id = ANY (:item_ids) AND model = :model
    ORDER BY item_id, id
""")

_NEAREST = """
    WITH asked AS MATERIALIZED (
        SELECT CAST(:embedding AS extensions.vector) AS embedding
    ), near AS MATERIALIZED (
        SELECT stored.item_id, min(stored.embedding OPERATOR(extensions.<#>) asked.embedding) AS distance
        FROM item_vector AS stored, asked
        WHERE stored.organization_id = :organization_id AND stored.model = :model
            AND (stored.is_published OR :drafts) {scope}
        GROUP BY stored.item_id ORDER BY distance, stored.item_id LIMIT :limit
    )
    SELECT near.item_id, near.distance, chunk.id, chunk.text
    FROM near, asked, LATERAL (
        SELECT stored.id, stored.text FROM item_vector AS stored
        WHERE stored.organization_id = :organization_id AND stored.item_id = near.item_id AND stored.model = :model
        ORDER BY stored.embedding OPERATOR(extensions.<#>) asked.embedding, stored.id LIMIT 1
    ) AS chunk
    ORDER BY near.distance, near.item_id
"""


_SIMILAR = """
    WITH asked AS MATERIALIZED (
        SELECT stored.item_id, extensions.l2_normalize(extensions.avg(stored.embedding)) AS embedding
        FROM item_vector AS stored
        WHERE stored.organization_id = :organization_id AND stored.model = :model AND stored.item_id = ANY (:item_ids)
            AND (stored.is_published OR :drafts) {scope}
        GROUP BY stored.item_id HAVING extensions.vector_norm(extensions.avg(stored.embedding)) > 0
    )
    SELECT asked.item_id AS asked_id, near.item_id, near.distance, chunk.id, chunk.text
    FROM asked, LATERAL (
        SELECT stored.item_id, min(stored.embedding OPERATOR(extensions.<#>) asked.embedding) AS distance
        FROM item_vector AS stored
        WHERE stored.organization_id = :organization_id AND stored.model = :model AND stored.item_id <> asked.item_id
            AND (stored.is_published OR :drafts) {scope}
        GROUP BY stored.item_id ORDER BY distance, stored.item_id LIMIT :limit
    ) AS near, LATERAL (
        SELECT stored.id, stored.text FROM item_vector AS stored
        WHERE stored.organization_id = :organization_id AND stored.item_id = near.item_id AND stored.model = :model
        ORDER BY stored.embedding OPERATOR(extensions.<#>) asked.embedding, stored.id LIMIT 1
    ) AS chunk
    ORDER BY asked.item_id, near.distance, near.item_id
"""


@cache
def similar(*, by_course: bool) -> TextClause:
    """For each item the nearest others; the rows of the tenant, or of the courses, are read once per item."""
    return _typed(_SIMILAR.format(scope="AND stored.course_id = ANY (:course_ids)" if by_course else ""))


@cache
def nearest(*, by_course: bool, excluding: bool) -> TextClause:
    """The nearest items and the nearest chunk of each; the rows of the tenant, or of the courses, are read once."""
    scope = "AND stored.course_id = ANY (:course_ids) " if by_course else ""
    scope += "AND stored.item_id <> ALL (:excluded)" if excluding else ""
    return _typed(_NEAREST.format(scope=scope))
