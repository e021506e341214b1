"""The whole path of a labelled claim: search, stance, verdict, by the product's own ``Checker``.

Retrieval is reported beside it, and every mistake is put down to the first step that went wrong, so that one sees where the
points are lost. Verdicts map to the annotators' labels one to one: SUPPORTED, REFUTED, NOT_ENOUGH_EVIDENCE and CONFLICTING
are supports, refutes, neutral and disputed; NOT_CHECKED is always wrong.
"""

from __future__ import annotations

import collections
import datetime as dt
import time
from collections.abc import Mapping, Sequence

import numpy as np

from evals import baselines, metrics
from evals.data import DataFile, Gold, LabelledClaim, fingerprint
from evals.keep import KeptClaim, KeptNetwork, KeptRun
from evals.result import Item
from evals.tasks import Outcome, Request, Task
from evals.tasks.retrieval import judged_recall, read_askable, score, search_all
from evals.workspace import Places, Workspace, bare_claim, built
from onrecord import workflow
from onrecord.records import CheckedClaim, Claim, Evidence, SearchFilters, Stance, VerdictLabel
from onrecord.stance import cascade, nli
from onrecord.stance.windows import content_words

NOT_CHECKED = "not_checked"
FROM_VERDICT: Mapping[VerdictLabel, str] = {
    VerdictLabel.SUPPORTED: Gold.SUPPORTS,
    VerdictLabel.REFUTED: Gold.REFUTES,
    VerdictLabel.NOT_ENOUGH_EVIDENCE: Gold.NEUTRAL,
    VerdictLabel.CONFLICTING: Gold.DISPUTED,
    VerdictLabel.NOT_CHECKED: NOT_CHECKED,
}
SIDES: Mapping[str, Stance] = {Gold.SUPPORTS: Stance.SUPPORTS, Gold.REFUTES: Stance.REFUTES}
DECIDED = "claims decided"
"""Stage that the product reports after each claim."""
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


def is_gold(evidence: Evidence, claim: LabelledClaim, space: Places) -> bool:
    """Tell whether a passage is what the annotators decided by: a whole rationale, or the document where they named none."""
    document = space.document(evidence.passage)
    if document not in claim.gold_documents:
        return False
    spans = space.spans(claim)
    place = (document, evidence.passage.span.start, evidence.passage.span.end)
    return document not in spans or metrics.rationale_ranks([place], {document: spans[document]}) is not None


def cause(claim: LabelledClaim, checked: CheckedClaim, space: Places) -> str:  # noqa: PLR0911  one for each step
    """Return the first step that went wrong for a claim whose verdict is wrong.

    ``not checked``: the check failed. ``claim rewriting``: the wordings that were checked lack a content word of the labelled
    one. ``retrieval miss``: no gold document among the judged passages. ``rationale miss``: the document, but not the passage
    that decides. ``unfounded``: the annotators found nothing that decides, the verdict says otherwise. ``abstained``: a gold
    passage was judged, and nothing was taken to decide. ``stance wrong``: no gold passage was given the gold stance (of a
    disputed claim: they do not show both sides). ``verdict rule``: they were, and were outweighed.
    """
    if checked.verdict.label is VerdictLabel.NOT_CHECKED:
        return "not checked"
    asked = {checked.claim.standalone, *(item.hypothesis for item in checked.evidence)}
    if content_words(claim.claim) - {word for wording in asked for word in content_words(wording)}:
        return "claim rewriting"
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
        return "abstained" if checked.verdict.label is VerdictLabel.NOT_ENOUGH_EVIDENCE else "stance wrong"
    return "verdict rule"


def _has_gold_evidence(claim: LabelledClaim, checked: CheckedClaim, space: Places) -> bool:
    """Tell whether a gold passage is among the first five pieces for the gold side; true where the gold is no side."""
    side = SIDES.get(claim.gold)
    if side is None or not claim.gold_documents:
        return True
    return any(is_gold(item, claim, space) for item in [e for e in checked.evidence if e.stance is side][:FIRST])


