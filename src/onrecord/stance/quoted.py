"""Quotations word by word: what the passages of a corpus show about a quotation, and what that does to a claim.

``verify_quotation`` compares a quotation with every passage that may hold it and says what became of it; who the passages are
attributed to is weighed, not presupposed. A network reads a changed word as a paraphrase; here the words are compared
(``checks.quotes``). ``verify`` reads from that what one passage shows about the question whether the speaker *said* so, for
quotations of at least ``DECIDING_WORDS`` words:

* verbatim or nearly so, and the passage gives it as the speaker's: support, if the quotation is most of what is claimed;
* altered, spliced, out of context or wrongly dated, and the passage gives it as the speaker's: a conflict;
* on record as somebody else's and nowhere as the speaker's: a conflict, with that name.

Anything else leaves the network's stance as it is.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from onrecord.records import (
    Claim,
    Finding,
    Passage,
    Quotation,
    QuotationCheck,
    QuotationOutcome,
    QuotationPlace,
    SourceKind,
    Span,
    Stance,
)
from onrecord.stance.questions import JudgeItem, family_name, names_speaker, other_speakers

if TYPE_CHECKING:
    from onrecord.quantities import Days
    from onrecord.stance.checks.quotes import QuoteMatch

VERIFIED_WORDS = 3
"""Shorter ones are not looked for."""
DECIDING_WORDS = 5
"""Fewer words are often said by many: they are shown and decide nothing."""
PROBABILITY = 0.98
"""Of a stance given here. On 2,500 quotations made by rule from real addresses the outcome was right in 99.6 %
(``python -m evals run quotations``); the rest is for what such a set does not hold."""
SHARE_OF_CLAIM = 0.5
"""A claim is supported by its quotations when they are at least this part of the words of what is claimed."""
COMMON = 20
"""Words that stand in so many passages are nobody's: they are not called somebody else's."""
ALTERED_RATIO = 0.75
"""Share of an altered quotation's words that must stand in order in one place of a whole corpus; in a single passage that
search brought, 0.6 does (``checks.quotes``). Set by hand, then held against the 2,500 of ``python -m evals run quotations``
(2026-11-24): 638 of 640 altered ones are above it, 140 of 140 sentences of addresses outside the corpus below."""
WHOLE_RATIO = 0.9
"""Where one place has so much of it, the rest was changed and not taken from elsewhere."""
STOLEN_RATIO = 0.85
"""The same for words that are only on record as somebody else's."""
DAYS_OFF = 1
"""A transcript may be dated a day off: time zones, speeches past midnight."""

_WORD = re.compile(r"\w+(?:['’-]\w+)*")
_INSTITUTION = re.compile(
    r"\b(?:kremlin|white house|pentagon|ministry|government|department|office|agency|party|committee|commission|council|"
    r"court|company|corporation|bank|union|administration|police|army|military|officials?|sources?|team|embassy|congress|"
    r"senate|parliament|house|authorit(?:y|ies)|association|organi[sz]ation|university|institute|group|report|statement|"
    r"service|board|delegation|experts?|scientists?|researchers?|residents?|critics?|opponents?)\b",
    re.IGNORECASE,
)
_SPEECH_NOUN = re.compile(
    r"\W{0,3}(?:\w+\W+){0,3}?(?:address|speech|interview|statement|message|remarks|conference|inaugural|inauguration|"
    r"briefing|letter|lecture|sermon|testimony|broadcast|debate|sitting|session)\b",
    re.IGNORECASE,
)
_OPENS = re.compile(r"\W*(?:(?:Back )?(?:On|In|At)\b)?\s*(?:the\s)?")
_FOLLOWS = re.compile(r"\s*(?:(?:to|at|in|before|during) [\w'’ ]{1,40}? )?(?:on|in|at|last|this)\s(?:the\s)?|\s*")


@dataclass(frozen=True, slots=True)
class Quoted:
    """What the words show, where they stand in the version's text, and the finding for the reader."""

    stance: Stance
    span: Span
    finding: Finding


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Passages of one version that overlap, by one speaker, as one text: a long quotation may run over several."""

    passages: tuple[Passage, ...]
    text: str
    start: int

    def place(self, span: Span) -> QuotationPlace:
        """Return the place at ``span`` of the stretch's text, with the rest of its sentences."""
        there = span.shifted(self.start)
        passage = max(self.passages, key=lambda p: min(p.span.end, there.end) - max(p.span.start, there.start))
        sentence = self.sentence(span)
        return QuotationPlace(
            passage=passage,
            span=there,
            text=span.of(self.text),
            before=self.text[sentence.start : span.start].strip(),
            after=self.text[span.end : sentence.end].strip(),
        )

    def sentence(self, span: Span) -> Span:
        """Return the sentence or sentences around ``span``, in the stretch's text."""
        spans = [s.shifted(-self.start) for passage in self.passages for s in passage.sentences]
        touched = [s for s in spans if s.overlaps(span)] or [span]
        return Span(start=min(span.start, *(s.start for s in touched)), end=max(span.end, *(s.end for s in touched)))


