"""From judged evidence to a verdict, by one readable table.

``support`` and ``conflict`` are the strongest evidence of each stance. Strength is the stance's probability, discounted by
how much farther from the claim the passage is than the nearest one (``nearness_power``). Evidence gets its stance in
``onrecord.stance``, where the thresholds live with their calibration. Two passages of one source, or two copies of one text,
are not independent.

=============  ==============  ================================================  =======================
support found  conflict found  and                                               verdict
=============  ==============  ================================================  =======================
no             no                                                                NOT_ENOUGH_EVIDENCE
yes            no                                                                SUPPORTED
no             yes                                                               REFUTED
yes            yes             independent, both at least ``conflicting_least``,  CONFLICTING
                               closer than ``decision_margin``
yes            yes             independent, and two figures of one thing are on   CONFLICTING
                               record (``given_differently``)
yes            yes             otherwise, support is the stronger                SUPPORTED, conflict named
yes            yes             otherwise, conflict is at least as strong         REFUTED, support named
(any)          (any)           the check failed                                  NOT_CHECKED
=============  ==============  ================================================  =======================

The confidence in a side is one half and half the lead that its strongest evidence has over the strongest probability of the
other side in any evidence that decides, the same passage included: a record that points one way is surer than one of which
another passage points the other way, as strong as the first may be. In the lead distance counts twice: of the surest half of
their claims, 0.764 are right on average of five sets, and 0.755 where it counts once (26 November 2026).

Reported speech asks two questions and keeps the answers apart. Whether it was *said* gives the verdict: the speaker's own
words come first, others' accounts only where there are none. Whether it is *so* gives ``proposition_label``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from onrecord.records import Claim, Evidence, Reason, Stance, Verdict, VerdictLabel
from onrecord.settings import Settings
from onrecord.text import day


def decide(claim: Claim, evidence: Sequence[Evidence], *, settings: Settings, failure: str | None = None) -> Verdict:
    """Return the verdict on ``claim``.

    Args:
        claim: The claim as found in the article.
        evidence: All evidence judged for it, in any order.
        settings: ``decision_margin`` and ``conflicting_least`` are read.
        failure: Why the claim could not be checked; whatever evidence there is then, the verdict is ``NOT_CHECKED``.
    """
    if failure is not None:
        reason = Reason(code="not_checked", text=f"This claim was not checked: {failure}")
        return Verdict(label=VerdictLabel.NOT_CHECKED, confidence=0.0, reasons=(reason,))
    if claim.attribution is None:
        label, confidence, reasons = _weigh([item for item in evidence if item.question == "true"], "true", settings)
        return Verdict(label=label, confidence=confidence, reasons=reasons)
    said = [item for item in evidence if item.question == "said"]
    own = [item for item in said if item.own_words]
    decisive = own if any(item.stance is not Stance.NEUTRAL for item in own) else said
    label, confidence, reasons = _weigh(decisive, "said", settings)
    so = [item for item in evidence if item.question == "true"]
    so_label, _, so_reasons = _weigh(so, "true", settings)
    if so_label is not VerdictLabel.NOT_ENOUGH_EVIDENCE:
        reasons = (*reasons, *so_reasons)
    return Verdict(label=label, confidence=confidence, reasons=reasons, proposition_label=so_label)


def _weigh(
    evidence: Sequence[Evidence], question: Literal["said", "true"], settings: Settings
) -> tuple[VerdictLabel, float, tuple[Reason, ...]]:
    known = [max(FAR, item.hit.dense_score) for item in evidence if item.hit.dense_score is not None]
    nearest = max(known, default=1.0)

    def nearness(item: Evidence) -> float:
        """Return 1 for the nearest passage, and less for others, which are more likely about something else."""
        cosine = nearest if item.hit.dense_score is None else max(FAR, item.hit.dense_score)
        return float((cosine / nearest) ** settings.nearness_power)

    def strength(item: Evidence, probability: float) -> float:
        return probability * nearness(item)

    supports = sorted(
        (item for item in evidence if item.stance is Stance.SUPPORTS),
        key=lambda e: -strength(e, e.probabilities.supports),
    )
    support = supports[0] if supports else None
    conflict = max(
        (item for item in evidence if item.stance is Stance.REFUTES),
        key=lambda e: strength(e, e.probabilities.refutes),
        default=None,
    )
    if support is None and conflict is None:
        return _nothing(evidence, question)
    decided = [item for item in evidence if item.stance is not Stance.NEUTRAL]
    lead = max(nearness(item) * strength(item, item.probabilities.supports) for item in decided) - max(
        nearness(item) * strength(item, item.probabilities.refutes) for item in decided
    )
    if conflict is None and support is not None:
        return VerdictLabel.SUPPORTED, (1 + lead) / 2, (_reason("supported", question, support, evidence),)
    if support is None and conflict is not None:
        return VerdictLabel.REFUTED, (1 - lead) / 2, (_reason("refuted", question, conflict, evidence),)
    assert support is not None  # noqa: S101  narrowing for the type checker
    assert conflict is not None  # noqa: S101
    given = [item for item in evidence if item.given_differently]
    figured = sorted(supports, key=lambda one: not _gives_the_figure(one))
    two = next(((one, other) for other in given for one in figured if independent(one, other)), None)
    support, conflict = two or (support, conflict)
    for_it, against = (
        strength(support, support.probabilities.supports),
        strength(conflict, conflict.probabilities.refutes),
    )
    reasons = (_reason("refuted", question, conflict, evidence), _reason("supported", question, support, evidence))
    near = abs(for_it - against) < settings.decision_margin and min(for_it, against) >= settings.conflicting_least
    if two is not None or (near and independent(support, conflict)):
        return VerdictLabel.CONFLICTING, for_it * against, reasons
    if for_it > against:
        return VerdictLabel.SUPPORTED, (1 + lead) / 2, reasons[::-1]
    return VerdictLabel.REFUTED, (1 - lead) / 2, reasons


def _gives_the_figure(item: Evidence) -> bool:
    return any(found.check == "numbers" and found.outcome in {"equal", "rounded"} for found in item.findings)


FAR = 0.1
"""Least cosine in a comparison of nearness."""


def independent(first: Evidence, second: Evidence) -> bool:
    """Tell whether two pieces of evidence come from different sources that are no copies of one story or text."""
    return (
        first.passage.source.origin_id != second.passage.source.origin_id
        and first.rationale_text.casefold() != second.rationale_text.casefold()
    )


def _nothing(
    evidence: Sequence[Evidence], question: Literal["said", "true"]
) -> tuple[VerdictLabel, float, tuple[Reason, ...]]:
    doubt = max((max(e.probabilities.supports, e.probabilities.refutes) for e in evidence), default=0.0)
    if not evidence:
        text = "The corpus holds nothing near this claim."
    elif question == "said":
        text = "Nothing in the corpus shows that this was said, and nothing shows that it was not."
    else:
        text = f"Of {len(evidence)} passages that come nearest, none supports or contradicts this clearly enough."
    return VerdictLabel.NOT_ENOUGH_EVIDENCE, 1.0 - doubt, (Reason(code=f"nothing_{question}", text=text),)


_WORDS = {
    ("supported", "true"): "Supported by",
    ("refuted", "true"): "Contradicted by",
    ("supported", "said"): "That it was said is supported by",
    ("refuted", "said"): "That it was said is contradicted by",
}


def _reason(
    side: Literal["supported", "refuted"],
    question: Literal["said", "true"],
    item: Evidence,
    evidence: Sequence[Evidence],
) -> Reason:
    source = item.passage.source
    whose = " (the speaker's own words)" if item.own_words else ""
    when = f", {day(source.published)}" if source.published else ""
    about = "" if source.primary else ", not a primary source"
    text = f"{_WORDS[side, question]} “{source.title}” ({source.publisher}{when}{about}){whose}."
    different = next((finding for finding in item.findings if finding.outcome == "different"), None)
    if different is not None:
        text += f" {different.message}"
    stories = {other.passage.source.origin_id for other in evidence if other.stance is item.stance}
    if more := len(stories - {source.origin_id}):
        text += f" {more} more independent {'source says' if more == 1 else 'sources say'} the same."
    return Reason(code=f"{side}_{question}", text=text)