def check(
    claims: Sequence[Claim],
    space: Workspace,
    request: Request,
    *,
    article_date: dt.date | None = None,
    article_title: str = "",
) -> list[CheckedClaim]:
    """Check all claims as the product does, in their order; what the networks answered in an earlier run is not read again."""
    if request.kept is not None:
        space.checker.judgements = request.kept
    decided: list[float] = [time.perf_counter()]

    def heard(progress: workflow.Progress) -> None:
        if progress.stage == DECIDED and progress.done:
            decided.append(time.perf_counter())
        if progress.total == len(claims):
            request.progress(progress.stage, progress.done, progress.total)

    checked = space.checker.check_claims(
        claims, filters=SearchFilters(), article_date=article_date, article_title=article_title, progress=heard
    )
    request.seconds.extend(_shared_out(decided))
    return checked


def _shared_out(decided: Sequence[float]) -> list[float]:
    """Return each claim's seconds: the first is checked alone, then so many together, which share their time."""
    ends = [1, *range(1 + workflow.CLAIMS_PER_BATCH, len(decided), workflow.CLAIMS_PER_BATCH), len(decided) - 1]
    seconds: list[float] = []
    last = 0
    for end in dict.fromkeys(end for end in ends if 0 < end < len(decided)):
        seconds += [(decided[end] - decided[last]) / (end - last)] * (end - last)
        last = end
    return seconds


