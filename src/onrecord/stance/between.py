"""What a claim's passages say together: the same words in another person's mouth, and a figure that was given differently.

A network reads one passage at a time. Some things show only when a claim's passages are looked at together, each judged:

*Another said it.* Nothing shows that the named speaker said so, and a passage that bears out what was said gives it, in the
same sentence and on the same occasion, as said by somebody else. Two people may say the same; on one day or in one place, and
with no record of the named one saying it, a fact-checker calls it misattributed, and so does this.

*The figure was given differently.* One source bears the claim's figure out, and another, later one names that very figure as an
earlier or a provisional one beside a figure of its own; or it calls it disputed; or the first calls its figure provisional, and
the later one has a final figure of the same thing. A claim that gives one of the two without saying whose is contradicted by
the other source, as surely as the first bears it out.

*The figure is corrected.* Where a passage is known to give a figure of the claim differently, no passage bears the claim out that
does not give it at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from onrecord.records import Evidence, Finding, Passage, Span, Stance, StanceProbabilities
from onrecord.stance.questions import JudgeItem, family_name, same_person

if TYPE_CHECKING:
    from onrecord.quantities import Days, Quantity

_EARLIER = re.compile(
    r"\b(?:(?:earlier|previous|prior|first|initial|original|flash|preliminary|provisional|advance) "
    r"(?:report|estimates?|figures?|counts?|publication|release|number|reading|result|rate)|"
    r"(?:first|initially|previously|originally) (?:published|reported|estimated|given|put)|had (?:put|estimated)|"
    r"revised (?:up |down |upwards? |downwards? )?from)\b",
    re.IGNORECASE,
)
"""What marks a figure as an earlier one, in whose place another stands."""
_DISPUTED = re.compile(r"\b(?:disputed|for the same (?:period|year|month|quarter|day|date))\b", re.IGNORECASE)
"""What marks a figure as one of two that are given of the same thing."""
_LATER = re.compile(r"\b(?:final|revised|revision|recalculated|updated|corrected|full results?)\b", re.IGNORECASE)
"""What marks a figure as one that stands in the place of an earlier one."""
_REVISION, _DISPUTE, _CORRECTION = Decimal("1.5"), Decimal(3), Decimal("1.25")
"""How many times the other one of two figures may be: revised, disputed, or final without naming the first."""
_SAME_SUBJECT = 0.5
"""Share of the claim's words that a passage must have, its title's included, to be of the same thing."""
_CHANGE = re.compile(r"\W*(?:lower|higher|less|more|fewer|above|below)\b")
_PLACES = frozenset({"GPE", "LOC", "FAC", "EVENT"})


def together(items: Sequence[JudgeItem], judged: Sequence[Evidence]) -> list[Evidence]:
    """Return ``judged`` (one for each item, in order) with what the passages of each claim say together."""
    by_claim: dict[str, list[int]] = {}
    for number, item in enumerate(items):
        by_claim.setdefault(item.claim.id, []).append(number)
    found = list(judged)
    for numbers in by_claim.values():
        settle = _revised if items[numbers[0]].claim.attribution is None else _said_by_another
        for step in (_corrected, settle):
            for number, evidence in list(step([(number, items[number], found[number]) for number in numbers])):
                found[number] = evidence
    return found


_Judged = tuple[int, JudgeItem, Evidence]


def _against(evidence: Evidence, probability: float, sentence: Span, finding: Finding, note: str) -> Evidence:
    """Return evidence that contradicts with this probability."""
    passage = evidence.passage
    return evidence.model_copy(
        update={
            "stance": Stance.REFUTES,
            "probabilities": StanceProbabilities(supports=0.0, refutes=probability, neutral=1.0 - probability),
            "rationale": sentence,
            "rationale_text": sentence.shifted(-passage.span.start).of(passage.text),
            "nearest": None,
            "findings": (finding,),
            "note": note,
        }
    )


# ---------------------------------------------------------------------------------------------------- figure corrected


def _corrected(judged: Sequence[_Judged]) -> Iterable[tuple[int, Evidence]]:
    """Let no passage bear a claim out that lacks the figure which another passage gives differently."""
    corrected = {
        (item.question, finding.claim_value)
        for _, item, evidence in judged
        for finding in evidence.findings
        if evidence.stance is Stance.REFUTES and finding.check == "numbers" and finding.outcome == "different"
    }
    for number, item, evidence in judged:
        if evidence.stance is not Stance.SUPPORTS:
            continue
        held = {f.claim_value for f in evidence.findings if f.check == "numbers" and f.outcome in {"equal", "rounded"}}
        lacking = [value for question, value in sorted(corrected) if question == item.question and value not in held]
        if lacking:
            given = evidence.probabilities
            yield (
                number,
                evidence.model_copy(
                    update={
                        "stance": Stance.NEUTRAL,
                        "probabilities": StanceProbabilities(
                            supports=0.0, refutes=given.refutes, neutral=1.0 - given.refutes
                        ),
                        "nearest": None,
                        "note": f"Not support: it does not give {lacking[0]}, which another passage gives differently.",
                    }
                ),
            )


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
        if true is None or evidence.stance is not Stance.NEUTRAL:
            continue
        speaker = item.claim.attribution.speaker if item.claim.attribution else ""
        other = _other_sayer(item, speaker, true)
        if other is None or not _same_occasion(item, speaker, true):
            continue
        name, span = other
        start = item.hypothesis.find(speaker)
        finding = Finding(
            check="names",
            outcome="different",
            claim_value=speaker,
            evidence_value=name,
            claim_span=Span(
                start=max(start, 0), end=max(start, 0) + len(speaker) if start >= 0 else len(item.hypothesis)
            ),
            evidence_span=span,
            message=f"In the source {name} says this, not {speaker}.",
        )
        note = f"Said by another: the source gives this as said by {name}, not by {speaker}."
        yield number, _against(evidence, true.probabilities.supports, true.rationale, finding, note)


def _other_sayer(item: JudgeItem, speaker: str, true: Evidence) -> tuple[str, Span] | None:
    """Return who, instead of the named person, says what bears the claim out, and where the passage names him; else None."""
    from onrecord.stance.checks import names  # noqa: PLC0415  it parses

    family, passage = family_name(speaker), true.passage
    if not family or not names.is_person(item.claim.standalone, family):
        return None
    if passage.speaker is not None:
        return None if same_person(speaker, passage.speaker) else (passage.speaker, true.rationale)
    sentence = (true.nearest or true.rationale).shifted(-passage.span.start)
    found = names.sayers(passage.text, sentence)
    if len(found) != 1 or family in sentence.of(passage.text).casefold():
        return None
    name, span = found[0]
    return None if same_person(speaker, name) else (name, span.shifted(passage.span.start))


def _same_occasion(item: JudgeItem, speaker: str, true: Evidence) -> bool:
    """Tell whether the claim says when or where it was said, and the passage or its source is of that day or place."""
    from onrecord.quantities import days_meet, read_dates, read_days  # noqa: PLC0415  its tables are heavy
    from onrecord.stance.checks import names  # noqa: PLC0415  it parses

    claim, source = item.claim, true.passage.source
    what = claim.proposition.casefold()
    told = [
        (date.start, date.end)
        for date in read_dates(claim.standalone, item.article_date)
        if date.start and date.end and date.span.of(claim.standalone).casefold() not in what
    ]
    around = f"{source.title}\n{true.passage.text}"
    if told:
        given = read_days(around, source.published)
        if source.published:
            given.append((source.published, source.published))
        return all(days_meet(day, given) for day in told)
    where = [
        entity.text
        for entity in names.parse(claim.standalone).ents
        if entity.label_ in _PLACES and entity.text.casefold() not in what and entity.text not in speaker
    ]
    return bool(where) and all(name.casefold() in around.casefold() for name in where)


# ------------------------------------------------------------------------------------ the figure was given differently


def _revised(judged: Sequence[_Judged]) -> Iterable[tuple[int, Evidence]]:
    if any(cue.search(judged[0][1].hypothesis) for cue in (_EARLIER, _LATER, _DISPUTED)):
        return  # the claim itself says which of several figures it means
    found: list[tuple[float, int, Evidence, _Rival]] = []
    for number, item, evidence in judged:
        others = [
            other
            for _, _, other in judged
            if other.stance is Stance.SUPPORTS
            and other.passage.source.origin_id != evidence.passage.source.origin_id
            and not _names_publisher(item.hypothesis, other.passage.source.publisher)
        ]
        rivals = list(_rivals(item, evidence.passage, [other.passage for other in others])) if others else []
        if rivals:
            best = max(rivals, key=lambda rival: rival.alike)
            probability = max(evidence.probabilities.refutes, *(other.probabilities.supports for other in others))
            against = _against(evidence, probability, best.span, best.finding, best.finding.message)
            found.append((best.alike, number, against.model_copy(update={"given_differently": True}), best))
    if found:  # of several passages, the one that says most of the claim
        _, number, evidence, _ = max(found, key=lambda one: one[0])
        yield number, evidence


def _names_publisher(hypothesis: str, publisher: str) -> bool:
    return bool(publisher) and publisher.casefold() in hypothesis.casefold()


@dataclass(frozen=True, slots=True)
class _Rival:
    """Another figure than the claim's in a passage, and how many of the claim's words stand around it."""

    alike: float
    span: Span
    finding: Finding


def _rivals(item: JudgeItem, passage: Passage, others: Sequence[Passage]) -> Iterator[_Rival]:
    """Yield the figures that a passage gives in the place of one of the claim's, which ``others`` bear out.

    It names the claim's figure as an earlier or disputed one; or those who give it call it provisional, and the passage has a
    final or revised one of the same thing. The later source speaks of the earlier one, never the other way round.
    """
    from onrecord.quantities import days_meet, read_days, read_quantities  # noqa: PLC0415  its tables are heavy
    from onrecord.stance.checks.pair import side  # noqa: PLC0415

    title = passage.source.title
    under = f"{title}\n{passage.text}"
    if not any(cue.search(under) for cue in (_EARLIER, _LATER, _DISPUTED)):
        return
    words, titled = side(item.hypothesis).all_stems, side(title).all_stems
    on_subject = len((side(passage.text).all_stems | titled) & words) >= _SAME_SUBJECT * len(words)
    told = read_days(item.hypothesis, item.article_date)
    about = read_days(under, passage.source.published)
    sentences = [_Sentence.of(passage, span) for span in passage.sentences]

    def of_the_time(days: Sequence[Days]) -> bool:
        return not told or not days or any(days_meet(day, days) for day in told)

    for figure in read_quantities(item.hypothesis):
        bearers = [other for other in others if any(_same_figure(figure, one) for one in read_quantities(other.text))]
        if figure.vague or figure.dimension == "ordinal" or not bearers:
            continue
        after = any(_published_after(passage, other) for other in bearers)
        provisional = after and any(_EARLIER.search(f"{other.source.title}\n{other.text}") for other in bearers)
        named = any(sentence.gives(figure) for sentence in sentences)
        for number, sentence in enumerate(sentences):
            disputed = _DISPUTED.search(sentence.text) is not None
            near = [sentence]
            if sentence.gives(figure) and (
                disputed or (after and _EARLIER.search(sentence.text) and of_the_time(about))
            ):
                near += [*sentences[max(0, number - 1) : number], *sentences[number + 1 : number + 2]]
                times = _DISPUTE if disputed else _REVISION
            elif not named and provisional and _LATER.search(f"{title}\n{sentence.text}"):
                times = _CORRECTION
            else:
                continue
            for other in near:
                rival = other.rival(figure, times) if disputed or of_the_time(other.days) else None
                said = (side(sentence.text).all_stems | side(other.text).all_stems | titled) & words
                same_subject = on_subject if named else len(said) >= _SAME_SUBJECT * len(words)
                if rival is not None and same_subject:
                    yield _Rival(named + len(said) / len(words), *_told(item, figure, sentence, other, rival))


def _same_figure(one: Quantity, other: Quantity) -> bool:
    return one.dimension == other.dimension and one.base == other.base


def _published_after(passage: Passage, other: Passage) -> bool:
    """Tell whether a source came out after another, as far as is known."""
    mine, theirs = passage.source.published, other.source.published
    return mine is None or theirs is None or mine > theirs


def _told(
    item: JudgeItem, figure: Quantity, sentence: _Sentence, other: _Sentence, rival: Quantity
) -> tuple[Span, Finding]:
    """Return the range of two sentences, and the finding for a reader."""
    mine, theirs = figure.span.of(item.hypothesis), rival.span.of(other.text)
    finding = Finding(
        check="numbers",
        outcome="different",
        claim_value=mine,
        evidence_value=theirs,
        claim_span=figure.span,
        evidence_span=rival.span.shifted(other.span.start),
        message=f"{mine} in the claim is one of two figures on record; this source gives {theirs}.",
    )
    start, end = min(sentence.span.start, other.span.start), max(sentence.span.end, other.span.end)
    return Span(start=start, end=end), finding


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence of a passage with its figures and days; the figures' spans point into its own text."""

    span: Span
    text: str
    figures: tuple[Quantity, ...]
    days: tuple[Days, ...]

    @classmethod
    def of(cls, passage: Passage, span: Span) -> _Sentence:
        from onrecord.quantities import read_days, read_quantities  # noqa: PLC0415  its tables are heavy

        text = span.shifted(-passage.span.start).of(passage.text)
        return cls(span, text, tuple(read_quantities(text)), tuple(read_days(text, passage.source.published)))

    def gives(self, figure: Quantity) -> bool:
        """Tell whether it has this very figure."""
        return any(_same_figure(figure, one) for one in self.figures)

    def rival(self, figure: Quantity, times: Decimal) -> Quantity | None:
        """Return the figure that stands in the place of ``figure``: the nearest of its kind, or by how much it differs."""
        changes = [
            one
            for one in self.figures
            if {one.dimension, figure.dimension} == {"points", "share"} and _CHANGE.match(self.text, one.span.end)
        ]
        others = [
            one
            for one in self.figures
            if one.dimension == figure.dimension
            and (one.dimension != "money" or one.unit == figure.unit)
            and (not one.noun or not figure.noun or one.noun[-1] == figure.noun[-1])
            and one.base != figure.base
            and 0 < max(one.base, figure.base) <= times * min(one.base, figure.base)
        ]
        return min(others, key=lambda one: abs(one.base - figure.base), default=changes[0] if changes else None)
