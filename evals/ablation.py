"""What each part of the search is worth: variants replayed over cached vectors, on every open retrieval set.

``python -m evals.ablation`` embeds claims and passages once into a cache outside the repository, replays the variants and
writes ``evals/results/search-ablation.json`` and ``.md``. Passages are cut and worded by the product's own code and searched
for words by its own engine; similarity is computed exactly, so that nothing here depends on an approximate index. Claims are
embedded as passages are, without the adapters that learnt from most of them: what these gain is measured by
``training.search.measure`` on the other claims, and what a network gains that reads the best passages by
``training.rerank.measure``.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Protocol

import numpy as np
import typer
from numpy.typing import NDArray

from evals import metrics
from evals.data import CorpusDocument, LabelledClaim, read_claims, read_corpus, read_starter, without
from onrecord.corpus import Store
from onrecord.corpus.windows import cut
from onrecord.documents import iter_documents
from onrecord.index.embed import load_embedder
from onrecord.index.lexical import LexicalEngine
from onrecord.records import Passage, SearchFilters, Source, SourceKind, Span
from onrecord.settings import Settings, load_settings
from onrecord.text import day

app = typer.Typer(add_completion=False, no_args_is_help=True, help=__doc__, pretty_exceptions_enable=False)
Floats = NDArray[np.float32]

SETS = ("climate_fever", "check_covid", "scifact", "fool_me_twice", "politihop", "wice")
CHUNK = 256
DIMENSION = 384
DEEP = 300
"""Passages of each list that a variant may use."""


class Reader(Protocol):
    """A network that says of (passage, claim) pairs how much the passage decides the claim."""

    @property
    def sha256(self) -> str:
        """Hash of its weights."""

    def scores(self, pairs: Sequence[tuple[str, str]]) -> Iterable[float]:
        """Return a number for each pair: the higher, the more."""


class Vectors:
    """Vectors by the sha256 of their text, in an SQLite file, and what networks said of pairs: an interrupted run goes on."""

    def __init__(self, file: Path, settings: Settings) -> None:
        """Open or make the cache. The network is loaded when a text is missing."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(file, timeout=60)
        self._connection.execute("CREATE TABLE IF NOT EXISTS vectors (key BLOB PRIMARY KEY, vector BLOB NOT NULL)")
        self._connection.execute("CREATE TABLE IF NOT EXISTS read_pairs (key BLOB PRIMARY KEY, score REAL NOT NULL)")
        self._settings = settings

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def of(self, texts: Sequence[str], *, what: str = "") -> Floats:
        """Return vectors of length 1, (n, 384), embedding what is missing."""
        keys = [hashlib.sha256(text.encode("utf-8", "replace")).digest() for text in texts]
        known: dict[bytes, Floats] = {}
        for start in range(0, len(keys), 500):
            some = list(dict.fromkeys(keys[start : start + 500]))
            marks = ",".join("?" * len(some))
            rows = self._connection.execute(f"SELECT key, vector FROM vectors WHERE key IN ({marks})", some)  # noqa: S608  marks only
            known.update((key, np.frombuffer(blob, dtype=np.float16).astype(np.float32)) for key, blob in rows)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        # Of like length together, so that little is computed on padding.
        order = sorted(missing, key=lambda key: -len(missing[key]))
        started = time.monotonic()
        for start in range(0, len(order), CHUNK):
            some = order[start : start + CHUNK]
            vectors = load_embedder(self._settings).encode([missing[key] for key in some])
            with self._connection:
                self._connection.executemany(
                    "INSERT OR REPLACE INTO vectors VALUES (?, ?)",
                    [(key, vector.astype(np.float16).tobytes()) for key, vector in zip(some, vectors, strict=True)],
                )
            known.update(zip(some, vectors, strict=True))
            done, spent = start + len(some), time.monotonic() - started
            print(f"{what}: {done:,} of {len(order):,} ({done / spent:.0f}/s)", file=sys.stderr, flush=True)
        found = np.stack([known[key] for key in keys]) if keys else np.zeros((0, DIMENSION), dtype=np.float32)
        normed: Floats = found / np.linalg.norm(found, axis=1, keepdims=True)
        return normed

    def read(self, network: Reader, pairs: Sequence[tuple[str, str]]) -> list[float]:
        """Return what a network says of (passage, claim) pairs, letting it read those that it has not read before."""
        keys = [
            hashlib.sha256("\x1f".join((network.sha256, *pair)).encode("utf-8", "replace")).digest() for pair in pairs
        ]
        marks = ",".join("?" * len(keys))
        rows = self._connection.execute(f"SELECT key, score FROM read_pairs WHERE key IN ({marks})", keys)  # noqa: S608  marks only
        known: dict[bytes, float] = dict(rows.fetchall())
        missing = {key: pair for key, pair in zip(keys, pairs, strict=True) if key not in known}
        if missing:
            known.update(zip(missing, map(float, network.scores(list(missing.values()))), strict=True))
        with self._connection:
            self._connection.executemany(
                "INSERT OR REPLACE INTO read_pairs VALUES (?, ?)", [(key, known[key]) for key in missing]
            )
        return [known[key] for key in keys]


