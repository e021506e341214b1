"""Another figure in the place of a claim's: an earlier one that was revised, a provisional one, one that is disputed.

Statistics come out twice. The first source says 249 million; the next says 252, and that "the report of the year before had put
it at 249". Or it says nothing of the first, and only calls its own figure final where the first called its own provisional.
Whoever gives one of the two should say whose it is. Words that make a figure an earlier one must stand right before it, and
what stands in its place must be of the same kind, of the same days and near it; the later source speaks of the earlier one,
never the other way round.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from onrecord.records import Finding, Passage, Span
from onrecord.stance.figures import Sentence, different
from onrecord.stance.questions import JudgeItem

if TYPE_CHECKING:
    from onrecord.quantities import Days, Quantity

_EARLIER = re.compile(
    r"\b(?:(?:earlier|previous|prior|first|initial|original|flash|preliminary|provisional|advance) "
    r"(?:reports?|estimates?|figures?|counts?|publication|releases?)|"
    r"(?:first|initially|previously|originally) (?:published|reported|estimated|given|put)|had (?:put|estimated)|"
    r"revised (?:up |down |upwards? |downwards? )?from)\b",
    re.IGNORECASE,
)
"""What makes the figure after it an earlier one, in whose place another stands."""
_COUNTED = r"(?:rate|figure|number|estimate|count|toll|total)"
_DISPUTED = re.compile(
    rf"\b{_COUNTED}\b[^;]{{0,60}}?\bdisputed\b|\bdisputed {_COUNTED}\b|"
    r"\bestimated? for the same (?:period|year|month|quarter|date)\b",
    re.IGNORECASE,
)
"""What makes a figure one of two that are given of the same thing."""
_LATER = re.compile(r"\b(?:final|revised|revision|recalculated|updated|corrected|full results?)\b", re.IGNORECASE)
"""What makes a figure one that stands in the place of an earlier one."""
_REACH = 60
"""Characters between the words and the figure that they make an earlier one."""
_REVISION, DISPUTE, _CORRECTION = Decimal("1.5"), Decimal(3), Decimal("1.25")
"""How many times the other one of two figures may be: revised, disputed, or final without naming the first."""
_SAME_SUBJECT = 0.5
"""Share of the claim's words that a passage must have, its title's included, to be of the same thing."""
_CHANGE = re.compile(r"\W*(?:lower|higher|less|more|fewer|above|below)\b")


@dataclass(frozen=True, slots=True)
class Rival:
    """Another figure than the claim's in a passage: where, and how many of the claim's words stand around it."""

    alike: float
    span: Span
    """The sentences that name it, in the version's text."""
    finding: Finding


def best(item: JudgeItem, passage: Passage, others: Sequence[Passage]) -> Rival | None:
    """Return the figure that a passage gives in the place of one of the claim's, which passages of other sources bear out."""
    if any(cue.search(item.hypothesis) for cue in (_EARLIER, _LATER, _DISPUTED)):
        return None  # the claim itself says which of several figures it means
    return max(_rivals(item, passage, others), key=lambda rival: rival.alike, default=None)


def gives(text: str, hypothesis: str, figure: str) -> bool:
    """Tell whether a text gives a figure of the claim, exactly or rounded; ``figure`` as the claim writes it.

    >>> gives("At 4.5 per cent nobody borrows.", "The rate reached 4.50 per cent.", "4.50 per cent")
    True
    """
    from onrecord.quantities import read_quantities  # noqa: PLC0415  its tables are heavy
    from onrecord.stance.checks.numbers import relate, same_dimension  # noqa: PLC0415

    given = read_quantities(text)
    return any(
        same_dimension(one, other) and relate(one, other) in {"equal", "rounded"}
        for one in read_quantities(hypothesis)
        if one.span.of(hypothesis) == figure
        for other in given
    )


def names_publisher(hypothesis: str, publisher: str) -> bool:
    """Tell whether a claim names the publisher: then it says whose figure it gives.

    >>> names_publisher("Unemployment was 6.1 per cent.", "UN"), names_publisher("The UN counted 6.1 million.", "UN")
    (False, True)
    """
    return bool(publisher) and re.search(rf"\b{re.escape(publisher)}\b", hypothesis, re.IGNORECASE) is not None


def _rivals(item: JudgeItem, passage: Passage, others: Sequence[Passage]) -> Iterator[Rival]:
    from onrecord.quantities import read_days, read_quantities  # noqa: PLC0415  its tables are heavy
    from onrecord.stance.checks.pair import side  # noqa: PLC0415

    title = passage.source.title
    if not any(cue.search(f"{title}\n{passage.text}") for cue in (_EARLIER, _LATER, _DISPUTED)):
        return
    words, titled = side(item.hypothesis).all_stems, side(title).all_stems
    about = _About(
        item,
        passage,
        tuple(read_quantities(item.hypothesis)),
        tuple(read_days(item.hypothesis, item.article_date)),
        tuple(_Sentence.of(passage, span) for span in passage.sentences),
    )
    on_subject = len((side(passage.text).all_stems | titled) & words) >= _SAME_SUBJECT * len(words)
    for figure in about.claimed:
        bearers = [other for other in others if any(_same(figure, one) for one in read_quantities(other.text))]
        if figure.vague or figure.dimension == "ordinal" or not bearers:
            continue
        for sentence, other, times, named in about.places(figure, bearers):
            rival = other.rival(figure, times, about.claimed)
            said = (side(sentence.text).all_stems | side(other.text).all_stems | titled) & words
            same_subject = len(said) >= _SAME_SUBJECT * len(words)
            if named:
                same_subject = on_subject or (sentence is other and sentence.counts_the_same(figure))
            if rival is not None and same_subject and not about.elsewhere(other, rival):
                yield Rival(named + len(said) / len(words), *told_of(item, figure, (sentence, other), rival))


