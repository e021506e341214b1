"""Search over the corpus: ``Index.open(store, settings)``, then ``index.search(queries, filters=…, top_k=…)``.

Importing this room loads no engine and no network.
"""

from __future__ import annotations

from onrecord.index.embed import Embedder, load_embedder
from onrecord.index.engine import PassageStore, Progress
from onrecord.index.lexical import highlights
from onrecord.index.search import Index, Synced, applied_state, distrusted
from onrecord.index.upkeep import differences, mend, rebuild

__all__ = [
    "Embedder",
    "Index",
    "PassageStore",
    "Progress",
    "Synced",
    "applied_state",
    "differences",
    "distrusted",
    "highlights",
    "load_embedder",
    "mend",
    "rebuild",
]