@dataclass(frozen=True, slots=True)
class _Found:
    stretch: _Stretch
    match: QuoteMatch
    place: QuotationPlace
    whose: Literal["speaker", "unknown", "other"]
    on_time: bool


def long_enough(quotation: Quotation, words: int = VERIFIED_WORDS) -> bool:
    """Tell whether a quotation has at least so many words."""
    return len(_WORD.findall(quotation.text)) >= words


def speaker_of(claim: Claim, quotation: Quotation) -> str | None:
    """Return who says the quotation as the article has it; ``None`` when it is not part of what the claim reports."""
    attribution = claim.attribution
    if attribution is None:
        return None
    parts = attribution.content_spans
    return attribution.speaker if not parts or any(part.overlaps(quotation.span) for part in parts) else None


def said_when(claim: Claim, *, article_date: dt.date | None) -> Days | None:
    """Return the first and last day on which the article says the claim's quotations were said; ``None``: it does not say.

    Only a date that is tied to the saying counts: it opens the sentence ("On 5 May, he said …"), follows the verb of speech
    ("he said on 5 May"), or names the occasion ("his 1933 inaugural address"). Any other is a date of something else.
    """
    from onrecord.quantities import read_dates  # noqa: PLC0415  its tables are heavy

    attribution = claim.attribution
    if attribution is None or not claim.quotations:
        return None
    quoted = [
        quotation.span.shifted(-claim.span.start)
        for quotation in claim.quotations
        if claim.span.contains(quotation.span)
    ]
    cue = attribution.cue_span
    after_cue = cue.end - claim.span.start if cue is not None and claim.span.contains(cue) else None
    for mention in read_dates(claim.text, article_date):
        if mention.start is None or mention.end is None or any(span.overlaps(mention.span) for span in quoted):
            continue
        before, after = claim.text[: mention.span.start], claim.text[mention.span.end :]
        follows = after_cue is not None and after_cue <= mention.span.start
        if (
            _OPENS.fullmatch(before)
            or (follows and _FOLLOWS.fullmatch(claim.text[after_cue : mention.span.start]))
            or _SPEECH_NOUN.match(after)
        ):
            return mention.start, mention.end
    return None


def verify_quotation(
    quotation: Quotation, passages: Sequence[Passage], *, speaker: str | None, said: Days | None = None
) -> QuotationCheck:
    """Say what became of a quotation.

    Args:
        quotation: The words of the article.
        passages: Those that may hold it, from the whole corpus, most likely first.
        speaker: Who says it in the article.
        said: The first and last day on which it was said, as the article has it.
    """
    from onrecord.stance.checks import quotes  # noqa: PLC0415  its libraries are heavy

    stretches = _stretches(passages)
    exact = [
        _found(stretch, match, speaker, said)
        for stretch in stretches
        if (match := quotes.find_exactly(quotation.text, stretch.text)) is not None
    ]
    if exact:
        return _said(quotation, exact, speaker, said)
    altered = [
        _found(stretch, match, speaker, said)
        for stretch in stretches
        if (match := quotes.find_altered(quotation.text, stretch.text)).outcome == "altered"
    ]
    if all(found.match.ratio < WHOLE_RATIO for found in altered):
        joint = quotes.find_joined(quotation.text, [stretch.text for stretch in stretches])
        if joint is not None:
            places = (stretches[joint.first].place(joint.first_span), stretches[joint.second].place(joint.second_span))
            if not _near(*places):
                return _spliced(quotation, places, speaker)
    return _altered(quotation, altered, speaker, alone=len(passages) == 1)


def verify(item: JudgeItem) -> Quoted | None:
    """Return what the passage shows about the claim's quotations; ``None`` where it shows nothing."""
    attribution = item.claim.attribution
    if item.question != "said" or attribution is None:
        return None
    checks = item.quotations or tuple(
        verify_quotation(quotation, [item.passage], speaker=attribution.speaker) for quotation in item.claim.quotations
    )
    checks = tuple(
        check for check in checks if long_enough(check.quotation, DECIDING_WORDS) and check.speaker is not None
    )
    named = names_speaker(item.passage, attribution.speaker)
    for check in checks:
        place = _place_in(item.passage, check)
        if place is None or check.outcome in _EXACT:
            continue
        if named or check.outcome is QuotationOutcome.MISATTRIBUTED:
            return _result(item, check, place, Stance.REFUTES)
    words = len(_WORD.findall(item.claim.proposition))
    quoted = sum(len(_WORD.findall(check.quotation.text)) for check in checks)
    if named and checks and all(check.outcome in _EXACT for check in checks) and quoted >= SHARE_OF_CLAIM * words:
        for check in checks:
            if (place := _place_in(item.passage, check)) is not None:
                return _result(item, check, place, Stance.SUPPORTS)
    return None


