"""The cache of what stance networks answered."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make ``judgements``."""
    op.create_table(
        "judgements",
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("supports", sa.Double(), nullable=False),
        sa.Column("refutes", sa.Double(), nullable=False),
        sa.Column("neutral", sa.Double(), nullable=False),
        sa.Column("used", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_judgements")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_judgements_used"), "judgements", ["used"], unique=False)
