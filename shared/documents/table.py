"""The table of documents in a subgraph's PostgreSQL schema, for the subgraphs that keep some.

`models.py` says `document_table(Base.metadata)`, and a migration `create_document_table()`.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from shared.migrations.tenancy import isolate

_NAME = "document"


def document_table(metadata: sa.MetaData) -> sa.Table:
    """The table, as part of this metadata.

    Row-level security keeps PostgreSQL from looking inside JSON before it has checked each row's tenant, so the one
    field that a collection is searched by stands beside it as text, which is indexable.
    """
    return sa.Table(
        _NAME,
        metadata,
        sa.Column("organization_id", sa.Uuid, primary_key=True),
        sa.Column("collection", sa.Text, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("indexed", sa.Text),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", JSONB, nullable=False),
        sa.Index(
            "document_indexed",
            "organization_id",
            "collection",
            "indexed",
            "id",
            postgresql_where=sa.text("indexed IS NOT NULL"),
        ),
    )


def create_document_table() -> None:
    """Makes the table in a migration, with its policy. Old migrations call it too: never change what it does."""
    op.create_table(
        _NAME,
        sa.Column("organization_id", sa.Uuid, primary_key=True),
        sa.Column("collection", sa.Text, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("indexed", sa.Text),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("content", JSONB, nullable=False),
    )
    op.create_index(
        "document_indexed",
        _NAME,
        ["organization_id", "collection", "indexed", "id"],
        postgresql_where=sa.text("indexed IS NOT NULL"),
    )
    isolate(_NAME)


def drop_document_table() -> None:
    """Takes it back."""
    op.drop_table(_NAME)
