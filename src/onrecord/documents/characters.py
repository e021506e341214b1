"""Bytes to characters: byte-order marks, declared and guessed encodings, line ends."""

from __future__ import annotations

import codecs
import itertools
import re
from dataclasses import dataclass

from onrecord.errors import DocumentError

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LINE_END = re.compile("\r\n|[\r\u0085\u2028\u2029]")
# The encodings that English press, government and agency texts really come in besides UTF-8. An open choice among the
# hundred that Python knows reads a short Windows-1252 text with three apostrophes as Mac Roman or as Hungarian.
_GUESSED = ("cp1252", "cp1251", "koi8_r", "cp1250", "big5", "gb18030", "shift_jis", "euc_kr")
_TYPOGRAPHIC_BYTES = frozenset(b"\x80\x85\x91\x92\x93\x94\x95\x96\x97\x99\xa0\xa3\xa7\xa9\xab\xad\xae\xb0\xb7\xbb\xbd")
_CONTROL = re.compile("[\x01-\x08\x0e-\x1a\x1c-\x1f]")
_SAMPLE = 1 << 16


@dataclass(frozen=True, slots=True)
class Decoded:
    """The characters of a file, with line ends as line feeds, and how they were found."""

    text: str
    encoding: str
    warnings: tuple[str, ...] = ()


def decode(data: bytes, *, name: str, declared: str | None = None) -> Decoded:
    r"""Return the characters of ``data``.

    A byte-order mark wins, then ``declared`` if the bytes allow it, then UTF-8, then UTF-16 without a mark, then a guess
    among the encodings that such texts come in, with a warning.

    Raises:
        DocumentError: the bytes are not text (NUL or other control characters).

    >>> decode("“No”, he said.\r\n".encode("cp1252"), name="a.txt").text
    '“No”, he said.\n'
    """
    encoding, warnings = find_encoding(data, declared=declared)
    text = data.decode(encoding, errors="replace" if warnings else "strict")
    return Decoded(checked(text.removeprefix("\ufeff"), name=name), encoding, warnings)


def checked(text: str, *, name: str) -> str:
    """Return ``text`` with every line end as a line feed.

    Raises:
        DocumentError: it holds NUL or many control characters, so it is a binary file.
    """
    if "\x00" in text:
        message = f"{name}: holds NUL bytes, so it is not a text file; save it as text and try again"
        raise DocumentError(message)
    text = _LINE_END.sub("\n", text)
    head = text[:_SAMPLE]
    controls = len(_CONTROL.findall(head))
    if controls > len(head) * 0.02 + 2:
        message = f"{name}: {controls} control characters, so it is not a text file; save it as text and try again"
        raise DocumentError(message)
    return text


def find_encoding(data: bytes, *, declared: str | None = None) -> tuple[str, tuple[str, ...]]:
    """Return the encoding to read ``data`` with, and a warning if it had to be guessed or the label was wrong."""
    for mark, encoding in _MARKS:
        if data.startswith(mark) and _decodes(data, encoding):
            return encoding, ()
    if not data:
        return "utf-8", ()
    wrong = ""
    if declared:
        known = _known(declared)
        # Any even number of bytes is UTF-16 of something; words in it have zero bytes (WHATWG reads such a label as UTF-8).
        wide = known is not None and known.startswith(("utf-16", "utf-32"))
        if known and _decodes(data, known) and not (wide and b"\x00" not in data[:_SAMPLE]):
            return known, ()
        wrong = f"declared as {declared[:40]!r}, which does not fit its bytes; "
    if b"\x00" in data[:_SAMPLE]:
        found = _utf_16_without_mark(data)
        return (found, ()) if found else ("utf-8", (f"{wrong}not a known encoding",))
    if _decodes(data, "utf-8"):
        return "utf-8", (f"{wrong}read as utf-8",) if wrong else ()
    guess = _guess(data)
    return guess, (f"{wrong}encoding guessed: {guess}",)


def _known(label: str) -> str | None:
    """Return Python's name for a declared text encoding. Latin-1 means Windows-1252, as in browsers (WHATWG)."""
    try:
        info = codecs.lookup(label.strip().strip("\"'"))
    except (LookupError, ValueError):
        return None
    if not getattr(info, "_is_text_encoding", True) or info.name in {"idna", "punycode", "unicode_escape", "utf-7"}:
        return None
    return "cp1252" if info.name in {"iso8859-1", "ascii"} else info.name


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except (UnicodeDecodeError, LookupError):
        return False
    return True


def _utf_16_without_mark(data: bytes) -> str | None:
    """Tell UTF-16 by where its zero bytes stand: in Latin and Cyrillic text nearly every other byte is 0 or 4."""
    sample = data[: _SAMPLE & ~1]
    half = max(1, len(sample) // 2)
    for encoding, offset in (("utf-16-le", 1), ("utf-16-be", 0)):
        high = sample[offset::2]
        low = sample[1 - offset :: 2]
        if high.count(0) + high.count(4) + high.count(0x20) > 0.9 * half and low.count(0) < 0.02 * half + 1:
            return encoding if _decodes(data, encoding) else None
    return None


def _guess(data: bytes) -> str:
    sample = data[: _SAMPLE * 4]
    high = [byte for byte in sample if byte >= 0x80]  # noqa: PLR2004  the ASCII limit
    # Mostly ASCII with typographic marks: Windows-1252, whatever a statistical guess makes of the few bytes.
    if _decodes(data, "cp1252") and len(high) < 0.3 * len(sample):
        marks = sum(1 for byte in high if byte in _TYPOGRAPHIC_BYTES)
        pairs = sum(1 for left, right in itertools.pairwise(sample) if left >= 0x80 <= right)  # noqa: PLR2004
        if marks >= 0.5 * len(high) and pairs <= 0.3 * len(high):
            return "cp1252"
    from charset_normalizer import from_bytes  # noqa: PLC0415  takes 60 ms and is seldom needed

    best = from_bytes(sample, cp_isolation=list(_GUESSED), enable_fallback=False).best()
    return best.encoding if best else "cp1252"
