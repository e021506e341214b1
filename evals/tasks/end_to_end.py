"""The whole path of a labelled claim: search, stance, verdict, by the product's own ``Checker``.

Retrieval is reported beside it, and every mistake is put down to the first step that went wrong, so that one sees where the
points are lost. Verdicts map to the annotators' labels one to one: SUPPORTED, REFUTED, NOT_ENOUGH_EVIDENCE and CONFLICTING
are supports, refutes, neutral and disputed; NOT_CHECKED is always wrong.
"""

from __future__ import annotations

import collections
import datetime as dt
from collections.abc import Mapping, Sequence

from evals import baselines, metrics
from evals.data import DataFile, Gold, LabelledClaim, fingerprint
from evals.result import Item
from evals.tasks import Outcome, Request, Task
from evals.tasks.retrieval import judged_recall, read_for, score, search_all
from evals.workspace import Workspace, bare_claim, built
from onrecord.records import CheckedClaim, Claim, Evidence, SearchFilters, Stance, VerdictLabel

NOT_CHECKED = "not_checked"
FROM_VERDICT: Mapping[VerdictLabel, str] = {
    VerdictLabel.SUPPORTED: Gold.SUPPORTS,
    VerdictLabel.REFUTED: Gold.REFUTES,
    VerdictLabel.NOT_ENOUGH_EVIDENCE: Gold.NEUTRAL,
    VerdictLabel.CONFLICTING: Gold.DISPUTED,
    VerdictLabel.NOT_CHECKED: NOT_CHECKED,
}
SIDES: Mapping[str, Stance] = {Gold.SUPPORTS: Stance.SUPPORTS, Gold.REFUTES: Stance.REFUTES}
FIRST = 5
"""Pieces of evidence a reader sees at once; FEVER's score counts as many."""


def label_set(golds: Sequence[Gold], predicted: Sequence[str]) -> tuple[str, ...]:
    """Return the classes to score: two for sets that only know (not) supported, else those that occur."""
    if Gold.NOT_SUPPORTS in golds:
        return (Gold.SUPPORTS, Gold.NOT_SUPPORTS)
    rare = [label for label in (Gold.DISPUTED, NOT_CHECKED) if label in golds or label in predicted]
    return (Gold.SUPPORTS, Gold.REFUTES, Gold.NEUTRAL, *rare)


def folded(label: str, labels: Sequence[str]) -> str:
    """Return ``label``, or not_supports where the set has two classes and the label is none of them."""
    return label if label in labels else Gold.NOT_SUPPORTS


def is_gold(evidence: Evidence, claim: LabelledClaim, space: Workspace) -> bool:
    """Tell whether a passage is what the annotators decided by: a whole rationale, or the document where they named none."""
    document = space.document(evidence.passage)
    if document not in claim.gold_documents:
        return False
    spans = space.spans(claim)
    place = (document, evidence.passage.span.start, evidence.passage.span.end)
    return document not in spans or metrics.rationale_ranks([place], {document: spans[document]}) is not None


def cause(claim: LabelledClaim, checked: CheckedClaim, space: Workspace) -> str:
    """Return the first step that went wrong for a claim whose verdict is wrong.

    ``not checked``: the check failed. ``retrieval miss``: no gold document among the judged passages. ``rationale miss``: the
    document, but not the passage that decides. ``unfounded``: the annotators found nothing that decides, the verdict says
    otherwise. ``stance wrong``: no gold passage was given the gold stance (of a disputed claim: they do not show both sides).
    ``verdict rule``: they were, and were outweighed.
    """
    if checked.verdict.label is VerdictLabel.NOT_CHECKED:
        return "not checked"
    if claim.gold in (Gold.NEUTRAL, Gold.NOT_SUPPORTS):
        return "unfounded"
    documents = {space.document(item.passage) for item in checked.evidence}
    if claim.gold_documents and not documents & set(claim.gold_documents):
        return "retrieval miss"
    gold = [item for item in checked.evidence if is_gold(item, claim, space)]
    if claim.gold_documents and not gold:
        return "rationale miss"
    # What the annotators call disputed needs both sides.
    wanted = {SIDES[claim.gold]} if claim.gold in SIDES else set(SIDES.values())
    if not wanted <= {item.stance for item in gold or checked.evidence}:
        return "stance wrong"
    return "verdict rule"


