"""The corpus: every source with its versions, passages and provenance, kept in a database and a snapshot folder."""

from __future__ import annotations

from onrecord.corpus import schema
from onrecord.corpus.database import engine
from onrecord.corpus.judgements import Judgements
from onrecord.corpus.store import PassageChanges, Snapshot, Store

__all__ = ["Judgements", "PassageChanges", "Snapshot", "Store", "engine", "schema"]
