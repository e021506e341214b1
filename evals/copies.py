"""Copies of real headlines and addresses, made by rule: what other outlets do to a text that they take over."""

from __future__ import annotations

import datetime as dt
import hashlib
import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from onrecord.records import Document
from onrecord.text import sentences

OUTLETS = ("Northern Wire", "The Harbour Post", "Daily Meridian", "Lakeside News", "Southport Herald")
REPORTERS = ("Anna Keller", "Ben Ode", "Carla Whitfield", "Deniz Aydin", "Edgar Holm", "Fiona Marsh")
CITIES = ("LONDON", "GENEVA", "VIENNA", "SINGAPORE", "TORONTO")
PREFIXES = ("UPDATE 1-", "Live: ", "EXCLUSIVE: ", "Breaking: ", "World briefing: ", "In short | ")
SUFFIXES = (" | World", " – live updates", ": what we know", " (updated)", ", officials say")
HEADLINES = (
    "What was said, and what comes next",
    "Five points from a long day",
    "A turning point, or more of the same?",
    "In full: the words that matter",
    "The state of things, in brief",
    "Why it matters now",
)
WORDINGS = (
    ("said", "stated"), ("says", "states"), ("talks", "negotiations"), ("country", "nation"), ("countries", "nations"),
    ("after", "following"), ("begin", "start"), ("big", "large"), ("about", "around"), ("will", "is to"), ("must", "has to"),
    ("near", "close to"), ("military", "armed forces"), ("defense", "defence"), ("percent", "per cent"), ("use", "employ"),
    ("help", "assist"), ("show", "demonstrate"), ("need", "require"), ("get", "obtain"), ("many", "numerous"),
    ("people", "citizens"), ("against", "versus"), ("kill", "slay"), ("attack", "strike"), ("agreement", "accord"),
    ("meeting", "gathering"), ("plan", "scheme"), ("plans", "intends"), ("want", "wish"), ("however", "yet"), ("also", "too"),
    ("government", "administration"), ("leader", "head"), ("problem", "issue"), ("work", "labor"), ("great", "major"),
    ("because", "as"), ("if", "should"), ("over", "across"), ("every", "each"), ("world", "globe"), ("new", "fresh"),
    ("stop", "halt"), ("ready", "prepared"), ("holds", "conducts"), ("hold", "conduct"), ("across", "throughout"),
)  # fmt: skip
_WORD = re.compile(r"[a-z]+(?:['’-][a-z]+)*")
_DROPPED = frozenset({"the", "a", "an", "very", "also", "just", "that", "again", "already", "still", "now", "own"})
_LEAST_CUT, _MOST_CUT = 0.1, 0.5
_LEAST_EDITS, _MOST_EDITS = 0.02, 0.08


