"""Choose the stance model in force and how many passages the accurate network decides: quality beside seconds.

Each sampled development claim is put against a pool as search would give it: its own evidence and the nearest evidence of
other claims of its set (MiniLM cosine), a dozen passages in all. The judge and the verdict are the product's own. A verdict is
right when it is the label of the claim's own evidence; claims whose evidence has several labels are left out. Other claims'
evidence is taken to be silent, which is not always so: figures compare settings, they are not the product's accuracy.

Every network reads each pair once; a setting is charged the time that the pairs it asked for took then, so all are compared on
the same clock. ``reached`` is the share of claims of which the deciding network read a window of their own evidence.

Command (from the repository root; about ten minutes on two cores)::

    python -m training.stance.choose_cascade --pairs ../shared/data/pairs --home ../run/cascade

Without the accurate tier, ``--deciding fast`` measures which passages are reached, and nothing else of interest.
"""

from __future__ import annotations

import argparse
import datetime as dt
import hashlib
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from onrecord import verdict
from onrecord.corpus.windows import cut
from onrecord.index import load_embedder
from onrecord.records import Claim, Hit, Passage, Source, SourceKind, Span, VerdictLabel
from onrecord.settings import Settings, load_settings
from onrecord.stance import JudgeItem, cascade, nli
from onrecord.stance.calibrate import Calibration, Floats
from onrecord.stance.judge import judge_with
from training.stance.calibrate import macro_f1
from training.stance.mixture import LABELS, Pair, read_pairs

SETS = ("scifact", "healthver", "check_covid", "climate_fever", "fever_nli", "emergent", "feverous")
"""Development sets with more than one label in which evidence is found, not made."""
_LABEL = {
    VerdictLabel.SUPPORTED: "supports",
    VerdictLabel.REFUTED: "refutes",
    VerdictLabel.NOT_ENOUGH_EVIDENCE: "neutral",
    VerdictLabel.CONFLICTING: "conflicting",
}


@dataclass
class Metered:
    """A network that reads each pair once and charges for it whenever it is asked."""

    network: nli.CrossEncoder
    charged: float = 0.0
    asked: int = 0
    read: set[cascade.Pair] = field(default_factory=set)
    """What was asked for since the last ``reset``."""
    _logits: dict[cascade.Pair, Floats] = field(default_factory=dict)
    _seconds: dict[cascade.Pair, float] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As the network's."""
        return self.network.name

    @property
    def sha256(self) -> str:
        """As the network's."""
        return self.network.sha256

    @property
    def calibration(self) -> Calibration:
        """As the network's."""
        return self.network.calibration

    def reset(self) -> None:
        """Begin another setting."""
        self.charged, self.asked = 0.0, 0
        self.read.clear()

    def logits(self, pairs: Sequence[cascade.Pair]) -> Floats:
        """Return the network's logits, and charge for them; the time of a call is shared out by the pairs' lengths."""
        new = [pair for pair in pairs if pair not in self._logits]
        if new:
            started = time.perf_counter()
            rows = self.network.logits(new)
            rate = (time.perf_counter() - started) / sum(len(a) + len(b) for a, b in new)
            for (a, b), row in zip(new, rows, strict=True):
                self._logits[a, b], self._seconds[a, b] = row, rate * (len(a) + len(b))
        self.asked += len(pairs)
        self.charged += sum(self._seconds[pair] for pair in pairs)
        self.read.update(pairs)
        return np.stack([self._logits[pair] for pair in pairs])


@dataclass(frozen=True, slots=True)
class Case:
    """A claim, its label, the questions to its pool, and the ids of the passages that are its own evidence."""

    dataset: str
    label: str
    claim: Claim
    items: tuple[JudgeItem, ...]
    own: frozenset[str]


def cases(pairs: Sequence[Pair], *, most: int, pool: int, settings: Settings) -> Iterator[Case]:
    """Yield at most ``most`` cases of one set: the claims whose texts hash lowest."""
    grouped: dict[str, list[Pair]] = defaultdict(list)
    for pair in pairs:
        grouped[pair.claim].append(pair)
    single = [claim for claim, some in grouped.items() if len({pair.label for pair in some}) == 1]
    chosen = sorted(single, key=lambda claim: hashlib.sha256(claim.encode()).digest())[:most]
    texts = list(dict.fromkeys(pair.evidence for pair in pairs))
    embedder = load_embedder(settings)
    near = embedder.encode(chosen) @ embedder.encode(texts).T
    for number, (claim, cosines) in enumerate(zip(chosen, near, strict=True)):
        own = list(dict.fromkeys(pair.evidence for pair in grouped[claim]))
        others = (texts[n] for n in np.argsort(-cosines) if texts[n] not in own)
        made = bare_claim(claim, number)
        passages = [(text, passage) for text in own for passage in passages_of(text, settings)]
        for text in others:
            if len(passages) >= pool:
                break
            passages += [(text, passage) for passage in passages_of(text, settings)]
        vectors = embedder.encode([passage.text for _, passage in passages])
        claimed = embedder.encode([claim])[0]
        items = [
            JudgeItem(
                made,
                passage,
                Hit(
                    passage_id=passage.id,
                    query=claim,
                    dense_score=float(np.clip(vector @ claimed, -1.0, 1.0)),
                    fused_score=1.0,
                ),
                "true",
                claim,
            )
            for (_, passage), vector in zip(passages, vectors, strict=True)
        ]
        mine = frozenset(passage.id for text, passage in passages if text in own)
        yield Case(pairs[0].dataset, grouped[claim][0].label, made, tuple(items), mine)


