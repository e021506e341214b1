"""PDF: the text page by page, its lines put together to paragraphs, and where each page begins in it."""

from __future__ import annotations

import itertools
import json
import re
import statistics
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onrecord.documents.received import sha256_of
from onrecord.errors import DocumentError, EmptyDocumentError
from onrecord.records import Document, Locator, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from onrecord.documents.received import Raw

_WORKER = Path(__file__).with_name("pdf_worker.py")
_SECONDS = 120.0  # a manual of 36 pages takes 0.6 s; 5,000 pages take about 80 s
_MOST_PAGES = 5000
_MOST_CHARACTERS = 20_000_000
_MOST_MEMORY = 3 << 30  # bytes of address space, of which Python and the library take 0.2 GiB

_BROKEN = re.compile(r"\w[-\u2010\u00ad\ufffe]\Z")  # a word broken at the end of a line
_MARK = re.compile(r"(?:[•●▪◦‣–—*-]|\(?(?:\d{1,3}|[a-z])[.)]|\d{1,2}(?:\.\d{1,2})*)\s")
_LEADER = re.compile(r"(?:\s?\.){4,}\s*(?=\w*\Z)")  # the dots between an entry and its page
_ENDED = re.compile(r"[.!?:;…][”’\"'»)\]\d]*\Z|… \w+\Z")
_WORD = re.compile(r"\w+(?:[-\u2010]\w+)*")
_PROGRAMS_TITLE = re.compile(
    r"\A(?:microsoft \w+ - .*|untitled.*|.*\.(?:docx?|indd|pdf|qxd|tex|rtf|odt|html?|wpd|pptx?|xlsx?))\Z", re.IGNORECASE
)
_PRIVATE = re.compile("[\ufffd\ue000-\uf8ff]")


class Pdf:
    """Reads PDF files. Running heads and page numbers are left out; words broken at a line's end are mended.

    The file's own date is when the file was made, not when its words were published: it is kept as ``created``.
    """

    name = "pdf"
    suffixes = frozenset({".pdf"})
    media_types = frozenset({"application/pdf", "application/x-pdf"})

    def read(self, raw: Raw) -> Document:
        """Read ``raw`` as a PDF."""
        if not raw.data.strip():
            message = f"{raw.name}: no text in it; the file is empty"
            raise EmptyDocumentError(message)
        found = _pages(raw)
        warnings: list[str] = []
        lines = [
            _Line(_LEADER.sub(" … ", " ".join(text.split())), page, left, bottom, right, top)
            for page, content in enumerate(found["pages"], 1)
            for text, left, bottom, right, top in content["lines"]
        ]
        bare = [number for number, page in enumerate(found["pages"], 1) if page["pictures"] or page.get("damaged")]
        if not lines:
            message = (
                f"{raw.name}: no text in it, only pictures of {len(bare)} pages (a scan);"
                " recognise the text first, for example with 'ocrmypdf in.pdf out.pdf', and give the result"
                if bare
                else f"{raw.name}: no text in it; give a file that holds the words to be read"
            )
            raise EmptyDocumentError(message)
        if bare:
            shown = ", ".join(map(str, bare[:10])) + (" …" if len(bare) > 10 else "")  # noqa: PLR2004
            warnings.append(f"no text on pages {shown}: pictures, or damaged")
        kept, heads = _without_heads(lines, len(found["pages"]))
        if heads:
            warnings.append(f"{heads} running heads and page numbers were left out")
        built = _Text(_vocabulary(lines))
        for block in _paragraphs(kept):
            built.add(block)
        text, locators = built.finished()
        if len(_PRIVATE.findall(text)) > 0.2 * len(text):
            message = (
                f"{raw.name}: its fonts do not say which characters they draw, so its text cannot be read;"
                " recognise it with OCR, for example with 'ocrmypdf --force-ocr in.pdf out.pdf', and give the result"
            )
            raise DocumentError(message)
        title = " ".join(str(found["title"]).split())
        created = re.match(r"D:(\d{4})(\d\d)(\d\d)", str(found["created"]))
        metadata = {
            "author": " ".join(str(found["author"]).split()),
            "created": "-".join(created.groups()) if created else "",
        }
        return Document(
            text=text,
            media_type="application/pdf",
            content_sha256=sha256_of(raw.data),
            title=None if _PROGRAMS_TITLE.match(title) else title or None,
            address=raw.address,
            metadata={key: _clean(value) for key, value in metadata.items() if value},
            warnings=tuple(warnings),
            locators=locators,
        )