def thinned(
    documents: Sequence[CorpusDocument],
    claims: Sequence[LabelledClaim],
    settings: Settings,
    *,
    most: int,
    passages: int,
) -> tuple[list[CorpusDocument], list[LabelledClaim]]:
    """Return at most ``most`` claims with gold documents, and these documents filled up to some number of passages.

    Drawn by the hash of their ids, so that a larger draw holds the smaller one. 0: all.
    """
    chosen = sorted((claim for claim in claims if claim.gold_documents), key=lambda claim: drawn(claim.id))
    chosen = chosen[: most or None]
    gold = {document for claim in chosen for document in claim.gold_documents}
    kept: list[CorpusDocument] = []
    count = 0
    for document in sorted(documents, key=lambda document: (document.id not in gold, drawn(document.id))):
        if passages and count >= passages and document.id not in gold:
            break
        kept.append(document)
        count += len(spans([document], settings))
    return kept, chosen


def drawn(identity: str) -> bytes:
    """Return what things are drawn by."""
    return hashlib.sha256(identity.encode()).digest()


def spans(documents: Sequence[CorpusDocument], settings: Settings) -> list[tuple[int, int, int]]:
    """Return document number, start and end of every passage."""
    return [
        (number, window.span.start, window.span.end)
        for number, document in enumerate(documents)
        for window in cut(document.text, kind=SourceKind.DOCUMENT, speakers=(), settings=settings)
    ]


def worded(documents: Sequence[CorpusDocument], settings: Settings, *, header: bool) -> list[str]:
    """Return the texts of the passages as they are embedded."""
    return [
        f"{documents[n].title}\n{documents[n].text[start:end]}"
        if header and documents[n].title
        else documents[n].text[start:end]
        for n, start, end in spans(documents, settings)
    ]


@dataclass(frozen=True, slots=True)
class Cut:
    """How passages are cut and worded."""

    window: str = "3/1"
    """Sentences and overlap."""
    header: bool = True
    """The title before the text."""

    @property
    def settings(self) -> Settings:
        """The product's settings for it."""
        sentences, overlap = map(int, self.window.split("/"))
        return load_settings(passage_sentences=sentences, passage_overlap=overlap)


@dataclass(frozen=True, slots=True)
class Draw:
    """What of a set is used; see `thinned`."""

    most: int
    passages: int
    wide: Mapping[str, int]
    """Claims of sets that are not drawn by ``most``, such as those with long documents."""
    learnt: tuple[Path, ...] = ()
    """Files of which no claim is drawn, because a network has learnt from them."""

    def of(self, data: Path, name: str) -> tuple[list[CorpusDocument], list[LabelledClaim]]:
        """Read a set and draw from it."""
        return thinned(
            read_corpus(data / name / "corpus.jsonl.gz"),
            without(read_claims(data / name / "claims.jsonl.gz"), self.learnt),
            load_settings(),
            most=self.wide.get(name, self.most),
            passages=self.passages,
        )


