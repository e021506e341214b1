"""Whatever changes or cuts characters of a text, always with the way back to the original offsets."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from onrecord.records import Span

_BLOCK_BREAK = re.compile(r"\n")
_MISSING_SPACE = re.compile(r"(?<=[a-z0-9)”’\"][.!?])(?=[A-Z“‘\"][a-z’'\s])")
# "per cent." ends a sentence before a capital; the Punkt model takes "cent." for an abbreviation before a title.
_PER_CENT = re.compile(r"(?<=\bper cent\.)\s+(?=[A-Z])")
_LIST_MARK = re.compile(r"\s*(?:[-*•–—·▪]|\d{1,3}[.)]|#{1,6})\s+")


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
                *sorted(
                    m.start()
                    for pattern in (_MISSING_SPACE, _PER_CENT)
                    for m in pattern.finditer(body, begin, end)
                    if begin < m.start() < end
                ),
                end,
            ]
            for left, right in itertools.pairwise(cuts):
                piece = body[left:right]
                stripped = piece.strip()
                if not stripped:
                    continue
                offset = start + left + len(piece) - len(piece.lstrip())
                if found and found[-1].start >= block.start and not any(map(str.isalnum, stripped)):
                    # A closing quotation mark or bracket that was cut off belongs to the sentence before it.
                    found[-1] = Span(start=found[-1].start, end=offset + len(stripped))
                else:
                    found.append(Span(start=offset, end=offset + len(stripped)))
    return found
