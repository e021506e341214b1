"""Pages and times of a version's text, and how its bytes were fetched."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Add two columns; null stands for what older rows do not say."""
    op.add_column("versions", sa.Column("locators", sa.JSON(), nullable=True))
    op.add_column("version_snapshots", sa.Column("fetched", sa.JSON(), nullable=True))
