r"""Claims beside the passages that search finds for them: what the stance networks meet in use.

The labelled pairs are sentences chosen by hand; in use a network reads windows of three sentences under the title of their
source, most of which are near the claim and do not decide it. For the claims of ``pairs/train`` whose retrieval set is at hand
this searches the set as the product does and writes, for each claim, passages that hold a whole rationale, with the claim's
label, and passages of other documents from among the first twelve but three, as neutral. Where the annotators say that a cited
document does not decide the claim, its passages are neutral too. Other passages of a deciding document, or of the
page that it is a sentence of (Climate-FEVER), are left out: what they say of the claim, nobody has labelled. That a passage of
another document decides nothing is not labelled either, and seldom wrong. Of each set no more neutral windows are kept than
deciding ones.

Command (from the repository root; about two minutes once the vectors are kept)::

    python -m training.stance.searched --data ../shared/data --cache VECTORS.db --output RUN/searched.jsonl
"""

from __future__ import annotations

import argparse
import random
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from evals import metrics
from evals.ablation import Cut, Draw, Replay, Vectors, as_product, by_meaning, passage_of, prepared
from evals.data import CorpusDocument, Gold, LabelledClaim, read_claims, read_corpus
from onrecord.index.embed import load_embedder
from onrecord.settings import Settings, load_settings
from onrecord.stance.windows import heading_of
from training.stance.mixture import Label, Pair, dev_claims, normalised, read_pairs, write_pairs

SETS = ("scifact", "check_covid", "climate_fever", "fool_me_twice")
MOST_DECIDING, MOST_NEUTRAL = 3, 2
"""Passages of a claim, of either kind."""
NEAREST = 3
"""The first passages found are left out where nobody has labelled them: too many of them do decide the claim."""
LABEL: dict[Gold, Label] = {Gold.SUPPORTS: "supports", Gold.REFUTES: "refutes", Gold.NEUTRAL: "neutral"}


@dataclass(frozen=True, slots=True)
class Learnt(Draw):
    """All claims of a set that may be learnt from, with whole corpora."""

    allowed: frozenset[str] = frozenset()

    def of(self, data: Path, name: str) -> tuple[list[CorpusDocument], list[LabelledClaim]]:
        """Read a set and keep the claims in ``allowed``."""
        claims = read_claims(data / name / "claims.jsonl.gz")
        return read_corpus(data / name / "corpus.jsonl.gz"), [
            claim for claim in claims if claim.gold in LABEL and normalised(claim.claim) in self.allowed
        ]


def page_of(document: str) -> str:
    """Return the page of which a document is a sentence, or the document.

    >>> page_of("Global warming:14"), page_of("ph-37275d6f3f6c")
    ('Global warming', 'ph-37275d6f3f6c')
    """
    return document.rpartition(":")[0] or document


def of_claim(replay: Replay, number: int, settings: Settings, chance: random.Random) -> Iterator[tuple[int, Label]]:
    """Yield places of passages with what they say of a claim."""
    claim = replay.claims[number]
    ranked = as_product(settings)(replay, number)
    found = [place for place, _ in ranked]
    gold, cited = set(claim.gold_documents), set(claim.cited_documents)
    label = LABEL[claim.gold]

    def whole(place: int) -> bool:
        at, start, end = replay.places[place]
        document = replay.documents[at]
        rationales = [[document.sentence_spans[n] for n in some] for some in claim.rationales.get(document.id, ())]
        if not rationales:
            return document.id in gold
        passage = (document.id, start, end)
        return metrics.rationale_ranks([passage], {document.id: rationales}, overlap=1.0) is not None

    of_document = {place: replay.documents[replay.places[place][0]].id for place in found}
    if label != "neutral":
        for place in [place for place in found if of_document[place] in gold and whole(place)][:MOST_DECIDING]:
            yield place, label
    pages = {page_of(document) for document in gold | cited}
    undecided = [place for place in found[NEAREST : settings.top_k] if page_of(of_document[place]) not in pages]
    if label == "neutral":
        for place in [place for place in found if of_document[place] in cited | gold][:MOST_DECIDING]:
            yield place, "neutral"
    for place in chance.sample(undecided, min(MOST_NEUTRAL, len(undecided))):
        yield place, "neutral"


def balanced(pairs: Sequence[Pair], chance: random.Random) -> list[Pair]:
    """Return pairs with no more neutral ones than others: where most are neutral, a network learns to decide nothing."""
    neutral = [pair for pair in pairs if pair.label == "neutral"]
    kept = {id(pair) for pair in chance.sample(neutral, min(len(neutral), len(pairs) - len(neutral)))}
    return [pair for pair in pairs if pair.label != "neutral" or id(pair) in kept]


def main() -> None:
    """Search the sets and write the pairs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder with pairs/ and retrieval/")
    parser.add_argument("--cache", type=Path, default=Path("vectors.db"), help="vectors, as evals.ablation keeps them")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=20)
    options = parser.parse_args()
    settings, chance = load_settings(), random.Random(options.seed)  # noqa: S311  reproducible sampling
    forbidden = dev_claims(options.data / "pairs")
    embedder = load_embedder(settings)
    pairs: list[Pair] = []
    with closing(Vectors(options.cache, settings)) as vectors:
        for name in SETS:
            labelled = read_pairs(options.data / "pairs" / "train" / f"{name}.jsonl.gz")
            allowed = frozenset(normalised(pair.claim) for pair in labelled) - forbidden
            replay = prepared(name, options.data / "retrieval", vectors, Cut(), Learnt(0, 0, {}, allowed=allowed))
            queries = embedder.encode_claims([claim.claim for claim in replay.claims])
            replay = replace(replay, queries=queries, dense=by_meaning(replay.vectors, queries))
            own: list[Pair] = []
            for number, claim in enumerate(replay.claims):
                for place, label in of_claim(replay, number, settings, chance):
                    at, start, end = replay.places[place]
                    passage = passage_of(place, replay.documents[at], start, end)
                    text = " ".join(f"{heading_of(passage)}{passage.text}".split())
                    own.append(Pair(claim.claim, text, label, "searched", pair_id=f"{name}:{claim.id}:{place}"))
            own = balanced(own, chance)
            pairs += own
            counts = Counter(pair.label for pair in own)
            sys.stderr.write(f"{name}: {len(replay.claims)} claims, {dict(counts)}\n")
    options.output.parent.mkdir(parents=True, exist_ok=True)
    write_pairs(pairs, options.output)


if __name__ == "__main__":
    main()
