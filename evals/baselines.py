"""What a score is worth: figures that need no model of ours. A part that does not beat them has learnt nothing.

* ``majority``: always the most frequent gold label.
* ``claim_only``: a bag of words of the claim alone, cross-validated. Far above the majority, the labels
  leak through the wording.
* ``lexical_overlap``: the share of the claim's words that the evidence repeats, cross-validated.
* ``similarity``: the cosine of claim and evidence, cross-validated: what a threshold on nearness alone would score.
"""

from __future__ import annotations

import collections
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, cross_val_predict
from sklearn.pipeline import make_pipeline

from evals.metrics import binary, classification

FOLDS = 5
YES_NO = ("0", "1")
_WORD = re.compile(r"\w+")


def _figures(gold: Sequence[str], predicted: Sequence[str], labels: Sequence[str]) -> dict[str, object]:
    scores = classification(gold, predicted, labels=labels)
    figures = {"accuracy": scores["accuracy"], "macro_f1": scores["macro_f1"]}
    # A yes or no is judged by the F1 of yes.
    return (
        {"f1": binary([int(g) for g in gold], [int(p) for p in predicted])["f1"], **figures}
        if tuple(labels) == YES_NO
        else figures
    )


def majority(gold: Sequence[str], *, labels: Sequence[str]) -> dict[str, object]:
    """Score the most frequent label; a tie goes to the first in ``labels``."""
    counts = collections.Counter(gold)
    label = max(labels, key=lambda name: (counts[name], -list(labels).index(name)))
    return {"label": label, **_figures(gold, [label] * len(gold), labels)}


def _enough(gold: Sequence[str], groups: Sequence[str]) -> bool:
    """Tell whether every class occurs in at least ``FOLDS`` groups, and there is more than one class."""
    of_class: dict[str, set[str]] = collections.defaultdict(set)
    for label, group in zip(gold, groups, strict=True):
        of_class[label].add(group)
    return len(of_class) > 1 and all(len(found) >= FOLDS for found in of_class.values())


def _cross_validated(
    model: object, features: Sequence[str] | NDArray[np.float64], gold: Sequence[str], groups: Sequence[str], seed: int
) -> list[str]:
    folds = StratifiedGroupKFold(n_splits=FOLDS, shuffle=True, random_state=seed)
    predicted = cross_val_predict(model, features, list(gold), groups=list(groups), cv=folds)
    return [str(label) for label in predicted]


def claim_only(
    claims: Sequence[str], gold: Sequence[str], *, labels: Sequence[str], seed: int
) -> dict[str, object] | None:
    """Score a logistic regression over the claim's words and word pairs; ``None`` when the set is too small for five folds.

    All pairs of one claim are in the same fold.
    """
    if not _enough(gold, claims):
        return None
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, token_pattern=r"\w+"),  # noqa: S106  a pattern, not a secret
        LogisticRegression(max_iter=1000, class_weight="balanced"),
    )
    return _figures(gold, _cross_validated(model, claims, gold, claims, seed), labels)


def overlap_share(claim: str, evidence: str) -> float:
    """Return the share of the claim's different words (lower case) that occur in the evidence."""
    words = set(_WORD.findall(claim.lower()))
    return len(words & set(_WORD.findall(evidence.lower()))) / len(words) if words else 0.0


def lexical_overlap(
    claims: Sequence[str], evidence: Sequence[str], gold: Sequence[str], *, labels: Sequence[str], seed: int
) -> dict[str, object] | None:
    """Score a logistic regression over the share of repeated words and its square; ``None`` when the set is too small."""
    if not _enough(gold, claims):
        return None
    share = [overlap_share(claim, text) for claim, text in zip(claims, evidence, strict=True)]
    return _of_one_number(share, claims, gold, labels=labels, seed=seed)


def similarity(
    claims: Sequence[str], cosines: Sequence[float], gold: Sequence[str], *, labels: Sequence[str], seed: int
) -> dict[str, object] | None:
    """Score a logistic regression over the cosine of claim and evidence and its square; ``None`` when the set is too small."""
    return _of_one_number(cosines, claims, gold, labels=labels, seed=seed) if _enough(gold, claims) else None


def _of_one_number(
    values: Sequence[float], claims: Sequence[str], gold: Sequence[str], *, labels: Sequence[str], seed: int
) -> dict[str, object]:
    value = np.asarray(values, dtype=np.float64)
    features = np.stack([value, value**2], axis=1)
    model = LogisticRegression(max_iter=1000, class_weight="balanced")
    return _figures(gold, _cross_validated(model, features, gold, claims, seed), labels)