def bare_claim(text: str, number: int) -> Claim:
    """Return a claim that is its own article."""
    return Claim(
        id=f"c{number}-0",
        span=Span(start=0, end=len(text)),
        text=text,
        standalone=text,
        proposition=text,
        check_worthiness_probability=1.0,
        why="a labelled claim",
    )


def passages_of(text: str, settings: Settings) -> list[Passage]:
    """Cut evidence into passages as the corpus does; each text is a source of its own."""
    name = f"e{hashlib.sha256(text.encode()).hexdigest()[:16]}"
    source = Source(
        id=name,
        title="",  # the networks read a title as a heading
        kind=SourceKind.DOCUMENT,
        publisher="development set",
        primary=False,
        retrieved_at=dt.datetime(1970, 1, 1, tzinfo=dt.UTC),
        current_version_id=f"{name}@1",
    )
    return [
        Passage(
            id=f"{name}@1:{window.span.start}-{window.span.end}",
            source=source,
            version_id=f"{name}@1",
            span=window.span,
            text=window.span.of(text),
            sentences=window.sentences,
        )
        for window in cut(text, kind=SourceKind.DOCUMENT, speakers=(), settings=settings)
    ]


def measure(
    name: str, everything: Sequence[Case], networks: cascade.Networks, meters: Sequence[Metered], settings: Settings
) -> dict[str, Any]:
    """Return quality and cost of one setting."""
    for meter in meters:
        meter.reset()
    predicted: list[str] = []
    reached = 0
    for case in everything:
        meters[-1].read.clear()
        evidence = judge_with(networks, case.items, settings=settings)
        predicted.append(_LABEL[verdict.decide(case.claim, evidence, settings=settings).label])
        own = {text for text, _ in meters[-1].read}
        reached += any(
            window.of(item.passage.text) in own
            for item in case.items
            if item.passage.id in case.own
            for span in (item.passage.span, *item.passage.sentences)
            for window in (span.shifted(-item.passage.span.start),)
        )
    columns = {label: number for number, label in enumerate((*LABELS, "conflicting"))}

    def score(rows: Sequence[int]) -> tuple[float, float]:
        gold = np.array([columns[everything[n].label] for n in rows])
        found = np.array([columns[predicted[n]] for n in rows])
        return float((gold == found).mean()), macro_f1(gold, found)

    sets = {
        dataset: score([n for n, case in enumerate(everything) if case.dataset == dataset])
        for dataset in dict.fromkeys(case.dataset for case in everything)
    }
    seconds = sum(meter.charged for meter in meters)
    return {
        "setting": name,
        "accuracy": round(float(np.mean([one[0] for one in sets.values()])), 4),
        "macro_f1": round(float(np.mean([one[1] for one in sets.values()])), 4),
        "reached": round(reached / len(everything), 4),
        "seconds_for_15_claims": round(15 * seconds / len(everything), 2),
        "pairs_for_a_claim": {meter.name: round(meter.asked / len(everything), 1) for meter in meters},
        "sets": {dataset: [round(value, 3) for value in one] for dataset, one in sets.items()},
    }


def _numbers(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def main() -> None:
    """Measure every setting; a table on stderr, JSON on stdout."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=Path, required=True, help="folder with dev/")
    parser.add_argument("--home", type=Path, required=True, help="where the base networks are joined")
    parser.add_argument("--deciding", default="accurate", help="the network that decides: a tier, a folder or a name")
    parser.add_argument("--claims", type=int, default=40, help="claims of each set")
    parser.add_argument("--pool", type=int, default=12, help="passages of a claim, as ONRECORD_TOP_K")
    parser.add_argument("--passages", type=_numbers, default=[2, 3, 4, 5, 6, 8, 12])
    parser.add_argument("--sets", nargs="*", default=SETS)
    parser.add_argument("--threads", type=int, default=0)
    options = parser.parse_args()
    settings = load_settings(home=options.home, threads=options.threads)
    fast, deciding = (Metered(nli.load_tier(settings, name)) for name in ("fast", options.deciding))
    everything = [
        case
        for name in options.sets
        for case in cases(
            list(read_pairs(options.pairs / "dev" / f"{name}.jsonl.gz")),
            most=options.claims,
            pool=options.pool,
            settings=settings,
        )
    ]
    rows = [
        measure("fast", everything, cascade.Networks(fast), [fast], settings),
        measure(options.deciding, everything, cascade.Networks(deciding), [deciding], settings),
    ]
    for passages in options.passages:
        limited = settings.model_copy(update={"stance_passages": passages})
        name = f"cascade, {passages} passages"
        rows.append(measure(name, everything, cascade.Networks(deciding, fast), [fast, deciding], limited))
    sys.stderr.write(
        f"{len(everything)} claims of {len(options.sets)} sets\n"
        "| setting | accuracy | macro-F1 | own evidence reached | s for 15 claims |\n|---|---|---|---|---|\n"
    )
    for row in rows:
        sys.stderr.write(
            f"| {row['setting']} | {row['accuracy']:.3f} | {row['macro_f1']:.3f} | {row['reached']:.3f} | "
            f"{row['seconds_for_15_claims']:.2f} |\n"
        )
    print(json.dumps(rows, indent=1))


if __name__ == "__main__":
    main()
