"""How fast the search is and how it grows: ``python -m evals.bench_search --sizes 10000,100000``.

Real passages of a retrieval set, and synthetic ones around them up to each size: the words of two real passages mixed, and a
real vector turned by a random angle. What real claims find among them is compared with an exact search over all vectors, and
with LangChain's tutorial pipeline, its ensemble retriever and txtai on the same passages, vectors and machine. Each size is
built anew under ``--home`` in a process of its own and writes its part of ``evals/results/bench-search.json``, so that a long
run can be made in pieces; ``bench-search.md`` and, with ``--plot``, a picture tell of all parts that are there.

Above ``COLLECTION_MOST`` passages the Chroma collection is not filled, which would take most of an hour: the files beside it,
which are what an embedded collection is searched by, and the word index are built alone. Peers are measured up to
``PEERS_MOST``.
"""

from __future__ import annotations

import datetime as dt
import functools
import itertools
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import psutil
import typer
from numpy.typing import NDArray

from evals import metrics
from evals.ablation import DIMENSION, Draw, Vectors, spans
from evals.data import LabelledClaim
from onrecord import __version__
from onrecord.errors import NotFoundError
from onrecord.index import Embedder, Index, load_embedder
from onrecord.index import vectors as files
from onrecord.index.dense import DenseEngine, collection_name, forget_embedded, metadata_of
from onrecord.index.engine import Candidate
from onrecord.index.lexical import LexicalEngine
from onrecord.index.search import fuse, weights
from onrecord.records import CorpusState, Passage, SearchFilters, Source, SourceKind, Span
from onrecord.settings import load_settings

RESULTS = Path(__file__).resolve().parent / "results"
IMAGE = Path(__file__).resolve().parent.parent / "docs" / "images" / "search-growth.png"
TURN = 0.6
"""Length of the noise beside a real vector: a synthetic passage is as near to its model as a paraphrase (cosine about 0.86)."""
PAGE = 4_096
BATCH = 20
"""Claims of an article that are searched together."""
TOP_K = 12
COLLECTION_MOST = 200_000
PEERS_MOST = 100_000
UPDATED = 500
"""Passages added while it is searched."""
MEBIBYTE = 1 << 20
EXACT_CLAIMS = 30
"""Claims for which every vector is compared."""
SECONDS_BETWEEN_LINES = 10.0
Floats = NDArray[np.float32]
_MARK = re.compile(r"#(\d+) ")
FILTERS: Mapping[str, SearchFilters] = {
    "none": SearchFilters(),
    "half of the record (kind)": SearchFilters(kinds=(SourceKind.TRANSCRIPT,)),
    "one in a hundred (publisher)": SearchFilters(publishers=("Publisher 7",)),
    "kind, publishers, dates and language": SearchFilters(
        kinds=(SourceKind.DOCUMENT,),
        publishers=tuple(f"Publisher {number}" for number in range(20)),
        since=dt.date(2001, 1, 1),
        as_of=dt.date(2020, 12, 31),
        languages=("en",),
    ),
}


