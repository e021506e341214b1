"""Mined neutrals: claims beside evidence that is about something else.

Sets such as FEVER's two-way form and the contrast sets hold no neutral pair, and a model trained on them calls unrelated text
a contradiction. Half of the mined pairs are *near*: the evidence shares terms with the claim but belongs to another claim about
another subject. The other half is random.

Command (about a minute)::

    python -m training.stance.neutrals --pairs ../shared/data/pairs --output ../run/stance-fast/mined.jsonl
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

from training.stance.mixture import Pair, load_sets, normalised, write_pairs

SOURCES: dict[str, int] = {
    "fever_dev": 6500,
    "wikipedia_nli_contrast": 3500,
    "fool_me_twice": 800,
    "fever_symmetric": 250,
    "feverous": 1200,
    "scifact": 900,
    "healthver": 1000,
    "check_covid": 900,
    "climate_fever": 1200,
    "emergent": 1200,
    "factcheck_gpt": 900,
    "fever_nli": 900,
    "politihop": 300,
    "wikipedia_nli_base": 1500,
    "infotabs": 1500,
    "mrpc_positive": 900,
    "multinli_more": 600,
}
"""Claims taken from each set for each of the two kinds."""
_NEAREST = 40
_LEAST_SHARED, _MOST_SHARED = 0.15, 0.6
_CLAIMS_ALIKE = 0.45


def mine(sets: dict[str, list[Pair]], *, seed: int) -> list[Pair]:
    """Return mined neutral pairs, ``dataset`` being ``mined_near`` or ``mined_random``.

    A near pair is kept when the evidence holds between 15 % and 60 % of the claim's content words, comes from another
    document, and none of its own claims is alike (TF-IDF cosine below 0.45), so that it cannot decide the claim by accident.
    """
    import numpy as np  # noqa: PLC0415 - heavy, needed only here
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS, TfidfVectorizer  # noqa: PLC0415

    rng = random.Random(seed)  # noqa: S311 - reproducible sampling
    mined: list[Pair] = []
    for name, wanted in SOURCES.items():
        if name not in sets:
            continue
        pairs = sets[name]
        chosen = rng.sample(range(len(pairs)), min(wanted, len(pairs)))
        words = [frozenset(normalised(p.claim).split()) - ENGLISH_STOP_WORDS for p in pairs]
        evidence_words = [frozenset(normalised(p.evidence).split()) for p in pairs]
        vectorizer = TfidfVectorizer(stop_words="english", sublinear_tf=True).fit(
            [p.claim for p in pairs] + [p.evidence for p in pairs]
        )
        claims = vectorizer.transform([p.claim for p in pairs])
        evidence = vectorizer.transform([p.evidence for p in pairs])
        for start in range(0, len(chosen), 256):
            rows = chosen[start : start + 256]
            near = (claims[rows] @ evidence.T).toarray()
            alike = (claims[rows] @ claims.T).toarray()
            order = np.argsort(-near, axis=1)[:, :_NEAREST]
            for row, candidates, likeness in zip(rows, order, alike, strict=True):
                own = pairs[row]
                found = [
                    int(j)
                    for j in candidates
                    if likeness[j] < _CLAIMS_ALIKE
                    and pairs[j].evidence != own.evidence
                    and (not own.doc_id or pairs[j].doc_id != own.doc_id)
                    and words[row]
                    and _LEAST_SHARED <= len(words[row] & evidence_words[j]) / len(words[row]) <= _MOST_SHARED
                ]
                if found:
                    other = pairs[found[min(len(found) - 1, int(rng.expovariate(0.25)))]]
                    mined.append(
                        Pair(own.claim, other.evidence, "neutral", "mined_near", pair_id=f"near:{own.pair_id}")
                    )
                other = pairs[rng.randrange(len(pairs))]
                if other.evidence != own.evidence and (not own.doc_id or other.doc_id != own.doc_id):
                    mined.append(
                        Pair(own.claim, other.evidence, "neutral", "mined_random", pair_id=f"random:{own.pair_id}")
                    )
    return mined


def main() -> None:
    """Write the mined pairs as JSON lines and print their counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=Path, required=True, help="folder with train/ and dev/")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=20)
    options = parser.parse_args()
    mined = mine(load_sets(options.pairs, seed=options.seed), seed=options.seed)
    write_pairs(mined, options.output)
    sys.stderr.write(f"{len(mined)} mined neutrals written to {options.output}\n")


if __name__ == "__main__":
    main()
