"""Scores over labelled data, by scikit-learn and ir-measures, with bootstrap intervals.

Point figures come from the libraries. Intervals are percentile bootstrap intervals over *groups* (claims): pairs of one claim
are drawn together, since they are not independent. A resample is a vector of weights, so that a thousand of them cost one
matrix product; for integer weights this is the same as repeating the rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypedDict

import ir_measures
import numpy as np
from ir_measures import AP, RR, R, nDCG
from numpy.typing import NDArray
from sklearn.metrics import (
    accuracy_score,
    brier_score_loss,
    confusion_matrix,
    matthews_corrcoef,
    precision_recall_fscore_support,
)

Floats = NDArray[np.float64]
Interval = tuple[float, float]

RESAMPLES = 1000
LEVEL = 0.95
_DIGITS = 4
CURVE_POINTS = 40
"""Points of a risk-coverage curve that are kept for drawing it."""


class ClassFigures(TypedDict):
    """Precision, recall and F1 of one class in [0, 1]; ``support`` is its number of gold items."""

    precision: float
    recall: float
    f1: float
    support: int


def rounded(value: float) -> float:
    """Return ``value`` with four decimals, as every printed figure has."""
    return round(float(value), _DIGITS)


def _same_length(**sequences: Sequence[object]) -> int:
    lengths = {name: len(sequence) for name, sequence in sequences.items()}
    if len(set(lengths.values())) != 1 or 0 in lengths.values():
        message = f"metrics need sequences of one length, at least 1; got {lengths}"
        raise ValueError(message)
    return next(iter(lengths.values()))


def classification(gold: Sequence[str], predicted: Sequence[str], *, labels: Sequence[str]) -> dict[str, object]:
    """Score predicted labels.

    Args:
        gold: the annotators' labels, n of them.
        predicted: the labels to score, in the same order.
        labels: the order of classes in ``confusion`` (rows: gold, columns: predicted); every label used must be in it.

    Returns:
        ``accuracy``; ``macro_f1`` and ``balanced_accuracy``, both averaged over the classes that occur in ``gold`` (a class
        that a set does not have cannot be scored); ``mcc`` (Matthews correlation); ``per_class``; ``confusion``.

    Raises:
        ValueError: different lengths, nothing to score, or a label that is not in ``labels``.

    >>> classification(["a", "b", "b", "b"], ["a", "b", "b", "a"], labels=["a", "b"])["accuracy"]
    0.75
    """
    _same_length(gold=gold, predicted=predicted)
    unknown = (set(gold) | set(predicted)) - set(labels)
    if unknown:
        message = f"labels that are not in {list(labels)}: {sorted(unknown)}"
        raise ValueError(message)
    precision, recall, f1, support = precision_recall_fscore_support(
        gold, predicted, labels=list(labels), average=None, zero_division=0
    )
    present = support > 0
    return {
        "accuracy": rounded(accuracy_score(gold, predicted)),
        "balanced_accuracy": rounded(recall[present].mean()),
        "macro_f1": rounded(f1[present].mean()),
        # Undefined where all is one label, in gold and prediction alike; 0 then, as scikit-learn has it after a warning.
        "mcc": rounded(matthews_corrcoef(gold, predicted)) if len({*gold, *predicted}) > 1 else 0.0,
        "per_class": {
            label: ClassFigures(precision=rounded(p), recall=rounded(r), f1=rounded(f), support=int(s))
            for label, p, r, f, s in zip(labels, precision, recall, f1, support, strict=True)
        },
        "confusion": {"labels": list(labels), "rows": confusion_matrix(gold, predicted, labels=list(labels)).tolist()},
    }


def binary(gold: Sequence[int], predicted: Sequence[int]) -> dict[str, object]:
    """Score a yes/no decision: F1, precision and recall of the positive class (1), and accuracy.

    >>> binary([1, 1, 0, 0], [1, 0, 0, 1])["f1"]
    0.5
    """
    scores = classification([str(g) for g in gold], [str(p) for p in predicted], labels=["0", "1"])
    per_class = scores["per_class"]
    if not isinstance(per_class, dict):  # pragma: no cover  the type above
        raise TypeError
    positive: ClassFigures = per_class["1"]
    return {"f1": positive["f1"], "precision": positive["precision"], "recall": positive["recall"], **scores}


def per_kind(kinds: Sequence[str], right: Sequence[bool]) -> dict[str, object]:
    """Return accuracy and n of every kind of item, by name.

    >>> per_kind(["date", "place", "date"], [True, True, False])
    {'date': {'accuracy': 0.5, 'n': 2}, 'place': {'accuracy': 1.0, 'n': 1}}
    """
    _same_length(kinds=kinds, right=right)
    by_kind: dict[str, list[bool]] = {}
    for kind, is_right in zip(kinds, right, strict=True):
        by_kind.setdefault(kind, []).append(is_right)
    return {
        kind: {"accuracy": rounded(sum(found) / len(found)), "n": len(found)} for kind, found in sorted(by_kind.items())
    }


def resample_weights(groups: Sequence[str], *, seed: int, resamples: int = RESAMPLES) -> Floats:
    """Return (resamples, n) weights: how often each item is in each bootstrap resample of its group.

    Groups are drawn with replacement, as many as there are; all items of a group are drawn together.
    """
    _, group_of = np.unique(np.asarray(groups, dtype=object).astype(str), return_inverse=True)
    count = int(group_of.max()) + 1
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), size=resamples)
    weights: Floats = drawn[:, group_of].astype(np.float64)
    return weights


def interval(values: Floats) -> Interval:
    """Return the percentile interval of bootstrap values; values that are not a number are left out."""
    kept = values[~np.isnan(values)]
    if not len(kept):
        return (0.0, 0.0)
    low, high = np.quantile(kept, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return (rounded(low), rounded(high))


def ratio(numerator: Floats, denominator: Floats) -> Floats:
    """Divide; 0/0 is 0, as ``zero_division=0`` has it."""
    out: Floats = np.divide(numerator, denominator, out=np.zeros_like(numerator), where=denominator > 0)
    return out


def weighted_f1(gold: Sequence[str], predicted: Sequence[str], weights: Floats, *, label: str) -> Floats:
    """Return the F1 of one class in every resample."""
    is_gold = np.asarray([item == label for item in gold], dtype=np.float64)
    is_predicted = np.asarray([item == label for item in predicted], dtype=np.float64)
    both = weights @ (is_gold * is_predicted)
    return ratio(2 * both, weights @ is_gold + weights @ is_predicted)


def weighted_mcc(gold: Sequence[str], predicted: Sequence[str], weights: Floats) -> Floats:
    """Return Matthews correlation over all classes in every resample (Gorodkin 2004); 0 where all is one label."""
    total = weights.sum(axis=1)
    right = weights @ np.asarray([g == p for g, p in zip(gold, predicted, strict=True)], dtype=np.float64)
    labels = sorted({*gold, *predicted})
    of_gold, of_predicted = (
        np.stack([weights @ np.asarray([item == label for item in side], dtype=np.float64) for label in labels])
        for side in (gold, predicted)
    )
    spread = (total**2 - (of_gold**2).sum(axis=0)) * (total**2 - (of_predicted**2).sum(axis=0))
    return ratio(right * total - (of_gold * of_predicted).sum(axis=0), np.sqrt(spread))


def classification_intervals(
    gold: Sequence[str], predicted: Sequence[str], *, groups: Sequence[str], seed: int
) -> dict[str, Interval]:
    """Return 95 % bootstrap intervals of accuracy, balanced accuracy, macro F1 and Matthews correlation.

    Also of every gold class's F1, precision and recall, under ``f1:<label>`` and so on.
    """
    _same_length(gold=gold, predicted=predicted, groups=groups)
    weights = resample_weights(groups, seed=seed)
    right = np.asarray([g == p for g, p in zip(gold, predicted, strict=True)], dtype=np.float64)
    per_class = {label: weighted_f1(gold, predicted, weights, label=label) for label in sorted(set(gold))}
    # A class that a resample happens to lack is left out of that resample's average, as in the point figure.
    present = np.stack(
        [weights @ np.asarray([g == label for g in gold], dtype=np.float64) > 0 for label in per_class]
    ).astype(np.float64)
    macro = (np.stack(list(per_class.values())) * present).sum(axis=0) / present.sum(axis=0)
    indicators = [
        [np.asarray([item == label for item in side], dtype=np.float64) for side in (gold, predicted)]
        for label in per_class
    ]
    recalls = [ratio(weights @ (right * is_gold), weights @ is_gold) for is_gold, _ in indicators]
    precisions = [ratio(weights @ (right * is_predicted), weights @ is_predicted) for _, is_predicted in indicators]
    return {
        "accuracy": interval(weights @ right / weights.sum(axis=1)),
        "balanced_accuracy": interval((np.stack(recalls) * present).sum(axis=0) / present.sum(axis=0)),
        "macro_f1": interval(macro),
        "mcc": interval(weighted_mcc(gold, predicted, weights)),
        **{f"f1:{label}": interval(values) for label, values in per_class.items()},
        **{f"precision:{label}": interval(values) for label, values in zip(per_class, precisions, strict=True)},
        **{f"recall:{label}": interval(values) for label, values in zip(per_class, recalls, strict=True)},
    }


def intervals_of_readings(
    gold: Sequence[str], readings: Mapping[str, Sequence[str]], *, groups: Sequence[str], seed: int
) -> dict[str, Interval]:
    """Return 95 % bootstrap intervals of ``<name>.accuracy`` and ``<name>.macro_f1`` of other answers to the same items."""
    found: dict[str, Interval] = {}
    for name, predicted in readings.items():
        bounds = classification_intervals(gold, predicted, groups=groups, seed=seed)
        found |= {f"{name}.{figure}": bounds[figure] for figure in ("accuracy", "macro_f1")}
    return found


def mean_interval(values: Sequence[float], *, groups: Sequence[str] | None = None, seed: int) -> Interval:
    """Return the 95 % bootstrap interval of a mean of per-item values."""
    weights = resample_weights(groups or [str(n) for n in range(len(values))], seed=seed)
    return interval(weights @ np.asarray(values, dtype=np.float64) / weights.sum(axis=1))


Part = Sequence[float] | Sequence[bool] | Floats
Shares = Mapping[str, tuple[Part, Part]]
"""Name of a figure → what each item adds to its numerator and to its denominator."""


def share_intervals(shares: Shares, *, groups: Sequence[str], seed: int) -> dict[str, Interval]:
    """Return the 95 % bootstrap interval of every figure that is one sum over items divided by another.

    That holds for a share among some of the items, and for an F1: twice what is right over what is predicted and what is gold.
    A resample in which nothing is left to divide by says nothing and is left out.

    >>> share_intervals({"answered": ([1, 0, 0], [1, 1, 0])}, groups=["a", "a", "a"], seed=0)
    {'answered': (0.5, 0.5)}
    """
    weights = resample_weights(groups, seed=seed)
    found: dict[str, Interval] = {}
    for name, (part, whole) in shares.items():
        _same_length(groups=groups, **{f"part of {name}": [*part], f"whole of {name}": [*whole]})
        over, under = (weights @ np.asarray(side, dtype=np.float64) for side in (part, whole))
        found[name] = interval(np.where(under > 0, ratio(over, under), np.nan))
    return found


def shares_of_kinds(kinds: Sequence[str], right: Sequence[bool], *, name: str = "per_kind") -> Shares:
    """Return ``per_kind``'s accuracies as shares, under ``per_kind.<kind>.accuracy``."""
    return {
        f"{name}.{kind}.accuracy": (
            [float(good and other == kind) for good, other in zip(right, kinds, strict=True)],
            [float(other == kind) for other in kinds],
        )
        for kind in sorted(set(kinds))
    }


