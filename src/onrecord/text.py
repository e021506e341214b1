"""Whatever changes or cuts characters of a text, always with the way back to the original offsets."""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from onrecord.records import Span

_BLOCK_BREAK = re.compile(r"\n")
_MISSING_SPACE = re.compile(r"(?<=[a-z0-9)”’\"][.!?])(?=[A-Z“‘\"][a-z’'\s])")
# A whole word with a full stop before a capital ends a sentence; the Punkt model takes some of them ("so.", "cent.", "Hall.")
# for abbreviations. A capitalised word counts before an opening mark only: "Gen. Smith", "Prof. Turing" go on.
_WHOLE_WORD = re.compile(
    r"(?:(?<![.\w])(?!(?:etc|vs|approx|ca|cf|pp|vol|fig|est|dept|seq|al|resp|incl|excl|esp|viz|st|dr|mt|no|nr|art|sec)\.)"
    r"[a-z]{2,}\.|(?!(?:Prof|Capt|Supt|Messrs|Sept)\.)[A-Z][a-z]{3,}\.)(?P<gap>\s+)(?=(?P<mark>[“‘«„\"]?)[A-Z])"
)
# "wrote on X. He …", "vitamin C. It …": a letter is an initial only before what can be a name.
_AFTER_LETTER = re.compile(
    r"(?<=\s[A-Z]\.)(?P<gap>\s+)(?=(?:The|He|She|It|They|We|But|And|In|On|At|For|His|Her|Its|Their|This|That|These|There|No)\s)"
)
_NEVER_LAST = re.compile(r"(?:\be\.g|\bi\.e|\bapprox|\bvs|\bcf|\bincl|\bviz)\.$", re.IGNORECASE)
"""Abbreviations that point to what follows: no sentence ends with one."""
_LIST_MARK = re.compile(r"\s*(?:[-*•–—·▪]|\d{1,3}[.)]|\((?:\d{1,3}|[a-z]|[ivx]{2,4})\)|[a-z]\)|#{1,6})\s+")


@dataclass(frozen=True, slots=True)
class MappedText:
    """A changed text and, for each of its code points, the offset in the original that it came from.

    ``origins`` has one more entry than ``text`` has code points: the end of the original range.
    """

    text: str
    origins: tuple[int, ...]

    def span_in_original(self, span: Span) -> Span:
        """Return the range of the original text that ``span`` of the changed text came from."""
        if span.start == span.end:
            return Span(start=self.origins[span.start], end=self.origins[span.start])
        return Span(start=self.origins[span.start], end=self.origins[span.end - 1] + 1)


def fold(text: str) -> MappedText:
    r"""Fold the differences that do not change wording: white space runs, kinds of quotation mark, dash and ellipsis.

    Soft hyphens, zero-width characters and byte-order marks disappear. Case is kept.

    >>> fold("“No”\u00a0 –\u200b yes…").text
    '"No" - yes...'
    """
    out: list[str] = []
    origins: list[int] = []
    space_pending = False
    for position, character in enumerate(text):
        if character in _DROPPED:
            continue
        if character.isspace():
            space_pending = bool(out)
            space_at = position
            continue
        if space_pending:
            out.append(" ")
            origins.append(space_at)
            space_pending = False
        for piece in _FOLDED.get(character, character):
            out.append(piece)
            origins.append(position)
    origins.append(len(text))
    return MappedText("".join(out), tuple(origins))


_DROPPED = frozenset("\u00ad\u200b\u200c\u200d\u2060\ufeff")
_FOLDED = {
    **dict.fromkeys("“”„‟«»″", '"'),
    **dict.fromkeys("‘’‚‛′`´", "'"),
    **dict.fromkeys("–—‒―−‐‑", "-"),
    "…": "...",
}


def paragraphs(text: str) -> list[Span]:
    """Return the non-empty lines of ``text``, without the white space around them."""
    spans: list[Span] = []
    start = 0
    for line in _BLOCK_BREAK.split(text):
        stripped = line.strip()
        if stripped:
            begin = start + line.index(stripped[0])
            spans.append(Span(start=begin, end=begin + len(stripped)))
        start += len(line) + 1
    return spans


def sentences(text: str) -> list[Span]:
    """Return the sentences of ``text`` as ranges, in order, without the white space around them.

    A line break always ends a sentence (headlines, list items); list marks are not part of one. Abbreviations are known to
    the Punkt model of ``nupunkt``; a missing space after a full stop is seen too.

    >>> [span.of("He left.She stayed. Mr. Smith too.") for span in sentences("He left.She stayed. Mr. Smith too.")]
    ['He left.', 'She stayed.', 'Mr. Smith too.']
    """
    from nupunkt import sent_spans  # noqa: PLC0415  its model takes 30 ms to load

    found: list[Span] = []
    for block in paragraphs(text):
        mark = _LIST_MARK.match(text, block.start, block.end)
        start = mark.end() if mark and mark.end() < block.end else block.start
        body = text[start : block.end]
        for begin, end in sent_spans(body):
            cuts = [
                begin,
                *sorted({cut for cut in _missed(body, begin, end) if begin < cut < end}),
                end,
            ]
            for left, right in itertools.pairwise(cuts):
                piece = body[left:right]
                stripped = piece.strip()
                if not stripped:
                    continue
                offset = start + left + len(piece) - len(piece.lstrip())
                follows = bool(found) and found[-1].start >= block.start
                if follows and (not any(map(str.isalnum, stripped)) or _NEVER_LAST.search(found[-1].of(text))):
                    # A closing quotation mark or bracket that was cut off belongs to the sentence before it.
                    found[-1] = Span(start=found[-1].start, end=offset + len(stripped))
                else:
                    found.append(Span(start=offset, end=offset + len(stripped)))
    return found


def _missed(body: str, begin: int, end: int) -> Iterator[int]:
    """Yield where a sentence ends between ``begin`` and ``end`` that the Punkt model has run together with the next."""
    for match in _MISSING_SPACE.finditer(body, begin, end):
        yield match.start()
    for match in _AFTER_LETTER.finditer(body, begin, end):
        yield match.start("gap")
    for match in _WHOLE_WORD.finditer(body, begin, end):
        if match.group("mark") or match.group()[0].islower():
            yield match.start("gap")


def day(date: dt.date | None) -> str:
    """Return a date as a reader writes it, the same everywhere and in every locale.

    >>> day(dt.date(2022, 3, 9))
    '9 March 2022'
    >>> day(None)
    'undated'
    """
    return f"{date.day} {_MONTHS[date.month - 1]} {date.year}" if date else "undated"


_MONTHS = (
    "January February March April May June July August September October November December".split()
)  # not strftime, which follows the server's locale