@dataclass(frozen=True, eq=False)
class Grown:
    """A record of ``size`` passages, the first ones real; every passage and vector is made again from its number."""

    texts: Sequence[str]
    titles: Sequence[str]
    vectors: Floats
    documents: Sequence[str]
    size: int
    """How many there are; what an update adds lies beyond."""
    added: list[int] = field(default_factory=list)

    def passage(self, number: int) -> Passage:
        """Return a passage by its number."""
        real = number % len(self.texts)
        text = self.texts[real]
        if number >= len(self.texts):
            drawn = np.random.default_rng(number)
            words = text.split()
            other = self.texts[int(drawn.integers(len(self.texts)))].split()
            mixed = words[: len(words) // 2] + other[len(other) // 2 :]
            text = " ".join(mixed[at] for at in drawn.permutation(len(mixed)))
        identity = f"grown-{number}"
        source = Source(
            id=identity,
            title=f"#{number} {self.titles[real]}",
            kind=SourceKind.TRANSCRIPT if number % 2 else SourceKind.DOCUMENT,
            publisher=f"Publisher {number % 100}",
            primary=bool(number % 3),
            published=dt.date(1990 + number % 36, 1 + number % 12, 1 + number % 28),
            retrieved_at=dt.datetime(1970, 1, 1, tzinfo=dt.UTC),
            current_version_id=f"{identity}@0",
        )
        span = Span(start=0, end=len(text))
        return Passage(
            id=f"{identity}@0:0-{len(text)}",
            source=source,
            version_id=f"{identity}@0",
            span=span,
            text=text,
            sentences=(span,),
        )

    def vector(self, number: int) -> Floats:
        """Return a passage's vector by its number."""
        real: Floats = self.vectors[number % len(self.vectors)]
        if number < len(self.vectors):
            return real
        noise = np.random.default_rng(number + 1_000_003).standard_normal(DIMENSION).astype(np.float32)
        turned = real + TURN * noise / np.linalg.norm(noise)
        return np.asarray(turned / np.linalg.norm(turned), dtype=np.float32)

    # What the index asks of a store

    def state(self) -> CorpusState:
        """Return the number of the state: it grows with every update."""
        total = self.size + len(self.added)
        return CorpusState(number=1 + len(self.added), sources=total, passages=total)

    def passages(self, ids: Sequence[str]) -> list[Passage]:
        """Return passages by their ids."""
        found = []
        for identity in ids:
            number = number_of(identity)
            if number >= self.size and number not in self.added:
                message = f"{identity} is not on the record"
                raise NotFoundError(message)
            found.append(self.passage(number))
        return found

    def iter_passages(self, *, batch_size: int) -> Iterator[list[Passage]]:
        """Yield all passages."""
        numbers = [*range(self.size), *self.added]
        for start in range(0, len(numbers), batch_size):
            yield [self.passage(number) for number in numbers[start : start + batch_size]]

    def changes_since(self, state_number: int, /) -> tuple[list[str], list[str]]:
        """Return what was added since a state."""
        return [self.passage(number).id for number in self.added[state_number - 1 :]], []


def number_of(identity: str) -> int:
    """Return the number of a grown passage."""
    return int(identity.split("@", 1)[0].removeprefix("grown-"))


class GrownEmbedder(Embedder):
    """Gives grown passages their made vectors, and embeds everything else as the product does."""

    def __init__(self, real: Embedder, grown: Grown, *, adapted: bool = True) -> None:
        super().__init__(real.name, real.folder, real.sha256, 0)
        self._real = real
        self._grown = grown
        self._adapted = adapted

    def encode(self, texts: Sequence[str], *, progress: Callable[[int], None] | None = None) -> Floats:
        """Return the vectors of texts: made where they begin with the mark of a grown passage."""
        marks = [_MARK.match(text) for text in texts]
        if not all(marks):
            return self._real.encode(texts, progress=progress)
        if progress is not None:
            progress(len(texts))
        return np.stack([self._grown.vector(int(mark[1])) for mark in marks if mark])

    def encode_claims(self, texts: Sequence[str]) -> Floats:
        """Return the vectors of claims: of the product with its adapters, of its peers without."""
        return self._real.encode_claims(texts) if self._adapted else self._real.encode(texts)


def times(run: Callable[[list[str]], object], claims: Sequence[str], *, batch: int = 1) -> dict[str, float]:
    """Return the 50th and 95th percentile, in milliseconds, of searching claims ``batch`` at a time."""
    spent = []
    for start in range(0, len(claims) - batch + 1, batch):
        begun = time.perf_counter()
        run(list(claims[start : start + batch]))
        spent.append(1000 * (time.perf_counter() - begun))
    return {"p50": round(float(np.percentile(spent, 50)), 2), "p95": round(float(np.percentile(spent, 95)), 2)}


def disk_mb(folder: Path) -> float:
    """Return the size of all files below a folder."""
    return round(sum(item.stat().st_size for item in folder.rglob("*") if item.is_file()) / MEBIBYTE, 1)


def memory_mb() -> float:
    """Return what this process holds now."""
    return round(float(psutil.Process().memory_info().rss) / MEBIBYTE, 1)


class _FilesAlone(DenseEngine):
    """The vectors' files without the collection that they are a cache of: for sizes at which filling that takes too long."""

    _vectors: files.Vectors

    def __init__(self, embedder: Embedder, folder: Path) -> None:
        self._embedder = embedder
        self._name = collection_name(embedder)
        self._vectors = files.Vectors(folder / self._name)
        self._removed = {}
        self._where = f"files of {self._name}"

    def _collected(self) -> int:
        return self._vectors.count()

    def fingerprints(self) -> Iterator[dict[str, str]]:
        yield from ()

    def _write(self, passages: Sequence[Passage], vectors: Floats) -> None:
        self._vectors.add(map(files.Row, [passage.id for passage in passages], vectors, map(metadata_of, passages)))

    def delete(self, ids: Sequence[str]) -> None:
        self._begin()
        self._vectors.remove(ids)

    def sample(self, size: int) -> list[str]:  # noqa: ARG002  the engine's own parameter
        return []

    def probe(self) -> None:
        """Find nothing wrong: there is no collection to compare with."""

    def close(self) -> None:
        """Release nothing."""


class _FilesIndex(Index):
    """An index over `_FilesAlone`."""

    def _opened_dense(self) -> DenseEngine:
        return _FilesAlone(self.embedder, self.settings.home / "chroma" / "vectors")

    def _take_news(self, *, unfinished: bool = False) -> None:
        """Keep the engine: nobody else writes."""


def index_of(size: int) -> type[Index]:
    """Return which index a record of some size gets."""
    return Index if size <= COLLECTION_MOST else _FilesIndex


def build(grown: Grown, home: Path, embedder: Embedder) -> dict[str, float]:
    """Build the index of a record."""
    settings = load_settings(home=home)
    before, begun = memory_mb(), time.perf_counter()
    last = [begun]

    def report(done: int, total: int) -> None:
        if time.perf_counter() - last[0] > SECONDS_BETWEEN_LINES:
            last[0] = time.perf_counter()
            rate = done / (last[0] - begun)
            print(f"building: {done:,} of {total:,} ({rate:,.0f}/s)", file=sys.stderr, flush=True)

    index_of(grown.size).open(grown, settings, progress=report, embedder=embedder).close()
    spent = time.perf_counter() - begun
    # Let go of what building took, so that what an opening takes can be seen.
    forget_embedded(str(home / "chroma"))
    return {
        "seconds": round(spent, 1),
        "passages_per_second": round(grown.size / spent, 1),
        "collection": grown.size <= COLLECTION_MOST,
        "memory_growth_mb": round(memory_mb() - before, 1),
        "chroma_mb": disk_mb(home / "chroma"),
        "of_it_vector_files_mb": disk_mb(home / "chroma" / "vectors"),
        "words_mb": disk_mb(home / "tantivy"),
    }


def exact(grown: Grown, index: Index, claims: Sequence[str], *, top_k: int) -> list[list[str]]:
    """Return what the fused search would find if every vector were compared with every claim."""
    queries = index.embedder.encode_claims(list(claims))
    settings = index.settings
    limit = settings.candidates
    kept = [(np.zeros(0, dtype=np.float32), np.zeros(0, dtype=np.int64)) for _ in claims]
    for start in range(0, grown.size, PAGE):
        numbers = np.arange(start, min(start + PAGE, grown.size))
        scores = queries @ np.stack([grown.vector(int(number)) for number in numbers]).T
        for at, line in enumerate(scores):
            joined = np.concatenate([kept[at][0], line]), np.concatenate([kept[at][1], numbers])
            best = np.argsort(-joined[0], kind="stable")[:limit]
            kept[at] = joined[0][best], joined[1][best]
    engine = LexicalEngine(settings.home / "tantivy")
    words = engine.search(claims, filters=SearchFilters(), limit=limit)
    engine.close()
    found = []
    for claim, (scores, numbers), lexical in zip(claims, kept, words, strict=True):
        dense = [
            Candidate(grown.passage(int(number)).id, float(score))
            for score, number in zip(scores, numbers, strict=True)
        ]
        hits = fuse(claim, dense, lexical, **weights(settings))
        found.append([hit.passage_id for hit in itertools.islice(hits, top_k)])
    return found


def product(grown: Grown, home: Path, embedder: Embedder, claims: Sequence[LabelledClaim]) -> dict[str, object]:
    """Measure opening, searching under filters and during an update, and recall beside exact search."""
    settings = load_settings(home=home)
    texts = [claim.claim for claim in claims]
    embedder.encode(texts[:1])  # loads the network, which every process does once
    before = memory_mb()
    begun = time.perf_counter()
    index = index_of(grown.size).open(grown, settings, embedder=embedder)
    opened = 1000 * (time.perf_counter() - begun)

    def search(some: list[str], filters: SearchFilters = SearchFilters()) -> list[list[str]]:  # noqa: B008  frozen
        hits = index.search(some, filters=filters, top_k=TOP_K)
        return [[hit.passage_id for hit in found] for found in hits]

    with index:
        begun = time.perf_counter()
        search(texts[:1])
        first = 1000 * (time.perf_counter() - begun)
        single = {name: times(lambda some, f=chosen: search(some, f), texts) for name, chosen in FILTERS.items()}  # type: ignore[misc]
        result: dict[str, object] = {
            "opening_ms": round(opened, 1),
            "first_search_ms": round(first, 1),
            "per_claim_ms": single,
            "per_batch_of_20_ms": times(search, (texts * BATCH)[: 5 * BATCH], batch=BATCH),
            "embedding_a_claim_ms": times(embedder.encode, texts),
            "stages_ms": stages(index, texts),
            "memory_growth_mb": round(memory_mb() - before, 1),
        }
        sample = texts[:EXACT_CLAIMS]
        wanted, got = exact(grown, index, sample, top_k=TOP_K), search(sample)
        overlap = [len(set(a) & set(b)) / len(a) for a, b in zip(wanted, got, strict=True)]
        result["recall_of_exact_search"] = metrics.rounded(float(np.mean(overlap)))
        result["quality"] = quality(grown, claims, search(texts))
        result["during_an_update_ms"] = _during(grown, index, texts, search)
    forget_embedded(str(home / "chroma"))
    return result


def stages(index: Index, claims: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return what each part of a search of one claim takes, in milliseconds by the clock and of the processor's time.

    Processor time counts all threads: more of it than by the clock is threads that help or wait for each other, less of it is
    waiting for the disk or for others on this machine.
    """
    settings, limit = index.settings, max(index.settings.candidates, 2 * TOP_K)
    lexical, vectors = index._lexical, index._dense._vectors  # noqa: SLF001  its parts are what is measured
    if vectors is None:  # a Chroma server is searched
        return {}
    spent: dict[str, list[tuple[float, float]]] = {}

    @contextmanager
    def timed(name: str) -> Iterator[None]:
        begun, processor = time.perf_counter(), time.process_time()
        yield
        spent.setdefault(name, []).append((time.perf_counter() - begun, time.process_time() - processor))

    nothing = SearchFilters()
    for claim in claims:
        with timed("embedding"):
            query = index.embedder.encode_claims([claim])
        with timed("vectors"):
            near = vectors.search(query, filters=nothing, limit=limit)[0]
        with timed("words"):
            words = lexical.search([claim], filters=nothing, limit=limit)[0]
        with timed("fusion"):
            hits = list(itertools.islice(fuse(claim, near, words, **weights(settings)), TOP_K))
        with timed("looking up"):
            index.store.passages([hit.passage_id for hit in hits])
        with timed("the whole"):
            index.search([claim], filters=nothing, top_k=TOP_K)
    return {
        name: {
            f"{kind}_p{share}": round(1000 * float(np.percentile([pair[place] for pair in pairs], share)), 2)
            for place, kind in enumerate(("clock", "processor"))
            for share in (50, 95)
        }
        for name, pairs in spent.items()
    }


def _during(
    grown: Grown, index: Index, texts: Sequence[str], search: Callable[[list[str]], object]
) -> dict[str, float]:
    """Search while passages are added; they stay on the record."""
    first = grown.size + len(grown.added)
    grown.added.extend(range(first, first + UPDATED))
    update = threading.Thread(target=index.sync)
    update.start()
    spent: list[float] = []
    while update.is_alive():
        begun = time.perf_counter()
        search([texts[len(spent) % len(texts)]])
        spent.append(1000 * (time.perf_counter() - begun))
    update.join()
    return {
        "p50": round(float(np.percentile(spent, 50)), 2),
        "p95": round(float(np.percentile(spent, 95)), 2),
        "searches": float(len(spent)),
    }


def quality(grown: Grown, claims: Sequence[LabelledClaim], found: Sequence[Sequence[str]]) -> dict[str, float]:
    """Return how well the real documents are found; a synthetic passage counts as a document of its own."""

    def document(identity: str) -> str:
        number = number_of(identity)
        return grown.documents[number] if number < len(grown.documents) else identity

    rankings = {
        claim.id: list(dict.fromkeys(document(identity) for identity in ids))
        for claim, ids in zip(claims, found, strict=True)
    }
    means, _ = metrics.retrieval({claim.id: claim.gold_documents for claim in claims}, rankings)
    return {name: means[name] for name in ("ndcg@10", "recall@5", "recall@10")}


# Peers: the same passages, the same vectors, each searched in its own way for the same number of passages


def peers(
    grown: Grown, home: Path, embedder: Embedder, claims: Sequence[LabelledClaim]
) -> dict[str, dict[str, object] | str]:
    """Measure the peers that are installed, each built from nothing; both of LangChain's search one store."""
    texts = [claim.claim for claim in claims]
    if grown.size > PEERS_MOST:
        return dict.fromkeys(PEERS, f"not measured above {PEERS_MOST:,} passages")
    results: dict[str, dict[str, object] | str] = {}
    folder = home / "peers"
    shutil.rmtree(folder, ignore_errors=True)
    for name, make in PEERS.items():
        begun = time.perf_counter()
        try:
            search = make(grown, folder, embedder)
        except ImportError as missing:
            results[name] = f"not measured: {missing}; pip install 'onrecord[bench]'"
            continue
        built = time.perf_counter() - begun
        print(f"{name}: built in {built:.0f} s", file=sys.stderr, flush=True)
        found = [search(text) for text in texts]
        results[name] = {
            "build_seconds": round(built, 1),
            "per_claim_ms": times(lambda some, run=search: run(some[0]), texts),  # type: ignore[misc]
            "quality": quality(grown, claims, found),
        }
    return results


@functools.lru_cache(maxsize=1)
def _langchain_store(grown: Grown, folder: Path, embedder: Embedder) -> Any:  # noqa: ANN401  an optional library
    """Return LangChain's Chroma store and its documents: both of LangChain's peers search the same one."""
    from langchain_chroma import Chroma  # noqa: PLC0415
    from langchain_core.documents import Document  # noqa: PLC0415
    from langchain_text_splitters import RecursiveCharacterTextSplitter  # noqa: PLC0415

    from onrecord.index.dense import langchain_embeddings  # noqa: PLC0415

    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
    store = Chroma(
        persist_directory=str(folder / "langchain"),
        collection_name="tutorial",
        embedding_function=langchain_embeddings(embedder),
        collection_metadata={"hnsw:space": "cosine"},
    )
    documents = []
    for page in grown.iter_passages(batch_size=PAGE):
        whole = [
            Document(page_content=f"{passage.source.title}\n{passage.text}", metadata={"passage": passage.id})
            for passage in page
        ]
        # The splitter finds nothing to cut in most; what it cuts gets the whole passage's vector, for there is no other.
        parts = [part for part in splitter.split_documents(whole) if _MARK.match(part.page_content)]
        store.add_documents(parts)
        documents += parts
        print(f"LangChain: {len(documents):,} of {grown.size:,}", file=sys.stderr, flush=True)
    return store, documents


def _tutorial(grown: Grown, folder: Path, embedder: Embedder) -> Callable[[str], list[str]]:
    store, _ = _langchain_store(grown, folder, embedder)
    return lambda text: [found.metadata["passage"] for found in store.similarity_search(text, k=TOP_K)]


def _ensemble(grown: Grown, folder: Path, embedder: Embedder) -> Callable[[str], list[str]]:
    from langchain_classic.retrievers import EnsembleRetriever  # noqa: PLC0415
    from langchain_community.retrievers import BM25Retriever  # noqa: PLC0415

    store, documents = _langchain_store(grown, folder, embedder)
    words = BM25Retriever.from_documents(documents, k=TOP_K)
    both = EnsembleRetriever(retrievers=[words, store.as_retriever(search_kwargs={"k": TOP_K})], weights=[0.5, 0.5])
    return lambda text: [found.metadata["passage"] for found in both.invoke(text)][:TOP_K]


def _txtai(grown: Grown, folder: Path, embedder: Embedder) -> Callable[[str], list[str]]:
    from txtai import Embeddings  # noqa: PLC0415

    made: Any = Embeddings(
        {
            "method": "external",
            "transform": lambda texts: embedder.encode(list(texts)),
            "hybrid": True,
            "content": False,
        }
    )
    made.index(
        (passage.id, f"{passage.source.title}\n{passage.text}", None)
        for page in grown.iter_passages(batch_size=PAGE)
        for passage in page
    )
    made.save(str(folder / "txtai"))
    return lambda text: [str(identity) for identity, _ in made.search(text, TOP_K)]


PEERS: Mapping[str, Callable[[Grown, Path, Embedder], Callable[[str], list[str]]]] = {
    "LangChain tutorial (splitter, Chroma)": _tutorial,
    "LangChain ensemble (BM25, Chroma)": _ensemble,
    "txtai hybrid": _txtai,
}


LEAST = 0.05
"""What a value that was rounded to nothing counts as."""


def slope(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Return the exponent of growth: 1 where a value doubles with the size.

    >>> slope([10, 100, 1000], [2, 20, 200])
    1.0
    """
    return round(float(np.polyfit(np.log(sizes), np.log(np.maximum(values, LEAST)), 1)[0]), 2)


def plot(parts: Mapping[str, Any], image: Path) -> None:
    """Draw time and memory over size with the fitted exponents."""
    import matplotlib as mpl  # noqa: PLC0415  a library of the bench alone

    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415

    sizes = sorted(int(size) for size in parts)
    rows = [parts[str(size)] for size in sizes]
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2))
    lines = {
        "one claim": [row["product"]["per_claim_ms"]["none"]["p95"] for row in rows],
        **{
            f"one claim, {name}": [row["product"]["per_claim_ms"][name]["p95"] for row in rows]
            for name in FILTERS
            if name != "none"
        },
        "20 claims": [row["product"]["per_batch_of_20_ms"]["p95"] for row in rows],
    }
    for name, values in lines.items():
        told = f" (∝ n^{slope(sizes, values)})" if len(sizes) > 1 else ""
        left.plot(sizes, values, marker="o", label=name + told)
    left.set(xscale="log", yscale="log", xlabel="passages", ylabel="milliseconds, 95th percentile", title="Search")
    memory = [row["product"]["memory_growth_mb"] for row in rows]
    disk = [row["build"]["chroma_mb"] + row["build"]["words_mb"] for row in rows]
    vectors = [row["build"]["of_it_vector_files_mb"] for row in rows]
    for name, values in {"disk": disk, "vector files": vectors, "memory of searching": memory}.items():
        told = f" (∝ n^{slope(sizes, values)})" if len(sizes) > 1 else ""
        right.plot(sizes, values, marker="o", label=name + told)
    right.set(xscale="log", yscale="log", xlabel="passages", ylabel="MiB", title="Size")
    for axis in (left, right):
        axis.legend(fontsize=8)
        axis.grid(visible=True, alpha=0.3)
    image.parent.mkdir(parents=True, exist_ok=True)
    figure.tight_layout()
    figure.savefig(image, dpi=110)


def slopes(parts: Mapping[str, Any]) -> dict[str, float]:
    """Return the exponents of growth over the sizes that were measured; none for a single size."""
    sizes = sorted(int(size) for size in parts)
    rows = [parts[str(size)] for size in sizes]
    measured = {
        "one claim, p95": [row["product"]["per_claim_ms"]["none"]["p95"] for row in rows],
        "20 claims, p95": [row["product"]["per_batch_of_20_ms"]["p95"] for row in rows],
        "memory of searching": [max(1.0, row["product"]["memory_growth_mb"]) for row in rows],
        "peak memory": [row["peak_memory_mb"] for row in rows],
        "build": [row["build"]["seconds"] for row in rows],
        "vector files": [row["build"]["of_it_vector_files_mb"] for row in rows],
    }
    return {name: slope(sizes, values) for name, values in measured.items()} if len(sizes) > 1 else {}


def told(result: Mapping[str, Any]) -> str:
    """Return the results as tables in Markdown."""
    parts: Mapping[str, Any] = result["sizes"]
    sizes = sorted(parts, key=int)
    lines = [
        "# How fast the search is, and how it grows",
        "",
        f"`python -m evals.bench_search`, {result['date']}, {result['cores']} cores; {result['real_passages']:,} real passages",
        f"of {result['set']} and synthetic ones around them, {result['claims']} claims, {TOP_K} passages each. Day and load",
        "average at the end: "
        + ", ".join(
            f"{int(size):,}: {parts[size].get('date', result['date'])}, {parts[size]['load_average'][0]}"
            for size in sizes
        )
        + ".",
        "",
        "| | " + " | ".join(f"{int(size):,}" for size in sizes) + " |",
        "|---|" + "---|" * len(sizes),
    ]

    def row(name: str, value: Callable[[Any], object]) -> None:
        lines.append(f"| {name} | " + " | ".join(str(value(parts[size])) for size in sizes) + " |")

    def both(figures: Mapping[str, float]) -> str:
        return f"{figures['p50']:.0f} / {figures['p95']:.0f}"

    row("build, passages a second", lambda part: f"{part['build']['passages_per_second']:,.0f}")
    row("Chroma collection filled", lambda part: "yes" if part["build"].get("collection", True) else "no")
    row(
        "disk, MiB: Chroma and vectors / of it vectors / words",
        lambda part: (
            f"{part['build']['chroma_mb']} / {part['build']['of_it_vector_files_mb']} / {part['build']['words_mb']}"
        ),
    )
    row("opening, ms", lambda part: f"{part['product']['opening_ms']:.0f}")
    row("first search, ms", lambda part: f"{part['product']['first_search_ms']:.0f}")
    for name in FILTERS:
        row(f"one claim, ms p50 / p95, filter: {name}", lambda part, n=name: both(part["product"]["per_claim_ms"][n]))  # type: ignore[misc]
    row("20 claims, ms p50 / p95", lambda part: both(part["product"]["per_batch_of_20_ms"]))
    for name in parts[sizes[0]]["product"].get("stages_ms", {}):
        row(
            f"of one claim, {name}: by the clock; processor",
            lambda part, n=name: (
                "; ".join(  # type: ignore[misc]
                    f"{stage[f'{kind}_p50']:.1f} / {stage[f'{kind}_p95']:.1f}"
                    for stage in [part["product"].get("stages_ms", {}).get(n)]
                    if stage
                    for kind in ("clock", "processor")
                )
                or "–"
            ),
        )
    row("one claim while 500 passages are added", lambda part: both(part["product"]["during_an_update_ms"]))
    row("recall of exact search", lambda part: part["product"]["recall_of_exact_search"])
    row("nDCG@10 of the real claims", lambda part: part["product"]["quality"]["ndcg@10"])
    row(
        "memory of searching / peak, MiB",
        lambda part: f"{part['product']['memory_growth_mb']} / {part['peak_memory_mb']}",
    )
    for name in PEERS:

        def peer(part: Any, key: str, of: str = name) -> object:  # noqa: ANN401  JSON
            found = part.get("peers", {}).get(of, "–")
            if isinstance(found, str):
                return "–"
            return both(found[key]) if key == "per_claim_ms" else found[key]["ndcg@10"]

        row(f"{name}: one claim, ms p50 / p95", lambda part, of=peer: of(part, "per_claim_ms"))  # type: ignore[misc]
        row(f"{name}: nDCG@10", lambda part, of=peer: of(part, "quality"))  # type: ignore[misc]
    grown = ", ".join(f"{name} n^{value}" for name, value in slopes(parts).items())
    lines += ["", f"Growth, fitted over these sizes: {grown or 'one size only'}."]
    return "\n".join(lines) + "\n"


app = typer.Typer(add_completion=False, help=__doc__, pretty_exceptions_enable=False)


@app.command()
def main(  # noqa: PLR0913, PLR0917  an argument for every option
    data: Annotated[Path, typer.Option(help="Folder of the retrieval sets.")] = Path("../shared/data/retrieval"),
    cache: Annotated[Path, typer.Option(help="SQLite file of vectors, as evals.ablation keeps it.")] = Path(
        "vectors.db"
    ),
    name: Annotated[str, typer.Option("--set", help="The real passages.")] = "check_covid",
    sizes: Annotated[str, typer.Option(help="Passages, separated by commas; empty: measure nothing.")] = "10000,100000",
    claims: Annotated[int, typer.Option(min=1, help="Claims searched.")] = 100,
    home: Annotated[Path, typer.Option(help="Where the indexes are built.")] = Path("bench-search"),
    with_peers: Annotated[bool, typer.Option("--peers", help="Also measure the peers at each size.")] = False,  # noqa: FBT002  a flag
    draw: Annotated[bool, typer.Option("--plot", help="Draw docs/images/search-growth.png.")] = False,  # noqa: FBT002  a flag
    out: Annotated[Path, typer.Option(help="The results, one part for each size.")] = RESULTS / "bench-search.json",
) -> None:
    """Measure each size and add it to the results."""
    wanted = [int(part) for part in sizes.split(",") if part]
    if len(wanted) > 1:
        # Each in its own process, so that what one leaves in memory is not counted for the next.
        given = [argument for argument in sys.argv[1:] if argument != "--plot"]
        for size in wanted:
            command = [sys.executable, "-m", "evals.bench_search", *given, "--sizes", str(size)]
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  our own interpreter
        wanted = []
    parts: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))["sizes"] if out.exists() else {}
    real = load_embedder(load_settings())
    labelled: list[LabelledClaim] = []
    if wanted:
        learnt = data.parent / "pairs" / "train" / f"{name}.jsonl.gz"  # the adapters of claims learnt from these
        documents, labelled = Draw(claims, 0, {}, (learnt,) if learnt.exists() else ()).of(data, name)
        places = spans(documents, load_settings())
        with closing(Vectors(cache, load_settings())) as vectors:
            texts = [documents[n].text[start:end] for n, start, end in places]
            titles = [documents[n].title for n, _, _ in places]
            known = vectors.of([f"{title}\n{text}" for title, text in zip(titles, texts, strict=True)], what=name)
    for size in wanted:
        grown = Grown(texts, titles, known, [documents[n].id for n, _, _ in places], max(size, len(texts)))
        embedder = GrownEmbedder(real, grown)
        folder = home / str(size)
        shutil.rmtree(folder, ignore_errors=True)
        part: dict[str, Any] = {"build": build(grown, folder, embedder)}
        part["product"] = product(grown, folder, embedder, labelled)
        # Before the peers, whose memory is not ours.
        part["peak_memory_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
        part["load_average"] = [round(value, 1) for value in os.getloadavg()]
        part["date"] = dt.datetime.now(dt.UTC).date().isoformat()
        if with_peers:
            again = Grown(texts, titles, known, grown.documents, grown.size)
            part["peers"] = peers(again, folder, GrownEmbedder(real, grown, adapted=False), labelled)
        parts[str(size)] = part
        result = {
            "set": name,
            "real_passages": len(texts),
            "claims": len(labelled),
            "cores": os.cpu_count(),
            "version": __version__,
            "date": dt.datetime.now(dt.UTC).date().isoformat(),
            "sizes": dict(sorted(parts.items(), key=lambda item: int(item[0]))),
        }
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
        shutil.rmtree(folder)
    if out.exists():
        table = told(json.loads(out.read_text(encoding="utf-8")))
        out.with_suffix(".md").write_text(table, encoding="utf-8")
        print(table)
    if draw:
        plot(parts, IMAGE)


if __name__ == "__main__":
    app()