Found = list[tuple[int, float]]
"""Passages by number with their scores, best first."""


@dataclass(frozen=True, slots=True)
class Replay:
    """One set, cut in one way: everything that the variants need."""

    name: str
    documents: Sequence[CorpusDocument]
    claims: Sequence[LabelledClaim]
    places: Sequence[tuple[int, int, int]]
    vectors: Floats
    queries: Floats
    dense: Sequence[Found]
    lexical: Sequence[Found]
    keywords: Sequence[Found]
    """Found by the words of names and figures alone."""
    bodies: Sequence[Found]
    """Found by words where titles are not searched."""
    apart: Sequence[Found]
    """Found by words where the title is a field of its own and counts half."""
    whole: Sequence[Found]
    """Documents by number, found by words in their whole text."""


_KEYWORD = re.compile(r"\b(?:[^\W\d_a-z][\w’'-]*|\d[\d.,]*)")


def keywords(claim: str) -> str:
    """Return the names and figures of a claim: capitalised words, but the first, and numbers; all of it where there are none.

    >>> keywords("The WHO counted 12,500 cases in Guinea.")
    'WHO 12,500 Guinea'
    """
    words = [found.group() for found in _KEYWORD.finditer(claim) if found.start() or found.group().isupper()]
    return " ".join(words) or claim


def prepared(name: str, data: Path, vectors: Vectors, how: Cut, draw: Draw) -> Replay:
    """Cut, embed (from the cache) and search one set."""
    documents, claims = draw.of(data, name)
    places = spans(documents, how.settings)
    known = vectors.of(worded(documents, how.settings, header=how.header), what=name)
    queries = vectors.of([claim.claim for claim in claims], what=f"{name} claims")
    dense = by_meaning(known, queries)
    texts = [claim.claim for claim in claims]
    passages = [passage_of(number, documents[n], start, end) for number, (n, start, end) in enumerate(places)]
    lexical, by_keywords = by_words(passages, texts, [keywords(text) for text in texts])
    (bodies,) = by_words([_under(passage, "") for passage in passages], texts)
    titled = [(passage, passage.source.title) for passage in passages if passage.source.title]
    (titles,) = by_words([_under(passage.model_copy(update={"text": title}), "") for passage, title in titled], texts)
    whole = [passage_of(number, document, 0, len(document.text)) for number, document in enumerate(documents)]
    return Replay(
        name, documents, claims, places, known, queries, dense, lexical, by_keywords, bodies,
        apart=[_added(body, title, 0.5) for body, title in zip(bodies, titles, strict=True)],
        whole=by_words(whole, texts)[0],
    )  # fmt: skip


def by_meaning(vectors: Floats, queries: Floats) -> list[Found]:
    """Return the passages nearest to each query."""
    found: list[Found] = []
    for start in range(0, len(queries), CHUNK):
        for line in queries[start : start + CHUNK] @ vectors.T:
            best = np.argsort(-line, kind="stable")[:DEEP]
            found.append([(int(number), float(line[number])) for number in best])
    return found


def by_words(passages: Sequence[Passage], *queries: Sequence[str]) -> list[list[Found]]:
    """Return what the product's engine finds among ``passages`` for each list of queries."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        engine = LexicalEngine(Path(folder))
        engine.upsert(passages)
        engine.commit()
        found = [
            [
                [(int(hit.passage_id), hit.score) for hit in hits]
                for hits in engine.search(some, filters=SearchFilters(), limit=DEEP)
            ]
            for some in queries
        ]
        engine.close()
    return found


def _under(passage: Passage, title: str) -> Passage:
    return passage.model_copy(update={"source": passage.source.model_copy(update={"title": title})})


def _added(found: Found, more: Found, share: float) -> Found:
    """Return a list with a share of another's scores added, best first."""
    total = dict(found)
    for place, score in more:
        total[place] = total.get(place, 0.0) + share * score
    return sorted(total.items(), key=lambda item: (-item[1], item[0]))[:DEEP]


