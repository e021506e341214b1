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

_GAP = re.compile(r"\[\s*(?:…|\.\.\.)\s*\]|…|\* ?\* ?\*")
_LONGEST_LABEL = 60
# "MR. SMITH:", "THE PRESIDENT:", "Vladimir Putin:", "Q." "Q:" at the start of a line, with words after it.
_TURN = re.compile(
    r"(?P<label>(?:[QA]|Question|Answer|QUESTION|ANSWER)(?=[.:]\s)|[^\W\d_][^\n:.?!]*?(?:\b(?:Mr|Mrs|Ms|Dr|MR|MRS|MS|DR|Sen|Rep|Gen|Col|St)\.[^\n:.?!]*?)?(?:\b[A-Z]\.[^\n:.?!]*?)*?)"
    r"(?:\s*\([^()\n]{1,60}\))?[.:]\s+(?=\S)"
)
_QUESTION = frozenset({"q", "question", "a", "answer"})
_NAME_WORD = re.compile(
    r"(?:[A-Z][^\W\d_]*(?:[-’'][^\W\d_]+)*|[A-Z]\.|al|bin|da|de|del|di|du|el|la|le|van|von|der|den|ter)\.?\Z"
)
_TITLES = frozenset(
    [
        "mr",
        "mrs",
        "ms",
        "dr",
        "president",
        "chancellor",
        "minister",
        "secretary",
        "senator",
        "governor",
        "chairman",
        "chairwoman",
        "chair",
        "general",
        "ambassador",
        "representative",
        "congressman",
        "congresswoman",
        "justice",
        "judge",
        "speaker",
        "moderator",
    ]
)
# A vocative or a signal word looks like a name at the head of a line: "Fellow Citizens: …", "Note: …".
_NO_NAMES = frozenset(
    [
        "citizens",
        "citizen",
        "fellow",
        "friends",
        "countrymen",
        "members",
        "colleagues",
        "ladies",
        "gentlemen",
        "congress",
        "message",
        "note",
        "notes",
        "factbox",
        "first",
        "second",
        "third",
        "fourth",
        "fifth",
        "finally",
        "question",
        "answer",
        "example",
        "summary",
        "conclusion",
        "background",
        "update",
        "correction",
        "editor",
        "photo",
        "source",
        "sources",
        "also",
        "however",
        "again",
        "thus",
        "therefore",
        "date",
        "subject",
        "re",
        "to",
        "from",
        "cc",
    ]
)
_ROLES = frozenset({"the president", "president", "the prime minister", "the vice president"})


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
    if not found:
        return []
    transcript = kind is SourceKind.TRANSCRIPT
    default = speakers[0] if transcript and len(speakers) == 1 else None
    if not transcript and "…" not in text and "[...]" not in text and "*" not in text:
        return [_Section(found, None)]
    sections: list[_Section] = []
    current = _Section([], default)
    following = iter(found)
    sentence = next(following, None)
    for line in paragraphs(text):
        gap = _GAP.fullmatch(text, line.start, line.end) is not None
        turn = _turn(text, line, speakers) if transcript and not gap else None
        if gap or turn is not None:
            sections.append(current)
            # After a gap nobody knows who goes on.
            current = _Section([], turn.speaker if turn is not None else default)
        begin = turn.words if turn is not None else line.start
        while sentence is not None and sentence.end <= line.end:
            if not gap and sentence.end > begin:
                current.sentences.append(sentence if sentence.start >= begin else Span(start=begin, end=sentence.end))
            sentence = next(following, None)
    sections.append(current)
    return [section for section in sections if section.sentences]


@dataclass(frozen=True, slots=True)
class _Turn:
    speaker: str | None
    words: int
    """Where the words begin, after the label."""


def _turn(text: str, line: Span, speakers: tuple[str, ...]) -> _Turn | None:
    found = _TURN.match(text, line.start, min(line.end, line.start + 2 * _LONGEST_LABEL))
    if found is None or len(found["label"]) > _LONGEST_LABEL:
        return None
    label = " ".join(found["label"].split())
    folded = label.casefold()
    if folded in _QUESTION:
        return _Turn(None, found.end())  # a questioner without a name; the answer's speaker is not named either
    if not text[found.start() : found.end()].rstrip().endswith(":"):
        return None
    for speaker in speakers:
        if folded == speaker.casefold() or (folded.split()[-1] == speaker.casefold().split()[-1] and _titled(folded)):
            return _Turn(speaker, found.end())
    if folded in _ROLES and len(speakers) == 1:
        return _Turn(speakers[0], found.end())
    if folded in {"audience", "audience member", "audience members", "reporter", "moderator"}:
        return _Turn(None, found.end())
    if len(speakers) == 1 and not (label.isupper() and _titled(folded)):
        # One declared speaker: only an unmistakable label ends the turn, or "Members of the Congress:" would.
        return None
    return _Turn(label, found.end()) if _is_name(label) else None


def _titled(folded: str) -> bool:
    words = folded.replace(".", "").split()
    return len(words) > 1 and (words[0] in _TITLES or (words[0] == "the" and words[1] in _TITLES))


def _is_name(label: str) -> bool:
    words = label.split()
    folded = [word.strip(".").casefold() for word in words]
    if any(word in _NO_NAMES for word in folded):
        return False
    if label.isupper() and (_titled(label.casefold()) or len(words) > 1):
        return True
    return 2 <= len(words) <= 5 and all(_NAME_WORD.match(word) for word in words) and words[-1][0].isupper()  # noqa: PLR2004


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
