"""A version's text to passages: windows of whole sentences that never cross a change of speaker or a gap."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onrecord.records import SourceKind, Span
from onrecord.text import paragraphs, sentences

if TYPE_CHECKING:
    from onrecord.settings import Settings

RULE = 1
"""Number of this way of cutting; a change of it cuts every source anew."""

_GAP = re.compile(r"^[ \t]*(?:\[[ \t]*(?:…|\.\.\.)[ \t]*\]|\*[ \t]*\*[ \t]*\*)[ \t]*$", re.MULTILINE)
_HEAD = 120  # characters of a line in which its speaker's label must end
_WORD = r"[^\W\d_][^\s:.]*"
_TITLE = (
    "Mr|Mrs|Ms|Dr|President|Chancellor|Minister|Prime Minister|Vice President|Secretary|Senator|Governor|Chairman|Chairwoman|"
    "General|Admiral|Ambassador|Representative|Congressman|Congresswoman|Justice|Chief Justice|Judge|Speaker"
)
# Labels such as "Vladimir Putin:", "MR. SMITH:", "THE PRESIDENT:", "Q:" and "Maria Zakharova (spokeswoman):".
_COLON = re.compile(r"(?P<label>[^\W\d_][^\n:()?!;“”\"]{0,58}?)\s*(?:\([^()\n]{1,60}\)\s*)?:\s+(?=\S)")
# Labels such as "Q.", "The President." and "Speaker Foley.", as United States government printers set them.
_STOP = re.compile(rf"(?P<label>[QA]|(?i:the president)|(?i:{_TITLE})\.?[ ](?-i:{_WORD}))\.\s+(?=[^\W\d_a-z]|[“\"\[-])")
_TITLED = re.compile(rf"(?:the\s+)?(?:{_TITLE})\.?\s+(?P<name>\S.*)\Z", re.IGNORECASE)
_PARTICLES = frozenset(
    {"al", "bin", "da", "de", "del", "di", "du", "el", "la", "le", "van", "von", "der", "den", "ter"}
)
_NAME_WORD = re.compile(r"[^\W\d_]+(?:[-’'][^\W\d_]+)*\.?\Z")
# Nobody is named by these, but the words after them are somebody else's.
_NAMELESS = frozenset(
    {"q", "question", "reporter", "journalist", "audience", "audience member", "audience members", "moderator", "note"}
)
_ANSWERS = frozenset({"a", "answer", "the president", "president", "the prime minister", "the vice president"})
# What stands at the head of a line like a name and is none: "Fellow Citizens: …", "Mr. Speaker: …", "Special Message: …".
_NO_NAMES = frozenset(
    {
        *(
            "citizens",
            "citizen",
            "fellow",
            "friends",
            "countrymen",
            "members",
            "member",
            "colleagues",
            "ladies",
            "gentlemen",
        ),
        *(
            "congress",
            "senate",
            "house",
            "nation",
            "message",
            "address",
            "factbox",
            "first",
            "second",
            "third",
            "fourth",
        ),
        *(
            "finally",
            "example",
            "summary",
            "conclusion",
            "background",
            "update",
            "correction",
            "editor",
            "photo",
            "source",
        ),
        *("sources", "also", "however", "again", "thus", "therefore", "date", "subject", "from", "overview", "part"),
        *("chapter", "section", "article", "annex", "take", "look", "remember", "consider", "imagine", "here"),
        *("the", "and", "of", "for", "my", "our", "its", "to", "in", "on"),
    }
)


@dataclass(frozen=True, slots=True)
class Window:
    """A passage to be: its range, the ranges of its sentences and who speaks, all in the version's text."""

    span: Span
    sentences: tuple[Span, ...]
    speaker: str | None


@dataclass(frozen=True, slots=True)
class _Section:
    """Sentences that belong together: one speaker, no gap."""

    sentences: list[Span]
    speaker: str | None


