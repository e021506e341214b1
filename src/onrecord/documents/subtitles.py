"""SRT and WebVTT: the words of the cues as running text, and at what time of the recording each is heard."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from onrecord.documents.characters import decode
from onrecord.documents.received import sha256_of
from onrecord.errors import DocumentError, EmptyDocumentError
from onrecord.records import Document, Locator, SourceKind, Span

if TYPE_CHECKING:
    from onrecord.documents.received import Raw

_TIME = r"(?:(?P<{0}h>\d{{1,4}}):)?(?P<{0}m>\d{{1,2}}):(?P<{0}s>\d{{1,2}}(?:[.,]\d{{1,3}})?)"
_TIMING = re.compile(rf"\s*{_TIME.format('a')}\s*-->\s*{_TIME.format('b')}(?:\s.*)?\Z")
_VOICE = re.compile(r"<v(?:\.[^\s<>]{1,40})?\s+([^<>]{1,80})>")
_TAG = re.compile(
    r"</?(?:[biuscv]|lang|ruby|rt|font)(?:[.\s][^<>]{0,200})?>|<\d[\d:.]{0,15}>|\{\\[^{}]{0,40}\}", re.IGNORECASE
)
_ASIDE = re.compile(r"(?:WEBVTT|NOTE|STYLE|REGION)\b")
_TURN = re.compile(r"(?:>>+|[-–—])\s*(?=\S)")
_LABEL = re.compile(r"[A-Z][A-Z.’' -]{1,40}:\s")
_ENDED = re.compile(r"[.!?…][”’\"'»)\]]*\Z")
_PAUSE = 2.0  # seconds of silence after a finished sentence: a new paragraph
_LONG_PAUSE = 10.0  # and after whatever else


@dataclass(slots=True)
class _Cue:
    start: float
    end: float
    lines: list[str]


class Subtitles:
    """Reads ``.srt`` and ``.vtt``. Lines and cues are joined to running text; a change of speaker begins a paragraph.

    A voice (``<v Name>``) becomes a label, ``Name: …``, as in other transcripts. Where each cue repeats the line before it
    (captions that roll), it is taken once.
    """

    name = "subtitles"
    suffixes = frozenset({".srt", ".vtt"})
    media_types = frozenset({"text/vtt", "application/x-subrip", "text/srt"})

    def read(self, raw: Raw) -> Document:
        """Read ``raw`` as subtitles."""
        decoded = decode(raw.data, name=raw.name, declared=raw.charset)
        cues, outside = _cues(decoded.text)
        _unroll(cues)
        built = _Transcript()
        for cue in cues:
            built.add(cue)
        if not built.locators:
            if outside and not cues:
                message = f"{raw.name}: no cue in it (a line such as 00:00:01,000 --> 00:00:04,000); save text as .txt"
                raise DocumentError(message)
            message = f"{raw.name}: no text in it; give a file that holds the words to be read"
            raise EmptyDocumentError(message)
        warnings = [*decoded.warnings]
        if outside:
            warnings.append(f"{outside} lines outside of the cues were left out")
        return Document(
            text="".join(built.pieces),
            media_type="text/vtt" if decoded.text.lstrip().startswith("WEBVTT") else "application/x-subrip",
            content_sha256=sha256_of(raw.data),
            address=raw.address,
            speakers=tuple(dict.fromkeys(built.voices)),
            metadata={"kind": SourceKind.TRANSCRIPT.value},
            warnings=tuple(warnings),
            locators=tuple(built.locators),
        )


def _cues(text: str) -> tuple[list[_Cue], int]:
    """Return the cues, and how many lines stand in none of them."""
    cues: list[_Cue] = []
    outside: list[str] = []
    block = 0  # lines since the last empty one
    inside = aside = False
    for line in text.split("\n"):
        timing = _TIMING.match(line)
        if timing is not None:
            if block == 1 and not inside and not aside and outside:
                outside.pop()  # the cue's name
            elif inside and cues[-1].lines and cues[-1].lines[-1].strip().isdigit():
                cues[-1].lines.pop()  # its number, without an empty line before it
            cues.append(_Cue(_seconds(timing, "a"), _seconds(timing, "b"), []))
            inside, aside = True, False
        elif not line.strip():
            block, inside, aside = 0, False, False
            continue
        elif inside:
            cues[-1].lines.append(line)
        elif not aside:
            aside = block == 0 and _ASIDE.match(line) is not None
            if not aside:
                outside.append(line)
        block += 1
    return cues, len(outside)


def _seconds(timing: re.Match[str], which: str) -> float:
    hours, minutes, seconds = (timing[f"{which}{unit}"] or "0" for unit in "hms")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds.replace(",", "."))


def _unroll(cues: list[_Cue]) -> None:
    """Leave out the repeated line where most cues begin with the last one of the cue before."""
    rolling = [
        position
        for position in range(1, len(cues))
        if cues[position].lines and cues[position - 1].lines and cues[position].lines[0] == cues[position - 1].lines[-1]
    ]
    if len(rolling) > 0.3 * len(cues):
        for position in reversed(rolling):
            del cues[position].lines[0]


class _Transcript:
    """The running text as it is put together."""

    def __init__(self) -> None:
        self.pieces: list[str] = []
        self.locators: list[Locator] = []
        self.voices: list[str] = []
        self._length = 0
        self._end = 0.0
        self._voice: str | None = None

    def add(self, cue: _Cue) -> None:
        """Add the words of a cue: one piece, or one for each who speaks in it."""
        for line in cue.lines:
            found = _VOICE.search(line)
            voice = " ".join(html.unescape(found[1]).split()) if found else self._voice
            words = " ".join(html.unescape(_TAG.sub("", line)).split())
            turn = _TURN.match(words)
            words = words[turn.end() :] if turn else words
            if not words:
                continue
            begins = turn is not None or voice != self._voice or _LABEL.match(words) is not None
            if begins and voice is not None and voice != self._voice:
                words = f"{voice}: {words}"
                self.voices.append(voice)
            self._voice = voice
            self._put(words, cue, begins=begins)

    def _put(self, words: str, cue: _Cue, *, begins: bool) -> None:
        if self.pieces:
            pause = cue.start - self._end
            ended = _ENDED.search(self.pieces[-1]) is not None
            self._append("\n\n" if begins or pause > (_PAUSE if ended else _LONG_PAUSE) else " ")
        span = Span(start=self._length, end=self._length + len(words))
        self._append(words)
        self._end = max(self._end, cue.end)
        last = self.locators[-1] if self.locators else None
        if last is not None and last.seconds == cue.start and not begins:
            self.locators[-1] = Locator(span=Span(start=last.span.start, end=span.end), seconds=cue.start)
        else:
            self.locators.append(Locator(span=span, seconds=cue.start))

    def _append(self, words: str) -> None:
        self.pieces.append(words)
        self._length += len(words)