def figures_of(
    claims: Sequence[LabelledClaim], checked: Sequence[CheckedClaim], space: Places
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
    sure = [item.verdict.confidence for item in checked]
    figures["selective"] = metrics.risk_coverage(right, sure)
    figures["calibration"] = metrics.reliability(right, sure)
    figures["fever_score"] = metrics.rounded(
        sum(_fever_right(c, k, g, p, space) for c, k, g, p in zip(claims, checked, gold, predicted, strict=True))
        / len(claims)
    )
    if _has_scifact(claims, space):
        figures["scifact"] = metrics.scifact(*_scifact(claims, checked, space))
    evidenced = [good and _has_gold_evidence(c, k, space) for c, k, good in zip(claims, checked, right, strict=True)]
    figures["right_label_and_evidence"] = metrics.rounded(sum(evidenced) / len(evidenced))
    causes = collections.Counter(
        cause(c, k, space) for c, k, good in zip(claims, checked, right, strict=True) if not good
    )
    figures["mistakes"] = dict(causes.most_common())
    return figures, gold, predicted, labels


def _given(checked: CheckedClaim, space: Places) -> dict[str, tuple[str, list[int], list[object]]]:
    """Return what the product rests a verdict on, strongest first: document → stance, annotated sentences, places of them.

    A document's stance is that of its strongest evidence; its sentences are those of the rationales for that stance. Where the
    set names no sentences, the document itself is the place.
    """
    side = {VerdictLabel.SUPPORTED: Stance.SUPPORTS, VerdictLabel.REFUTED: Stance.REFUTES}.get(checked.verdict.label)
    strength = {Stance.SUPPORTS: "supports", Stance.REFUTES: "refutes"}
    decided = [item for item in checked.evidence if item.stance in strength]
    # What the verdict follows is shown first.
    decided.sort(key=lambda item: (item.stance is not side, -getattr(item.probabilities, strength[item.stance])))
    found: dict[str, tuple[str, list[int], list[object]]] = {}
    for item in decided:
        document = space.document(item.passage)
        stance, numbers, places = found.setdefault(document, (str(item.stance), [], []))
        if stance == item.stance:
            new = [n for n in space.sentences_in(document, item.rationale) if n not in numbers]
            numbers.extend(new)
            places.extend((document, number) for number in new)
            if document not in space.sentences:
                places.append((document, None))
    return found


def _fever_right(claim: LabelledClaim, checked: CheckedClaim, gold: str, predicted: str, space: Places) -> bool:
    """Tell whether a claim counts for FEVER's score, by the rationales that the product shows."""
    sets: list[list[object]] = []
    for document in claim.gold_documents:
        if document in claim.rationales and document in space.sentences:
            sets += [[(document, number) for number in rationale] for rationale in claim.rationales[document]]
        else:
            sets.append([(document, None)])
    if not sets:
        return gold == predicted
    evidence: list[object] = []
    for document, (_, _, places) in _given(checked, space).items():
        evidence += [(document, None) if [(document, None)] in sets else place for place in places]
    return metrics.fever_right(
        {"label": gold, "evidence": sets}, predicted, list(dict.fromkeys(evidence)), most=FIRST, open_label=Gold.NEUTRAL
    )


def _scifact(
    claims: Sequence[LabelledClaim], checked: Sequence[CheckedClaim], space: Places
) -> tuple[metrics.Abstracts, metrics.Abstracts]:
    """Return gold and answers in the form of ``metrics.scifact``, claims in their order."""
    gold: dict[str, dict[str, metrics.AbstractEvidence]] = {}
    predicted: dict[str, dict[str, metrics.AbstractEvidence]] = {}
    for claim, item in zip(claims, checked, strict=True):
        gold[claim.id] = {
            document: {"label": str(claim.gold), "rationales": rationales}
            for document, rationales in claim.rationales.items()
            if claim.gold in SIDES
        }
        predicted[claim.id] = {
            document: {"label": stance, "rationales": [numbers]}
            for document, (stance, numbers, _) in _given(item, space).items()
        }
    return gold, predicted


def _has_scifact(claims: Sequence[LabelledClaim], space: Places) -> bool:
    return bool(space.sentences) and any(claim.rationales for claim in claims)


def _shares(
    claims: Sequence[LabelledClaim],
    checked: Sequence[CheckedClaim],
    gold: Sequence[str],
    predicted: Sequence[str],
    space: Places,
) -> metrics.Shares:
    """Return the figures of ``figures_of`` that are shares of claims, by dotted name, for their intervals."""
    raw = [FROM_VERDICT[item.verdict.label] for item in checked]
    every = np.ones(len(claims))
    right = np.asarray([g == p for g, p in zip(gold, predicted, strict=True)], dtype=np.float64)
    answered = np.asarray([label not in (Gold.NEUTRAL, NOT_CHECKED) for label in raw], dtype=np.float64)
    directed = np.asarray([claim.gold in SIDES for claim in claims], dtype=np.float64)
    sided = directed * np.asarray([label in SIDES for label in raw], dtype=np.float64)
    same = directed * np.asarray([c.gold == label for c, label in zip(claims, raw, strict=True)], dtype=np.float64)
    fever = [_fever_right(c, k, g, p, space) for c, k, g, p in zip(claims, checked, gold, predicted, strict=True)]
    evidenced = right * [_has_gold_evidence(c, k, space) for c, k in zip(claims, checked, strict=True)]
    return {
        "accuracy_full_coverage": (right, every),
        "coverage": (answered, every),
        "abstention": (1 - answered, every),
        "accuracy_when_answered": (right * answered, answered),
        "directional.abstention": (directed - sided, directed),
        "directional.accuracy": (same, directed),
        "directional.accuracy_when_answered": (same, sided),
        "fever_score": (fever, every),
        "right_label_and_evidence": (evidenced, every),
        **(metrics.scifact_shares(*_scifact(claims, checked, space)) if _has_scifact(claims, space) else {}),
    }


def _better_side(checked: CheckedClaim) -> str:
    support = max((item.probabilities.supports for item in checked.evidence), default=0.0)
    refutation = max((item.probabilities.refutes for item in checked.evidence), default=0.0)
    return Gold.SUPPORTS if support >= refutation else Gold.REFUTES


def item_of(claim: LabelledClaim, checked: CheckedClaim, gold: str, predicted: str, space: Places) -> Item:
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
                    "window": item.passage.text_in(item.window),
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
    kept: Sequence[KeptClaim],
    checked: Sequence[CheckedClaim],
    space: Workspace,
    request: Request,
    *,
    notes: Sequence[str] = (),
) -> Outcome:
    """Score checked claims, one for each labelled one: verdicts, retrieval beside them, baselines and per-item outcomes."""
    claims = [item.labelled for item in kept]
    figures, gold, predicted, labels = figures_of(claims, checked, space)
    texts = [claim.claim for claim in claims]
    seed = request.seed
    intervals = metrics.classification_intervals(gold, predicted, groups=texts, seed=seed)
    right, sure = [g == p for g, p in zip(gold, predicted, strict=True)], [c.verdict.confidence for c in checked]
    intervals.update(metrics.risk_coverage_intervals(right, sure, groups=texts, seed=seed))
    intervals.update(metrics.reliability_intervals(right, sure, groups=texts, seed=seed))
    shares = _shares(claims, checked, gold, predicted, space)
    intervals.update(metrics.share_intervals(shares, groups=texts, seed=seed))
    if "forced_two_way" in figures:
        forced = {"forced_two_way": [_better_side(item) for item in checked]}
        intervals.update(metrics.intervals_of_readings(gold, forced, groups=texts, seed=seed))
    # Baselines that need no stance: the nearest passage, by shared words and by cosine.
    nearest = [max(c.evidence, key=lambda e: e.hit.dense_score or 0.0, default=None) for c in checked]
    passages = [item.passage.text if item else "" for item in nearest]
    cosines = [(item.hit.dense_score or 0.0) if item else 0.0 for item in nearest]
    with_gold = [claim for claim in claims if claim.gold_documents]
    alone: dict[str, object] = {}
    if with_gold:
        found = search_all(with_gold, space, request)
        retrieved, retrieved_intervals, alone, _ = score(with_gold, found, space, seed=request.seed)
        reaching = [[e.passage for e in c.evidence] for c in checked]
        judged, judged_intervals = judged_recall(claims, reaching, space, seed=seed)
        figures["retrieval"] = {**retrieved, "judged": judged}
        retrieved_intervals |= judged_intervals
        intervals.update({f"retrieval.{name}": bounds for name, bounds in retrieved_intervals.items()})
    path = request.inputs["claims"]
    return Outcome(
        metrics=figures,
        intervals=intervals,
        baselines={
            # What search alone would find is beside ``retrieval``; majority here is that of the verdicts.
            **alone,
            "majority": baselines.majority(gold, labels=labels),
            "claim_only": baselines.claim_only(texts, gold, labels=labels, seed=seed),
            "lexical_overlap": baselines.lexical_overlap(texts, passages, gold, labels=labels, seed=seed),
            "similarity": baselines.similarity(texts, cosines, gold, labels=labels, seed=seed),
        },
        items=[
            item_of(claim, item, g, p, space)
            for claim, item, g, p in zip(claims, checked, gold, predicted, strict=True)
        ],
        models=space.checker.models(),
        data=DataFile(path=str(path), sha256=fingerprint(path), n=len(claims)),
        corpus=space.data,
        notes=notes,
        kept=(kept_run(checked, space), kept) if request.kept is not None else None,
    )


