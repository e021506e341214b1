"""The vectors of an embedded collection once more, as memory-mapped files that are searched with every filter at once.

Chroma's graph finds the nearest of all passages in milliseconds and takes a hundred times as long under a filter, loses some
of them, and must be read into memory before the first query. These files are what the search reads instead, in three steps: the
sign of every component (48 bytes a passage) tells which passages may be near, their vectors in steps of a 127th of their
largest component (384 bytes) which of these are nearest, and vectors in half precision how near the last few are. Where few
passages pass the filters the first step is left out. Opening reads nothing but a manifest.

All of it runs on the thread that asks. numpy's matrix products would run on OpenBLAS's threads, beside those of torch, which
embed the claims: both wait actively for their next work, and take each other's cores.

They are a cache of the collection, written beside it by whoever writes to it: rows are only ever added in new segments,
removed ones are marked dead in a new file, and a manifest that is replaced at once says what counts. A reader looks at it
before each search. A flag stands there while the collection is being changed; after a crash it still does, and the files are
written anew from the collection.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import shutil
import uuid
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onrecord.errors import SearchIndexError
from onrecord.index.engine import Candidate, day_range, encodable, filter_key, key_of
from onrecord.records import SearchFilters

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

FORMAT = 3
EXACT_ROWS = 16_384
"""So many passages that pass the filters are all compared by their vectors."""
OVERSAMPLING = 8
LEAST_CANDIDATES = 8_192
CANDIDATE_SHARE = 8
"""Compared by their vectors for each query at least, and one in so many of those that pass the filters: the more there are, the
more are as near by their signs. Measured 2026-11: 8,192 of 40,894 speeches and headlines hold .984 of the 300 nearest, all 50
nearest, 12,500 of 100,000 crowded ones (``evals.bench_search``) .992 and .999."""
FINE_SHARE = 2
"""So many times the passages that are wanted are compared in half precision: the steps of a 127th put the 300 nearest of
100,000 among their own 330 (measured 2026-11 on speeches and headlines and on ``evals.bench_search``'s crowd)."""
STEPS = 127
"""What a signed byte counts to."""
BLOCK = 2_048
"""Vectors compared at a time: what the processor's cache holds."""
SEGMENT_ROWS = 16_384
"""Rows kept in memory while a collection is built."""
MOST_SEGMENTS = 12
"""More small or mostly dead ones are joined. Full ones stay: a search goes through blocks anyway, and to join a million
passages would take two gigabytes."""
_KEYED = {"kinds": "kind", "publishers": "publisher", "languages": "language", "collections": "collection"}
"""What the filters compare by ``key_of``: the column's name, and its name in the collection."""
_FLAG = "changing"
_MANIFEST = "manifest.json"


class Row(NamedTuple):
    """What is kept of one passage: its id, its vector and what the filters ask for."""

    identity: str
    vector: Floats
    metadata: Mapping[str, Any]
    """As the collection holds it."""


class _Buffer:
    """Rows that wait for their segment, already as it will hold them: of the objects that they came in nothing stays."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}
        """Where each passage lies."""
        self._used = 0
        self._columns: dict[str, NDArray[Any]] = {}
        self._speakers: dict[int, list[int]] = {}

    @property
    def full(self) -> bool:
        return self._used >= SEGMENT_ROWS

    def put(self, row: Row) -> None:
        if not self._columns:
            kinds = {"days": np.int32, "primary": np.bool_, **dict.fromkeys(("keys", *_KEYED), np.uint64)}
            self._columns = {name: np.zeros(SEGMENT_ROWS, dtype=kind) for name, kind in kinds.items()}
            self._columns["vectors"] = np.zeros((SEGMENT_ROWS, len(row.vector)), dtype=np.float16)
        place = self.places.get(row.identity, self._used)
        if place == self._used:
            self.places[row.identity] = place
            self._used += 1
        columns, metadata = self._columns, row.metadata
        columns["vectors"][place] = row.vector
        columns["days"][place] = int(metadata.get("published") or 0)
        columns["primary"][place] = bool(metadata.get("primary"))
        columns["keys"][place] = key_of(row.identity)
        for name, called in _KEYED.items():
            columns[name][place] = key_of(str(metadata.get(called, "")))
        self._speakers[place] = [key_of(name) for name in metadata.get("speakers") or ()]

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return the rows as `_save` takes them."""
        places = list(self.places.values())
        whole = len(places) == self._used  # nothing was removed: no copy is needed
        taken = {name: column[: self._used] if whole else column[places] for name, column in self._columns.items()}
        names = [identity.encode("utf-8", "replace") for identity in self.places]
        speakers = [(number, key) for number, place in enumerate(places) for key in self._speakers[place]]
        codes, scales = _codes(taken["vectors"])
        return {
            **taken,
            "codes": codes,
            "scales": scales,
            "signs": _signs(taken["vectors"]),
            "speaker_rows": np.array([number for number, _ in speakers], dtype=np.int64),
            "speakers": np.array([key for _, key in speakers], dtype=np.uint64),
            "lengths": np.array([len(name) for name in names], dtype=np.int64),
            "ids": np.frombuffer(b"".join(names), dtype=np.uint8),
        }


class _Segment:
    """Some rows, in files that never change, and which of them are alive. Never changed either."""

    def __init__(self, folder: Path, dead: str = "") -> None:
        def read(name: str) -> NDArray[Any]:
            # As a plain array: numpy's class for mapped ones makes each of the thousands of slices of a search slower.
            return np.asarray(np.lib.format.open_memmap(folder / f"{name}.npy", mode="r"))

        self.folder = folder
        self.vectors, self.codes, self.scales = read("vectors"), read("codes"), read("scales")
        self.signs, self.keys = read("signs"), read("keys")
        self.days, self.primary = read("days"), read("primary")
        self.kinds, self.publishers, self.languages = read("kinds"), read("publishers"), read("languages")
        self.collections = read("collections")
        self.speaker_rows, self.speakers = read("speaker_rows"), read("speakers")
        self._offsets, self._ids = read("offsets"), read("ids")
        self.alive: Mask = (
            np.load(folder / dead, allow_pickle=False) if dead else np.ones(len(self.keys), dtype=np.bool_)
        )

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def worn(self) -> bool:
        """Tell whether it is small, or mostly dead."""
        return len(self) < SEGMENT_ROWS or 2 * int(self.alive.sum()) < len(self)

    def without(self, gone: NDArray[np.uint64]) -> _Segment:
        """Return the same rows, those with these keys dead."""
        left = copy.copy(self)
        left.alive = self.alive & ~np.isin(self.keys, gone)
        return left

    def identity(self, row: int) -> str:
        return bytes(self._ids[self._offsets[row] : self._offsets[row + 1]]).decode()

    def admitted(self, filters: SearchFilters) -> Mask:
        """Return which rows are alive and pass the filters; ``engine.admits`` says what these mean."""
        mask = self.alive.copy()
        for values, column in (
            ([kind.value for kind in filters.kinds], self.kinds),
            ([filter_key(name) for name in filters.publishers], self.publishers),
            ([filter_key(name) for name in filters.languages], self.languages),
            ([filter_key(name) for name in filters.collections], self.collections),
        ):
            if values:
                mask &= _any_of(column, values)
        if filters.speakers:
            spoken = np.zeros(len(self), dtype=np.bool_)
            wanted = _any_of(self.speakers, [filter_key(name) for name in filters.speakers])
            spoken[self.speaker_rows[wanted]] = True
            mask &= spoken
        if filters.primary_only:
            mask &= self.primary
        first, last = day_range(filters)
        if first is not None or last is not None:
            mask &= (self.days > 0) & (self.days >= (first or 0)) & (self.days <= (last or 99_999_999))
        return mask

    def differing(self, query: NDArray[np.uint64]) -> NDArray[np.uint16]:
        """Return in how many signs each row differs from the query."""
        found = np.zeros(len(self), dtype=np.uint16)
        for word, part in zip(self.signs, query, strict=True):
            found += np.bitwise_count(word ^ part)
        return found


class _View:
    """The segments that count, one after the other, and which of their rows pass the last few filters."""

    def __init__(self, segments: Sequence[_Segment]) -> None:
        self.segments = tuple(segments)
        self._starts = np.cumsum([0, *map(len, self.segments)])
        self.admitted = lru_cache(maxsize=8)(self._admitted)

    def _admitted(self, filters: SearchFilters) -> Mask:
        return np.concatenate([np.zeros(0, dtype=np.bool_), *(part.admitted(filters) for part in self.segments)])

    def vector(self, key: int) -> Floats | None:
        """Return the vector of a living passage by its key."""
        for segment in self.segments:
            for row in np.flatnonzero((segment.keys == np.uint64(key)) & segment.alive):
                return np.asarray(segment.vectors[row], dtype=np.float32)
        return None

    def near(self, sign: NDArray[np.uint64], mask: Mask, number: int) -> NDArray[np.intp]:
        """Return in order the ``number`` rows of those admitted that differ in the fewest signs."""
        found = np.concatenate([segment.differing(sign) for segment in self.segments])
        found[~mask] = np.iinfo(found.dtype).max
        bound = np.partition(found, number - 1)[number - 1]
        rows = np.flatnonzero(found <= bound)
        equal = np.flatnonzero(found[rows] == bound)
        return np.delete(rows, equal[len(equal) - (len(rows) - number) :])

    def nearest(self, query: Floats, rows: NDArray[np.intp], limit: int) -> list[Candidate]:
        """Return the passages of these rows, which are in order, that are nearest to a query."""
        rough = self._products(("codes", "scales"), rows, query)
        rows, _ = _highest(rows, rough, FINE_SHARE * limit)
        rows, scores = _highest(rows, self._products(("vectors",), rows, query), limit)
        found = [
            Candidate(self._identity(row), max(-1.0, min(1.0, score)))
            for row, score in zip(rows.tolist(), scores.tolist(), strict=True)
        ]
        return sorted(found, key=lambda candidate: (-candidate.score, candidate.passage_id))[:limit]

    def _products(self, columns: Sequence[str], rows: NDArray[np.intp], query: Floats) -> Floats:
        """Return the products of a query with vectors, and with what else belongs to a row."""
        product = np.empty(len(rows), dtype=np.float32)
        cuts = np.searchsorted(rows, self._starts)
        for segment, start, first, last in zip(self.segments, self._starts, cuts, cuts[1:], strict=False):
            for begin in range(first, last, BLOCK):
                end = min(begin + BLOCK, last)
                here = rows[begin:end] - start
                vectors, *others = (getattr(segment, name)[here] for name in columns)
                np.vecdot(vectors.astype(np.float32), query, out=product[begin:end])
                for other in others:
                    product[begin:end] *= other
        return product

    def _identity(self, row: int) -> str:
        place = bisect_right(self._starts, row) - 1
        return self.segments[place].identity(row - int(self._starts[place]))


def _highest(rows: NDArray[np.intp], scores: Floats, number: int) -> tuple[NDArray[np.intp], Floats]:
    """Return the ``number`` rows with the highest scores, and all that tie with the last of them."""
    if len(rows) <= number:
        return rows, scores
    kept = scores >= np.partition(scores, len(scores) - number)[len(scores) - number]
    return rows[kept], scores[kept]


class Vectors:
    """The files of one collection in a folder of their own. Searching is safe from several threads, also during a change."""

    def __init__(self, folder: Path) -> None:
        """Read nothing yet; files that are missing, damaged or of another format count as none."""
        self._folder = folder
        self._segments: list[_Segment] = []
        self._buffer = _Buffer()
        self._gone: set[int] = set()
        self._mine = False
        self._known: tuple[tuple[int, int] | None, _View | None] = (None, None)

    @property
    def _view(self) -> _View | None:
        """What the manifest names now; the former where the files are being exchanged at this moment."""
        try:
            status = (self._folder / _MANIFEST).stat()
        except OSError:
            return None
        stamp, view = self._known
        if stamp != (status.st_mtime_ns, status.st_ino):
            try:
                manifest = json.loads((self._folder / _MANIFEST).read_text(encoding="utf-8"))
                if manifest["format"] != FORMAT:
                    return None
                view = _View([_Segment(self._folder / entry["name"], entry["dead"]) for entry in manifest["segments"]])
            except (OSError, ValueError, KeyError, TypeError):
                return view
            self._known = ((status.st_mtime_ns, status.st_ino), view)
        return view

    @property
    def usable(self) -> bool:
        """Tell whether there are files to search."""
        return self._view is not None

    @property
    def trusted(self) -> bool:
        """Tell whether the files hold what the collection held when its last change ended."""
        return self._mine or (self.usable and not (self._folder / _FLAG).exists())

    def count(self) -> int:
        """Return how many passages can be found."""
        view = self._view
        return sum(int(segment.alive.sum()) for segment in view.segments) if view else 0

    # Searching

    def finds(self, identity: str) -> bool:
        """Tell whether a passage is held, and a search for its vector finds it or one that is as near."""
        view = self._view
        vector = view.vector(key_of(identity)) if view else None
        if vector is None:
            return False
        (nearest,) = self.search(vector[None], filters=SearchFilters(), limit=1)
        return bool(nearest) and nearest[0].score > 1.0 - 1e-2  # rounding of float16 is below 1e-3

    def search(self, queries: Floats, *, filters: SearchFilters, limit: int) -> list[list[Candidate]]:
        """Return the nearest passages of each vector among those that pass the filters, best first.

        Args:
            queries: Vectors of length 1, shape (n, dimension).
            filters: What may be found.
            limit: The most passages for each.
        """
        view = self._view
        mask = view.admitted(filters) if view else np.zeros(0, dtype=np.bool_)
        left = int(np.count_nonzero(mask))
        if not left or view is None:
            return [[] for _ in queries]
        if left <= EXACT_ROWS:
            rows = np.flatnonzero(mask)
            return [view.nearest(query, rows, limit) for query in queries]
        number = min(left, max(LEAST_CANDIDATES, OVERSAMPLING * limit, left // CANDIDATE_SHARE))
        return [
            view.nearest(query, view.near(sign, mask, number), limit)
            for query, sign in zip(queries, _signs(queries).T, strict=True)
        ]

    # Writing: one writer, who holds the index's lock

    def begin(self, *, empty: bool = False) -> None:
        """Say that the collection is about to be changed; what an earlier writer left unfinished makes all files worthless.

        Args:
            empty: The collection holds nothing yet, so that nothing can be missing here.
        """
        if not self._mine:
            self._mine = empty or self.trusted
            view = self._view
            self._segments = list(view.segments) if view and not empty else []
            self._folder.mkdir(parents=True, exist_ok=True)
            (self._folder / _FLAG).touch()

    def add(self, rows: Iterable[Row]) -> None:
        """Add passages, replacing those with the same id; found after ``commit``."""
        for row in rows:
            self._buffer.put(row)
            self._gone.add(key_of(row.identity))
            if self._buffer.full:
                self._flush()

    def remove(self, ids: Iterable[str]) -> None:
        """Remove passages; still found until ``commit``."""
        for identity in ids:
            self._buffer.places.pop(identity, None)
            self._gone.add(key_of(identity))

    def commit(self) -> None:
        """Make all changes count."""
        self._flush()
        small = [segment for segment in self._segments if segment.worn]
        if len(small) > MOST_SEGMENTS:
            self._join(small)
        self._publish()
        self._mine = False

    def rewrite(self, rows: Iterable[Row]) -> None:
        """Write everything anew from what the collection holds."""
        self.forget()
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / _FLAG).touch()
        self._segments = []
        self.add(rows)
        self.commit()

    def forget(self) -> None:
        """Take back what was not committed; the flag stays, because the collection may have been changed."""
        self._buffer, self._gone, self._mine = _Buffer(), set(), False

    def _flush(self) -> None:
        """Mark what is gone, and put what was added into a segment of its own."""
        if self._gone:
            gone = np.fromiter(self._gone, dtype=np.uint64, count=len(self._gone))
            self._segments = [segment.without(gone) for segment in self._segments]
            self._gone = set()
        if self._buffer.places:
            self._segments.append(_Segment(_save(self._folder, self._buffer.columns())))
        self._buffer = _Buffer()

    def _join(self, small: Sequence[_Segment]) -> None:
        """Put segments into one, leaving out what is dead."""
        parts = [_columns_of(segment) for segment in small if segment.alive.any()]
        self._segments = [segment for segment in self._segments if segment not in small]
        if parts:
            joined = {
                name: np.concatenate([part[name] for part in parts], axis=-1 if name == "signs" else 0)
                for name in parts[0]
            }
            shifts = np.cumsum([0, *(len(part["keys"]) for part in parts[:-1])])
            spoken = [part["speaker_rows"] + shift for part, shift in zip(parts, shifts, strict=True)]
            joined["speaker_rows"] = np.concatenate(spoken)
            self._segments.append(_Segment(_save(self._folder, joined)))

    def _publish(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        entries = []
        for segment in self._segments:
            dead = ""
            if not segment.alive.all():
                dead = f"alive-{hashlib.sha256(segment.alive.tobytes()).hexdigest()[:16]}.npy"
                np.save(segment.folder / dead, segment.alive, allow_pickle=False)
            entries.append({"name": segment.folder.name, "dead": dead})
        part = self._folder / f"{_MANIFEST}.part"
        with part.open("w", encoding="utf-8") as file:
            json.dump({"format": FORMAT, "segments": entries}, file)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._folder / _MANIFEST)
        (self._folder / _FLAG).unlink(missing_ok=True)
        # Readers keep what they have mapped; one that comes between manifest and files takes the collection itself.
        kept = {entry["name"]: entry["dead"] for entry in entries}
        for folder in [item for item in self._folder.iterdir() if item.is_dir()]:
            if folder.name not in kept:
                shutil.rmtree(folder, ignore_errors=True)
                continue
            for old in folder.glob("alive-*.npy"):
                if old.name != kept[folder.name]:
                    old.unlink(missing_ok=True)


def _any_of(column: NDArray[np.uint64], values: Sequence[str]) -> Mask:
    wanted = np.array([key_of(encodable(value)) for value in values], dtype=np.uint64)
    if len(wanted) == 1:
        return np.asarray(column == wanted[0])
    return np.isin(column, wanted)


def _signs(vectors: NDArray[Any]) -> NDArray[np.uint64]:
    """Return the signs of vectors as words of 64 bits, (words, n): each word of all vectors lies together."""
    packed = np.packbits(vectors > 0, axis=1)
    packed = np.pad(packed, ((0, 0), (0, -packed.shape[1] % 8)))
    return np.ascontiguousarray(packed.view(np.uint64).T)


def _codes(vectors: NDArray[Any]) -> tuple[NDArray[np.int8], Floats]:
    """Return vectors in steps of a 127th of their largest component, and the size of each one's step."""
    codes = np.empty(vectors.shape, dtype=np.int8)
    scales = np.empty(len(vectors), dtype=np.float32)
    for start in range(
        0, len(vectors), BLOCK
    ):  # a segment in single precision would take what ten thousand passages do
        exact = vectors[start : start + BLOCK].astype(np.float32)
        steps = np.maximum(np.abs(exact).max(axis=1) / STEPS, np.finfo(np.float32).tiny)
        scales[start : start + BLOCK] = steps
        codes[start : start + BLOCK] = np.rint(exact / steps[:, None]).astype(np.int8)
    return codes, scales


def _columns_of(segment: _Segment) -> dict[str, NDArray[Any]]:
    """Return the living rows of a segment as `_save` takes them."""
    alive = np.flatnonzero(segment.alive)
    where = np.full(len(segment), -1, dtype=np.int64)
    where[alive] = np.arange(len(alive))
    spoken = segment.alive[segment.speaker_rows]
    names = [segment.identity(row).encode() for row in alive.tolist()]
    return {
        "vectors": segment.vectors[alive],
        "signs": segment.signs[:, alive],
        **{
            name: getattr(segment, name)[alive]
            for name in (
                "codes",
                "scales",
                "keys",
                "days",
                "primary",
                "kinds",
                "publishers",
                "languages",
                "collections",
            )
        },
        "speaker_rows": where[segment.speaker_rows[spoken]],
        "speakers": segment.speakers[spoken],
        "lengths": np.array([len(name) for name in names], dtype=np.int64),
        "ids": np.frombuffer(b"".join(names), dtype=np.uint8),
    }


def _save(folder: Path, columns: Mapping[str, NDArray[Any]]) -> Path:
    place = folder / f"segment-{uuid.uuid4().hex[:12]}"
    place.mkdir(parents=True)
    named = dict(columns)
    named["offsets"] = np.concatenate([[0], np.cumsum(named.pop("lengths"))]).astype(np.int64)
    try:
        for name, values in named.items():
            np.save(place / f"{name}.npy", values, allow_pickle=False)
    except OSError as error:
        shutil.rmtree(place, ignore_errors=True)
        message = f"the vectors cannot be written to {place}: {error.strerror}. Free some space and try again."
        raise SearchIndexError(message) from error
    return place


def rows_of(pages: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """Return the rows of pages that a Chroma collection gave, with ids, embeddings and metadatas."""
    for page in pages:
        for identity, vector, metadata in zip(page["ids"], page["embeddings"], page["metadatas"], strict=True):
            yield Row(identity, np.asarray(vector, dtype=np.float32), metadata or {})
