"""Lists to learn from: a claim, what decides it, and what the search finds beside that.

Claims are those of ``pairs/train`` whose evidence supports or refutes them; no claim of ``pairs/dev`` or ``measure_only`` is
used, and no claim of a retrieval set that is not in ``pairs/train``. Where a set has a corpus, its claims are searched in the
product's windows of it, and the windows that hold a gold sentence are what decides. Elsewhere all evidence of the set is
searched. What the product's own word index finds and is not gold becomes the list's negatives; evidence that annotators called
neutral for the claim comes first.

Commands (from the repository root)::

    python -m training.rerank.lists --data ../shared/data --output RUN/lists.jsonl
    python -m training.rerank.lists --data ../shared/data --output RUN/dev.jsonl --split dev
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evals import ablation
from evals.ablation import drawn, passage_of, spans, worded
from evals.data import CorpusDocument, Gold, LabelledClaim, read_claims, read_corpus
from onrecord.records import Passage
from onrecord.settings import load_settings
from training.stance.mixture import Pair, dev_claims, normalised, read_pairs

WITH_CORPUS = ("scifact", "check_covid", "climate_fever", "fool_me_twice", "politihop")
"""Retrieval sets of which claims are in ``pairs/train``."""
EVIDENCE_ONLY = ("fever_dev", "fever_nli", "feverous", "healthver", "factcheck_gpt", "emergent", "vitaminc_sample")
MOST_CLAIMS = 5000
"""Of one set, drawn by the hash of the claim."""
POSITIVES, NEGATIVES = 4, 24
DEPTH = 60
"""Places of the ranking from which negatives are taken."""
SAME_WORDS = 0.8
"""A passage that holds this share of a gold passage's words says the same, whatever the annotators had before them."""


@dataclass(frozen=True, slots=True)
class ClaimList:
    """A claim with passages that decide it and passages that do not, the nearest first."""

    dataset: str
    claim: str
    positives: tuple[str, ...]
    negatives: tuple[str, ...]


def from_corpus(name: str, data: Path, allowed: frozenset[str]) -> Iterator[ClaimList]:
    """Yield the lists of a retrieval set's claims whose wording is in ``allowed``."""
    folder, settings = data / "retrieval" / name, load_settings()
    claims = [
        claim
        for claim in read_claims(folder / "claims.jsonl.gz")
        if claim.gold_documents
        and normalised(claim.claim) in allowed
        and claim.gold in {Gold.SUPPORTS, Gold.REFUTES, Gold.DISPUTED}
    ]
    claims = sorted(claims, key=lambda claim: drawn(claim.claim))[:MOST_CLAIMS]
    documents = read_corpus(folder / "corpus.jsonl.gz")
    places = spans(documents, settings)
    passages = [passage_of(number, documents[n], start, end) for number, (n, start, end) in enumerate(places)]
    texts = worded(documents, settings, header=True)
    for claim, found in zip(claims, by_words(passages, [claim.claim for claim in claims]), strict=True):
        gold = gold_windows(documents, places, claim)
        yield from listed(name, claim.claim, [texts[place] for place in gold], (), found, gold, texts)


def gold_windows(
    documents: Sequence[CorpusDocument], places: Sequence[tuple[int, int, int]], claim: LabelledClaim
) -> dict[int, None]:
    """Return the passages that hold at least half of a gold sentence; of a gold document without sentences, all."""
    gold = set(claim.gold_documents)
    wanted: dict[int, list[tuple[int, int]]] = {}
    for at, document in enumerate(documents):
        if document.id in gold:
            sentences = {number for some in claim.rationales.get(document.id, ()) for number in some}
            wanted[at] = [document.sentence_spans[n] for n in sorted(sentences)] or list(document.sentence_spans)
    return {
        place: None
        for place, (document, start, end) in enumerate(places)
        if any(2 * (min(end, last) - max(start, first)) >= last - first for first, last in wanted.get(document, ()))
    }


def from_evidence(name: str, pairs: Sequence[Pair]) -> Iterator[ClaimList]:
    """Yield the lists of a set of pairs: its claims are searched in all of its evidence."""
    texts = list(dict.fromkeys(pair.evidence for pair in pairs))
    place = {text: number for number, text in enumerate(texts)}
    by_claim: dict[str, list[Pair]] = {}
    for pair in pairs:
        by_claim.setdefault(pair.claim, []).append(pair)
    deciding = sorted((c for c, some in by_claim.items() if any(p.label != "neutral" for p in some)), key=drawn)
    claims = deciding[:MOST_CLAIMS]
    whole = [CorpusDocument(id="", title="", sentences=(text,)) for text in texts]
    passages = [passage_of(number, one, 0, len(one.text)) for number, one in enumerate(whole)]
    for claim, found in zip(claims, by_words(passages, claims), strict=True):
        own = by_claim[claim]
        gold = {place[pair.evidence]: None for pair in own if pair.label != "neutral"}
        neutral = tuple(pair.evidence for pair in own if pair.label == "neutral")
        yield from listed(name, claim, [texts[one] for one in gold], neutral, found, gold, texts)


def by_words(passages: Sequence[Passage], claims: Sequence[str]) -> list[list[int]]:
    """Return for each claim the numbers of the passages that share its words, best first."""
    (found,) = ablation.by_words(passages, claims)
    return [[number for number, _ in hits[:DEPTH]] for hits in found]


def listed(  # noqa: PLR0913, PLR0917  what makes one list
    name: str,
    claim: str,
    positives: Sequence[str],
    neutral: Sequence[str],
    found: Sequence[int],
    gold: dict[int, None],
    texts: Sequence[str],
) -> Iterator[ClaimList]:
    """Yield the list of a claim, or nothing where nothing decides it or nothing stands beside that."""
    said = [frozenset(normalised(text).split()) for text in positives]
    near = [
        texts[place]
        for place in found
        if place not in gold
        and not any(
            len(words & frozenset(normalised(texts[place]).split())) >= SAME_WORDS * len(words) for words in said
        )
    ]
    negatives = tuple(dict.fromkeys([*neutral, *near]))[:NEGATIVES]
    if positives and negatives:
        yield ClaimList(name, claim, tuple(positives[:POSITIVES]), negatives)


def main() -> None:
    """Write the lists as JSON lines and print their counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="folder with pairs/ and retrieval/")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument(
        "--split", choices=("train", "dev"), default="train", help="dev: to choose a run by; sets without a corpus only"
    )
    options = parser.parse_args()
    forbidden = dev_claims(options.data / "pairs") if options.split == "train" else frozenset[str]()
    counts: Counter[str] = Counter()
    part = options.output.with_suffix(".part")
    with part.open("w", encoding="utf-8") as out:
        for name in (*EVIDENCE_ONLY, *WITH_CORPUS):
            path = options.data / "pairs" / options.split / f"{name}.jsonl.gz"
            if not path.exists() or (options.split == "dev" and name in WITH_CORPUS):
                continue
            pairs = [pair for pair in read_pairs(path) if normalised(pair.claim) not in forbidden]
            if name in WITH_CORPUS:
                made = from_corpus(name, options.data, frozenset(normalised(pair.claim) for pair in pairs))
            else:
                made = from_evidence(name, pairs)
            for one in made:
                row = {"dataset": name, "claim": one.claim, "positives": one.positives, "negatives": one.negatives}
                out.write(json.dumps(row, ensure_ascii=False) + "\n")
                counts[name] += 1
            sys.stderr.write(f"{name}: {counts[name]} lists\n")
    part.replace(options.output)


if __name__ == "__main__":
    main()