def passage_of(number: int, document: CorpusDocument, start: int, end: int) -> Passage:
    """Return a part of a document as a passage whose id is a number."""
    source = Source(
        id="set",
        title=document.title,
        kind=SourceKind.DOCUMENT,
        publisher="evaluation set",
        primary=False,
        retrieved_at=dt.datetime(1970, 1, 1, tzinfo=dt.UTC),
        current_version_id="set@1",
    )
    span = Span(start=start, end=end)
    return Passage(
        id=str(number), source=source, version_id="set@1", span=span, text=document.text[start:end], sentences=(span,)
    )


Variant = Callable[[Replay, int], Found]
"""From a set and the number of a claim to its ranking."""


def reciprocal(constant: int) -> Variant:
    """Return reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009), which the product had before."""

    def rank(replay: Replay, number: int) -> Found:
        total: dict[int, float] = {}
        for found in (replay.dense[number], replay.lexical[number]):
            for place, (passage, _) in enumerate(found, start=1):
                total[passage] = total.get(passage, 0.0) + 1.0 / (constant + place)
        return sorted(total.items(), key=lambda item: (-item[1], item[0]))

    return rank


def normalised(found: Found, how: str) -> dict[int, float]:
    """Return scores on one scale: ``range`` from the list's last to its first, ``top`` in parts of its first."""
    if not found:
        return {}
    top, low = found[0][1], found[-1][1]
    if how == "top":
        return {place: score / top for place, score in found}
    return {place: (score - low) / (top - low) if top > low else 1.0 for place, score in found}


def weighted(
    weight: float, *, how: str = "range", depth: int = 300, keyword: float = 0.0, exact: bool = False
) -> Variant:
    """Return the sum of normalised scores, ``weight`` for meaning.

    Args:
        weight: In [0, 1]; words have the rest.
        how: See `normalised`.
        depth: How many of each list take part.
        keyword: Weight of the list found by names and figures.
        exact: The cosine of what only words found is computed, instead of taken as the lowest.
    """

    def rank(replay: Replay, number: int) -> Found:
        dense, lexical = replay.dense[number][:depth], replay.lexical[number][:depth]
        parts = [(weight, normalised(dense, how)), (1.0 - weight, normalised(lexical, how))]
        if keyword:
            parts.append((keyword, normalised(replay.keywords[number][:depth], how)))
        if exact:
            cosines = replay.vectors[[place for place, _ in lexical]] @ replay.queries[number]
            top, low = dense[0][1], dense[-1][1]
            for (place, _), cosine in zip(lexical, cosines, strict=True):
                value = cosine / top if how == "top" else (cosine - low) / (top - low)
                parts[0][1].setdefault(place, float(value))
        total: dict[int, float] = {}
        for share, scores in parts:
            for place, score in scores.items():
                total[place] = total.get(place, 0.0) + share * score
        return sorted(total.items(), key=lambda item: (-item[1], item[0]))

    return rank


def with_document(inner: Variant, share: float, best: float = 0.0) -> Variant:
    """Return a ranking in which a passage gains by the next two of its document, and has a share of the best one's score."""

    def rank(replay: Replay, number: int) -> Found:
        found = inner(replay, number)
        of_document: dict[int, list[float]] = {}
        for place, score in found:
            of_document.setdefault(replay.places[place][0], []).append(score)
        gain = {document: best * scores[0] + share * sum(scores[1:3]) for document, scores in of_document.items()}
        total = [(place, (1.0 - best) * score + gain[replay.places[place][0]]) for place, score in found]
        return sorted(total, key=lambda item: (-item[1], item[0]))

    return rank


def as_product(settings: Settings) -> Variant:
    """Return the product's ranking."""
    return with_document(weighted(settings.dense_weight), settings.document_weight, settings.best_passage_weight)


def with_title_apart(weight: float) -> Variant:
    """Return the sum by range with the list of words in which the title is a field of its own, as the product had before."""

    def rank(replay: Replay, number: int) -> Found:
        words = normalised(replay.apart[number], "range")
        meaning = normalised(replay.dense[number], "range")
        return _added([(place, weight * score) for place, score in meaning.items()], list(words.items()), 1.0 - weight)

    return rank


