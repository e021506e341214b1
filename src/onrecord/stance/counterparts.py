"""The same statement in two sources, each with its own figure: the statistical office and the researchers who doubt it.

Neither source knows of the other. Both say the same, word for word but for who says it, of the same days and places, and all
their figures agree but one, which the claim gives as one of them has it. A claim that gives one of the two without saying whose
is contradicted by the other source, as surely as the first bears it out. It is the two sources whose words are compared, not
the claim's, so that a claim may be worded as it likes.

The words must be the same because those that differ are often the subject: core inflation is no inflation, exports are no
imports, and Chevron is not ExxonMobil. Sentences that shared seven in ten of their words found five conflicts among 545 claims
and no false one, and fell for every such pair that was put to them (27 November 2026).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from onrecord.records import Passage
from onrecord.stance.figures import Sentence, gives_figure, in_its_place
from onrecord.stance.questions import JudgeItem
from onrecord.stance.rivals import DISPUTE, Rival, told_of, within

if TYPE_CHECKING:
    from onrecord.quantities import Quantity

_LEAST = 3
"""Words that the two must share: fewer may be said of anything."""
_BY_WHOM = re.compile(
    r"\baccording to (?:[^\W\d_][\w’'.-]*\s?){1,6},|, (?:as )?according to [^,;]{1,60}?(?=[,;.]?\s*$)", re.IGNORECASE
)
_SAYING = """according estimate estimated figure revised revision first second initial preliminary provisional flash final
official independent data report study survey institute agency office bureau statistics statistical researchers calculated"""
"""What tells who says it and how sure, and not of what."""
_ESTIMATE = re.compile(r"\W*(?:estimate|figure|publication|report|count|release)s?\b", re.IGNORECASE)
"""After an ordinal: which estimate it is, and no figure of what is told."""
_WHOSE = re.compile(
    r"\b(?:official(?:ly)?|government|according to|accounts?|independent(?:ly)?|estimat\w+|projected|forecast|"
    r"own (?:count|figures?))\b",
    re.IGNORECASE,
)
"""A claim with one of these may say whose figure it gives."""
_GROWING = re.compile(r"\b(?:since|so far|to date|as of|by now|up to now|until)\b", re.IGNORECASE)
"""What is counted so grows from day to day."""
_REACHED = re.compile(r"\bto (?:\w+ )?$")
"""Before a figure that something rose or was set to: in a year it may have been several times."""
_MODALS = frozenset({"will", "would", "shall", "could", "should", "might", "may", "can"})
_OF_PLACES = frozenset({"GPE", "LOC", "NORP", "FAC"})


def best(item: JudgeItem, passage: Passage, others: Sequence[Passage]) -> Rival | None:
    """Return the figure that a passage gives where passages of other sources, which bear the claim out, give the claim's."""
    return next(_counterparts(item, passage, others), None)


def _counterparts(item: JudgeItem, passage: Passage, others: Sequence[Passage]) -> Iterator[Rival]:
    from onrecord.quantities import read_days, read_quantities, times_meet  # noqa: PLC0415  its tables are heavy

    claimed = read_quantities(item.hypothesis)
    if not claimed or _WHOSE.search(item.hypothesis):
        return
    told = read_days(item.hypothesis, item.article_date)
    sentences = [Sentence.of(passage, span) for span in passage.sentences]
    bearers = [(other, Sentence.of(other, span)) for other in others for span in other.sentences]
    for figure in claimed:
        if figure.dimension == "ordinal":
            continue
        for source, bearer in bearers:
            for sentence in sentences:
                rival = _instead(figure, bearer, sentence)
                if (
                    rival is not None
                    and not any(gives_figure(one, rival) for one in claimed)
                    and times_meet(told, sentence.days)
                    and _say_the_same(item.hypothesis, (source, bearer), (passage, sentence))
                ):
                    yield Rival(1.0, *told_of(item, figure, (sentence,), rival))


def _instead(figure: Quantity, bearer: Sentence, sentence: Sentence) -> Quantity | None:
    """Return the one figure of a sentence that differs from those of another, in the place of the one that is the claim's."""
    from onrecord.stance.checks.pair import side  # noqa: PLC0415  it is heavy

    given, left = _figures(bearer), _figures(sentence)
    own = [one for one in given if gives_figure(figure, one)]
    if len(own) != 1 or len(given) != len(left):
        return None
    for one in given:
        same = next((other for other in left if one not in own and gives_figure(one, other)), None)
        if same is not None:
            left.remove(same)
    if len(left) != 1 or not in_its_place(own[0], left[0]) or not within(DISPUTE, own[0], left[0]):
        return None
    reached = _REACHED.search(sentence.text, 0, left[0].span.start)
    return left[0] if not reached and side(sentence.text).is_plain_statement(left[0].span) else None


def _figures(sentence: Sentence) -> list[Quantity]:
    return [
        one
        for one in sentence.figures
        if one.dimension != "ordinal" or not _ESTIMATE.match(sentence.text, one.span.end)
    ]


def _say_the_same(claim: str, one: tuple[Passage, Sentence], two: tuple[Passage, Sentence]) -> bool:
    """Tell whether sentences of two sources say the same of the same days and places, whoever says it."""
    from onrecord.stance.checks.pair import side  # noqa: PLC0415  it is heavy

    (mine, said), (theirs, told) = one, two
    if not said.days or set(said.days) != set(told.days) or _GROWING.search(said.text) or _GROWING.search(told.text):
        return False
    (words, names, modals), (others, named, modal) = _words(said), _words(told)
    apart = words ^ others
    who = side(f"{_SAYING} {mine.source.publisher} {theirs.source.publisher}").all_stems
    return (
        modals == modal
        and apart <= who
        and not apart & side(claim).all_stems
        and len((words & others) - who) >= _LEAST
        and bool(names & named)
        and _places(mine, said) == _places(theirs, told)
    )


def _words(sentence: Sentence) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    """Return the stems of a sentence without its figures and who says it, those of its names, and its modal verbs."""
    from onrecord.stance.checks.pair import side  # noqa: PLC0415  it is heavy

    figures = _figures(sentence)
    ends = [0, *(one.span.end for one in figures)]
    starts = [*(one.span.start for one in figures), len(sentence.text)]
    text = " ".join(sentence.text[end:start] for end, start in zip(ends, starts, strict=True))
    words = side(_BY_WHOM.sub(" ", text))
    parts = list(zip(words.tokens, words.stems, strict=True))
    names = frozenset(stem for token, stem in parts[1:] if stem and token.text[0].isupper())
    return words.all_stems, names, frozenset(token.lower for token, _ in parts) & _MODALS


def _places(passage: Passage, sentence: Sentence) -> frozenset[str]:
    """Return the stems of the places and peoples that a sentence and the title of its source name."""
    from onrecord.stance.checks import names  # noqa: PLC0415  it parses
    from onrecord.stance.checks.pair import side  # noqa: PLC0415

    found = [
        side(entity.text).all_stems
        for text in (passage.source.title, sentence.text)
        for entity in names.parse(text).ents
        if entity.label_ in _OF_PLACES
    ]
    return frozenset[str]().union(*found)
