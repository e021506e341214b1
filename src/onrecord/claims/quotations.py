"""Words between quotation marks, whatever the marks.

Pairs are “…”, „…“, „…”, «…», »…«, ‹…›, ‘…’, "…", '…', ``…'' and ''…''. A mark that is never closed makes no
quotation, unless the next
paragraph opens with the same mark: then the quotation runs over both, as newspapers set it.
"""

from __future__ import annotations

from dataclasses import dataclass

from onrecord.records import Quotation, Span
from onrecord.text import paragraphs

_CLOSERS = {
    "“": "”“",  # “English” and “German-set by mistake“
    "”": "”",  # ”Swedish”, or English with the first mark turned
    "„": "“”",
    "‟": "”",
    "«": "»",
    "‹": "›",
    "»": "«",
    "›": "‹",
    "‘": "’",
    "‚": "‘’",
    '"': '"',
    "'": "'",
    "``": ("''", "``"),
    "''": ("''",),
}
_SINGLE = frozenset("‘‚'")
_MAX_DEPTH = 6
"""Deeper nesting than three quotations in one another, twice, is damage and not language."""
_MAX_CHARACTERS = 4000
"""A longer stretch between two marks is taken for two unrelated marks."""


@dataclass(slots=True)
class _Open:
    mark: str
    at: int
    inside: int


def find_quotations(text: str) -> list[Quotation]:
    """Return the quotations of ``text`` in order of their start; an inner quotation follows the one that holds it.

    Spans lie inside the marks; a comma that American typography puts before the closing mark is left out.

    >>> [item.text for item in find_quotations("He said “it’s ‘over’, all of it,” and “left.")]
    ['it’s ‘over’, all of it', 'over']
    """
    blocks = paragraphs(text)
    found: list[Quotation] = []
    for number, block in enumerate(blocks):
        spans, unclosed = _in_paragraph(text, block)
        following = blocks[number + 1] if number + 1 < len(blocks) else None
        if unclosed is not None and following is not None and text.startswith(unclosed.mark, following.start):
            # The convention repeats the mark in each paragraph and closes once, at the end of the last.
            spans.append(Span(start=unclosed.inside, end=block.end))
        found.extend(quotation for span in spans if (quotation := _trimmed(text, span)) is not None)
    return sorted(found, key=lambda item: (item.span.start, -item.span.end))


def _trimmed(text: str, span: Span) -> Quotation | None:
    """Cut white space and a final comma; ``None`` when no letter or digit is left."""
    words = span.of(text)
    start = span.start + len(words) - len(words.lstrip())
    end = start + len(words.strip().rstrip(",").rstrip())
    kept = text[start:end] if end > start else ""
    if not any(character.isalnum() for character in kept):
        return None
    return Quotation(span=Span(start=start, end=end), text=kept)


def _in_paragraph(text: str, block: Span) -> tuple[list[Span], _Open | None]:
    """Return the closed quotations of one paragraph, and the outermost mark left open."""
    spans: list[Span] = []
    stack: list[_Open] = []
    position = block.start
    while position < block.end:
        mark = text[position : position + 2] if text[position : position + 2] in ("``", "''") else text[position]
        width = len(mark)
        closes = _level_closed_by(mark, stack)
        if closes is not None and _may_close(text, position, width, block, stack[closes]):
            spans.append(Span(start=stack[closes].inside, end=position))
            del stack[closes:]
        elif mark in _CLOSERS and len(stack) < _MAX_DEPTH and _may_open(text, position, width, block):
            stack.append(_Open(mark, position, position + width))
        position += width
    double = next((item for item in stack if item.mark not in _SINGLE), None)
    return spans, double


def _level_closed_by(mark: str, stack: list[_Open]) -> int | None:
    """Return the place on the stack of the innermost open mark that ``mark`` closes."""
    for level in range(len(stack) - 1, -1, -1):
        if mark in _CLOSERS[stack[level].mark]:
            return level
    return None


def _may_open(text: str, position: int, width: int, block: Span) -> bool:
    """Tell whether a mark can open: nothing wordlike before it, something after it."""
    before = text[position - 1] if position > block.start else " "
    after = text[position + width] if position + width < block.end else " "
    if after.isspace():
        return False
    mark = text[position]
    if mark == "”":
        return position == block.start
    if mark in "'\"»›`":
        return not before.isalnum() and before not in ".,!?)]’”"
    return not (mark in _SINGLE and before.isalnum())


def _may_close(text: str, position: int, width: int, block: Span, opened: _Open) -> bool:
    """Tell whether a mark closes ``opened``: not an apostrophe, and not before it has held anything."""
    if position == opened.inside or position - opened.inside > _MAX_CHARACTERS:
        return False
    before = text[position - 1]
    after = text[position + width] if position + width < block.end else " "
    mark = text[position]
    if mark in "’'" and width == 1:
        if after.isalnum():
            return False
        # "the players' union": a plural's apostrophe, if a surer closing mark follows in the same paragraph.
        if before == "s" and after == " " and opened.mark in _SINGLE:
            rest = text[position + 1 : min(block.end, position + 400)]
            surer = next((i for i, c in enumerate(rest) if c == mark and i and not rest[i + 1 : i + 2].isalnum()), None)
            return surer is None or any(
                c in "‘'“\"" and rest[i + 1 : i + 2].isalpha() for i, c in enumerate(rest[:surer])
            )
        return not (before.isspace() and opened.mark == "'")
    if mark in ('"', opened.mark):
        return not (before.isspace() and after.isalnum())
    return True