def kept_run(checked: Sequence[CheckedClaim], space: Workspace) -> KeptRun:
    """Return what a replay needs besides the claims: whose answers were kept, and the sentences of what was judged."""
    settings = space.checker.settings
    tiers = ("fast", "accurate") if settings.stance_model == cascade.CASCADE else (settings.stance_model,)
    networks = [(tier, nli.load_tier(settings, tier)) for tier in tiers]
    seen = {space.document(item.passage) for claim in checked for item in claim.evidence}
    return KeptRun(
        networks=tuple(
            KeptNetwork(tier=tier, name=network.name, sha256=network.sha256, calibration=network.calibration)
            for tier, network in networks
        ),
        names=space.names,
        sentences={document: spans for document, spans in space.sentences.items() if document in seen},
    )


def run(request: Request) -> Outcome:
    """Check every claim and score the verdicts."""
    with built(request.inputs["corpus"], request.settings, request.progress) as space:
        claims, contradicted = read_askable(request, space)
        bare = [bare_claim(claim.claim, number) for number, claim in enumerate(claims)]
        checked = check(bare, space, request)
        notes = [
            "accuracy is at full coverage: every claim counts, NOT_ENOUGH_EVIDENCE is the answer neutral",
            "selective figures answer the share of claims with the highest confidence",
        ]
        if contradicted:
            notes.append(
                f"{contradicted} rows of the file are left out: their wording stands with another label too, so that no answer "
                "is right for both (a sentence that does not decide a claim is annotated as neutral beside one that does)"
            )
        if any(claim.gold is Gold.NOT_SUPPORTS for claim in claims):
            notes.append("two classes: every verdict but SUPPORTED counts as not_supports")
        kept = [KeptClaim(labelled=c, parts=(k,)) for c, k in zip(claims, checked, strict=True)]
        return outcome_of(kept, checked, space, request, notes=notes)


TASK = Task(
    name="end-to-end",
    summary="Claim in, verdict out: search, stance and verdict by the product's own order of steps.",
    inputs=("corpus", "claims"),
    run=run,
    excludes=True,
)