def cut(text: str, *, kind: SourceKind, speakers: tuple[str, ...], settings: Settings) -> list[Window]:
    """Cut ``text`` into passages.

    Windows of ``passage_sentences`` sentences overlap by ``passage_overlap`` and end before they pass
    ``passage_max_characters``. A sentence longer than that is cut between words, so that none of it is hidden from search.
    A line that is only ``[…]`` marks a gap in the source: it belongs to no passage.

    ``speaker`` is set for transcripts only: the one speaker of the source, or the one that a speaker line names.
    """
    limit = settings.passage_max_characters
    windows: list[Window] = []
    for section in _sections(text, kind, speakers):
        pieces = [piece for sentence in section.sentences for piece in _pieces(text, sentence, limit)]
        start = 0
        while start < len(pieces):
            end = start + 1
            while (
                end < len(pieces)
                and end - start < settings.passage_sentences
                and pieces[end].end - pieces[start].start <= limit
            ):
                end += 1
            span = Span(start=pieces[start].start, end=pieces[end - 1].end)
            windows.append(Window(span, tuple(pieces[start:end]), section.speaker))
            if end == len(pieces):
                break
            # The next begins so that ``passage_overlap`` sentences are shared, also after a window cut short by length.
            start = max(start + 1, end - settings.passage_overlap)
    return windows


def _sections(text: str, kind: SourceKind, speakers: tuple[str, ...]) -> list[_Section]:
    found = sentences(text)
    transcript = kind is SourceKind.TRANSCRIPT
    default = speakers[0] if transcript and len(speakers) == 1 else None
    if not transcript and _GAP.search(text) is None:
        return [_Section(found, None)]
    sections: list[_Section] = [_Section([], default)]
    following = iter(found)
    sentence = next(following, None)
    for line in paragraphs(text):
        begin = line.start
        gap = _GAP.fullmatch(text[line.start : line.end]) is not None
        if gap:
            sections.append(_Section([], default))  # nobody knows who goes on after it
        elif transcript and (turn := _turn(text[line.start : min(line.end, line.start + _HEAD)], speakers)):
            sections.append(_Section([], turn.speaker))
            begin = line.start + turn.length
        while sentence is not None and sentence.end <= line.end:
            if not gap and sentence.end > begin:
                sections[-1].sentences.append(Span(start=max(begin, sentence.start), end=sentence.end))
            sentence = next(following, None)
    return [section for section in sections if section.sentences]


@dataclass(frozen=True, slots=True)
class _Turn:
    speaker: str | None
    length: int
    """Of the label, up to the first word spoken."""


def _turn(head: str, speakers: tuple[str, ...]) -> _Turn | None:
    """Return who begins to speak at the head of a line, or ``None`` if the line goes on as before.

    A source with one declared speaker is his until an unmistakable label says otherwise: a title with a name. Elsewhere any
    two to five words that look like a name are one.
    """
    stop = _STOP.match(head)
    found = stop or _COLON.match(head)
    if found is None:
        return None
    label = " ".join(found["label"].split())
    folded = label.casefold()
    only = speakers[0] if len(speakers) == 1 else None
    if folded in _NAMELESS:
        return _Turn(None, found.end())
    if folded in _ANSWERS:
        return _Turn(only, found.end())
    titled = _TITLED.match(label)
    name = (titled["name"] if titled else label).casefold()
    for speaker in speakers:
        if folded == speaker.casefold() or (titled and name.split()[-1] == speaker.casefold().split()[-1]):
            return _Turn(speaker, found.end())
    if _is_name(label, titled=titled is not None) and (titled is not None or (only is None and stop is None)):
        return _Turn(label, found.end())
    return None


def _is_name(label: str, *, titled: bool) -> bool:
    words = label.replace(",", " ").split()
    if any(word.strip(".").casefold() in _NO_NAMES for word in words) or not 2 <= len(words) <= 5:  # noqa: PLR2004
        return False
    if titled and _TITLED.match(f"Mr {words[-1]}") and words[-1].strip(".").casefold() in _TITLE.casefold().split("|"):
        return False  # "Mr. Speaker:", "Mr. President:" are spoken to, not speaking
    return all(_NAME_WORD.match(word) and (word[0].isupper() or word.casefold() in _PARTICLES) for word in words) and (
        words[-1][0].isupper()
    )


def _pieces(text: str, sentence: Span, limit: int) -> list[Span]:
    if sentence.end - sentence.start <= limit:
        return [sentence]
    pieces: list[Span] = []
    start = sentence.start
    while sentence.end - start > limit:
        cut_at = max(text.rfind(mark, start + limit // 2, start + limit) for mark in ("; ", ", ", " "))
        end = cut_at + 1 if cut_at > start else start + limit
        stop = end
        while stop > start and text[stop - 1].isspace():
            stop -= 1
        if stop > start:
            pieces.append(Span(start=start, end=stop))
        start = end
        while start < sentence.end and text[start].isspace():
            start += 1
    if start < sentence.end:
        pieces.append(Span(start=start, end=sentence.end))
    return pieces