def _has_gold_evidence(claim: LabelledClaim, checked: CheckedClaim, space: Workspace) -> bool:
    """Tell whether a gold passage is among the first five pieces for the gold side; true where the gold is no side."""
    side = SIDES.get(claim.gold)
    if side is None or not claim.gold_documents:
        return True
    return any(is_gold(item, claim, space) for item in [e for e in checked.evidence if e.stance is side][:FIRST])


def check(
    claims: Sequence[Claim], space: Workspace, request: Request, *, article_date: dt.date | None = None
) -> list[CheckedClaim]:
    """Check all claims as the product does, in their order."""
    return space.checker.check_claims(
        claims,
        filters=SearchFilters(),
        article_date=article_date,
        progress=lambda p: request.progress(p.stage, p.done, p.total) if p.total == len(claims) else None,
    )


def figures_of(
    claims: Sequence[LabelledClaim], checked: Sequence[CheckedClaim], space: Workspace
) -> tuple[dict[str, object], list[str], list[str], tuple[str, ...]]:
    """Return metrics, the gold and predicted labels after folding, and the classes."""
    raw = [FROM_VERDICT[item.verdict.label] for item in checked]
    labels = label_set([claim.gold for claim in claims], raw)
    gold = [folded(claim.gold, labels) for claim in claims]
    predicted = [folded(label, labels) for label in raw]
    right = [g == p for g, p in zip(gold, predicted, strict=True)]
    figures = metrics.classification(gold, predicted, labels=labels)
    answered = [label not in (Gold.NEUTRAL, NOT_CHECKED) for label in raw]
    figures["coverage"] = metrics.rounded(sum(answered) / len(raw))
    figures["abstention"] = metrics.rounded(1 - sum(answered) / len(raw))
    figures["not_checked"] = raw.count(NOT_CHECKED)
    figures["accuracy_full_coverage"] = figures["accuracy"]
    if any(answered):
        kept = [r for r, a in zip(right, answered, strict=True) if a]
        figures["accuracy_when_answered"] = metrics.rounded(sum(kept) / len(kept))
    directed = [(claim.gold, label) for claim, label in zip(claims, raw, strict=True) if claim.gold in SIDES]
    if directed:
        sided = [(g, p) for g, p in directed if p in SIDES]
        figures["directional"] = {
            "n": len(directed),
            "abstention": metrics.rounded(1 - len(sided) / len(directed)),
            "accuracy": metrics.rounded(sum(g == p for g, p in directed) / len(directed)),
            "accuracy_when_answered": metrics.rounded(sum(g == p for g, p in sided) / len(sided)) if sided else 0.0,
        }
    if Gold.NEUTRAL not in gold and Gold.REFUTES in gold:
        better = [_better_side(item) for item in checked]
        forced = metrics.classification(gold, better, labels=labels)
        figures["forced_two_way"] = {name: forced[name] for name in ("accuracy", "macro_f1")}
    figures["selective"] = metrics.risk_coverage(right, [item.verdict.confidence for item in checked])
    evidenced = [good and _has_gold_evidence(c, k, space) for c, k, good in zip(claims, checked, right, strict=True)]
    figures["right_label_and_evidence"] = metrics.rounded(sum(evidenced) / len(evidenced))
    causes = collections.Counter(
        cause(c, k, space) for c, k, good in zip(claims, checked, right, strict=True) if not good
    )
    figures["mistakes"] = dict(causes.most_common())
    return figures, gold, predicted, labels


def _better_side(checked: CheckedClaim) -> str:
    support = max((item.probabilities.supports for item in checked.evidence), default=0.0)
    refutation = max((item.probabilities.refutes for item in checked.evidence), default=0.0)
    return Gold.SUPPORTS if support >= refutation else Gold.REFUTES