def _clean(value: str) -> str:
    return "".join(character for character in value if character.isprintable())


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of a page; lengths in points from the lower left corner."""

    text: str
    page: int
    left: float
    bottom: float
    right: float
    top: float

    @property
    def size(self) -> float:
        return max(self.top - self.bottom, 1.0)


def _pages(raw: Raw) -> Any:  # noqa: ANN401  what the worker prints, described there
    limits = (str(limit) for limit in (_MOST_PAGES, _MOST_CHARACTERS, _MOST_MEMORY))
    try:
        run = subprocess.run(  # noqa: S603  our own file, and the PDF goes in by stdin
            [sys.executable, "-I", str(_WORKER), *limits],
            input=raw.data,
            capture_output=True,
            timeout=_SECONDS,
            check=True,
        )
        found = json.loads(run.stdout)
    except subprocess.TimeoutExpired as error:
        message = f"{raw.name}: not read after {_SECONDS:g} s; split the PDF, or save its text"
        raise DocumentError(message) from error
    except (subprocess.CalledProcessError, OSError, ValueError) as error:
        message = (
            f"{raw.name}: a PDF that its reader could not take ({type(error).__name__}); save it anew, or save its text"
        )
        raise DocumentError(message) from error
    if code := found.get("error"):
        message = f"{raw.name}: " + {
            "password": "the PDF is locked by a password; save it without one",
            "pages": f"{found.get('found')} pages; at most {_MOST_PAGES} are accepted, so split it",
            "characters": f"more than {_MOST_CHARACTERS} characters; split it",
        }.get(code, "not a PDF, or a damaged one; fetch or save it again")
        raise DocumentError(message)
    return found


def _without_heads(lines: list[_Line], pages: int) -> tuple[list[_Line], int]:
    """Leave out running heads, feet and page numbers.

    They are the lines in the two highest or lowest rows that many pages share, but for their numbers; and those in the
    outermost row that begin or end with the number of the page, counted from wherever the others count from.
    """
    rows: dict[int, set[float]] = {}
    for line in lines:
        rows.setdefault(line.page, set()).add(line.bottom)
    edges = {page: (sorted(heights)[:2], sorted(heights, reverse=True)[:2]) for page, heights in rows.items()}
    shared: dict[tuple[int, tuple[str, int]], set[int]] = {}
    counts: dict[int, set[int]] = {}
    for line in lines:
        for zone, heights in enumerate(edges[line.page]):
            if line.bottom in heights:
                shared.setdefault((zone, _form(line)), set()).add(line.page)
            if line.bottom == heights[0]:
                for number in _numbers(line):
                    counts.setdefault(number - line.page, set()).add(line.page)
    offset = max(counts, key=lambda found: len(counts[found]), default=0)
    numbered = len(counts.get(offset, ())) >= max(2, 0.3 * pages)

    def is_head(line: _Line) -> bool:
        outermost = any(line.bottom == heights[0] for heights in edges[line.page])
        if numbered and outermost and line.page + offset in _numbers(line):
            return True
        return any(
            line.bottom in heights and len(shared[zone, _form(line)]) >= max(3, 0.3 * pages)
            for zone, heights in enumerate(edges[line.page])
        )

    kept = [line for line in lines if not is_head(line)]
    return (kept, len(lines) - len(kept)) if kept else (lines, 0)


def _form(line: _Line) -> tuple[str, int]:
    """Return what running heads share: their words without figures, and their size (a title is no head of its own pages)."""
    return re.sub(r"\d+", "#", line.text.casefold()), round(line.size)


def _numbers(line: _Line) -> set[int]:
    """Return the numbers that a line begins or ends with, such as a page number is."""
    return {
        int(found)
        for found in re.findall(r"\A\D?(\d{1,4})\b|\b(\d{1,4})\W{0,2}\Z", line.text)
        for found in found
        if found
    }


def _vocabulary(lines: Iterable[_Line]) -> frozenset[str]:
    return frozenset(word.casefold() for line in lines for word in _WORD.findall(line.text))


def _paragraphs(lines: list[_Line]) -> list[list[_Line]]:
    """Put lines together that were one paragraph before they were set."""
    pitches: dict[int, float] = {}
    for page in dict.fromkeys(line.page for line in lines):
        on_page = [line for line in lines if line.page == page]
        steps = [a.bottom - b.bottom for a, b in itertools.pairwise(on_page)]
        down = [step for step in steps if 0 < step < 3 * on_page[0].size]
        pitches[page] = statistics.median(down) if down else 1.2 * on_page[0].size
    blocks: list[list[_Line]] = []
    for number, line in enumerate(lines):
        if number and _continues(lines, number, pitches[line.page]):
            blocks[-1].append(line)
        else:
            blocks.append([line])
    return blocks


def _continues(lines: Sequence[_Line], number: int, pitch: float) -> bool:
    """Tell whether a line goes on with the paragraph of the one before it."""
    before, line = lines[number - 1], lines[number]
    step = before.bottom - line.bottom
    if before.page == line.page and abs(step) < 0.4 * line.size:
        return line.left >= before.left  # pieces of one row
    other_size = abs(before.size - line.size) > 0.15 * before.size
    if _BROKEN.search(before.text) and line.text[0].isalnum() and not other_size:
        return True
    ended = _ENDED.search(before.text) is not None
    lower = line.text[0].islower()
    room = _edge(lines, number - 1) - before.right
    # A line that had room for the next word was ended on purpose.
    full = room < (len(line.text.split(maxsplit=1)[0]) + 1) * (before.right - before.left) / len(before.text)
    if other_size or (_MARK.match(line.text) and (ended or not full or not line.text[0].isalnum())):
        return False
    if before.page != line.page or step < 0:  # the next page or column
        return not ended and (lower or full)
    if full and step <= 1.45 * pitch:
        return not (ended and line.left - before.left > 0.8 * line.size)  # indented: a new paragraph
    return lower and not ended and step < 2.5 * pitch


def _edge(lines: Sequence[_Line], number: int) -> float:
    """Return where the lines around this one end at most: the right edge of its column."""
    line = lines[number]
    near = [line.right]
    for step in (-1, 1):
        at = number
        while 0 <= at + step < len(lines) and abs(at + step - number) <= 5:  # noqa: PLR2004  far enough for one full line
            following = lines[at + step]
            falls = (following.bottom - lines[at].bottom) * step < 0
            if following.page != line.page or not falls or abs(following.left - line.left) > 8 * line.size:
                break
            near.append(following.right)
            at += step
    return max(near)


@dataclass(slots=True)
class _Text:
    """Text as it is put together, with the range of each page in it."""

    words: frozenset[str]
    pieces: list[str] = field(default_factory=list)
    length: int = 0
    pages: dict[int, tuple[int, int]] = field(default_factory=dict)

    def add(self, block: list[_Line]) -> None:
        """Add one paragraph."""
        if self.length:
            self._put("\n\n")
        rest = ""
        for number, line in enumerate(block):
            text = rest + line.text
            rest = ""
            following = block[number + 1].text if number + 1 < len(block) else ""
            if following and _BROKEN.search(text) and following[0].isalnum():
                # The broken word goes to the line where it ends, so that a page begins with a whole word.
                head, _, broken = text.rpartition(" ")
                text, rest = head, f"{broken[:-1]}\ufffe"
            text = self._mended(text)
            if not text:
                continue
            start = self.length
            self._put(text)
            first, _ = self.pages.get(line.page, (start, start))
            self.pages[line.page] = (first, self.length)
            if following:
                self._put(" ")

    def finished(self) -> tuple[str, tuple[Locator, ...]]:
        """Return the text and the pages."""
        locators = (
            Locator(span=Span(start=start, end=end), page=page) for page, (start, end) in sorted(self.pages.items())
        )
        return "".join(self.pieces), tuple(locators)

    def _put(self, text: str) -> None:
        self.pieces.append(text)
        self.length += len(text)

    def _mended(self, text: str) -> str:
        """Mend the words that a line's end broke; keep the hyphen of those that have one elsewhere in the document."""
        text = text.replace("\u00ad", "")
        while (at := text.find("\ufffe")) >= 0:
            left = re.search(r"\w*\Z", text[:at])
            right = re.match(r"\w*", text[at + 1 :])
            parts = (left[0] if left else "", right[0] if right else "")
            whole = "".join(parts).casefold() in self.words
            hyphen = "-".join(parts).casefold() in self.words and not whole
            proper = parts[1][:1].isupper() or parts[1][:1].isdigit()
            text = text[:at] + ("-" if hyphen or (proper and not whole) else "") + text[at + 1 :]
        return text