def calibration(
    gold: Sequence[str], probabilities: Floats, *, labels: Sequence[str], bins: int = 10
) -> dict[str, object]:
    """Compare stated probabilities with what came true.

    Args:
        gold: n labels.
        probabilities: (n, classes), rows sum to 1, columns in the order of ``labels``.
        labels: the classes.
        bins: equal-width bins of the top probability.

    Returns:
        ``ece``: expected calibration error of the top class (Guo et al. 2017: bins' |accuracy - confidence|, weighted by
        their share); ``brier``: multi-class Brier score in [0, 2] (0 is perfect); ``bins``: the bins in use.
    """
    _same_length(gold=gold, probabilities=[*probabilities])
    top = probabilities.max(axis=1)
    right = np.asarray([labels[column] for column in probabilities.argmax(axis=1)]) == np.asarray(gold)
    which = np.minimum((top * bins).astype(int), bins - 1)
    rows = []
    ece = 0.0
    for number in range(bins):
        inside = which == number
        if inside.any():
            confidence, accuracy = float(top[inside].mean()), float(right[inside].mean())
            ece += abs(confidence - accuracy) * float(inside.mean())
            rows.append({"confidence": rounded(confidence), "accuracy": rounded(accuracy), "n": int(inside.sum())})
    # scikit-learn orders the columns by label; renormalised, because it refuses sums off by float rounding.
    order = np.argsort(np.asarray(labels))
    columns = probabilities[:, order]
    columns = columns / columns.sum(axis=1, keepdims=True)
    brier = brier_score_loss(gold, columns, labels=sorted(labels), scale_by_half=False)
    return {"ece": rounded(ece), "brier": rounded(brier), "bins": rows}


