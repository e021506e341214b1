"""The part of the corpus that a source belongs to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Add the column, empty for sources that were added before; adding or syncing them again fills it."""
    op.add_column("sources", sa.Column("collection", sa.Text(), nullable=False, server_default=""))
