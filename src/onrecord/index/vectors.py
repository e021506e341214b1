"""The vectors of an embedded collection once more, as memory-mapped files that are searched with every filter at once.

Chroma's graph finds the nearest of all passages in milliseconds and takes a hundred times as long under a filter, loses some
of them, and must be read into memory before the first query. These files are what the search reads instead: the sign of every
component (48 bytes a passage) is compared first, ``OVERSAMPLING`` times as many as are wanted are then compared by their
vectors in half precision; where few passages pass the filters, all of these are. Opening reads nothing but a manifest.

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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from onrecord.errors import SearchIndexError
from onrecord.index.engine import Candidate, day_range, encodable, filter_key
from onrecord.records import SearchFilters

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

FORMAT = 2
EXACT_ROWS = 8_192
"""So many passages that pass the filters are all compared by their vectors."""
OVERSAMPLING = 8
LEAST_CANDIDATES = 2_048
CANDIDATE_SHARE = 32
"""Compared by their vectors for each query at least, and one in so many of those that pass the filters: the more there are, the
more are as near by their signs. Of 210,000 crowded ones (``evals.bench_search``), 2,400 hold 95 % of the 50 nearest, 6,600
hold 98 %."""
BLOCK = 65_536
"""Rows whose signs are compared at a time: what the processor's cache holds."""
SEGMENT_ROWS = 16_384
"""Rows kept in memory while a collection is built."""
MOST_SEGMENTS = 12
"""More small or mostly dead ones are joined. Full ones stay: a search goes through blocks anyway, and to join a million
passages would take two gigabytes."""
_FLAG = "changing"
_MANIFEST = "manifest.json"


class Row(NamedTuple):
    """What is kept of one passage: its id, its vector and what the filters ask for."""

    identity: str
    vector: Floats
    metadata: Mapping[str, Any]
    """As the collection holds it."""


def key_of(text: str) -> int:
    """Return a number of 64 bits that stands for a text: two of a million texts have the same once in 30 million corpora."""
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "little")


class _Segment:
    """Some rows, in files that never change, and which of them are alive. Never changed either."""

    def __init__(self, folder: Path, dead: str = "") -> None:
        def read(name: str) -> NDArray[Any]:
            return np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)  # type: ignore[no-any-return]

        self.folder = folder
        self.vectors, self.signs, self.keys = read("vectors"), read("signs"), read("keys")
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

    def nearest_signs(
        self, query: NDArray[np.uint64], mask: Mask, number: int
    ) -> tuple[NDArray[np.intp], NDArray[Any]]:
        """Return rows and distances of those that differ from the query in the fewest signs, ``number`` or a few more."""
        rows: list[NDArray[np.intp]] = []
        distances: list[NDArray[Any]] = []
        held = 0
        bound = 1 << 14
        for start in range(0, len(self), BLOCK):
            end = min(start + BLOCK, len(self))
            found = np.zeros(end - start, dtype=np.uint16)
            for word, part in zip(self.signs, query, strict=True):
                found += np.bitwise_count(word[start:end] ^ part)
            near = np.flatnonzero((found <= bound) & mask[start:end])
            if not len(near):
                continue
            rows.append(near + start)
            distances.append(found[near])
            held += len(near)
            if held > number:
                # No row beyond this distance can be among the nearest any more.
                known = np.concatenate(distances)
                bound = int(np.partition(known, number - 1)[number - 1])
                keep = known <= bound
                rows, distances = [np.concatenate(rows)[keep]], [known[keep]]
                held = len(rows[0])
        if not rows:
            return np.zeros(0, dtype=np.intp), np.zeros(0, dtype=np.uint16)
        return np.concatenate(rows), np.concatenate(distances)


class _View:
    """The segments that count, and which of their rows pass the last few filters."""

    def __init__(self, segments: Sequence[_Segment]) -> None:
        self.segments = tuple(segments)
        self.admitted = lru_cache(maxsize=8)(self._admitted)

    def _admitted(self, filters: SearchFilters) -> tuple[Mask, ...]:
        return tuple(segment.admitted(filters) for segment in self.segments)

    def near(
        self, sign: NDArray[np.uint64], masks: Sequence[Mask], number: int
    ) -> tuple[list[tuple[int, int]], NDArray[Any]]:
        """Return segment and row of the ``number`` passages with the most like signs, and their vectors."""
        found = [segment.nearest_signs(sign, mask, number) for segment, mask in zip(self.segments, masks, strict=True)]
        row = np.concatenate([rows for rows, _ in found])
        distance = np.concatenate([distances for _, distances in found])
        owner = np.repeat(np.arange(len(found)), [len(rows) for rows, _ in found])
        if len(row) > number:
            kept = np.sort(np.argpartition(distance, number - 1)[:number])  # in the files' order, which reads faster
            row, owner = row[kept], owner[kept]
        vectors = [segment.vectors[row[owner == place]] for place, segment in enumerate(self.segments)]
        return list(zip(owner.tolist(), row.tolist(), strict=True)), np.concatenate(vectors)

    def best(self, scores: Floats, places: Sequence[tuple[int, int]], limit: int) -> list[Candidate]:
        """Return the passages with the highest scores."""
        chosen: Sequence[int] = range(len(scores))
        if len(scores) > limit:
            # What ties at the border is kept until the ids have decided.
            border = np.partition(scores, len(scores) - limit)[len(scores) - limit]
            chosen = np.flatnonzero(scores >= border).tolist()
        found = [
            Candidate(self.segments[places[at][0]].identity(places[at][1]), max(-1.0, min(1.0, float(scores[at]))))
            for at in chosen
        ]
        return sorted(found, key=lambda candidate: (-candidate.score, candidate.passage_id))[:limit]


