"""How fast the search is and how it grows: ``python -m evals.bench_search --sizes 10000,100000``.

Real passages of a retrieval set, and synthetic ones around them up to each size: the words of two real passages mixed, and a
real vector turned by a random angle. What real claims find among them is compared with an exact search over all vectors, and
with LangChain's tutorial pipeline, its ensemble retriever and txtai on the same passages, vectors and machine. Each size is
built anew under ``--home`` and writes its own part of ``evals/results/bench-search.json``, so that a long run can be made in
pieces. ``--plot`` draws the growth from all parts that are there.
"""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import resource
import shutil
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
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
from onrecord.index.dense import forget_embedded
from onrecord.index.engine import Candidate
from onrecord.index.lexical import LexicalEngine
from onrecord.index.search import fuse
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


@dataclass(frozen=True)
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

    def __init__(self, real: Embedder, grown: Grown) -> None:
        super().__init__(real.name, real.folder, real.sha256, 0)
        self._real = real
        self._grown = grown

    def encode(self, texts: Sequence[str], *, progress: Callable[[int], None] | None = None) -> Floats:
        """Return the vectors of texts: made where they begin with the mark of a grown passage."""
        marks = [_MARK.match(text) for text in texts]
        if not all(marks):
            return self._real.encode(texts, progress=progress)
        if progress is not None:
            progress(len(texts))
        return np.stack([self._grown.vector(int(mark[1])) for mark in marks if mark])


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


def build(grown: Grown, home: Path, embedder: Embedder) -> dict[str, float]:
    """Build the index of a record, unless it stands there from an earlier run."""
    settings = load_settings(home=home)
    before, begun = memory_mb(), time.perf_counter()
    last = [begun]

    def report(done: int, total: int) -> None:
        if time.perf_counter() - last[0] > SECONDS_BETWEEN_LINES:
            last[0] = time.perf_counter()
            rate = done / (last[0] - begun)
            print(f"building: {done:,} of {total:,} ({rate:,.0f}/s)", file=sys.stderr, flush=True)

    Index.open(grown, settings, progress=report, embedder=embedder).close()
    spent = time.perf_counter() - begun
    # Let go of what building took, so that what an opening takes can be seen.
    forget_embedded(str(home / "chroma"))
    return {
        "seconds": round(spent, 1),
        "passages_per_second": round(grown.size / spent, 1),
        "memory_growth_mb": round(memory_mb() - before, 1),
        "chroma_mb": disk_mb(home / "chroma"),
        "of_it_vector_files_mb": disk_mb(home / "chroma" / "vectors"),
        "words_mb": disk_mb(home / "tantivy"),
    }


def exact(grown: Grown, index: Index, claims: Sequence[str], *, top_k: int) -> list[list[str]]:
    """Return what the fused search would find if every vector were compared with every claim."""
    queries = index.embedder.encode(list(claims))
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
        hits = fuse(claim, dense, lexical, weight=settings.dense_weight, document_weight=settings.document_weight)
        found.append([hit.passage_id for hit in hits[:top_k]])
    return found


def product(grown: Grown, home: Path, embedder: Embedder, claims: Sequence[LabelledClaim]) -> dict[str, object]:
    """Measure opening, searching under filters and during an update, and recall beside exact search."""
    settings = load_settings(home=home)
    texts = [claim.claim for claim in claims]
    embedder.encode(texts[:1])  # loads the network, which every process does once
    begun = time.perf_counter()
    index = Index.open(grown, settings, embedder=embedder)
    opened = 1000 * (time.perf_counter() - begun)
    before = memory_mb()

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


def peers(grown: Grown, home: Path, embedder: Embedder, claims: Sequence[LabelledClaim]) -> dict[str, object]:
    """Measure the peers that are installed, each built from nothing."""
    texts = [claim.claim for claim in claims]
    results: dict[str, object] = {}
    for name, make in PEERS.items():
        folder = home / "peers" / name.replace(" ", "-")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
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
            "disk_mb": disk_mb(folder),
            "per_claim_ms": times(lambda some, run=search: run(some[0]), texts),  # type: ignore[misc]
            "quality": quality(grown, claims, found),
        }
    return results


def _langchain_store(grown: Grown, folder: Path, embedder: Embedder) -> Any:  # noqa: ANN401  an optional library
    from langchain_chroma import Chroma  # noqa: PLC0415
    from langchain_core.documents import Document  # noqa: PLC0415
    from langchain_text_splitters import RecursiveCharacterTextSplitter  # noqa: PLC0415

    from onrecord.index.dense import langchain_embeddings  # noqa: PLC0415

    splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)
    store = Chroma(
        persist_directory=str(folder),
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
    made.save(str(folder))
    return lambda text: [str(identity) for identity, _ in made.search(text, TOP_K)]


PEERS: Mapping[str, Callable[[Grown, Path, Embedder], Callable[[str], list[str]]]] = {
    "LangChain tutorial (splitter, Chroma)": _tutorial,
    "LangChain ensemble (BM25, Chroma)": _ensemble,
    "txtai hybrid": _txtai,
}


def slope(sizes: Sequence[float], values: Sequence[float]) -> float:
    """Return the exponent of growth: 1 where a value doubles with the size.

    >>> slope([10, 100, 1000], [2, 20, 200])
    1.0
    """
    return round(float(np.polyfit(np.log(sizes), np.log(values), 1)[0]), 2)


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
    disk = [row["build"]["chroma_mb"] + row["build"]["words_mb"] for row in rows]
    for name, values in {"disk": disk, "vector files": [row["build"]["of_it_vector_files_mb"] for row in rows]}.items():
        told = f" (∝ n^{slope(sizes, values)})" if len(sizes) > 1 else ""
        right.plot(sizes, values, marker="o", label=name + told)
    right.set(xscale="log", yscale="log", xlabel="passages", ylabel="MiB", title="Size")
    for axis in (left, right):
        axis.legend(fontsize=8)
        axis.grid(visible=True, alpha=0.3)
    image.parent.mkdir(parents=True, exist_ok=True)
    figure.tight_layout()
    figure.savefig(image, dpi=110)


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
    parts: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))["sizes"] if out.exists() else {}
    real = load_embedder(load_settings())
    labelled: list[LabelledClaim] = []
    if sizes:
        documents, labelled = Draw(claims, 0, {}).of(data, name)
        places = spans(documents, load_settings())
        with closing(Vectors(cache, load_settings())) as vectors:
            texts = [documents[n].text[start:end] for n, start, end in places]
            titles = [documents[n].title for n, _, _ in places]
            known = vectors.of([f"{title}\n{text}" for title, text in zip(titles, texts, strict=True)], what=name)
    for size in [int(part) for part in sizes.split(",") if part]:
        grown = Grown(texts, titles, known, [documents[n].id for n, _, _ in places], max(size, len(texts)))
        embedder = GrownEmbedder(real, grown)
        folder = home / str(size)
        shutil.rmtree(folder, ignore_errors=True)
        part: dict[str, Any] = {"build": build(grown, folder, embedder)}
        part["product"] = product(grown, folder, embedder, labelled)
        if with_peers:
            part["peers"] = peers(Grown(texts, titles, known, grown.documents, grown.size), folder, embedder, labelled)
        part["peak_memory_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
        part["load_average"] = [round(value, 1) for value in os.getloadavg()]
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
        print(json.dumps({size: part}, indent=1))
    if draw:
        plot(parts, IMAGE)


if __name__ == "__main__":
    app()
