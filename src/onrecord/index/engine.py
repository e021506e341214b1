"""What every search engine of the index has in common: its contract, its candidates, and how filters are worded.

Two engines exist (``dense.DenseEngine`` and ``lexical.LexicalEngine``); ``tests/contract/test_retrievers.py`` runs one
table of cases over both. Engines are caches: everything they hold can be built again from a ``PassageStore``.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from onrecord.errors import NotFoundError
from onrecord.records import CorpusState, Passage, SearchFilters
from onrecord.text import fold

Progress = Callable[[int, int], None]
"""Called with the passages done and the passages to do."""


class PassageStore(Protocol):
    """What the index needs of the corpus; ``onrecord.corpus.Store`` satisfies it."""

    def state(self) -> CorpusState:
        """Return the store's present state; its number grows with every change."""
        ...

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """Return the passages with these ids, in this order; ``NotFoundError`` names the missing."""
        ...

    def iter_passages(self, *, batch_size: int) -> Iterator[list[Passage]]:
        """Yield all current passages of sources that are not withdrawn, each once."""
        ...

    def changes_since(self, state_number: int, /) -> tuple[Sequence[str], Sequence[str]]:
        """Return the ids of the passages added and removed since an earlier state."""
        ...


@dataclass(frozen=True, slots=True)
class Candidate:
    """A passage that one engine found for one query: the higher the score, the better."""

    passage_id: str
    score: float


class Engine(Protocol):
    """A searchable cache of passages that stays in step with the store by adding and deleting."""

    @property
    def name(self) -> str:
        """A name that changes whenever what the engine holds would have to be built anew."""
        ...

    def count(self) -> int:
        """Return how many passages can be found."""
        ...

    def fingerprints(self) -> Iterator[Mapping[str, str]]:
        """Yield ``fingerprint(passage)`` of everything held, by passage id, some thousand at a time."""
        ...

    def held(self, ids: Sequence[str], *, whole: bool = True) -> Mapping[str, str]:
        """Return ``fingerprint(passage)`` of those of the passages ``ids`` that are held: ``whole``, or in any way."""
        ...

    def upsert(self, passages: Sequence[Passage], *, progress: Callable[[int], None] | None = None) -> None:
        """Add passages, replacing those with the same id. Seen by searches after ``commit`` at the latest."""
        ...

    def delete(self, ids: Sequence[str]) -> None:
        """Remove passages; ids that are not held are ignored."""
        ...

    def commit(self) -> None:
        """Make all changes durable and visible."""
        ...

    def rollback(self) -> None:
        """Forget what is not yet durable."""
        ...

    def sample(self, size: int) -> list[str]:
        """Return up to ``size`` ids of passages that are held."""
        ...

    def probe(self) -> None:
        """Look whether the engine can find what it holds; ``SearchIndexError`` when it is broken."""
        ...

    def search(self, queries: Sequence[str], *, filters: SearchFilters, limit: int) -> list[list[Candidate]]:
        """Return the best ``limit`` passages for each query among those that pass the filters, best first."""
        ...

    def close(self) -> None:
        """Release files and memory."""
        ...


class Walked:
    """Which passages of a store were met on the way through it: eight bytes for each."""

    def __init__(self) -> None:
        self._keys = array("Q")

    def meet(self, passages: Sequence[Passage]) -> None:
        """Note passages."""
        self._keys.extend(key_of(passage.id) for passage in passages)

    def strangers(self, engine: Engine) -> Iterator[str]:
        """Yield the ids of what an engine holds and was not met."""
        met = np.sort(np.asarray(self._keys, dtype=np.uint64))
        for page in engine.fingerprints():
            keys = np.fromiter(map(key_of, page), dtype=np.uint64, count=len(page))
            yield from (identity for identity, known in zip(page, np.isin(keys, met), strict=True) if not known)


def key_of(text: str) -> int:
    """Return a number of 64 bits that stands for a text: two of a million texts have the same once in 30 million corpora."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "little")


def filter_key(value: str) -> str:
    """Return the form under which publishers and speakers are compared: folded, without regard to case.

    >>> filter_key("  TASS\u00a0Agency ") == filter_key("Tass agency")
    True
    """
    return fold(value).text.casefold()


def day_number(passage: Passage) -> int | None:
    """Return the day of publication as ``yyyymmdd``; ``None`` for an undated source."""
    day = passage.source.published
    return None if day is None else day.year * 10_000 + day.month * 100 + day.day


def day_range(filters: SearchFilters) -> tuple[int | None, int | None]:
    """Return the first and the last admissible day of publication as ``yyyymmdd``; ``None`` where there is no limit."""
    first, last = (
        None if day is None else day.year * 10_000 + day.month * 100 + day.day for day in (filters.since, filters.as_of)
    )
    return first, last


def who_speaks(passage: Passage) -> tuple[str, ...]:
    """Return the names of who speaks: the passage's speaker where known, else all speakers of its source."""
    return (passage.speaker,) if passage.speaker else passage.source.speakers


def speakers_of(passage: Passage) -> tuple[str, ...]:
    """Return the filter keys of who speaks."""
    return tuple(sorted({filter_key(name) for name in who_speaks(passage) if filter_key(name)}))


def admits(filters: SearchFilters, passage: Passage) -> bool:
    """Tell whether a passage may be found: the meaning of the filters, which every engine must agree with."""
    source = passage.source
    day, (first, last) = day_number(passage), day_range(filters)
    return (
        (not filters.kinds or source.kind in filters.kinds)
        and (source.primary or not filters.primary_only)
        and (first is None or (day is not None and day >= first))
        and (last is None or (day is not None and day <= last))
        and (not filters.languages or filter_key(source.language) in map(filter_key, filters.languages))
        and (not filters.publishers or filter_key(source.publisher) in map(filter_key, filters.publishers))
        and (not filters.collections or filter_key(source.collection) in map(filter_key, filters.collections))
        and (not filters.speakers or not set(speakers_of(passage)).isdisjoint(map(filter_key, filters.speakers)))
    )


def is_current(passage: Passage) -> bool:
    """Tell whether a passage belongs to its source's present version, and the source was not withdrawn."""
    return passage.version_id == passage.source.current_version_id and not passage.source.withdrawn


def look_up(ids: Collection[str], store: PassageStore) -> dict[str, Passage | None]:
    """Fetch passages from the store; ``None`` for one that it no longer has."""
    wanted = sorted(ids)
    try:
        return dict(zip(wanted, store.passages(wanted), strict=True))
    except NotFoundError:
        found: dict[str, Passage | None] = dict.fromkeys(wanted)
        for identity in wanted:
            with suppress(NotFoundError):
                found[identity] = store.passages([identity])[0]
        return found


def fingerprint(passage: Passage) -> str:
    """Return a short hash of everything about a passage that an engine stores, beside its id.

    The id already carries the hash of the text; this one changes when the title, date, publisher, kind or speakers of an
    unchanged text are corrected.
    """
    source = passage.source
    parts = (
        passage.text,
        source.title,
        source.kind.value,
        str(source.primary),
        source.publisher,
        str(day_number(passage)),
        source.language,
        *speakers_of(passage),
        # Only where there is one, so that what was indexed before there were collections need not be embedded again.
        *(("collection", source.collection) if source.collection else ()),
    )
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:16]


def encodable(text: str) -> str:
    r"""Return ``text`` with lone surrogates replaced, which neither engine's native code can take.

    >>> encodable("a\ud800b")
    'a?b'
    """
    return text.encode("utf-8", "replace").decode("utf-8")
