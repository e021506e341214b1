"""A figure that a passage gives in the place of the claim's, though in all else it bears the claim out.

"Prices were 6.9 per cent higher than a year before" beside "inflation had been 7.9 per cent in the twelve months": a network
takes the second for support, and the check of figures does not compare the two, because little shows that prices and inflation
are one thing. That the network calls it support shows it. So what bears a claim out contradicts it where it has another
figure of the kind, near the claim's in size and of its time, and none of the claim's passages gives the claim's own figure in a
sentence that is as near to the claim.

Accuracy without it and with it (kept runs judged again, 26 November 2026): claims to be looked at 0.480 and 0.545, written
blind 0.612 and 0.641, starter claims 0.846 and 0.857; SciFact, Check-COVID and FoolMeTwice within a claim of before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Self

from onrecord.records import Finding, Passage, Span
from onrecord.stance.questions import JudgeItem
from onrecord.stance.windows import content_words

if TYPE_CHECKING:
    from onrecord.quantities import Days, Quantity

_NEAR = Decimal(5)
"""How many times one figure may be the other: beyond, it is seldom of the same thing."""
_ON_SUBJECT = 0.3
"""Share of the claim's words that a passage must have, its title's included."""
_CLOSER = 0.15
"""By how much more of the claim's words a figure's sentence must have than one that gives the claim's own figure."""
_SMALL = 3
"""Up to here a number without a noun is more often an article or a label than a count."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of a passage with its figures and days; the figures' spans point into its own text."""

    span: Span
    """In the version's text."""
    text: str
    figures: tuple[Quantity, ...]
    days: tuple[Days, ...]

    @classmethod
    def of(cls, passage: Passage, span: Span) -> Self:
        """Read a sentence of a passage."""
        from onrecord.quantities import read_days, read_quantities  # noqa: PLC0415  its tables are heavy

        text = passage.text_in(span)
        return cls(span, text, tuple(read_quantities(text)), tuple(read_days(text, passage.source.published)))


def different(item: JudgeItem, figure: Quantity, sentence: Sentence, other: Quantity, told: str) -> Finding:
    """Return the finding that a sentence has another figure; ``told`` names them as ``{mine}`` and ``{theirs}``."""
    mine, theirs = figure.span.of(item.hypothesis), other.span.of(sentence.text)
    return Finding(
        check="numbers",
        outcome="different",
        claim_value=mine,
        evidence_value=theirs,
        claim_span=figure.span,
        evidence_span=other.span.shifted(sentence.span.start),
        message=told.format(mine=mine, theirs=theirs),
    )


@dataclass(frozen=True, slots=True)
class Instead:
    """Another figure of a passage: its sentence, in the version's text, and what is told of it."""

    span: Span
    finding: Finding


@dataclass(frozen=True, slots=True)
class Held:
    """A wording beside all passages that it is held against, read once."""

    item: JudgeItem
    words: frozenset[str]
    claimed: tuple[Quantity, ...]
    told: tuple[Days, ...]
    sentences: Mapping[str, Sequence[tuple[Sentence, float]]]
    """By passage, each with the share of the wording's content words that it has."""

    @classmethod
    def of(cls, item: JudgeItem, passages: Iterable[Passage]) -> Self:
        """Read the wording of an item, and the passages where it has figures."""
        from onrecord.quantities import read_days, read_quantities  # noqa: PLC0415  its tables are heavy

        words = frozenset(content_words(item.hypothesis))
        claimed = tuple(read_quantities(item.hypothesis)) if words else ()
        sentences = {
            passage.id: [
                (sentence, len(words & content_words(sentence.text)) / len(words))
                for sentence in (Sentence.of(passage, span) for span in passage.sentences)
            ]
            for passage in (passages if claimed else ())
        }
        return cls(item, words, claimed, tuple(read_days(item.hypothesis, item.article_date)), sentences)

    def instead(self, passage: Passage) -> Instead | None:
        """Return the figure that one of the passages gives in the place of one of the wording's; else None."""
        said = self.words & (content_words(passage.text) | content_words(passage.source.title))
        if not self.claimed or len(said) < _ON_SUBJECT * len(self.words):
            return None
        found = [candidate for figure in self.claimed for candidate in self._candidates(figure, passage)]
        if not found:
            return None
        _, _, figure, other, sentence = max(found, key=lambda one: one[:2])
        finding = different(self.item, figure, sentence, other, "{mine} in the claim, {theirs} in the source.")
        return Instead(sentence.span, finding)

    def _candidates(
        self, figure: Quantity, passage: Passage
    ) -> Iterator[tuple[float, Decimal, Quantity, Quantity, Sentence]]:
        """Yield other figures of a passage with how near their sentences are to the wording, and they to the figure."""
        from onrecord.quantities import times_meet  # noqa: PLC0415  its tables are heavy

        if figure.vague or figure.dimension == "ordinal" or (not figure.noun and _label(figure)):
            return
        everywhere = (one for some in self.sentences.values() for one in some)
        own = max(
            (
                shared
                for sentence, shared in everywhere
                if any(gives_figure(figure, other) for other in sentence.figures)
            ),
            default=None,
        )
        least = 0.0 if own is None else own + _CLOSER
        rest = [other for other in self.claimed if other is not figure]
        for sentence, shared in self.sentences[passage.id]:
            if shared < least or not times_meet(self.told, sentence.days):
                continue
            for other in sentence.figures:
                if in_its_place(figure, other) and not any(gives_figure(one, other) for one in rest):
                    yield round(shared, 1), -abs(other.base - figure.base), figure, other, sentence


def _label(figure: Quantity) -> bool:
    return figure.dimension == "count" and figure.base <= _SMALL


def gives_figure(figure: Quantity, other: Quantity) -> bool:
    """Tell whether another figure may be the claim's, exactly or rounded."""
    from onrecord.stance.checks.numbers import same_dimension  # noqa: PLC0415  its tables are heavy

    if not same_dimension(figure, other):
        return False
    if figure.dimension != other.dimension:  # days and months
        return _relation(figure, other) in {"equal", "rounded", "close"}
    return figure.base == other.base or (
        _near(figure, other) and _relation(figure, other) in {"equal", "rounded", "close"}
    )


def in_its_place(figure: Quantity, other: Quantity) -> bool:
    """Tell whether another figure may be of what the claim's is of, and cannot be the same figure."""
    from onrecord.stance.checks.numbers import countable_alike, same_dimension  # noqa: PLC0415  its tables are heavy

    if other.vague or figure.dimension != other.dimension or not same_dimension(figure, other):
        return False
    alike = not figure.noun or not other.noun or countable_alike(figure.noun[-1], other.noun[-1])
    return alike and _near(figure, other) and _relation(figure, other) == "different"


def _near(figure: Quantity, other: Quantity) -> bool:
    low, high = sorted((abs(figure.base), abs(other.base)))
    return high <= _NEAR * low


def _relation(figure: Quantity, other: Quantity) -> str:
    """As the check's relation; two limits of one kind are compared as they stand: "at least 60" is not "at least 30"."""
    from onrecord.quantities import Bound  # noqa: PLC0415  its tables are heavy
    from onrecord.stance.checks.numbers import relate  # noqa: PLC0415

    for kind in ({Bound.AT_LEAST, Bound.MORE_THAN}, {Bound.AT_MOST, Bound.LESS_THAN}):
        if {figure.bound, other.bound} <= kind:
            exact = {"bound": Bound.EXACT}
            return relate(figure.model_copy(update=exact), other.model_copy(update=exact))
    return relate(figure, other)