def reliability(right: Sequence[bool], confidence: Sequence[float], *, bins: int = 10) -> dict[str, object]:
    """Compare the confidence in single answers with how often they are right.

    Returns:
        ``ece`` as in ``calibration``; ``brier``: mean squared distance of confidence and outcome, in [0, 1]; ``bins``.

    >>> reliability([True, False], [0.8, 0.8])["ece"]
    0.3
    """
    _same_length(right=right, confidence=confidence)
    sure, outcome = np.asarray(confidence, dtype=np.float64), np.asarray(right, dtype=np.float64)
    which = np.minimum((sure * bins).astype(int), bins - 1)
    rows = [
        {
            "confidence": rounded(sure[which == number].mean()),
            "accuracy": rounded(outcome[which == number].mean()),
            "n": int((which == number).sum()),
        }
        for number in sorted(set(which.tolist()))
    ]
    gaps = [abs(float((sure - outcome)[which == number].sum())) for number in set(which.tolist())]
    return {
        "ece": rounded(sum(gaps) / len(sure)),
        "brier": rounded(brier_score_loss(outcome, sure, pos_label=1)),
        "bins": rows,
    }


def calibration_intervals(
    gold: Sequence[str], probabilities: Floats, *, labels: Sequence[str], groups: Sequence[str], seed: int
) -> dict[str, Interval]:
    """Return 95 % bootstrap intervals of ``calibration.ece`` and ``calibration.brier``."""
    _same_length(gold=gold, groups=groups, probabilities=[*probabilities])
    weights = resample_weights(groups, seed=seed)
    right = np.asarray([labels[column] for column in probabilities.argmax(axis=1)]) == np.asarray(gold)
    truth = np.asarray([[float(g == label) for label in labels] for g in gold])
    squared = ((probabilities - truth) ** 2).sum(axis=1)
    return _calibration_intervals(right.astype(np.float64), probabilities.max(axis=1), squared, weights)


