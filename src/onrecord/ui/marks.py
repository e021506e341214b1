"""Cut a text into pieces so that overlapping ranges can be marked without changing a character."""

from __future__ import annotations

import itertools
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from onrecord.records import Span

Name = TypeVar("Name", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Piece(Generic[Name]):
    """A stretch of text and the names of all ranges that cover it, in the order given."""

    text: str
    names: tuple[Name, ...]


def pieces(text: str, ranges: Sequence[tuple[Name, Span]], within: Span | None = None) -> list[Piece[Name]]:
    """Return ``text[within]`` cut wherever a range starts or ends.

    The pieces joined give ``text[within]`` again. Ranges, like ``within``, are counted in ``text``; what lies outside
    ``within`` is left out, and an empty range marks nothing.

    >>> [(p.text, p.names) for p in pieces("abcdef", [("x", Span(start=1, end=4)), ("y", Span(start=3, end=5))])]
    [('a', ()), ('bc', ('x',)), ('d', ('x', 'y')), ('e', ('y',)), ('f', ())]
    """
    bounds = within or Span(start=0, end=len(text))
    end_of_all = min(bounds.end, len(text))
    cuts = sorted({bounds.start, end_of_all, *_cuts(ranges, bounds.start, end_of_all)})
    result: list[Piece[Name]] = []
    for start, end in itertools.pairwise(cuts):
        names = tuple(name for name, span in ranges if span.start < end and start < span.end)
        result.append(Piece(text[start:end], names))
    return result


def _cuts(ranges: Iterable[tuple[Name, Span]], start: int, end: int) -> Iterable[int]:
    for _, span in ranges:
        yield from (cut for cut in (span.start, span.end) if start < cut < end)
