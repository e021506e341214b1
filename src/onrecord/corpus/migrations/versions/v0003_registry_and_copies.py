"""Updates from the registry, who changed what and why, trust tiers, and copies of one story."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_ID = sa.String(length=300)


def upgrade() -> None:
    """Add the columns and tables; what is there was added and changed by nobody known."""
    # Adding a column is all that is needed, and SQLite can do that without copying the table.
    op.add_column("sources", sa.Column("added_by", sa.Text(), nullable=False, server_default=""))
    op.add_column("sources", sa.Column("trust_tier", sa.Integer(), nullable=True))
    op.add_column("sources", sa.Column("story", _ID, nullable=True))
    op.create_index(op.f("ix_sources_story"), "sources", ["story"], unique=False)
    op.add_column("source_changes", sa.Column("who", sa.Text(), nullable=False, server_default=""))
    op.add_column("source_changes", sa.Column("reason", sa.Text(), nullable=False, server_default=""))
    op.create_table(
        "updates",
        sa.Column("key", _BIG, nullable=False),
        sa.Column("began_at", sa.DateTime(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_updates")),
    )
    op.create_table(
        "registry_units",
        sa.Column("entry", sa.String(length=100), nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("locator", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("reading", sa.String(length=64), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("entry", "unit", name=op.f("pk_registry_units")),
    )
    op.create_table(
        "registry_sources",
        sa.Column("entry", sa.String(length=100), nullable=False),
        sa.Column("source_id", _ID, nullable=False),
        sa.Column("unit", sa.String(length=64), nullable=False),
        sa.Column("seen", sa.BigInteger(), nullable=False),
        sa.Column("gone", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_registry_sources_source_id")),
        sa.PrimaryKeyConstraint("entry", "source_id", name=op.f("pk_registry_sources")),
    )
    op.create_index(op.f("ix_registry_sources_entry_unit"), "registry_sources", ["entry", "unit"], unique=False)
    op.create_table(
        "signatures",
        sa.Column("source_id", _ID, nullable=False),
        sa.Column("version_id", sa.String(length=313), nullable=False),
        sa.Column("method", sa.Integer(), nullable=False),
        sa.Column("words", sa.Integer(), nullable=False),
        sa.Column("values", sa.LargeBinary(), nullable=False),
        sa.Column("compared", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_signatures_source_id")),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("fk_signatures_version_id")),
        sa.PrimaryKeyConstraint("source_id", name=op.f("pk_signatures")),
    )
    op.create_index(op.f("ix_signatures_compared"), "signatures", ["compared"], unique=False)
    op.create_table(
        "copies",
        sa.Column("source_id", _ID, nullable=False),
        sa.Column("other_id", _ID, nullable=False),
        sa.Column("containment", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_copies_source_id")),
        sa.ForeignKeyConstraint(["other_id"], ["sources.id"], name=op.f("fk_copies_other_id")),
        sa.PrimaryKeyConstraint("source_id", "other_id", name=op.f("pk_copies")),
    )
    op.create_index(op.f("ix_copies_other_id"), "copies", ["other_id"], unique=False)