def reliability_intervals(
    right: Sequence[bool], confidence: Sequence[float], *, groups: Sequence[str], seed: int
) -> dict[str, Interval]:
    """Return 95 % bootstrap intervals of what ``reliability`` returns, under the same names as ``calibration_intervals``."""
    _same_length(right=right, confidence=confidence, groups=groups)
    sure, outcome = np.asarray(confidence, dtype=np.float64), np.asarray(right, dtype=np.float64)
    return _calibration_intervals(outcome, sure, (sure - outcome) ** 2, resample_weights(groups, seed=seed))


def _calibration_intervals(right: Floats, sure: Floats, squared: Floats, weights: Floats) -> dict[str, Interval]:
    total = weights.sum(axis=1)
    which = np.minimum((sure * 10).astype(int), 9)
    gaps = [np.abs(weights[:, which == n] @ (right - sure)[which == n]) for n in range(10)]
    return {
        "calibration.ece": interval(np.sum(gaps, axis=0) / total),
        "calibration.brier": interval(weights @ squared / total),
    }


def risk_coverage_intervals(
    right: Sequence[bool], confidence: Sequence[float], *, groups: Sequence[str], seed: int
) -> dict[str, Interval]:
    """Return 95 % bootstrap intervals of every figure of ``risk_coverage``, over two hundred resamples."""
    _same_length(right=right, confidence=confidence, groups=groups)
    weights = resample_weights(groups, seed=seed, resamples=200).astype(int)
    is_right, sure = np.asarray(right), np.asarray(confidence)
    drawn = []
    for row in weights:
        chosen = np.repeat(np.arange(len(right)), row)
        drawn.append(risk_coverage(is_right[chosen].tolist(), sure[chosen].tolist()))
    return {
        f"selective.{name}": interval(np.asarray([figures[name] for figures in drawn], dtype=np.float64))
        for name in ("accuracy@100", "accuracy@75", "accuracy@50", "accuracy@25", "aurc")
    }


