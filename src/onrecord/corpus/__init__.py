"""The corpus: every source with its versions, passages and provenance, kept in a database and a snapshot folder."""

from __future__ import annotations

from onrecord.corpus import schema
from onrecord.corpus.backup import back_up, restore_backup
from onrecord.corpus.database import engine
from onrecord.corpus.journal import interrupted
from onrecord.corpus.judgements import Judgements
from onrecord.corpus.lock import holder
from onrecord.corpus.store import PassageChanges, Snapshot, Store
from onrecord.corpus.sync import Registry, load_registry, note_copies, sync_registry
from onrecord.corpus.sync_rows import reports
from onrecord.corpus.syndication import without_copies
from onrecord.corpus.transfer import export_corpus, import_corpus
from onrecord.corpus.verify import differences, mend, snapshot_count

__all__ = [
    "Judgements",
    "PassageChanges",
    "Registry",
    "Snapshot",
    "Store",
    "back_up",
    "differences",
    "engine",
    "export_corpus",
    "holder",
    "import_corpus",
    "interrupted",
    "load_registry",
    "mend",
    "note_copies",
    "reports",
    "restore_backup",
    "schema",
    "snapshot_count",
    "sync_registry",
    "without_copies",
]
