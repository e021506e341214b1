"""Alembic migrations, run by ``onrecord.corpus.database`` when a corpus is opened."""
