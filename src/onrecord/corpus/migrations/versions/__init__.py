"""Numbered migrations; ``HEAD`` in ``onrecord.corpus.schema`` names the newest."""
