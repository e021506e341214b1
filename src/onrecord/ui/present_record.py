"""Sources and search results → plain data for the page's components; see ``present``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from onrecord.records import CheckSummary, Hit, Passage, Source, SourceChange, Span, Version
from onrecord.report import count, day, moment, where_in
from onrecord.text import sentences
from onrecord.ui import present
from onrecord.ui.marks import pieces
from onrecord.ui.service import File, Held
from onrecord.ui.wording import TIERS

Json = dict[str, Any]

_WORD = re.compile(r"[^\W_]+(?:['’.,-][^\W_]+)*")
_PHRASE = re.compile(r"[\"“„]([^\"“”„]+)[\"”“]")
_SHORT = 3
"""Query words of fewer letters are not marked: they stand everywhere."""


LONGEST = 1_800
"""Characters up to which overlapping passages are shown as one: about three windows."""


@dataclass(frozen=True, slots=True)
class Place:
    """Passages of one version that overlap, as one stretch of its text."""

    passage: Passage
    """From the beginning of the first to the end of the last that is shown."""
    hits: tuple[Hit, ...]
    """How they were found, the best first."""
    best: Passage
    """The best of them: what is marked in the source when the place is opened."""


def places(found: Sequence[tuple[Hit, Passage]]) -> list[Place]:
    """Return what was found without the same sentences twice, each place where its best passage stands.

    Passages are windows that share sentences with their neighbours. One that overlaps a better one is joined to it; where that
    would grow too long, or would bridge two places, it only counts for it: whoever opens the source finds it there.
    """
    made: list[Place] = []
    for hit, passage in found:
        near = [at for at, place in enumerate(made) if _overlap(place.passage, passage)]
        if not near:
            made.append(Place(passage, (hit,), passage))
            continue
        known = made[near[0]]
        joined = _joined(known.passage, passage)
        shown = joined if len(near) == 1 and len(joined.text) <= LONGEST else known.passage
        made[near[0]] = Place(shown, (*known.hits, hit), known.best)
    return made


def _overlap(one: Passage, other: Passage) -> bool:
    return one.version_id == other.version_id and one.span.overlaps(other.span)


def _joined(one: Passage, other: Passage) -> Passage:
    """Return two overlapping passages as one."""
    first, second = sorted((one, other), key=lambda passage: (passage.span.start, passage.span.end))
    if first.span.contains(second.span):
        return first
    return first.model_copy(
        update={
            "text": first.text + second.text[first.span.end - second.span.start :],
            "span": Span(start=first.span.start, end=second.span.end),
            "speaker": first.speaker if first.speaker == second.speaker else None,
            "locators": tuple(dict.fromkeys((*first.locators, *second.locators))),
        }
    )


def results(found: Sequence[Place], query: str) -> Json:
    """Return search results, the words of the query marked in each."""
    return {"rows": [_result(place, query) for place in found]}


def _result(place: Place, query: str) -> Json:
    passage, best = place.passage, place.best.span
    at = {"source": passage.source.id, "version": passage.version_id, "at": f"{best.start}-{best.end}"}
    terms = [term for hit in place.hits for term in hit.matched_terms]
    ways = [
        way
        for way, by in (
            ("by meaning", any(hit.dense_rank for hit in place.hits)),
            ("by its words", any(hit.lexical_rank for hit in place.hits)),
        )
        if by
    ]
    return {
        "key": at,
        "href": "record?" + urlencode(at),
        "pieces": excerpt(passage.text, marked(passage.text, query, terms)),
        "meta": [
            part
            for part in (f"words of {passage.speaker}" if passage.speaker else "", where_in(passage, passage.span))
            if part
        ],
        "by": " and ".join(ways),
        **present.source(passage.source),
    }


MOST_SENTENCES = 4
"""Of a place in a list of results: enough to tell whether it is worth opening."""


def excerpt(text: str, marks: Sequence[Span]) -> list[Json]:
    """Return the sentences of a place that hold most of the words looked for, in their order; without any, the first ones.

    >>> [piece["text"] for piece in excerpt("One. Two. Three. Four. Five. Six.", [Span(start=23, end=27)])]
    ['… ', 'Five', '. …']
    """
    cut = sentences(text)
    held = [sum(span.contains(mark) for mark in marks) for span in cut]
    best = sorted(range(len(cut)), key=lambda at: -held[at])[:MOST_SENTENCES]
    shown = sorted(at for at in best if held[at] or not marks)
    made: list[Json] = []
    for place, at in enumerate(shown):
        gap = at != (shown[place - 1] + 1 if place else 0)
        made.append({"text": ("… " if gap else "") if not place else (" … " if gap else " "), "marks": []})
        made += [
            {"text": " ".join(piece.text.split("\n")), "marks": ["term"] if piece.names else []}
            for piece in pieces(text, [("term", mark) for mark in marks], cut[at])
        ]
    if shown and shown[-1] + 1 < len(cut):
        made.append({"text": " …", "marks": []})
    return _together(made)


def _together(made: Sequence[Json]) -> list[Json]:
    """Return pieces with neighbours of one kind joined and empty ones left out."""
    joined: list[Json] = []
    for piece in made:
        if joined and joined[-1]["marks"] == piece["marks"]:
            joined[-1] = {"text": joined[-1]["text"] + piece["text"], "marks": piece["marks"]}
        elif piece["text"]:
            joined.append(piece)
    return joined


def marked(text: str, query: str, terms: Sequence[str] = ()) -> list[Span]:
    """Return where the words of a query stand in a text: whole words that begin as one of them does; a phrase only as a whole.

    >>> [span.of("Talks resumed; the talkative rest.") for span in marked("Talks resumed; the talkative rest.", "talk the")]
    ['Talks', 'talkative']
    """
    phrases = [_WORD.findall(phrase) for phrase in _PHRASE.findall(query)]
    of_phrases = {word.casefold() for phrase in phrases for word in phrase}
    wanted = {word.casefold() for word in _WORD.findall(_PHRASE.sub(" ", query))}
    wanted |= {term.casefold() for term in terms if term.casefold() not in of_phrases}
    stems = tuple(word.removesuffix("s") for word in wanted if len(word) > _SHORT or word.isdigit())
    whole = [
        Span(start=match.start(), end=match.end())
        for phrase in phrases
        if phrase
        for match in re.finditer(r"\b" + r"[\W_]+".join(map(re.escape, phrase)) + r"\b", text, re.IGNORECASE)
    ]
    single = [
        Span(start=match.start(), end=match.end())
        for match in _WORD.finditer(text)
        if stems and match.group().casefold().startswith(stems)
    ]
    alone = (span for span in single if not any(span.overlaps(one) for one in whole))
    return sorted((*whole, *alone), key=lambda span: span.start)


def listed(sources: Sequence[Source], caption: str = "Sources") -> Json:
    """Return sources as the rows of a table."""
    return {
        "caption": caption,
        "columns": ["Title", "Kind", "Publisher", "Published"],
        "rows": [
            [
                {"text": source.title, "href": "record?" + urlencode({"source": source.id}), "key": source.id},
                present.source(source)["kind"] + (", primary" if source.primary else ""),
                source.publisher,
                day(source.published),
            ]
            for source in sources
        ],
    }


def source_head(held: Held) -> Json:
    """Return what stands above a source."""
    source = held.source
    facts = present.source(source)
    return {
        "title": source.title,
        "facts": [
            source.publisher,
            day(source.published),
            f"{facts['kind']}, {facts['primary_word']}",
            count(len(held.versions), "version"),
        ],
        "address": facts["address"],
        "address_text": facts["address_text"],
        "incomplete": (
            "Withdrawn: it is not searched any more. Checks that used it still show what they saw."
            if source.withdrawn
            else ""
        ),
        "warnings": [],
    }


def text(version: Version, at: Span | None) -> Json:
    """Return a version's text, a passage of it marked."""
    ranges = [("passage", at)] if at is not None else []
    return {
        "label": f"Text of version {version.number}",
        "pieces": [{"text": piece.text, "marks": list(piece.names)} for piece in pieces(version.text, ranges)],
    }