def with_whole(inner: Variant, share: float) -> Variant:
    """Return a ranking in which a passage gains by the words of its whole document."""

    def rank(replay: Replay, number: int) -> Found:
        whole = normalised(replay.whole[number], "range")
        found = inner(replay, number)
        total = [(place, score + share * whole.get(replay.places[place][0], 0.0)) for place, score in found]
        return sorted(total, key=lambda item: (-item[1], item[0]))

    return rank


def with_feedback(weight: float, share: float) -> Variant:
    """Return fusion in which the query's vector is moved towards its three best passages (Rocchio)."""

    def rank(replay: Replay, number: int) -> Found:
        first = [place for place, _ in weighted(weight)(replay, number)[:3]]
        query = replay.queries[number] + share * replay.vectors[first].mean(axis=0)
        line = replay.vectors @ (query / np.linalg.norm(query))
        dense = [(int(place), float(line[place])) for place in np.argsort(-line, kind="stable")[:DEEP]]
        parts = ((weight, normalised(dense, "range")), (1.0 - weight, normalised(replay.lexical[number], "range")))
        total: dict[int, float] = {}
        for part, scores in parts:
            for place, score in scores.items():
                total[place] = total.get(place, 0.0) + part * score
        return sorted(total.items(), key=lambda item: (-item[1], item[0]))

    return rank


def with_diversity(inner: Variant, share: float, depth: int = 30) -> Variant:
    """Return maximal marginal relevance over the best ``depth``: each next one loses by likeness to those before."""

    def rank(replay: Replay, number: int) -> Found:
        found = inner(replay, number)
        head, rest = found[:depth], found[depth:]
        alike = replay.vectors[[place for place, _ in head]]
        alike = alike @ alike.T
        left, taken = list(range(len(head))), list[int]()
        while left:
            best = max(
                left, key=lambda at: (1 - share) * head[at][1] - share * max((alike[at, t] for t in taken), default=0.0)
            )
            taken.append(best)
            left.remove(best)
        low = rest[0][1] if rest else 0.0
        return [(head[at][0], low + len(taken) - order) for order, at in enumerate(taken)] + rest

    return rank


def alone(field: str) -> Variant:
    """Return what one retriever found."""
    return lambda replay, number: list(getattr(replay, field)[number])


FUSED = 0.5
VARIANTS: Mapping[str, Variant] = {
    "words alone (BM25)": alone("lexical"),
    "meaning alone (MiniLM)": alone("dense"),
    "reciprocal rank, k = 60 (before)": reciprocal(60),
    "reciprocal rank, k = 10": reciprocal(10),
    **{f"sum by range, meaning {w:.1f}": weighted(w) for w in (0.3, 0.4, 0.5, 0.6, 0.7)},
    **{f"sum by range, 60 of each, meaning {w:.1f}": weighted(w, depth=60) for w in (0.4, 0.5, 0.6)},
    **{
        f"sum by range, 60 of each, exact cosine, meaning {w:.1f}": weighted(w, depth=60, exact=True)
        for w in (0.4, 0.5, 0.6)
    },
    **{f"sum by range, exact cosine, meaning {w:.1f}": weighted(w, exact=True) for w in (0.4, 0.5, 0.6, 0.7)},
    **{f"sum by top, exact cosine, meaning {w:.1f}": weighted(w, how="top", exact=True) for w in (0.4, 0.5, 0.6, 0.7)},
    **{f"… 0.5 and names and figures {w}": weighted(FUSED, keyword=w) for w in (0.1, 0.25)},
    **{f"… 0.5 and the document's other passages {w}": with_document(weighted(FUSED), w) for w in (0.1, 0.25, 0.5)},
    "… 0.5 and 0.1, the title a field of its own at half weight (before)": with_document(with_title_apart(FUSED), 0.1),
    **{
        f"… 0.5 and 0.1 and the words of the whole document {w}": with_whole(with_document(weighted(FUSED), 0.1), w)
        for w in (0.2, 0.5)
    },
    **{f"… 0.5 and feedback {w}": with_feedback(FUSED, w) for w in (0.25, 0.5)},
    **{f"… 0.5 and diversity {w}": with_diversity(weighted(FUSED), w) for w in (0.1, 0.3)},
}
_CUT_AGAIN = ("check_covid", "scifact", "fool_me_twice")
CUTS: Mapping[str, tuple[Cut, tuple[str, ...]]] = {
    "no title before the text": (Cut(header=False), ("climate_fever", *_CUT_AGAIN)),
    "windows of one sentence": (Cut("1/0"), _CUT_AGAIN),
    "windows of two sentences, one shared": (Cut("2/1"), _CUT_AGAIN),
    "windows of three sentences, none shared": (Cut("3/0"), _CUT_AGAIN[:2]),
    "windows of five sentences, two shared": (Cut("5/2"), _CUT_AGAIN[:2]),
}
"""Other ways of cutting, and the sets that are small enough to be embedded again for each."""

