"""Check-worthiness: is a sentence worth checking (1) or not (0)?

The shipped classifier gives a probability, the shipped threshold (or ``--set check_worthiness_threshold=…``) the decision.
"""

from __future__ import annotations

import numpy as np

from evals import baselines, metrics
from evals.data import DataFile, fingerprint, read_sentences, sample
from evals.result import Item
from evals.tasks import Outcome, Request, Task
from onrecord import claims
from onrecord.claims import select
from onrecord.index import load_embedder
from onrecord.records import ModelUsed

SENTENCES_PER_BATCH = 512


def run(request: Request) -> Outcome:
    """Score every sentence and the decisions at the threshold."""
    path = request.inputs["data"]
    rows = sample(read_sentences(path), request.limit, request.seed)
    embedder = load_embedder(request.settings)
    worth: list[float] = []
    for start in range(0, len(rows), SENTENCES_PER_BATCH):
        batch = [row.text for row in rows[start : start + SENTENCES_PER_BATCH]]
        found = select.check_worthiness(batch, settings=request.settings, encode=embedder.encode)
        worth.extend(float(value) for value in found)
        request.progress("scoring sentences", len(worth), len(rows))
    threshold = select.threshold(request.settings)
    gold = [str(row.gold) for row in rows]
    predicted = [str(int(value >= threshold)) for value in worth]
    figures = metrics.binary([row.gold for row in rows], [int(label) for label in predicted])
    figures["threshold"] = metrics.rounded(threshold)
    both = np.stack([1 - np.asarray(worth), np.asarray(worth)], axis=1)
    figures["calibration"] = metrics.calibration(gold, both, labels=("0", "1"))
    texts = [row.text for row in rows]
    intervals = metrics.classification_intervals(gold, predicted, groups=texts, seed=request.seed)
    # The class that is asked for, where the gold has it.
    intervals |= {name: intervals[f"{name}:1"] for name in ("f1", "precision", "recall") if f"{name}:1" in intervals}
    intervals |= metrics.calibration_intervals(gold, both, labels=("0", "1"), groups=texts, seed=request.seed)
    return Outcome(
        metrics=figures,
        intervals=intervals,
        baselines={
            "majority": baselines.majority(gold, labels=("0", "1")),
            "always_1": _always(gold),
            "claim_only": baselines.claim_only(texts, gold, labels=("0", "1"), seed=request.seed),
        },
        items=[
            Item(
                id=row.id,
                claim=row.text,
                gold=g,
                predicted=p,
                right=g == p,
                details={"check_worthiness_probability": value},
            )
            for row, g, p, value in zip(rows, gold, predicted, worth, strict=True)
        ],
        models=(
            ModelUsed(role="embedding", name=embedder.name, sha256=embedder.sha256),
            *claims.models(request.settings),
        ),
        data=DataFile(path=str(path), sha256=fingerprint(path), n=len(rows)),
    )


def _always(gold: list[str]) -> dict[str, object]:
    """Score calling every sentence worth checking: the F1 that says nothing."""
    scores = metrics.binary([int(label) for label in gold], [1] * len(gold))
    return {name: scores[name] for name in ("f1", "precision", "recall", "accuracy")}


TASK = Task(
    name="claims",
    summary="Check-worthiness: sentences labelled 1 (worth checking) or 0.",
    inputs=("data",),
    run=run,
)
