"""Quotations against all addresses: are the words found, at the right place, and is what was done to them seen?

The quotations are made by rule from the corpus itself (``evals.quotations``), 2,500 by a seed; a part of the
addresses is kept out of the corpus, and their sentences are the ones not to be found. Every quotation goes the product's way:
the passages that may hold it from the whole corpus, then what became of it. Embeddings play no part in it, so the corpus is
built without them: store and word index, in seconds.
"""

from __future__ import annotations

import collections
import hashlib
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from evals import metrics
from evals.data import DataFile, EvalDataError, sample
from evals.quotations import MadeQuotation, Record, make_quotations, utterances
from evals.result import Item
from evals.tasks import Outcome, Request, Task
from onrecord import corpus, documents
from onrecord.index.lexical import LexicalEngine
from onrecord.index.quotations import find_passages
from onrecord.records import (
    Document,
    Passage,
    Quotation,
    QuotationCheck,
    QuotationOutcome,
    SearchFilters,
    SourceKind,
    Span,
)
from onrecord.settings import Settings
from onrecord.stance.quoted import verify_quotation

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = ROOT / "corpus" / "mappings" / "shared.toml"
FOLDERS = ("speech", "coverage")
WITHHELD = 25
"""One source in so many is kept out of the corpus, chosen by the hash of its id."""
EXACT = (QuotationOutcome.VERBATIM, QuotationOutcome.MINOR)
AGAINST = {
    "exact_against_altered": (EXACT, (QuotationOutcome.ALTERED,)),
    "altered_against_exact": ((QuotationOutcome.ALTERED,), EXACT),
    "exact_against_all": (EXACT, tuple(outcome for outcome in QuotationOutcome if outcome not in EXACT)),
}
"""Outcomes that are told from others."""
BATCH = 2_000


def run(request: Request) -> Outcome:
    """Build the corpus, make the quotations, verify every one and score what became of it."""
    base = request.inputs["data"]
    missing = [name for name in FOLDERS if not (base / name).is_dir()]
    if missing:
        message = (
            f"{base}: no folder {' and no folder '.join(missing)}; give the base folder of corpus/mappings/shared.toml"
        )
        raise EvalDataError(message)
    kept_out = _store(base, request)
    with corpus.Store.open(request.settings) as store:
        passages = [passage for batch in store.iter_passages(batch_size=BATCH) for passage in batch]
        engine = _indexed(passages, request.settings)
        spoken = [passage for passage in passages if passage.source.kind is SourceKind.TRANSCRIPT]
        texts = {
            source.id: store.version(source.current_version_id).text
            for source in {passage.source.id: passage.source for passage in spoken}.values()
        }
        made = make_quotations(utterances(iter(spoken)), utterances(iter(kept_out)), Record(texts), seed=request.seed)
        made = sample(made, request.limit, request.seed)
        checks: list[QuotationCheck] = []
        spent: list[float] = []
        for number, item in enumerate(made):
            started = time.perf_counter()
            checks.append(_verify(item, store, engine))
            spent.append(1000 * (time.perf_counter() - started))
            request.progress("verifying quotations", number + 1, len(made))
    digest = hashlib.sha256("\n".join(f"{item.id}\t{item.text}" for item in made).encode()).hexdigest()
    return Outcome(
        metrics=figures_of(made, checks, spent),
        intervals=metrics.share_intervals(
            shares_of(made, checks), groups=[str(place) for place in range(len(made))], seed=request.seed
        ),
        baselines={"majority": majority(made)},
        items=[
            Item(
                id=item.id,
                claim=item.text,
                gold=item.gold.value,
                predicted=check.outcome.value,
                right=_right(item, check),
                details={
                    "speaker": item.speaker,
                    "said": [str(day) for day in item.said or ()],
                    "sources": sorted(item.sources),
                    "found": [place.passage.source.id for place in check.places],
                    "message": check.message,
                },
            )
            for item, check in zip(made, checks, strict=True)
        ],
        models=(),
        data=DataFile(path=str(base), sha256=digest, n=len(made)),
        corpus=DataFile(path=str(base), sha256=_texts_sha256(passages), n=len({p.source.id for p in passages})),
        notes=(
            f"{len(passages):,} passages in the corpus; built without embeddings, which play no part",
            f"one source in {WITHHELD} is kept out, and the sentences not to be found are theirs",
            "a quotation that is not found, or not given to anybody, is right only if the rule says so",
        ),
    )


def _store(base: Path, request: Request) -> list[Passage]:
    """Fill the corpus but for the sources kept out, and return the passages that those would have had."""
    settings, out = request.settings, request.settings.home / "kept-out"

    def incoming(*, kept: bool) -> Iterator[Document | documents.ReadFailure]:
        parts = documents.load_collection(COLLECTION, base)
        for document in documents.iter_collection(parts, settings=settings):
            if isinstance(document, documents.ReadFailure) or _is_kept_out(document) is kept:
                yield document

    for home, kept in ((settings, False), (settings.model_copy(update={"home": out, "database_url": ""}), True)):
        with corpus.Store.open(home) as store:
            report = store.add_documents(
                incoming(kept=kept), progress=lambda done: request.progress("storing", done, 0)
            )
            if report.failed:
                message = f"{base}: {report.failed} documents could not be stored: {report.items[0].reason}"
                raise EvalDataError(message)
            if kept:
                return [passage for batch in store.iter_passages(batch_size=BATCH) for passage in batch]
    raise AssertionError