STARTER = Path(__file__).resolve().parent
HEADINGS: Mapping[str, Callable[[Passage], Sequence[str]]] = {
    "nothing": lambda _: (),
    "title": lambda passage: (passage.source.title,),
    "title and date": lambda passage: (passage.source.title, day(passage.source.published)),
    "title, speakers and date": lambda passage: (
        passage.source.title, *passage.source.speakers, day(passage.source.published),
    ),
}  # fmt: skip
"""What may stand before a passage's text, where it is embedded and where its words are looked for."""
HEADED = (
    *((meaning, "title") for meaning in HEADINGS),
    *(("title", words) for words in HEADINGS if words != "title"),
    ("title and date", "title and date"),
)


def headings(vectors: Vectors) -> dict[str, dict[str, dict[str, float]]]:
    """Return how well the records of the starter claims are found with other headings: no retrieval set has dates."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        settings = load_settings(home=Path(folder))
        with Store.open(settings) as store:
            store.add_documents(iter_documents([STARTER.parent / "corpus" / "documents"], settings=settings))
            passages = [passage for batch in store.iter_passages() for passage in batch]
    every = (row.labelled for row in read_starter(STARTER / "claims" / "starter.jsonl"))
    claims = [claim for claim in every if claim is not None and claim.gold_documents]
    queries = vectors.of([claim.claim for claim in claims], what="starter claims")
    numbers = {source: number for number, source in enumerate(dict.fromkeys(passage.source.id for passage in passages))}
    places = [(numbers[passage.source.id], 0, 0) for passage in passages]

    def meaning(heading: str) -> list[Found]:
        texts = ["\n".join([*HEADINGS[heading](passage), passage.text]) for passage in passages]
        return [
            [(int(number), float(line[number])) for number in np.argsort(-line, kind="stable")[:DEEP]]
            for line in queries @ vectors.of(texts, what=f"starter, {heading}").T
        ]

    def words(heading: str) -> list[Found]:
        headed = [
            passage.source.model_copy(
                update={"published": None, "speakers": (), "title": "\n".join(HEADINGS[heading](passage))}
            )
            for passage in passages
        ]
        numbered = [
            passage.model_copy(update={"id": str(number), "source": source})
            for number, (passage, source) in enumerate(zip(passages, headed, strict=True))
        ]
        return by_words(numbered, [claim.claim for claim in claims])[0]

    dense, lexical = ({name: find(name) for name in HEADINGS} for find in (meaning, words))
    found: dict[str, dict[str, dict[str, float]]] = {}
    for embedded, searched in HEADED:
        replay = Replay(
            "starter", [], [], places, np.zeros((0, DIMENSION), np.float32), queries, dense[embedded], lexical[searched],
            [], [], [], [],
        )  # fmt: skip
        per_claim = {}
        for number, claim in enumerate(claims):
            ranked = with_document(weighted(FUSED), 0.1)(replay, number)
            place = next(
                at for at, (passage, _) in enumerate(ranked) if passages[passage].source.id in claim.gold_documents
            )
            per_claim[claim.id] = {"first": float(place == 0), "reciprocal rank": 1.0 / (place + 1)}
        found[f"embedded: {embedded}; words: {searched}"] = halves(per_claim)
    return found


MEASURES = ("ndcg@10", "recall@5", "recall@10", "recall@100")


def scored(replay: Replay, variant: Variant) -> dict[str, dict[str, float]]:
    """Return the figures of every claim.

    ``rationale@10``: a whole rationale lies within the first ten passages; ``sentences@10``: what share of the sentences of all
    its rationales does.
    """
    relevant, rankings, rationale = {}, {}, {}
    documents = {document.id: document for document in replay.documents}
    for number, claim in enumerate(replay.claims):
        found = variant(replay, number)
        relevant[claim.id] = claim.gold_documents
        names = dict.fromkeys(replay.documents[replay.places[place][0]].id for place, _ in found)
        rankings[claim.id] = list(names)[:100]
        if claim.rationales:
            gold = {
                name: [[documents[name].sentence_spans[n] for n in some] for some in parts]
                for name, parts in claim.rationales.items()
            }
            passages = [
                (replay.documents[d].id, start, end) for d, start, end in (replay.places[p] for p, _ in found[:10])
            ]
            rationale[claim.id] = {
                "rationale@10": float(metrics.rationale_ranks(passages, gold) is not None),
                "sentences@10": metrics.sentence_share(passages, gold),
            }
    _, per_query = metrics.retrieval(relevant, rankings)
    return {
        claim: {
            **{name: figures[name] for name in MEASURES},
            **rationale.get(claim, {}),
        }
        for claim, figures in per_query.items()
    }


def halves(per_claim: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """Return the means over the half for choosing and the half for reporting, drawn by the hash of the claim's id."""
    means: dict[str, dict[str, float]] = {}
    for half, parity in (("choose", 0), ("report", 1)):
        rows = [row for claim, row in per_claim.items() if drawn(claim)[-1] % 2 == parity]
        names = sorted({name for row in rows for name in row})
        means[half] = {
            name: metrics.rounded(float(np.mean([row[name] for row in rows if name in row]))) for name in names
        } | {"n": float(len(rows))}
        if labelled := sum("rationale@10" in row for row in rows):
            means[half]["n with rationale"] = float(labelled)
    return means