class Vectors:
    """The files of one collection in a folder of their own. Searching is safe from several threads, also during a change."""

    def __init__(self, folder: Path) -> None:
        """Read nothing yet; files that are missing, damaged or of another format count as none."""
        self._folder = folder
        self._segments: list[_Segment] = []
        self._buffer: dict[str, Row] = {}
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

    def search(self, queries: Floats, *, filters: SearchFilters, limit: int) -> list[list[Candidate]]:
        """Return the nearest passages of each vector among those that pass the filters, best first.

        Args:
            queries: Vectors of length 1, shape (n, dimension).
            filters: What may be found.
            limit: The most passages for each.
        """
        view = self._view
        masks = view.admitted(filters) if view else ()
        left = sum(int(mask.sum()) for mask in masks)
        if not left or view is None:
            return [[] for _ in queries]
        if left <= EXACT_ROWS:
            rows = [np.flatnonzero(mask) for mask in masks]
            known = np.concatenate([part.vectors[row] for part, row in zip(view.segments, rows, strict=True)])
            places = [(number, row) for number, some in enumerate(rows) for row in some.tolist()]
            return [view.best(scores, places, limit) for scores in queries @ known.astype(np.float32).T]
        found = []
        number = max(LEAST_CANDIDATES, OVERSAMPLING * limit, left // CANDIDATE_SHARE)
        for query, sign in zip(queries, _signs(queries).T, strict=True):
            places, vectors = view.near(sign, masks, number)
            found.append(view.best(vectors.astype(np.float32) @ query, places, limit))
        return found

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
            # As it will be kept, and apart from its batch: a view would hold the whole of it in memory.
            self._buffer[row.identity] = row._replace(vector=row.vector.astype(np.float16))
            self._gone.add(key_of(row.identity))
            if len(self._buffer) >= SEGMENT_ROWS:
                self._flush()

    def remove(self, ids: Iterable[str]) -> None:
        """Remove passages; still found until ``commit``."""
        for identity in ids:
            self._buffer.pop(identity, None)
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
        self._buffer, self._gone, self._mine = {}, set(), False

    def _flush(self) -> None:
        """Mark what is gone, and put what was added into a segment of its own."""
        if self._gone:
            gone = np.fromiter(self._gone, dtype=np.uint64, count=len(self._gone))
            self._segments = [segment.without(gone) for segment in self._segments]
            self._gone = set()
        if self._buffer:
            rows, self._buffer = list(self._buffer.values()), {}
            self._segments.append(_Segment(_write(self._folder, rows)))

    def _join(self, small: Sequence[_Segment]) -> None:
        """Put segments into one, leaving out what is dead."""
        parts = [_columns_of(segment) for segment in small if segment.alive.any()]
        self._segments = [segment for segment in self._segments if segment not in small]
        if parts:
            joined = {
                name: np.concatenate([part[name] for part in parts], axis=0 if name == "vectors" else -1)
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


def _write(folder: Path, rows: Sequence[Row]) -> Path:
    vectors = np.stack([row.vector for row in rows]).astype(np.float16)
    names = [row.identity.encode("utf-8", "replace") for row in rows]
    speakers = [
        (number, key_of(name)) for number, row in enumerate(rows) for name in row.metadata.get("speakers") or ()
    ]

    def keys(name: str) -> NDArray[np.uint64]:
        return np.array([key_of(str(row.metadata.get(name, ""))) for row in rows], dtype=np.uint64)

    return _save(
        folder,
        {
            "vectors": vectors,
            "signs": _signs(vectors),
            "keys": np.array([key_of(row.identity) for row in rows], dtype=np.uint64),
            "days": np.array([int(row.metadata.get("published") or 0) for row in rows], dtype=np.int32),
            "primary": np.array([bool(row.metadata.get("primary")) for row in rows], dtype=np.bool_),
            "kinds": keys("kind"),
            "publishers": keys("publisher"),
            "languages": keys("language"),
            "collections": keys("collection"),
            "speaker_rows": np.array([number for number, _ in speakers], dtype=np.int64),
            "speakers": np.array([key for _, key in speakers], dtype=np.uint64),
            "lengths": np.array([len(name) for name in names], dtype=np.int64),
            "ids": np.frombuffer(b"".join(names), dtype=np.uint8),
        },
    )


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
            for name in ("keys", "days", "primary", "kinds", "publishers", "languages", "collections")
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