def _is_kept_out(document: Document) -> bool:
    spoken = document.metadata.get("kind") == SourceKind.TRANSCRIPT.value
    return spoken and hashlib.sha256(document.metadata["id"].encode()).digest()[0] % WITHHELD == 0


def _indexed(passages: Sequence[Passage], settings: Settings) -> LexicalEngine:
    """Return the word index of the passages; one that is there already and holds as many is taken as it is."""
    engine = LexicalEngine(settings.home / "tantivy")
    if engine.count() != len(passages):
        engine.delete([identity for page in engine.fingerprints() for identity in page])
        engine.upsert(passages)
        engine.commit()
    return engine


def _verify(item: MadeQuotation, store: corpus.Store, engine: LexicalEngine) -> QuotationCheck:
    found = find_passages([item.text], store, engine, filters=SearchFilters())[0]
    quotation = Quotation(span=Span(start=0, end=len(item.text)), text=item.text)
    return verify_quotation(quotation, found, speaker=item.speaker, said=item.said)


def _right(item: MadeQuotation, check: QuotationCheck) -> bool:
    """Tell whether the outcome is the rule's; verbatim and minor are one answer, for what differs in print is arguable."""
    return check.outcome is item.gold or (check.outcome in EXACT and item.gold in EXACT)


def figures_of(
    made: Sequence[MadeQuotation], checks: Sequence[QuotationCheck], spent: Sequence[float]
) -> dict[str, object]:
    """Return the metrics of quotations, the outcomes given to them, and the milliseconds each took."""
    pairs = list(zip(made, checks, strict=True))
    right = [_right(item, check) for item, check in pairs]
    first = [
        bool(check.places) and check.places[0].passage.source.id in item.sources
        for item, check in pairs
        if item.sources
    ]
    outcomes = [outcome.value for outcome in QuotationOutcome]
    gold, predicted = [item.gold.value for item in made], [check.outcome.value for check in checks]
    confusion = {
        one: {
            two: n for two in outcomes if (n := sum(pair == (one, two) for pair in zip(gold, predicted, strict=True)))
        }
        for one in outcomes
    }
    by_kind = metrics.per_kind([item.kind for item in made], right)
    return {
        "accuracy": _share(right),
        **{name: _against(pairs, *sides) for name, sides in AGAINST.items()},
        "right_source_first": _share(first),
        "milliseconds": {f"p{n}": metrics.rounded(float(np.percentile(spent, n))) for n in (50, 95, 99)},
        "per_kind": by_kind,
        "confusion": confusion,
    }


def _share(hits: Sequence[bool]) -> float:
    return metrics.rounded(sum(hits) / len(hits)) if hits else 0.0


def _against(
    pairs: Sequence[tuple[MadeQuotation, QuotationCheck]],
    positive: Sequence[QuotationOutcome],
    negative: Sequence[QuotationOutcome],
) -> dict[str, float]:
    """Return precision and recall of the outcomes ``positive`` among quotations whose right answer is of either group."""
    among = [
        (item.gold in positive, check.outcome in positive)
        for item, check in pairs
        if item.gold in (*positive, *negative)
    ]
    return {
        "precision": _share([gold for gold, predicted in among if predicted]),
        "recall": _share([predicted for gold, predicted in among if gold]),
    }


def majority(made: Sequence[MadeQuotation]) -> dict[str, object]:
    """Score the answer that is right most often, verbatim and minor being one."""
    counts = collections.Counter(EXACT[0] if item.gold in EXACT else item.gold for item in made)
    [(label, count)] = counts.most_common(1)
    return {"label": label.value, "accuracy": metrics.rounded(count / len(made))}


def shares_of(made: Sequence[MadeQuotation], checks: Sequence[QuotationCheck]) -> metrics.Shares:
    """Return the figures of ``figures_of`` that are shares of quotations, by dotted name, for their intervals."""
    right = [_right(item, check) for item, check in zip(made, checks, strict=True)]
    known = [bool(item.sources) for item in made]
    first = [
        bool(check.places) and check.places[0].passage.source.id in item.sources
        for item, check in zip(made, checks, strict=True)
    ]
    shares: dict[str, tuple[metrics.Part, metrics.Part]] = {
        "accuracy": (right, [True] * len(right)),
        "right_source_first": ([hit and asked for hit, asked in zip(first, known, strict=True)], known),
        **metrics.shares_of_kinds([item.kind for item in made], right),
    }
    for name, (positive, negative) in AGAINST.items():
        among = [item.gold in (*positive, *negative) for item in made]
        gold = [item.gold in positive for item in made]
        taken = [inside and check.outcome in positive for inside, check in zip(among, checks, strict=True)]
        both = [wanted and given for wanted, given in zip(gold, taken, strict=True)]
        shares[f"{name}.precision"], shares[f"{name}.recall"] = (both, taken), (both, gold)
    return shares


def _texts_sha256(passages: Sequence[Passage]) -> str:
    return hashlib.sha256("\n".join(sorted({passage.version_id for passage in passages})).encode()).hexdigest()


TASK = Task(
    name="quotations",
    summary="Quotations made by rule from real addresses, verified against all of them.",
    inputs=("data",),
    run=run,
    defaults={"data": ROOT.parent / "shared" / "data"},
)
