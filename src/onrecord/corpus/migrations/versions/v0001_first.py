"""The first tables: sources, versions, snapshots, passages, state, checks, decisions."""

from __future__ import annotations

import datetime as dt

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables and the one row of ``state``."""
    op.create_table(
        "checks",
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("created_at", sa.DateTime(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("article_sha256", sa.String(length=64), nullable=False),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checks")),
    )
    op.create_index(op.f("ix_checks_article_sha256"), "checks", ["article_sha256"], unique=False)
    op.create_index(op.f("ix_checks_created_at"), "checks", ["created_at"], unique=False)
    op.create_table(
        "snapshots",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_snapshots")),
    )
    op.create_table(
        "sources",
        sa.Column("id", sa.String(length=300), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("publisher", sa.Text(), nullable=False),
        sa.Column("is_primary", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.Text(), nullable=False),
        sa.Column("speakers", sa.JSON(), nullable=False),
        sa.Column("published", sa.Date(), nullable=True),
        sa.Column("retrieved_at", sa.DateTime(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("language", sa.String(length=35), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("current_version_id", sa.String(length=313), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sources")),
    )
    op.create_index(op.f("ix_sources_kind"), "sources", ["kind"], unique=False)
    op.create_index(op.f("ix_sources_published"), "sources", ["published"], unique=False)
    op.create_table(
        "state",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sources", sa.Integer(), nullable=False),
        sa.Column("passages", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_state")),
    )
    op.create_table(
        "decisions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("check_id", sa.String(length=100), nullable=False),
        sa.Column("claim_id", sa.String(length=100), nullable=False),
        sa.Column("label", sa.String(length=30), nullable=False),
        sa.Column("machine_label", sa.String(length=30), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=False),
        sa.Column("decided_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["check_id"], ["checks.id"], name=op.f("fk_decisions_check_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_decisions")),
    )
    op.create_index(op.f("ix_decisions_check_id"), "decisions", ["check_id"], unique=False)
    op.create_table(
        "source_changes",
        sa.Column("key", _BIG, nullable=False),
        sa.Column("state", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.String(length=300), nullable=False),
        sa.Column("what", sa.String(length=20), nullable=False),
        sa.Column("version_id", sa.String(length=313), nullable=False),
        sa.Column("before", sa.JSON(), nullable=True),
        sa.Column("changed_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_source_changes_source_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_source_changes")),
    )
    op.create_index(op.f("ix_source_changes_source_id"), "source_changes", ["source_id"], unique=False)
    op.create_index(op.f("ix_source_changes_state"), "source_changes", ["state"], unique=False)
    op.create_table(
        "versions",
        sa.Column("id", sa.String(length=313), nullable=False),
        sa.Column("source_id", sa.String(length=300), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("text_sha256", sa.String(length=64), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("added_at", sa.DateTime(), nullable=False),
        sa.ForeignKeyConstraint(["source_id"], ["sources.id"], name=op.f("fk_versions_source_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_versions")),
        sa.UniqueConstraint("source_id", "number", name=op.f("uq_versions_source_id_number")),
    )
    op.create_table(
        "passages",
        sa.Column("key", _BIG, nullable=False),
        sa.Column("id", sa.String(length=340), nullable=False),
        sa.Column("version_id", sa.String(length=313), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("sentences", sa.JSON(), nullable=False),
        sa.Column("speaker", sa.Text(), nullable=True),
        sa.Column("first_state", sa.Integer(), nullable=False),
        sa.Column("added_state", sa.Integer(), nullable=False),
        sa.Column("removed_state", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("fk_passages_version_id")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_passages")),
        sa.UniqueConstraint("id", name=op.f("uq_passages_id")),
    )
    op.create_index(op.f("ix_passages_added_state"), "passages", ["added_state"], unique=False)
    op.create_index(op.f("ix_passages_removed_state"), "passages", ["removed_state"], unique=False)
    op.create_index(op.f("ix_passages_version_id"), "passages", ["version_id"], unique=False)
    op.create_table(
        "version_snapshots",
        sa.Column("version_id", sa.String(length=313), nullable=False),
        sa.Column("ordinal", sa.Integer(), nullable=False),
        sa.Column("snapshot_sha256", sa.String(length=64), nullable=False),
        sa.Column("locator", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["snapshot_sha256"], ["snapshots.sha256"], name=op.f("fk_version_snapshots_snapshot_sha256")
        ),
        sa.ForeignKeyConstraint(["version_id"], ["versions.id"], name=op.f("fk_version_snapshots_version_id")),
        sa.PrimaryKeyConstraint("version_id", "ordinal", name=op.f("pk_version_snapshots")),
    )
    op.create_index(
        op.f("ix_version_snapshots_snapshot_sha256"), "version_snapshots", ["snapshot_sha256"], unique=False
    )
    op.bulk_insert(
        sa.table(
            "state",
            sa.column("id", sa.Integer()),
            sa.column("number", sa.Integer()),
            sa.column("sources", sa.Integer()),
            sa.column("passages", sa.Integer()),
            sa.column("changed_at", sa.DateTime()),
        ),
        [
            {
                "id": 1,
                "number": 0,
                "sources": 0,
                "passages": 0,
                "changed_at": dt.datetime.now(dt.UTC).replace(tzinfo=None),
            }
        ],
    )