def span_of(at: str, version: Version) -> Span | None:
    """Return the range that an address names, if it is one of this version.

    >>> from types import SimpleNamespace
    >>> span_of("3-9", SimpleNamespace(text="x" * 9)), span_of("9-3", SimpleNamespace(text="x" * 9)), span_of("x", None)
    (Span(start=3, end=9), None, None)
    """
    match = re.fullmatch(r"(\d{1,9})-(\d{1,9})", at)
    if match is None:
        return None
    start, end = int(match[1]), int(match[2])
    return Span(start=start, end=end) if start < end <= len(version.text) else None


def provenance(held: Held, version: Version) -> Json:
    """Return where a version comes from, down to the bytes."""
    source = held.source
    rows = [
        ["Identity", source.id],
        ["Where the text comes from", source.origin],
        ["Publisher", source.publisher],
        ["Speakers", ", ".join(source.speakers)],
        ["Licence", source.licence],
        ["Collection", source.collection],
        ["How it came to us", TIERS[source.trust_tier]],
        ["Retrieved", moment(source.retrieved_at)],
        ["Added by", f"{source.added_by}, {moment(source.added_at)}" if source.added_at else source.added_by],
        ["Version", f"{version.number} of {len(held.versions)}, kept since {moment(version.added_at)}"],
        ["sha256 of its text", version.text_sha256],
        *([f"File {_name(file)}", _bytes(file)] for file in held.files.get(version.id, ())),
    ]
    return {"rows": [row for row in rows if row[1]], "label": "Provenance", "open": True}


def _name(file: File) -> str:
    return file.name.rsplit("/", 1)[-1]


def _bytes(file: File) -> str:
    fetched = f", fetched from {file.fetched}" if file.fetched else ""
    return f"{file.size:,} bytes, sha256 {file.sha256}{fetched}"


def changes(told: Sequence[SourceChange]) -> Json:
    """Return what happened to a source, the latest first."""
    return {
        "caption": "What happened to it",
        "columns": ["When", "What", "By", "Why"],
        "rows": [
            [moment(one.changed_at), _CHANGES.get(one.what, one.what), one.who or "not recorded", one.reason]
            for one in reversed(told)
        ],
    }


_CHANGES = {
    "added": "Added",
    "text": "Its text changed: a new version",
    "provenance": "Its description changed",
    "passages": "Cut into passages anew",
    "withdrawn": "Withdrawn",
    "restored": "Restored",
    "trust tier": "How it came to us was set",
}


def used(checks: Sequence[CheckSummary]) -> Json:
    """Return the checks that judged a passage of a source."""
    return {
        "caption": "Checks that looked at it",
        "columns": ["Article", "Checked", "Claims"],
        "rows": [
            [
                {"text": check.title or "Untitled article", "href": f"./?check={check.id}", "key": check.id},
                moment(check.created_at),
                count(sum(check.counts.values()), "claim"),
            ]
            for check in checks
        ],
    }


def diff(told: str) -> Json:
    """Return a unified diff of sentences as lines of three kinds."""
    kinds = {"+": "insert", "-": "delete"}
    return {
        "lines": [
            {"kind": kinds.get(line[:1], "equal"), "text": line[1:].strip()}
            for line in told.splitlines()
            if not line.startswith(("+++", "---", "@@"))
        ]
    }
