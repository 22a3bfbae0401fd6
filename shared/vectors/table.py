"""The table of the PostgreSQL implementation, in the schema of the subgraph that owns the vectors.

`models.py` says `vector_table(Base.metadata)`, and a migration `create_vector_table()`. There is no index on the
embeddings, on purpose: `shared.vectors.postgres` says why. So nothing in the table depends on the number of dimensions,
and embeddings of two models may lie in it, while one replaces the other.

pgvector is in a schema of its own, `extensions`: a database has it once, for all subgraphs, and the logins have no
right to `public`. PostgreSQL must have it to install (packages and managed services do), and the owner of the database
must be allowed to, or somebody who is must have done it: `CREATE EXTENSION vector SCHEMA extensions`.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql.base import ischema_names

from shared.migrations import logins
from shared.migrations.tenancy import isolate

EXTENSIONS = "extensions"
"""The schema of pgvector's types and operators, by which statements name them."""

_NAME = "item_vector"


class VectorType(sa.types.UserDefinedType[Any]):
    """pgvector's `vector`, of any number of dimensions."""

    cache_ok = True

    def get_col_spec(self, **_options: Any) -> str:
        return f"{EXTENSIONS}.vector"


ischema_names[f"{EXTENSIONS}.vector"] = VectorType  # for autogenerate, which reads the type's name from the database


def vector_table(metadata: sa.MetaData) -> sa.Table:
    """The table, as part of this metadata."""
    return sa.Table(_NAME, metadata, *_first_columns(), sa.Index("item_vector_course", "organization_id", "course_id"))


def create_vector_table() -> None:
    """Makes the table in a migration, with its policy. Old migrations call it too: never change what it does."""
    _create_extension()
    op.create_table(_NAME, *_first_columns())
    # By default what makes a row longer than 2 KB would lie beside the table: reading takes 1.5 to 2.7 times as long.
    op.execute(f"ALTER TABLE {_NAME} ALTER COLUMN embedding SET STORAGE MAIN")
    op.create_index("item_vector_course", _NAME, ["organization_id", "course_id"])
    isolate(_NAME)


def drop_vector_table() -> None:
    """Takes it back; pgvector stays, since other subgraphs may use it."""
    op.drop_table(_NAME)


def _create_extension() -> None:
    op.execute(f"CREATE SCHEMA IF NOT EXISTS {EXTENSIONS}")
    op.execute(f"CREATE EXTENSION IF NOT EXISTS vector SCHEMA {EXTENSIONS}")
    where = sa.text("SELECT extnamespace::regnamespace::text FROM pg_extension WHERE extname = 'vector'")
    schema = op.get_bind().scalar(where)
    if schema != EXTENSIONS:
        move = f"CREATE SCHEMA IF NOT EXISTS {EXTENSIONS}; ALTER EXTENSION vector SET SCHEMA {EXTENSIONS}"
        raise RuntimeError(f"pgvector is in the schema {schema} here, where no login may use it. Move it: {move}")
    tenant_login, _ = logins(op.get_context().opts["version_table_schema"])
    op.execute(f"GRANT USAGE ON SCHEMA {EXTENSIONS} TO {tenant_login}")


def _first_columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("organization_id", sa.Uuid, primary_key=True),
        sa.Column("item_id", sa.Uuid, primary_key=True),
        sa.Column("id", sa.Uuid, primary_key=True),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("course_id", sa.Uuid, nullable=False),
        sa.Column("is_published", sa.Boolean, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("embedding", VectorType, nullable=False),
    ]
