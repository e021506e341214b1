"""Alembic's entry: runs on the connection that ``onrecord.corpus.database`` hands over."""

from __future__ import annotations

from alembic import context

from onrecord.corpus.schema import Table

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Table.metadata,
    render_as_batch=True,  # SQLite cannot alter a column in place
    transactional_ddl=True,  # the caller's transaction holds all of it
)
with context.begin_transaction():
    context.run_migrations()