_EXACT = (QuotationOutcome.VERBATIM, QuotationOutcome.MINOR)


def _place_in(passage: Passage, check: QuotationCheck) -> QuotationPlace | None:
    return next(
        (p for p in check.places if p.passage.version_id == passage.version_id and p.span.overlaps(passage.span)), None
    )


def _result(item: JudgeItem, check: QuotationCheck, place: QuotationPlace, stance: Stance) -> Quoted:
    text = check.quotation.text
    start = max(0, item.hypothesis.find(text))
    bounds = item.passage.span
    span = Span(start=max(place.span.start, bounds.start), end=min(place.span.end, bounds.end))
    finding = Finding(
        check="quotes",
        outcome="equal" if stance is Stance.SUPPORTS else "different",
        claim_value=text,
        evidence_value=span.shifted(-bounds.start).of(item.passage.text),
        claim_span=Span(start=start, end=min(len(item.hypothesis), start + len(text))),
        evidence_span=span,
        message=check.message,
    )
    return Quoted(stance, span, finding)


# ------------------------------------------------------------------------------------------------------- where it stands


def _stretches(passages: Iterable[Passage]) -> list[_Stretch]:
    """Join overlapping passages of one version and speaker; in the order of the best passage of each."""
    rank: dict[str, int] = {}
    for passage in passages:
        rank.setdefault(passage.id, len(rank))
    unique = {passage.id: passage for passage in passages}
    groups: list[list[Passage]] = []
    for passage in sorted(unique.values(), key=lambda p: (p.version_id, p.span.start, p.span.end)):
        last = groups[-1][-1] if groups else None
        if (
            last is not None
            and (last.version_id, last.speaker) == (passage.version_id, passage.speaker)
            and passage.span.start < last.span.end < passage.span.end
        ):
            groups[-1].append(passage)
        else:
            groups.append([passage])
    groups.sort(key=lambda group: min(rank[passage.id] for passage in group))
    return [_Stretch(tuple(group), _joined(group), group[0].span.start) for group in groups]


def _joined(group: Sequence[Passage]) -> str:
    text, end = "", group[0].span.start
    for passage in group:
        text += passage.text[end - passage.span.start :]
        end = passage.span.end
    return text


def _found(stretch: _Stretch, match: QuoteMatch, speaker: str | None, said: Days | None) -> _Found:
    assert match.span is not None  # noqa: S101  what is found has a place
    place = stretch.place(match.span)
    return _Found(stretch, match, place, _whose(place.passage, speaker), _on_time(place.passage, said))


def _whose(passage: Passage, speaker: str | None) -> Literal["speaker", "unknown", "other"]:
    if speaker is None or not family_name(speaker) or _INSTITUTION.search(speaker):
        return "unknown"
    if names_speaker(passage, speaker):
        return "speaker"
    return "other" if other_speakers(passage, speaker) else "unknown"


def _on_time(passage: Passage, said: Days | None) -> bool:
    """Tell whether a passage can be of the day given; an account may repeat later what was said before."""
    source = passage.source
    if said is None or source.published is None or source.kind not in {SourceKind.TRANSCRIPT, SourceKind.DOCUMENT}:
        return True
    slack = dt.timedelta(days=DAYS_OFF)
    return said[0] - slack <= source.published <= said[1] + slack


def _near(first: QuotationPlace, second: QuotationPlace) -> bool:
    """Tell whether two places are one utterance with words left out."""
    return (
        first.passage.version_id == second.passage.version_id
        and 0 <= second.span.start - first.span.end <= _NEAR_CHARACTERS
    )


_NEAR_CHARACTERS = 240
"""About forty words, as far as an ellipsis may reach."""


# ------------------------------------------------------------------------------------------------------- what became of it