def told_of(item: JudgeItem, figure: Quantity, sentences: Sequence[Sentence], rival: Quantity) -> tuple[Span, Finding]:
    """Return the range of sentences, the last with the other figure, and the finding for a reader."""
    told = "{mine} in the claim is one of two figures on record; this source gives {theirs}."
    finding = different(item, figure, sentences[-1], rival, told)
    start, end = min(one.span.start for one in sentences), max(one.span.end for one in sentences)
    return Span(start=start, end=end), finding


@dataclass(frozen=True, slots=True)
class _About:
    """A claim beside a passage, taken apart once."""

    item: JudgeItem
    passage: Passage
    claimed: tuple[Quantity, ...]
    told: tuple[Days, ...]
    sentences: tuple[_Sentence, ...]

    def places(
        self, figure: Quantity, bearers: Sequence[Passage]
    ) -> Iterator[tuple[_Sentence, _Sentence, Decimal, bool]]:
        """Yield a sentence, one where the other figure may stand, how far off it may be, and if the claim's is named."""
        from onrecord.quantities import read_days, times_meet  # noqa: PLC0415  its tables are heavy

        source = self.passage.source
        after = any(_published_after(self.passage, other) for other in bearers)
        provisional = after and any(_provisional(other, figure) for other in bearers)
        named = any(sentence.gives(figure) for sentence in self.sentences)
        in_time = times_meet(self.told, read_days(f"{source.title}\n{self.passage.text}", source.published))
        for number, sentence in enumerate(self.sentences):
            disputed = sentence.gives(figure) and _DISPUTED.search(sentence.text) is not None
            if disputed or (after and in_time and sentence.calls_earlier(figure)):
                beside = [*self.sentences[max(0, number - 1) : number], *self.sentences[number + 1 : number + 2]]
                for other in (sentence, *beside):
                    if disputed or times_meet(self.told, other.days):
                        yield sentence, other, DISPUTE if disputed else _REVISION, True
                continue
            final = _LATER.search(f"{source.title}\n{sentence.text}") is not None
            if not named and provisional and final and times_meet(self.told, sentence.days):
                yield sentence, sentence, _CORRECTION, False

    def elsewhere(self, sentence: _Sentence, figure: Quantity) -> bool:
        """Tell whether a figure's sentence begins with a place that the claim does not name."""
        from onrecord.stance.checks.numbers import elsewhere  # noqa: PLC0415
        from onrecord.stance.checks.pair import Pair  # noqa: PLC0415

        return bool(elsewhere(Pair.of(self.item.hypothesis, sentence.text), figure))


class _Sentence(Sentence):
    """A sentence that may say that a figure is an earlier one, or give another in its place."""

    __slots__ = ()

    def gives(self, figure: Quantity) -> bool:
        """Tell whether it has this very figure."""
        return any(_same(figure, one) for one in self.figures)

    def counts_the_same(self, figure: Quantity) -> bool:
        """Tell whether it has this very figure, of what has the same name of two words: "18.2 million excess deaths"."""
        return any(_same(figure, one) and len(figure.noun) > 1 and one.noun == figure.noun for one in self.figures)

    def calls_earlier(self, figure: Quantity) -> bool:
        """Tell whether words right before this very figure make it an earlier one."""
        return any(
            0 <= one.span.start - cue.end() <= _REACH
            and ";" not in self.text[cue.end() : one.span.start]
            and not any(cue.end() <= other.span.start < one.span.start for other in self.figures if _kin(one, other))
            for one in self.figures
            if _same(figure, one)
            for cue in _EARLIER.finditer(self.text)
        )

    def rival(self, figure: Quantity, times: Decimal, claimed: Sequence[Quantity]) -> Quantity | None:
        """Return the figure that stands in the place of ``figure``: the nearest of its kind, or by how much it differs."""
        others = [
            one
            for one in self.figures
            if _kin(one, figure)
            and not any(_same(one, other) for other in claimed)
            and abs(one.base - figure.base) > max(one.step * one.factor, figure.step * figure.factor) / 2
            and within(times, one, figure)
        ]
        changes = [
            one
            for one in self.figures
            if {one.dimension, figure.dimension} == {"points", "share"} and _CHANGE.match(self.text, one.span.end)
        ]
        return min(others, key=lambda one: abs(one.base - figure.base), default=changes[0] if changes else None)


def within(times: Decimal, one: Quantity, other: Quantity) -> bool:
    """Tell whether the larger of two figures is at most so many times the smaller, and both are more than nothing."""
    return 0 < max(one.base, other.base) <= times * min(one.base, other.base)


def _same(one: Quantity, other: Quantity) -> bool:
    return one.dimension == other.dimension and one.base == other.base


def _kin(one: Quantity, other: Quantity) -> bool:
    """Tell whether two figures can count the same: of one dimension and unit of money, and of one noun where both have one."""
    from onrecord.stance.checks.numbers import same_dimension  # noqa: PLC0415

    return same_dimension(one, other) and (not one.noun or not other.noun or one.noun[-1] == other.noun[-1])


def _provisional(passage: Passage, figure: Quantity) -> bool:
    """Tell whether a source calls its figure a first or provisional one, in its title or right before it."""
    return _EARLIER.search(passage.source.title) is not None or any(
        _Sentence.of(passage, span).calls_earlier(figure) for span in passage.sentences
    )


def _published_after(passage: Passage, other: Passage) -> bool:
    """Tell whether a source came out after another, as far as is known."""
    mine, theirs = passage.source.published, other.source.published
    return mine is None or theirs is None or mine > theirs