def item_of(claim: LabelledClaim, checked: CheckedClaim, gold: str, predicted: str, space: Workspace) -> Item:
    """Return the per-item outcome, with the evidence that was weighed and the first step that went wrong."""
    return Item(
        id=claim.id,
        claim=claim.claim,
        gold=gold,
        predicted=predicted,
        right=gold == predicted,
        details={
            "kind": claim.kind,
            "cause": "" if gold == predicted else cause(claim, checked, space),
            "verdict": checked.verdict.model_dump(mode="json"),
            "gold_documents": claim.gold_documents,
            "evidence": [
                {
                    "document": space.document(item.passage),
                    "question": item.question,
                    "stance": item.stance,
                    "probabilities": item.probabilities.model_dump(),
                    "cosine": item.hit.dense_score,
                    "ranks": [item.hit.dense_rank, item.hit.lexical_rank],
                    "hypothesis": item.hypothesis,
                    "window": item.window.shifted(-item.passage.span.start).of(item.passage.text),
                    "rationale": item.rationale_text,
                    "findings": [f"{finding.check} {finding.outcome}: {finding.message}" for finding in item.findings],
                    "own_words": item.own_words,
                    "note": item.note,
                }
                for item in checked.evidence
            ],
        },
    )


def outcome_of(
    claims: Sequence[LabelledClaim],
    checked: Sequence[CheckedClaim],
    space: Workspace,
    request: Request,
    *,
    notes: Sequence[str] = (),
) -> Outcome:
    """Score checked claims: verdicts, retrieval beside them, baselines and per-item outcomes."""
    figures, gold, predicted, labels = figures_of(claims, checked, space)
    texts = [claim.claim for claim in claims]
    intervals = metrics.classification_intervals(gold, predicted, groups=texts, seed=request.seed)
    with_gold = [claim for claim in claims if claim.gold_documents]
    alone: dict[str, object] = {}
    if with_gold:
        found = search_all(with_gold, space, request)
        retrieved, retrieved_intervals, alone, _ = score(with_gold, found, space, seed=request.seed)
        passages = [[e.passage for e in c.evidence] for c in checked]
        figures["retrieval"] = {**retrieved, "judged": judged_recall(claims, passages, space)}
        intervals.update({f"retrieval.{name}": bounds for name, bounds in retrieved_intervals.items()})
    path = request.inputs["claims"]
    return Outcome(
        metrics=figures,
        intervals=intervals,
        baselines={
            "majority": baselines.majority(gold, labels=labels),
            "claim_only": baselines.claim_only(texts, gold, labels=labels, seed=request.seed),
            **alone,
        },
        items=[
            item_of(claim, item, g, p, space)
            for claim, item, g, p in zip(claims, checked, gold, predicted, strict=True)
        ],
        models=space.checker.models(),
        data=DataFile(path=str(path), sha256=fingerprint(path), n=len(claims)),
        corpus=space.data,
        notes=notes,
    )


def run(request: Request) -> Outcome:
    """Check every claim and score the verdicts."""
    with built(request.inputs["corpus"], request.settings, request.progress) as space:
        claims = read_for(request, space)
        bare = [bare_claim(claim.claim, number) for number, claim in enumerate(claims)]
        checked = check(bare, space, request)
        notes = [
            "accuracy is at full coverage: every claim counts, NOT_ENOUGH_EVIDENCE is the answer neutral",
            "selective figures answer the share of claims with the highest confidence",
        ]
        if any(claim.gold is Gold.NOT_SUPPORTS for claim in claims):
            notes.append("two classes: every verdict but SUPPORTED counts as not_supports")
        return outcome_of(claims, checked, space, request, notes=notes)


TASK = Task(
    name="end-to-end",
    summary="Claim in, verdict out: search, stance and verdict by the product's own order of steps.",
    inputs=("corpus", "claims"),
    run=run,
)