@dataclass(frozen=True, slots=True)
class Original:
    """A real text to be copied."""

    id: str
    family: str
    """``headline``, ``bulletin``, ``extract`` or ``address``."""
    title: str
    body: str
    publisher: str
    published: dt.date | None
    kind: str

    @property
    def text(self) -> str:
        """The text as it is stored: headline, then body."""
        return f"{self.title}\n{self.body}" if self.body else self.title


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of an original, and what was done to it."""

    id: str
    of: str
    rules: tuple[str, ...]
    title: str
    text: str
    publisher: str
    published: dt.date | None


def make_copies(original: Original, number: int, seed: int) -> Iterator[Copy]:
    """Yield ``number`` copies by different outlets, each with one to four of the rules, drawn with ``seed``."""
    draw = random.Random(f"{seed} {original.id}")  # noqa: S311  a sample, not a secret
    outlets = draw.sample(OUTLETS, number)
    for ordinal, outlet in enumerate(outlets, 1):
        rules = tuple(sorted(draw.sample(sorted(_RULES), draw.choice((1, 1, 2, 2, 3, 4)))))
        title, body = original.title, original.body
        for rule in rules:
            title, body = _RULES[rule](title, body, draw, outlet)
        day = original.published + dt.timedelta(days=draw.choice((0, 0, 1))) if original.published else None
        text = f"{title}\n{body}" if body else title
        yield Copy(f"{original.id}~{ordinal}", original.id, rules, title, text, outlet, day)


def _cut(title: str, body: str, draw: random.Random, _: str) -> tuple[str, str]:
    """Cut from the end, as wire copy is cut: whole sentences, or the lead where there is nothing else."""
    spans = sentences(body)
    if len(spans) < 4:  # noqa: PLR2004  a headline and its first words
        return title, ""
    kept = max(1, round(len(spans) * (1 - draw.uniform(_LEAST_CUT, _MOST_CUT))))
    return title, body[: spans[kept - 1].end]


def _headline(title: str, body: str, draw: random.Random, _: str) -> tuple[str, str]:
    """Put another headline; where the headline is most of the text, put it otherwise."""
    if len(body.split()) > 4 * len(title.split()):
        return draw.choice(HEADLINES), body
    who, dash, by = title.rpartition(" — ")
    if dash and draw.random() < 0.5:  # noqa: PLR2004  a coin
        return f"{by[:1].upper()}{by[1:]}: {who}", body
    if draw.random() < 0.5:  # noqa: PLR2004  as above
        return draw.choice(PREFIXES) + title, body
    return title + draw.choice(SUFFIXES), body


def _byline(title: str, body: str, draw: random.Random, outlet: str) -> tuple[str, str]:
    """Name a reporter and a place at the head, or an editor at the end."""
    reporter, city = draw.choice(REPORTERS), draw.choice(CITIES)
    if draw.random() < 0.5 or not body:  # noqa: PLR2004  as above
        return title, f"By {reporter}, {outlet}\n{city} ({outlet}) – {body}".rstrip(" –")
    return title, f"{city} ({outlet}) – {body}\nReporting by {reporter}; editing by {draw.choice(REPORTERS)}"


def _edits(title: str, body: str, draw: random.Random, _: str) -> tuple[str, str]:
    """Change a word here and there: a synonym, a spelling, a word left out, a slip; never a name or a figure."""
    both = f"{title}\n{body}"
    found = [match for match in _WORD.finditer(both) if not both[: match.start()][-1:].isalpha()]
    wording = dict(WORDINGS) | {new: old for old, new in WORDINGS if " " not in new}
    able = [m for m in found if m[0] in wording or m[0] in _DROPPED or len(m[0]) >= 7]  # noqa: PLR2004  long enough to slip
    wanted = max(1, round(len(both.split()) * draw.uniform(_LEAST_EDITS, _MOST_EDITS)))
    for match in sorted(draw.sample(able, min(wanted, len(able))), key=lambda m: -m.start()):
        word = match[0]
        if word in wording:
            new = wording[word]
        elif word in _DROPPED:
            new = ""
        else:
            at = draw.randrange(1, len(word) - 2)
            new = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        both = both[: match.start()] + new + both[match.end() :]
    both = both.translate({0x2019: "'", 0x201C: '"', 0x201D: '"', 0x2014: "-"})
    title, _, body = both.partition("\n")
    return " ".join(title.split()), body


_RULES: dict[str, Callable[[str, str, random.Random, str], tuple[str, str]]] = {
    "cut": _cut,
    "headline": _headline,
    "byline": _byline,
    "edits": _edits,
}
RULES = tuple(_RULES)


def originals(documents: Sequence[Document]) -> list[Original]:
    """Return the texts to be stored and copied; none lies within another, and none is the same as another of those days.

    Two in three headlines stand alone; of the rest of a day, each eight make a bulletin. Every second address stands whole; the
    others are cut into extracts of 200 to 600 words.
    """
    made: list[Original] = []
    days: dict[dt.date | None, list[Document]] = {}
    for document in documents:
        if document.metadata["kind"] == "coverage":
            if _number(document) % 3:
                title, _, body = document.text.partition("\n")
                made.append(_original(document, "headline", title, body))
            else:
                days.setdefault(document.published, []).append(document)
        elif _number(document) % 2:
            made.append(_original(document, "address", document.title or "", document.text))
        else:
            made.extend(_extracts(document))
    for items in days.values():
        for start in range(0, len(items) - 7, 8):
            lines = [item.text.partition("\n")[0] + "." for item in items[start : start + 8]]
            made.append(_original(items[start], "bulletin", "News of the day", "\n".join(lines), "b"))
    return _each_once(made)


def _each_once(made: list[Original]) -> list[Original]:
    seen: dict[tuple[str, ...], list[int]] = {}
    kept = []
    for item in made:
        day = item.published.toordinal() if item.published else 0
        there = seen.setdefault(tuple(item.text.casefold().split()), [])
        if all(abs(day - other) > 7 for other in there):  # noqa: PLR2004  a bulletin of the same words on the same days is a copy
            kept.append(item)
        there.append(day)
    return kept


def _extracts(document: Document) -> Iterator[Original]:
    spans = sentences(document.text)
    start, number, wanted = 0, 0, 200
    for position, span in enumerate(spans):
        words = len(document.text[spans[start].start : span.end].split())
        if words >= wanted:
            number += 1
            body = document.text[spans[start].start : span.end]
            yield _original(document, "extract", f"{document.title}, part {number}", body, f"p{number}")
            start, wanted = position + 1, 200 + 100 * (number % 5)
            if start >= len(spans):
                return


def _original(document: Document, family: str, title: str, body: str, part: str = "") -> Original:
    metadata = document.metadata
    id_ = metadata["id"] + (f"/{part}" if part else "")
    return Original(id_, family, title, body, metadata["publisher"], document.published, metadata["kind"])


def _number(document: Document) -> int:
    return hashlib.sha256(document.metadata["id"].encode()).digest()[0]
