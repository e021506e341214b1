"""Long works take the corpus piece by piece: what Python holds at the peak does not grow with the number of sources."""

from __future__ import annotations

import gc
import hashlib
import sys
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest

from onrecord import corpus, workflow
from onrecord.index import Embedder
from onrecord.memory import give_back
from onrecord.records import Document
from onrecord.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

SIZES = (300, 1_200)
MOST_BYTES = 1_000
"""For each source more: what one update knows of it (its identity, the hash of what it was given as), and the small segments of
this test. From 1,200 to 3,000 sources it is 214 for a build, 10 for `verify` and nothing for an export (2026-11-26)."""
PIECES = {
    "onrecord.corpus.store._BATCH_DOCUMENTS": 100,
    "onrecord.corpus.syndication_rows._SIGNED": 100,
    "onrecord.corpus.syndication_rows._COMPARED": 100,
    "onrecord.corpus.syndication_rows._PAGE": 100,
    "onrecord.corpus.transfer._ROWS": 100,
    "onrecord.index.vectors.SEGMENT_ROWS": 100,
    "onrecord.index.search.WRITE_BATCH": 100,
    "onrecord.index.upkeep.PAGE": 100,
    "onrecord.index.dense.BATCH_LIMIT": 100,
    "onrecord.index.lexical.PAGE": 100,
}
"""What is in memory at a time, smaller than the smaller corpus."""


def random_vectors(_: Embedder, texts: Sequence[str]) -> NDArray[np.float32]:
    """Return a vector for each text that hangs on its words alone, in no time."""
    drawn = [np.random.default_rng(zlib.crc32(text.encode())).standard_normal(384, dtype=np.float32) for text in texts]
    return np.stack([vector / np.linalg.norm(vector) for vector in drawn])


def documents(number: int) -> Iterator[Document]:
    words = [f"word{place}" for place in range(5_000)]
    draw = np.random.default_rng(5)
    for identity in range(number):
        text = f"{' '.join(words[place] for place in draw.integers(0, len(words), 40))}."
        yield Document(
            text=text,
            media_type="text/plain",
            content_sha256=hashlib.sha256(text.encode()).hexdigest(),
            language="en",
            metadata={"id": f"made-{identity}", "kind": "document", "publisher": "Nobody"},
        )


def peak(work: Callable[[], object]) -> int:
    gc.collect()
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def room_for_words() -> list[str]:
    """Python keeps a table of words that paths are made of, which grows by megabytes when it is full: let it grow now.

    How full it is depends on the tests that ran before. After it has grown, as many words again find room.
    """
    words: list[str] = []
    tracemalloc.start()
    try:
        for number in range(2_000_000):
            held = tracemalloc.get_traced_memory()[0]
            words.append(sys.intern(f"a word of a path, {number}"))
            if tracemalloc.get_traced_memory()[0] - held > 3_000_000:
                return words
    finally:
        tracemalloc.stop()
    message = "the table did not grow"
    raise AssertionError(message)


@pytest.fixture(scope="module")
def peaks(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[int]]:
    """The most bytes that each work held, of a small and of a larger corpus."""
    found: dict[str, list[int]] = {}
    words = room_for_words()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Embedder, "encode", random_vectors)
        for name, value in PIECES.items():
            patched.setattr(name, value)
        workflow.add_documents(documents(10), settings=Settings(home=tmp_path_factory.mktemp("warm")))
        for size in SIZES:
            settings = Settings(home=tmp_path_factory.mktemp(f"of-{size}"))

            def build(settings: Settings = settings, size: int = size) -> None:
                report = workflow.add_documents(documents(size), settings=settings)
                assert (report.added, report.state.passages) == (size, size)

            def compare(settings: Settings = settings) -> None:
                (settings.home / "index.json").unlink()  # so that passage is compared with passage
                workflow.Checker.open(settings).close()

            def verify(settings: Settings = settings) -> None:
                assert not workflow.verify_corpus(settings=settings).differences

            def rebuild(settings: Settings = settings) -> None:
                workflow.rebuild_indexes(settings=settings)

            def export(settings: Settings = settings) -> None:
                corpus.export_corpus(settings, settings.home / "exported")

            for work in (build, compare, verify, rebuild, export):
                found.setdefault(work.__name__, []).append(peak(work))
    assert words
    return found


@pytest.mark.parametrize(
    "work",
    [
        "build",  # a first update with its indexes
        "compare",  # opening indexes whose notes are lost
        "verify",
        "rebuild",
        "export",
    ],
)
def test_memory_does_not_grow_with_the_corpus(work: str, peaks: dict[str, list[int]]) -> None:
    small, large = peaks[work]
    more = (large - small) / (SIZES[1] - SIZES[0])
    assert more < MOST_BYTES, f"{work} holds {more:.0f} bytes more for each source: {small:,} and {large:,}"


def test_freed_memory_is_given_back(tmp_path: Path) -> None:
    """Blocks that lie between small ones that stay are what a long work leaves behind."""
    status = tmp_path.__class__("/proc/self/status")
    if not status.exists():
        pytest.skip("tells nothing of its memory")

    def private_kb() -> int:
        lines = status.read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))

    blocks, stay = [], []
    for _ in range(4_000):
        blocks.append(b"x" * 20_000)
        stay.append(b"y" * 600)
    held = private_kb()
    blocks.clear()
    give_back()
    assert private_kb() < held - 40_000
    assert len(stay) == 4_000