def paired_p_value(before: Floats, after: Floats, groups: Sequence[str], *, seed: int) -> float:
    """Return a two-sided bootstrap p-value of the difference of two paired means (Efron and Tibshirani 1993, section 16.4).

    The differences are shifted to mean zero, groups are drawn together, and the share of resampled means at least as far from
    zero as the one observed is counted; with one added above and below, it is never 0.
    """
    _same_length(before=[*before], after=[*after], groups=groups)
    difference = after - before
    observed = abs(float(difference.mean()))
    weights = resample_weights(groups, seed=seed, resamples=10 * RESAMPLES)
    drawn = weights @ (difference - difference.mean()) / weights.sum(axis=1)
    return rounded((1 + int((np.abs(drawn) >= observed - 1e-12).sum())) / (1 + len(drawn)))


def risk_coverage(right: Sequence[bool], confidence: Sequence[float]) -> dict[str, object]:
    """Answer only the most confident share of the items: accuracy at 100, 75, 50 and 25 % coverage, and the area.

    Items of equal confidence are answered together in expectation: each carries the mean of its tie, so the order of the file
    does not matter. ``aurc`` is the area under the risk-coverage curve as the mean of the risks at 1, 2 … n answered items
    (Geifman et al. 2019, section 2); lower is better.
    """
    n = _same_length(right=right, confidence=confidence)
    order = np.argsort(-np.asarray(confidence, dtype=np.float64), kind="stable")
    sorted_confidence = np.asarray(confidence, dtype=np.float64)[order]
    sorted_right = np.asarray(right, dtype=np.float64)[order]
    _, tie = np.unique(-sorted_confidence, return_inverse=True)
    expected = (np.bincount(tie, weights=sorted_right) / np.bincount(tie))[tie]
    answered = np.arange(1, n + 1)
    accuracy = np.cumsum(expected) / answered
    figures = {
        f"accuracy@{share}": rounded(accuracy[max(1, round(n * share / 100)) - 1]) for share in (100, 75, 50, 25)
    }
    places = sorted({max(1, round(n * share / CURVE_POINTS)) for share in range(1, CURVE_POINTS + 1)})
    curve = [[rounded(place / n), rounded(1 - accuracy[place - 1])] for place in places]
    return {**figures, "aurc": rounded(float(1 - accuracy.mean())), "curve": curve}


class Evidenced(TypedDict):
    """A claim's label and what it rests on; as gold, ``evidence`` holds alternative complete sets, each enough by itself."""

    label: str
    evidence: Sequence[Sequence[object]]


def fever_right(gold: Evidenced, label: str, evidence: Sequence[object], *, most: int = 5, open_label: str) -> bool:
    """Tell whether a claim counts for FEVER's score (Thorne et al. 2018).

    The label is right, and one of the gold's complete sets of evidence lies wholly within the first ``most`` pieces given. A
    claim of ``open_label`` (nothing decides) needs no evidence.

    >>> fever_right({"label": "supports", "evidence": [["d:1", "d:2"]]}, "supports", ["d:1"], open_label="neutral")
    False
    """
    if label != gold["label"]:
        return False
    given = set(evidence[:most])
    return label == open_label or any(len(some) > 0 and given.issuperset(some) for some in gold["evidence"])


class AbstractEvidence(TypedDict):
    """What one abstract does to one claim: a label, and rationales. As prediction, one rationale, best sentence first."""

    label: str
    rationales: Sequence[Sequence[int]]


Abstracts = Mapping[str, Mapping[str, AbstractEvidence]]
"""Claim → abstract → what it does; abstracts that do nothing are left out."""