@app.command()
def table(  # noqa: PLR0913, PLR0917  an argument for every option
    data: Annotated[Path, typer.Option(help="Folder of the retrieval sets.")],
    cache: Annotated[Path, typer.Option(help="SQLite file outside the repository; what it lacks is embedded.")],
    sets: Annotated[str, typer.Option(help="Names, separated by commas.")] = ",".join(SETS),
    most: Annotated[int, typer.Option(min=0, help="Claims of a set; 0: all.")] = 0,
    passages: Annotated[int, typer.Option(min=0, help="Passages of a set beyond the gold documents'; 0: all.")] = 0,
    wide: Annotated[str, typer.Option(help="Other numbers of claims, such as wice=120.")] = "",
    cuts: Annotated[bool, typer.Option(help="Also other ways of cutting and wording passages.")] = True,  # noqa: FBT002  Typer's way of a flag
    only: Annotated[str, typer.Option(help="Variants whose name holds this.")] = "",
    out: Annotated[Path, typer.Option(help="Folder of the results.")] = Path("evals/results"),
) -> None:
    """Replay the variants and write ``search-ablation.json`` and ``.md``; sets that are not named keep their rows."""
    draw = Draw(most, passages, {part.split("=")[0]: int(part.split("=")[1]) for part in wide.split(",") if part})
    chosen = sets.split(",")
    file = out / "search-ablation.json"
    earlier = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {"sets": {}, "variants": {}}
    rows: dict[str, dict[str, dict[str, dict[str, float]]]] = earlier["variants"]
    sizes: dict[str, dict[str, int]] = earlier["sets"]
    plan = [("", Cut(), tuple(chosen))] + ([(name, *how) for name, how in CUTS.items()] if cuts else [])
    with closing(Vectors(cache, load_settings())) as vectors:
        for title, how, names in plan:
            for name in [name for name in names if name in chosen]:
                replay = prepared(name, data, vectors, how, draw)
                if not title:
                    sizes[name] = {
                        "documents": len(replay.documents),
                        "passages": len(replay.places),
                        "claims": len(replay.claims),
                    }
                variants = {title: with_document(weighted(FUSED), 0.1)} if title else VARIANTS
                for label, variant in variants.items():
                    if only in label:
                        rows.setdefault(label, {})[name] = halves(scored(replay, variant))
                print(f"{name} {title}: replayed", file=sys.stderr, flush=True)
        headed = headings(vectors)
    result = {"sets": sizes, "variants": rows, "headings": headed, "date": dt.datetime.now(dt.UTC).date().isoformat()}
    out.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    told = told_table(result)
    (out / "search-ablation.md").write_text(told, encoding="utf-8")
    print(told)


