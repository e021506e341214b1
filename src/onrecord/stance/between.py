"""What a claim's passages say together: the same words in another person's mouth, and figures that are given differently.

A network reads one passage at a time. Some things show only when a claim's passages are looked at together, each judged:

*Another said it.* Nothing shows that the named speaker said so, and a passage that bears out what was said gives it, in the
same sentence and on the same occasion, as said by somebody else. Two people may say the same; on one day or in one place, and
with no record of the named one saying it, a fact-checker calls it misattributed, and so does this. Where the network read the
passage as showing that it was said, and only the name stood against it, the month or the season will do.

*The figure was given differently* (``rivals``, ``counterparts``). One source bears the claim's figure out, and another has
another figure of the same thing. A claim that gives one of the two without saying whose is contradicted by the other source,
as surely as the first bears it out.

*Another figure in its place* (``figures``). A passage that bears the claim out, but for its figure, contradicts it.

*The figure is corrected.* Where a passage is known to give a figure of the claim differently, no passage bears the claim out
that does not give it at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from onrecord.records import Evidence, Finding, Span, Stance, StanceProbabilities
from onrecord.stance import counterparts, figures, rivals
from onrecord.stance.questions import GIVEN_TO_ANOTHER, JudgeItem, family_name, names_speaker, same_person
from onrecord.stance.windows import content_words

if TYPE_CHECKING:
    from onrecord.quantities import Days

SAME_WORDS = 0.8
"""Share of what was said that a sentence must hold where only the month agrees: two may speak of one thing in a month."""
_AT = r"\b(?:in|at|from|during)\s+(?:the\s+)?"
_MEETING = re.compile(r"\b([A-Z][^\W\d_]+)\s+(?:meeting|summit|talks|conference|negotiations|session)\b")
"""With the place that it is named by: "the Jeddah meeting"."""


def together(items: Sequence[JudgeItem], judged: Sequence[Evidence]) -> list[Evidence]:
    """Return ``judged`` (one for each item, in order) with what the passages of each claim say together."""
    by_claim: dict[tuple[str, str], list[int]] = {}  # claims of several articles may have one id
    for number, item in enumerate(items):
        by_claim.setdefault((item.claim.id, item.claim.standalone), []).append(number)
    found = list(judged)
    for numbers in by_claim.values():
        settle = _given_differently if items[numbers[0]].claim.attribution is None else _said_by_another
        for step in (_instead, _corrected, settle):
            for number, evidence in list(step([(number, items[number], found[number]) for number in numbers])):
                found[number] = evidence
    return found


_Judged = tuple[int, JudgeItem, Evidence]


def _against(evidence: Evidence, probability: float, sentence: Span, finding: Finding) -> Evidence:
    """Return evidence that contradicts with this probability; its finding says why."""
    return evidence.model_copy(
        update={
            "stance": Stance.REFUTES,
            "probabilities": StanceProbabilities(supports=0.0, refutes=probability, neutral=1.0 - probability),
            "rationale": sentence,
            "rationale_text": evidence.passage.text_in(sentence),
            "nearest": None,
            "findings": (finding,),
            "note": "",
        }
    )


# --------------------------------------------------------------------------------------------- another figure instead


def _instead(judged: Sequence[_Judged]) -> Iterable[tuple[int, Evidence]]:
    passages = {evidence.passage.id: evidence.passage for _, _, evidence in judged}
    held: dict[str, figures.Held] = {}  # by wording
    for number, item, evidence in judged:
        if evidence.stance is not Stance.SUPPORTS:
            continue
        if item.hypothesis not in held:
            held[item.hypothesis] = figures.Held.of(item, passages.values())
        other = held[item.hypothesis].instead(evidence.passage)
        if other is not None:
            yield number, _against(evidence, evidence.probabilities.supports, other.span, other.finding)


# ---------------------------------------------------------------------------------------------------- figure corrected


def _corrected(judged: Sequence[_Judged]) -> Iterable[tuple[int, Evidence]]:
    corrected = {
        (item.question, finding.claim_value)
        for _, item, evidence in judged
        for finding in evidence.findings
        if evidence.stance is Stance.REFUTES and finding.check == "numbers" and finding.outcome == "different"
    }
    for number, item, evidence in judged:
        asked = [value for question, value in sorted(corrected) if question == item.question]
        if evidence.stance is not Stance.SUPPORTS or not asked:
            continue
        lacking = next(
            (value for value in asked if not rivals.gives(evidence.passage.text, item.hypothesis, value)), ""
        )
        if lacking:
            given = evidence.probabilities
            rest = StanceProbabilities(supports=0.0, refutes=given.refutes, neutral=1.0 - given.refutes)
            note = f"Not support: it does not give {lacking}, which another passage gives differently."
            update = {"stance": Stance.NEUTRAL, "probabilities": rest, "nearest": None, "note": note}
            yield number, evidence.model_copy(update=update)


# -------------------------------------------------------------------------------------- the figure is given differently


def _given_differently(judged: Sequence[_Judged]) -> Iterable[tuple[int, Evidence]]:
    found: list[tuple[rivals.Rival, int, Evidence, float]] = []
    for number, item, evidence in judged:
        others = [
            other
            for _, _, other in judged
            if other.stance is Stance.SUPPORTS
            and other.passage.source.origin_id != evidence.passage.source.origin_id
            and not rivals.names_publisher(item.hypothesis, other.passage.source.publisher)
        ]
        beside = [other.passage for other in others]
        ways = (rivals.best, counterparts.best) if others else ()
        best = next((other for way in ways if (other := way(item, evidence.passage, beside)) is not None), None)
        if best is not None:
            probability = max(evidence.probabilities.refutes, *(other.probabilities.supports for other in others))
            found.append((best, number, evidence, probability))
    if found:  # of several passages, the one that says most of the claim
        best, number, evidence, probability = max(found, key=lambda one: one[0].alike)
        against = _against(evidence, probability, best.span, best.finding)
        yield number, against.model_copy(update={"given_differently": True})


# ---------------------------------------------------------------------------------------------------- another said it


def _said_by_another(judged: Sequence[_Judged]) -> Iterable[tuple[int, Evidence]]:
    said = [one for one in judged if one[1].question == "said"]
    if any(evidence.stance is Stance.SUPPORTS for _, _, evidence in said):
        return
    borne_out = {
        evidence.passage.id: evidence
        for _, item, evidence in judged
        if item.question == "true" and evidence.stance is Stance.SUPPORTS
    }
    for number, item, evidence in said:
        true = borne_out.get(evidence.passage.id)
        attribution = item.claim.attribution
        if true is None or attribution is None or evidence.stance is not Stance.NEUTRAL:
            continue
        sentence = true.nearest or true.rationale
        other = _other_sayer(item, attribution.speaker, true, sentence)
        read = evidence.note.startswith(GIVEN_TO_ANOTHER)
        if other is None or not _same_occasion(item, true, sentence, read_as_said=read):
            continue
        name, span = other
        at = item.hypothesis.find(attribution.speaker)
        named = (
            Span(start=at, end=at + len(attribution.speaker)) if at >= 0 else Span(start=0, end=len(item.hypothesis))
        )
        finding = Finding(
            check="names",
            outcome="different",
            claim_value=named.of(item.hypothesis),
            evidence_value=true.passage.text_in(span),
            claim_span=named,
            evidence_span=span,
            message=f"In the source {name} says this, not {attribution.speaker}.",
        )
        yield number, _against(evidence, true.probabilities.supports, sentence, finding)


def _other_sayer(item: JudgeItem, speaker: str, true: Evidence, sentence: Span) -> tuple[str, Span] | None:
    """Return who, instead of the named person, says a sentence that bears the claim out, and where it shows; else None.

    Where the passage speaks of the named person too, "he" may be either: then the sentence itself must name who says it.
    """
    from onrecord.stance.checks import names  # noqa: PLC0415  it parses

    family, passage = family_name(speaker), true.passage
    local = sentence.shifted(-passage.span.start)
    if not family or family in local.of(passage.text).casefold() or not names.is_person(item.claim.standalone, family):
        return None
    if passage.speaker is not None:
        mentioned = same_person(speaker, passage.speaker) or family in passage.text.casefold()
        return None if mentioned else (passage.speaker, sentence)
    found = names.sayers(passage.text, local)
    if len(found) != 1:
        return None
    name, span = found[0]
    if same_person(speaker, name) or (names_speaker(passage, speaker) and not span.overlaps(local)):
        return None
    return name, span.shifted(passage.span.start)


def _same_occasion(item: JudgeItem, true: Evidence, sentence: Span, *, read_as_said: bool) -> bool:
    """Tell whether the claim says on which day, or in which place, it was said, and the passage or its source is of that.

    A month is not enough, unless in the same words or with the place, or where the passage was read as showing that it was said
    (``read_as_said``), though by another; then a season is enough too.
    """
    from onrecord.quantities import days_meet, read_dates  # noqa: PLC0415  its tables are heavy
    from onrecord.stance.checks import names  # noqa: PLC0415  it parses

    claim, passage = item.claim, true.passage
    what = claim.proposition.casefold()
    told = [
        date
        for date in read_dates(claim.standalone, item.article_date)
        if date.start and date.end and date.span.of(claim.standalone).casefold() not in what
    ]
    around = f"{passage.source.title}\n{passage.text}"
    given = _days_of(around, true)
    if not all(days_meet((date.start, date.end), given) for date in told if date.start and date.end):
        return False
    words = content_words(claim.proposition)
    alike = len(words & content_words(passage.text_in(sentence))) >= SAME_WORDS * len(words)
    exact = {"day", "week", "month", "season"} if read_as_said else {"day", "month"} if alike else {"day"}
    if told and all(date.precision in exact for date in told):
        return True
    if any(date.precision not in {"day", "month"} for date in told):
        return False
    # A place; where a month is told too, both.
    where = [
        entity.text
        for entity in names.parse(claim.standalone).ents
        if entity.label_ in {"GPE", "LOC", "FAC", "EVENT"}
        and not entity.text.isupper()
        and entity.text.casefold() not in what
        and re.search(_AT + re.escape(entity.text) + r"\b", claim.standalone)
    ]
    where += [name for name in _MEETING.findall(claim.standalone) if name.casefold() not in what]
    return bool(where) and all(re.search(_AT + re.escape(name) + r"\b", around, re.IGNORECASE) for name in where)


def _days_of(text: str, evidence: Evidence) -> list[Days]:
    """Return the days that a text names and the one on which its source was published."""
    from onrecord.quantities import read_days  # noqa: PLC0415  its tables are heavy

    published = evidence.passage.source.published
    return [*read_days(text, published), *([(published, published)] if published else [])]
