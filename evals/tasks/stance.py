"""Stance with gold evidence in hand: claim and evidence in, supports / refutes / neutral out.

The evidence is cut into passages, judged and weighed exactly as the product does with one source: ``corpus`` cuts,
``stance.judge`` judges sentence windows, ``verdict.decide`` weighs. Two other readings of the same probabilities stand beside
the product's: the network's own most probable class, and, on sets without neutral pairs, the better of the two sides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from evals import baselines, metrics
from evals.data import DataFile, Gold, Pair, fingerprint, read_pairs, sample
from evals.result import Item
from evals.tasks import Outcome, Request, Task
from evals.workspace import bare_claim, passages_of
from onrecord import stance, verdict
from onrecord.index import load_embedder
from onrecord.records import Evidence, Hit, ModelUsed, StanceProbabilities, VerdictLabel

THREE_WAY = (Gold.SUPPORTS, Gold.REFUTES, Gold.NEUTRAL)
TWO_WAY = (Gold.SUPPORTS, Gold.NOT_SUPPORTS)
PAIRS_PER_BATCH = 64

_FROM_VERDICT = {
    VerdictLabel.SUPPORTED: Gold.SUPPORTS,
    VerdictLabel.REFUTED: Gold.REFUTES,
    VerdictLabel.NOT_ENOUGH_EVIDENCE: Gold.NEUTRAL,
}


@dataclass(frozen=True, slots=True)
class Judged:
    """One pair, judged."""

    label: Gold
    probabilities: StanceProbabilities
    """Of the piece of evidence that decided, or came nearest to deciding."""
    strongest_support: float
    strongest_refutation: float
    passages: int
    cosine: float
    """Of the nearest passage of the evidence."""
    notes: tuple[str, ...]


def judge_pairs(pairs: Sequence[Pair], request: Request) -> list[Judged]:
    """Judge all pairs with the product's own rooms, in their order.

    No passage gets a cosine to the claim: that guards against what search drags in, and this evidence was not searched for.
    """
    embedder = load_embedder(request.settings)
    judged: list[Judged] = []
    for start in range(0, len(pairs), PAIRS_PER_BATCH):
        batch = pairs[start : start + PAIRS_PER_BATCH]
        placed = [
            (number, passage)
            for number, pair in enumerate(batch)
            for passage in passages_of(pair.evidence, settings=request.settings)
        ]
        claims = embedder.encode([pair.claim for pair in batch])
        texts = embedder.encode([passage.text for _, passage in placed])
        nearest = [-1.0] * len(batch)
        items: list[stance.JudgeItem] = []
        owners: list[int] = []
        for (number, passage), vector in zip(placed, texts, strict=True):
            pair = batch[number]
            nearest[number] = max(nearest[number], float(np.clip(vector @ claims[number], -1.0, 1.0)))
            hit = Hit(passage_id=passage.id, query=pair.claim, dense_rank=1, fused_score=1.0)
            asked = stance.questions(bare_claim(pair.claim, number), passage, hit, article_date=None)
            items.extend(asked)
            owners.extend([number] * len(asked))
        evidence: list[list[Evidence]] = [[] for _ in batch]
        for owner, item in zip(owners, stance.judge(items, settings=request.settings, cache=request.kept), strict=True):
            evidence[owner].append(item)
        judged.extend(
            _weighed(pair, found, cosine, request) for pair, found, cosine in zip(batch, evidence, nearest, strict=True)
        )
        request.progress("judging pairs", len(judged), len(pairs))
    return judged


def _weighed(pair: Pair, evidence: Sequence[Evidence], cosine: float, request: Request) -> Judged:
    decided = verdict.decide(bare_claim(pair.claim, 0), evidence, settings=request.settings)
    deciding = max(evidence, key=lambda item: max(item.probabilities.supports, item.probabilities.refutes))
    label = _FROM_VERDICT[decided.label]
    if label is Gold.SUPPORTS:
        deciding = max(evidence, key=lambda item: item.probabilities.supports)
    elif label is Gold.REFUTES:
        deciding = max(evidence, key=lambda item: item.probabilities.refutes)
    return Judged(
        label=label,
        probabilities=deciding.probabilities,
        strongest_support=max(item.probabilities.supports for item in evidence),
        strongest_refutation=max(item.probabilities.refutes for item in evidence),
        passages=len(evidence),
        cosine=cosine,
        notes=tuple(item.note for item in evidence if item.note),
    )


def _probabilities(judged: Sequence[Judged], labels: Sequence[Gold]) -> metrics.Floats:
    """Return (n, classes) in the order of ``labels``; for two classes, refutes and neutral are added up."""
    three = np.asarray([[j.probabilities.supports, j.probabilities.refutes, j.probabilities.neutral] for j in judged])
    return three if len(labels) == len(THREE_WAY) else np.stack([three[:, 0], three[:, 1] + three[:, 2]], axis=1)


def run(request: Request) -> Outcome:
    """Judge every pair and score the labels."""
    path = request.inputs["data"]
    embedder = load_embedder(request.settings)
    pairs = sample(read_pairs(path, split=request.split), request.limit, request.seed)
    golds = {pair.gold for pair in pairs}
    labels: tuple[Gold, ...] = TWO_WAY if Gold.NOT_SUPPORTS in golds else THREE_WAY
    judged = judge_pairs(pairs, request)
    gold = [pair.gold if pair.gold in labels else Gold.NOT_SUPPORTS for pair in pairs]
    predicted = [_folded(item.label, labels) for item in judged]
    claims = [pair.claim for pair in pairs]
    probabilities = _probabilities(judged, labels)
    most_probable = [labels[column] for column in probabilities.argmax(axis=1)]
    network = metrics.classification(gold, most_probable, labels=labels)
    figures = metrics.classification(gold, predicted, labels=labels)
    hits = [g == p for g, p in zip(gold, predicted, strict=True)]
    kinds = [pair.kind for pair in pairs]
    if any(kinds):
        figures["per_kind"] = metrics.per_kind(kinds, hits)
    figures["calibration"] = metrics.calibration(gold, probabilities, labels=labels)
    right = [g == p for g, p in zip(gold, most_probable, strict=True)]
    sure = probabilities.max(axis=1).tolist()
    figures["selective"] = metrics.risk_coverage(right, sure)
    figures["most_probable_class"] = {name: network[name] for name in ("accuracy", "macro_f1")}
    readings = {"most_probable_class": most_probable}
    notes = [f"the rows of the split {request.split!r} only"] if request.split else []
    if labels == TWO_WAY:
        notes.append("two classes: a verdict of refutes or neutral counts as not_supports")
    elif Gold.NEUTRAL not in golds:
        sides = [Gold.SUPPORTS if j.strongest_support >= j.strongest_refutation else Gold.REFUTES for j in judged]
        forced = metrics.classification(gold, sides, labels=labels)
        readings["forced_two_way"] = sides
        figures["forced_two_way"] = {name: forced[name] for name in ("accuracy", "macro_f1")}
        notes.append(
            "no neutral pair in the gold: accuracy counts a neutral answer as wrong; forced_two_way takes the better of "
            "the two sides instead"
        )
    evidence = [pair.evidence for pair in pairs]
    seed = request.seed
    return Outcome(
        metrics=figures,
        intervals={
            **metrics.classification_intervals(gold, predicted, groups=claims, seed=seed),
            **metrics.calibration_intervals(gold, probabilities, labels=labels, groups=claims, seed=seed),
            **metrics.risk_coverage_intervals(right, sure, groups=claims, seed=seed),
            **metrics.intervals_of_readings(gold, readings, groups=claims, seed=seed),
            **metrics.share_intervals(
                metrics.shares_of_kinds(kinds, hits) if any(kinds) else {}, groups=claims, seed=seed
            ),
        },
        baselines={
            "majority": baselines.majority(gold, labels=labels),
            "claim_only": baselines.claim_only(claims, gold, labels=labels, seed=seed),
            "lexical_overlap": baselines.lexical_overlap(claims, evidence, gold, labels=labels, seed=seed),
            "similarity": baselines.similarity(claims, [j.cosine for j in judged], gold, labels=labels, seed=seed),
        },
        items=[
            Item(
                id=pair.id,
                claim=pair.claim,
                gold=g,
                predicted=p,
                right=g == p,
                details={
                    "evidence": pair.evidence,
                    "kind": pair.kind,
                    "probabilities": item.probabilities.model_dump(),
                    "passages": item.passages,
                    "notes": item.notes,
                },
            )
            for pair, g, p, item in zip(pairs, gold, predicted, judged, strict=True)
        ],
        models=(
            ModelUsed(role="embedding", name=embedder.name, sha256=embedder.sha256),
            *stance.models(request.settings),
        ),
        data=DataFile(path=str(path), sha256=fingerprint(path), n=len(pairs)),
        notes=notes,
    )


def _folded(label: Gold, labels: Sequence[Gold]) -> Gold:
    return label if label in labels else Gold.NOT_SUPPORTS


TASK = Task(
    name="stance",
    summary="Stance with gold evidence: pairs of claim and evidence, labelled supports / refutes / neutral.",
    inputs=("data",),
    run=run,
    splits=True,
)