def told_table(result: Mapping[str, object]) -> str:
    """Return the table in Markdown: nDCG@10 by set, the means of both halves, and the rationales' recall."""
    head = [
        "# What each part of the search is worth",
        "",
        f"`python -m evals.ablation`, {result['date']}. Document nDCG@10 on the half of each set's claims kept",
        "for reporting; *choose* is the mean over the sets on the other half, by which a variant is chosen; *rationale* is",
        "the share of claims of which a whole gold rationale lies within ten passages (sets that have rationales), of the half",
        "before it. Claims are embedded as passages are, without the adapters, which learnt from most of them:",
        "[search-claims.md](search-claims.md). Some vectors were computed in bfloat16. Other ways of cutting and wording have",
        "figures of some sets only,",
        "to be compared set by set with “… 0.5 and the document's other passages 0.1”: what the product did before its claims",
        "went through adapters, with windows of three sentences, one shared, under their title.",
    ]
    headed: dict[str, dict[str, dict[str, float]]] = result.get("headings", {})  # type: ignore[assignment]
    measures = [(half, measure) for half in ("choose", "report") for measure in ("first", "reciprocal rank")]
    lines = [
        "| " + " | ".join([name, *(f"{by[half][measure]:.3f}" for half, measure in measures)]) + " |"
        for name, by in headed.items()
    ]
    more = [
        "",
        "What stands before a passage's text, on the starter corpus, whose sources have dates and speakers: the share of",
        "claims of which a passage of a record that bears on it comes first, and the mean reciprocal rank.",
        "",
        "| heading | choose: first | reciprocal rank | report: first | reciprocal rank |",
        "|---|---|---|---|---|",
        *lines,
    ]
    return "\n".join([*head, "", *table_lines(result), *(more if headed else [])]) + "\n"


def table_lines(result: Mapping[str, object]) -> list[str]:
    """Return the sets and the variants as rows."""
    rows: dict[str, dict[str, dict[str, dict[str, float]]]] = result["variants"]  # type: ignore[assignment]
    sizes: dict[str, dict[str, int]] = result["sets"]  # type: ignore[assignment]
    lines = [
        "| set | documents | passages | claims |",
        "|---|---|---|---|",
        *(
            f"| {name} | {size['documents']:,} | {size['passages']:,} | {size['claims']:,} |"
            for name, size in sizes.items()
        ),
        "",
        "| variant | choose | rationale | report | rationale | " + " | ".join(sizes) + " |",
        "|---|---|---|---|---|" + "---|" * len(sizes),
    ]

    def mean(values: Sequence[float]) -> str:
        return f"{np.mean(values):.3f}" if values else "–"

    for label, by_set in rows.items():
        cells = [f"{by_set[name]['report']['ndcg@10']:.3f}" if name in by_set else "" for name in sizes]
        means = [
            mean([figures[half][measure] for figures in by_set.values() if measure in figures[half]])
            for half in ("choose", "report")
            for measure in ("ndcg@10", "rationale@10")
        ]
        lines.append("| " + " | ".join([label, *means, *cells]) + " |")
    return lines


if __name__ == "__main__":
    app()
