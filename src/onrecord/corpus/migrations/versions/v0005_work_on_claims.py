"""Tags, assignments, evidence and taking back of decisions; claims that were checked by themselves."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Add the columns, empty for decisions that were made before, and the table."""
    op.add_column("decisions", sa.Column("tags", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("decisions", sa.Column("assigned_to", sa.Text(), nullable=False, server_default=""))
    op.add_column("decisions", sa.Column("evidence", sa.JSON(), nullable=False, server_default="{}"))
    op.add_column("decisions", sa.Column("undoes", sa.Integer(), nullable=True))
    op.create_table(
        "claim_revisions",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("check_id", sa.String(length=100), nullable=False),
        sa.Column("claim_id", sa.String(length=100), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["check_id"], ["checks.id"], name=op.f("fk_claim_revisions_check_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_claim_revisions")),
    )
    op.create_index(op.f("ix_claim_revisions_check_id"), "claim_revisions", ["check_id"], unique=False)