def _prf(right: int, predicted: int, gold: int) -> dict[str, float]:
    precision = right / predicted if predicted else 0.0
    recall = right / gold if gold else 0.0
    both = precision + recall
    return {
        "precision": rounded(precision),
        "recall": rounded(recall),
        "f1": rounded(2 * precision * recall / both if both else 0.0),
    }


def scifact(gold: Abstracts, predicted: Abstracts, *, most: int = 3) -> dict[str, dict[str, float]]:
    """Score evidence as SciFact does (Wadden et al. 2020, section 5; the rules of its public evaluator).

    ``abstract_label``: a predicted abstract is right when it is a gold one with the gold label. ``abstract_rationale``: and
    one whole gold rationale is among its first ``most`` sentences. ``sentence``: a predicted sentence is right when all
    sentences of a gold rationale that it belongs to were predicted. ``sentence_label``: and the abstract's label is right. All
    are micro-averaged.

    Raises:
        ValueError: a claim was predicted that the gold does not have.
    """
    unknown = predicted.keys() - gold.keys()
    if unknown:
        message = f"claims that are not in the gold: {sorted(unknown)[:3]}"
        raise ValueError(message)
    sums = [_scifact_sums(gold[claim], predicted.get(claim, {}), most) for claim in gold]
    return {name: _prf(*(sum(one[name][part] for one in sums) for part in range(3))) for name in SCIFACT}


def scifact_shares(gold: Abstracts, predicted: Abstracts, *, most: int = 3) -> Shares:
    """Return the figures of ``scifact`` as shares over the claims of ``gold``, in its order, by their dotted names."""
    sums = [_scifact_sums(gold[claim], predicted.get(claim, {}), most) for claim in gold]
    shares: dict[str, tuple[Part, Part]] = {}
    for name in SCIFACT:
        right, given, wanted = np.asarray([one[name] for one in sums], dtype=np.float64).T
        shares[f"scifact.{name}.precision"] = (right, given)
        shares[f"scifact.{name}.recall"] = (right, wanted)
        shares[f"scifact.{name}.f1"] = (2 * right, given + wanted)
    return shares


SCIFACT = ("abstract_label", "abstract_rationale", "sentence", "sentence_label")


def _scifact_sums(
    gold: Mapping[str, AbstractEvidence], predicted: Mapping[str, AbstractEvidence], most: int
) -> dict[str, tuple[int, int, int]]:
    """Return what one claim adds to each figure: right, predicted, gold."""
    right = dict.fromkeys(SCIFACT, 0)
    sentences = 0
    for document, found in predicted.items():
        given = [number for rationale in found["rationales"] for number in rationale]
        sentences += len(given)
        known = gold.get(document)
        if known is None:
            continue
        same = known["label"] == found["label"]
        right["abstract_label"] += same
        right["abstract_rationale"] += same and any(set(given[:most]).issuperset(r) for r in known["rationales"])
        whole = [set(rationale) for rationale in known["rationales"] if set(given).issuperset(rationale)]
        rightly = sum(any(number in rationale for rationale in whole) for number in given)
        right["sentence"] += rightly
        right["sentence_label"] += rightly * same
    gold_sentences = sum(
        len({number for rationale in known["rationales"] for number in rationale}) for known in gold.values()
    )
    return {
        name: (count, len(predicted), len(gold)) if name.startswith("abstract") else (count, sentences, gold_sentences)
        for name, count in right.items()
    }


RETRIEVAL_MEASURES: Mapping[str, ir_measures.Measure] = {
    "ndcg@10": nDCG @ 10,
    "recall@5": R @ 5,
    "recall@10": R @ 10,
    "recall@100": R @ 100,
    "mrr": RR,
    "map": AP,
}
"""Printed name → measure of ir-measures. Relevance is binary; rankings hold every document at most once."""


