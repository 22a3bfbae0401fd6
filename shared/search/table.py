"""The table of the PostgreSQL implementation, in the schema of the subgraph that owns the items.

`models.py` says `search_table(Base.metadata)`, and a migration `create_search_table()`. There is no index on the words,
on purpose: `shared.search.postgres` says why.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import TSVECTOR

from shared.migrations.tenancy import isolate

_NAME = "search_document"


def search_table(metadata: sa.MetaData) -> sa.Table:
    """The table, as part of this metadata."""
    return sa.Table(_NAME, metadata, *_first_columns(), sa.Index("search_course", "organization_id", "course_id"))


def create_search_table() -> None:
    """Makes the table in a migration, with its policy. Old migrations call it too: never change what it does."""
    op.create_table(_NAME, *_first_columns())
    op.create_index("search_course", _NAME, ["organization_id", "course_id"])
    isolate(_NAME)


def drop_search_table() -> None:
    """Takes it back."""
    op.drop_table(_NAME)


def _first_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("organization_id", sa.Uuid, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("course_id", sa.Uuid, nullable=False),
        sa.Column("content_type", sa.Text, nullable=False),
        sa.Column("difficulty", sa.Text, nullable=False),
        sa.Column("is_published", sa.Boolean, nullable=False),
        sa.Column("tags", sa.ARRAY(sa.Text), nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("folded_title", sa.Text, nullable=False),
        sa.Column("folded_text", sa.Text, nullable=False),
        sa.Column("words", TSVECTOR, nullable=False),
    ]