def _said(quotation: Quotation, exact: Sequence[_Found], speaker: str | None, said: Days | None) -> QuotationCheck:
    """Classify a quotation whose words stand somewhere: by whom, when, and between which words."""
    order = ("speaker", "unknown", "other")
    ranked = sorted(exact, key=lambda f: (order.index(f.whose), not f.on_time, f.match.outcome != "verbatim"))
    best = ranked[0]
    if best.whose == "other" and len(exact) < COMMON and long_enough(quotation, DECIDING_WORDS):
        message = f"The quoted words are on record as those of {_speaker(best.place)}, not of {speaker}."
        return _check(quotation, speaker, QuotationOutcome.MISATTRIBUTED, ranked, message)
    kept = [found for found in ranked if found.whose == best.whose]
    if not best.on_time and said is not None:
        message = f"The quoted words are on record of {_day(best.place)}, not of {_days(said)}."
        return _check(quotation, speaker, QuotationOutcome.WRONGLY_DATED, kept, message)
    timely = [found for found in kept if found.on_time]
    straight = next((found for found in timely if not _reversal(found)), None)
    if straight is None:
        return _check(quotation, speaker, QuotationOutcome.OUT_OF_CONTEXT, timely, _reversal(timely[0]))
    timely.sort(key=lambda found: found is not straight)
    if straight.match.outcome == "verbatim":
        outcome, message = QuotationOutcome.VERBATIM, "The quoted words stand in the source word for word"
    else:
        outcome = QuotationOutcome.MINOR
        message = f"The quoted words stand in the source, but for {', '.join(straight.match.differences)}"
    if speaker is not None and straight.whose != "speaker":
        message += "; that they are those of " + speaker + " is not recorded there"
    return _check(quotation, speaker, outcome, timely, message + ".")


def _reversal(found: _Found) -> str:
    """Say what in the source's sentence turns the sense of the quotation; empty when nothing does."""
    from onrecord.stance.checks.context import find_reversal  # noqa: PLC0415  spaCy

    assert found.match.span is not None  # noqa: S101
    sentence = found.stretch.sentence(found.match.span)
    turned = find_reversal(sentence.of(found.stretch.text), found.match.span.shifted(-sentence.start))
    if turned is None:
        return ""
    what = {"negated": "deny", "conditional": "set a condition for", "reported": "give as others' view"}[turned.kind]
    return f"In the source the words beside the quotation {what} what it says: “{turned.word}”."


def _spliced(
    quotation: Quotation, places: tuple[QuotationPlace, QuotationPlace], speaker: str | None
) -> QuotationCheck:
    shown = " and ".join(f"“{place.text}” ({_where(place)})" for place in places)
    return QuotationCheck(
        quotation=quotation,
        speaker=speaker,
        outcome=QuotationOutcome.SPLICED,
        places=places,
        wording="spliced",
        message=f"The quotation joins two utterances that stand apart: {shown}.",
    )


def _altered(quotation: Quotation, altered: Sequence[_Found], speaker: str | None, *, alone: bool) -> QuotationCheck:
    """Take the place that agrees best, if it agrees enough; the speaker's own before others'."""
    order = ("speaker", "unknown", "other")
    ranked = sorted(altered, key=lambda found: (order.index(found.whose), -found.match.ratio))
    ranked = [found for found in ranked if alone or found.match.ratio >= ALTERED_RATIO]
    if ranked and long_enough(quotation, DECIDING_WORDS):
        best = ranked[0]
        if best.whose != "other":
            message = f"The quotation differs from the source: {best.match.diff}"
            return _check(quotation, speaker, QuotationOutcome.ALTERED, ranked[:1], message)
        if best.match.ratio >= STOLEN_RATIO:
            whose, diff = _speaker(best.place), best.match.diff
            message = f"Nearly these words are on record as those of {whose}, not of {speaker}: {diff}"
            return _check(quotation, speaker, QuotationOutcome.MISATTRIBUTED, ranked[:1], message)
    return QuotationCheck(
        quotation=quotation,
        speaker=speaker,
        outcome=QuotationOutcome.NOT_FOUND,
        wording="not_found",
        message="The quotation was not found in this corpus. That does not say that it was never said.",
    )


def _check(
    quotation: Quotation, speaker: str | None, outcome: QuotationOutcome, found: Sequence[_Found], message: str
) -> QuotationCheck:
    best = found[0].match
    assert best.outcome != "not_found"  # noqa: S101  only what is found comes here
    return QuotationCheck(
        quotation=quotation,
        speaker=speaker,
        outcome=outcome,
        places=tuple(_distinct(item.place for item in found)),
        wording=best.outcome,
        differences=best.differences,
        changes=best.changes,
        message=message,
    )


SHOWN = 5
"""Places named for one quotation."""


def _distinct(places: Iterable[QuotationPlace]) -> Iterator[QuotationPlace]:
    """Yield the first places that are of different sources."""
    seen: set[str] = set()
    for place in places:
        if place.passage.source.id not in seen and len(seen) < SHOWN:
            seen.add(place.passage.source.id)
            yield place


def _speaker(place: QuotationPlace) -> str:
    return place.passage.speaker or ", ".join(place.passage.source.speakers)


def _where(place: QuotationPlace) -> str:
    return ", ".join(part for part in (place.passage.source.title, _day(place)) if part)


def _day(place: QuotationPlace) -> str:
    published = place.passage.source.published
    return f"{published:%-d %B %Y}" if published else ""


def _days(said: Days) -> str:
    return f"{said[0]:%-d %B %Y}" + (f" to {said[1]:%-d %B %Y}" if said[1] != said[0] else "")