def retrieval(
    relevant: Mapping[str, Sequence[str]], rankings: Mapping[str, Sequence[str]]
) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
    """Score rankings of documents.

    Args:
        relevant: query id → ids of its relevant documents; a query with none is refused, for no measure is defined on it.
        rankings: query id → ids, best first; a query that is missing or empty found nothing and scores 0.

    Returns:
        The means over all queries of ``relevant``, and the figures of every query: query id → measure → value.

    Raises:
        ValueError: no queries, a query without relevant documents, a document twice in a ranking, a ranking without query.
    """
    if not relevant:
        message = "there is no query to score"
        raise ValueError(message)
    for query, documents in relevant.items():
        if not documents:
            message = f"query {query!r} has no relevant document; leave it out of ranking measures"
            raise ValueError(message)
    for query, ranking in rankings.items():
        if query not in relevant:
            message = f"ranking of {query!r}: no such query"
            raise ValueError(message)
        if len(set(ranking)) != len(ranking):
            message = f"ranking of {query!r} holds a document twice"
            raise ValueError(message)
    judgements = {query: dict.fromkeys(documents, 1) for query, documents in relevant.items()}
    # Scores fall strictly with the rank, so that the evaluator's own tie rule never decides.
    run = {
        query: {document: float(len(ranking) - place) for place, document in enumerate(ranking)}
        for query, ranking in rankings.items()
        if ranking
    }
    names = {str(measure): name for name, measure in RETRIEVAL_MEASURES.items()}
    per_query: dict[str, dict[str, float]] = {query: dict.fromkeys(RETRIEVAL_MEASURES, 0.0) for query in relevant}
    if run:
        for figure in ir_measures.iter_calc(list(RETRIEVAL_MEASURES.values()), judgements, run):
            per_query[figure.query_id][names[str(figure.measure)]] = float(figure.value)
    means = {
        name: rounded(float(np.mean([figures[name] for figures in per_query.values()]))) for name in RETRIEVAL_MEASURES
    }
    return means, per_query


def retrieval_intervals(per_query: Mapping[str, Mapping[str, float]], *, seed: int) -> dict[str, Interval]:
    """Return 95 % bootstrap intervals over queries of every measure."""
    return {
        name: mean_interval([figures[name] for figures in per_query.values()], seed=seed) for name in RETRIEVAL_MEASURES
    }


def rationale_ranks(
    passages: Sequence[tuple[str, int, int]],
    rationales: Mapping[str, Sequence[Sequence[tuple[int, int]]]],
    *,
    overlap: float = 0.5,
) -> int | None:
    """Return the rank (from 1) at which some whole rationale has been found, or ``None`` when none was.

    Args:
        passages: document, start and end of the passages, best first.
        rationales: document → alternative rationales, each the spans of its sentences in that document.
        overlap: a sentence counts as found when at least this share of it lies in one passage (the product cuts sentences by
            its own rule, which need not agree with the annotators').
    """
    found: dict[str, set[tuple[int, int]]] = {}
    for rank, (document, start, end) in enumerate(passages, start=1):
        for rationale in rationales.get(document, ()):
            for left, right in rationale:
                if _lies_in(start, end, left, right, overlap):
                    found.setdefault(document, set()).add((left, right))
        seen = found.get(document, set())
        if any(all(tuple(sentence) in seen for sentence in rationale) for rationale in rationales.get(document, ())):
            return rank
    return None


def _lies_in(start: int, end: int, left: int, right: int, overlap: float) -> bool:
    """Tell whether a passage holds at least this share of a sentence (``left`` to ``right``)."""
    return min(end, right) - max(start, left) >= overlap * (right - left)


def sentence_share(
    passages: Sequence[tuple[str, int, int]],
    rationales: Mapping[str, Sequence[Sequence[tuple[int, int]]]],
    *,
    overlap: float = 0.5,
) -> float:
    """Return the share of the sentences of all rationales together that lie in the passages; as `rationale_ranks`.

    >>> sentence_share([("d", 0, 15)], {"d": [[(0, 10), (11, 30)]], "e": [[(0, 5)]]})
    0.3333333333333333
    """
    wanted = {(document, *span) for document, some in rationales.items() for rationale in some for span in rationale}
    held = {
        (document, left, right)
        for document, left, right in wanted
        for other, start, end in passages
        if document == other and _lies_in(start, end, left, right, overlap)
    }
    return len(held) / len(wanted) if wanted else 0.0


def rationale_recall(ranks: Sequence[int | None], *, depths: Sequence[int]) -> dict[str, float]:
    """Return the share of claims whose rationale was wholly found within each depth (in passages)."""
    _same_length(ranks=ranks)
    return {
        f"rationale_recall@{depth}": rounded(float(np.mean([rank is not None and rank <= depth for rank in ranks])))
        for depth in depths
    }
