"""E-mail (``.eml``): a press release as it was sent, with its subject, sender and day."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import re
from email.headerregistry import HeaderRegistry
from email.message import Message
from typing import TYPE_CHECKING, TypeVar

from onrecord.documents.characters import decode, find_encoding
from onrecord.documents.html import Html
from onrecord.documents.received import Raw, sha256_of
from onrecord.errors import DocumentError, EmptyDocumentError
from onrecord.records import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

_MOST_PARTS = 500
_LEAST_PLAIN = 100  # characters; a shorter plain part beside a page only says that there is a page
_LONGEST_HEADER = 4_000  # characters; the standard library took 3 GB for a subject of 340 KB that was coded badly
_WIDEST = 100  # characters; longer lines were not broken by a mail program
_ITEM = re.compile(r"\s*(?:[-*•>–—]|\(?\w{1,3}[.)])\s")
_headers = HeaderRegistry()
_POLICY = email.policy.default.clone(header_factory=lambda name, value: _headers(name, value[:_LONGEST_HEADER]))
# What the standard library raises on headers and parts that no program should send.
_UNREADABLE = (ValueError, LookupError, AttributeError, TypeError, RecursionError, AssertionError)


class Mail:
    """Reads ``.eml``: the plain part, or the page where there is none. Attachments are named in a warning, not read.

    Lines that a mail program broke are joined again, so that a sentence is one line.
    """

    name = "mail"
    suffixes = frozenset({".eml"})
    media_types = frozenset({"message/rfc822"})

    def read(self, raw: Raw) -> Document:
        """Read ``raw`` as an e-mail."""
        encoding, _ = find_encoding(raw.data, declared=None)
        wide = encoding.startswith(("utf-16", "utf-32"))  # saved anew by an editor: what its parts declare is void
        data = raw.data.decode(encoding).encode() if wide else raw.data.removeprefix(b"\xef\xbb\xbf")
        if not data.strip():
            message = f"{raw.name}: no text in it; the file is empty"
            raise EmptyDocumentError(message)
        try:
            sent = email.message_from_bytes(data.lstrip(), policy=_POLICY)
            parts = list(_leaves(sent))
        except _UNREADABLE as error:
            message = f"{raw.name}: not an e-mail, or a damaged one ({type(error).__name__}); save its text as .txt"
            raise DocumentError(message) from error
        if not sent.keys():
            message = f"{raw.name}: not an e-mail (no lines such as 'Subject: …' at its head); save text as .txt"
            raise DocumentError(message)
        body, left_out = _body(parts, raw, wide=wide)
        sender = _given(lambda: sent["From"].addresses[0])
        name = _given(lambda: sender.display_name or sender.domain) if sender is not None else None
        moment = _given(lambda: sent["Date"].datetime)
        warnings = [*body.warnings]
        if left_out:
            warnings.append(f"attachments were not read: {', '.join(left_out)}")
        return Document(
            text=body.text,
            media_type="message/rfc822",
            content_sha256=sha256_of(raw.data),
            title=_line(_given(lambda: str(sent["Subject"]) if sent["Subject"] is not None else "")) or body.title,
            published=moment.date() if isinstance(moment, dt.datetime) else None,
            address=raw.address,
            language=body.language,
            metadata={"publisher": publisher} if (publisher := _line(name)) else {},
            warnings=tuple(warnings),
        )


def _leaves(message: Message) -> Iterator[Message]:
    """Yield the parts that hold something, however deep, without recursion."""
    stack = [message]
    seen = 0
    while stack and seen < _MOST_PARTS:
        part = stack.pop()
        seen += 1
        content = part.get_payload()
        if isinstance(content, list):
            stack.extend(item for item in reversed(content) if isinstance(item, Message))
        else:
            yield part


def _body(parts: list[Message], raw: Raw, *, wide: bool) -> tuple[Document, list[str]]:
    """Return the part that holds the words, and the names of what is attached.

    Raises:
        DocumentError: it cannot be read, or there is none.
    """
    attached: list[str] = []
    words: dict[str, Message] = {}
    for part in parts:
        kind = _given(part.get_content_type) or "text/plain"
        name = _given(part.get_filename)
        if name is not None or _given(part.get_content_disposition) == "attachment":
            attached.append(_line(str(name or kind))[:80])
        elif kind in {"text/plain", "text/html"}:
            words.setdefault(kind, part)
    plain, page = words.get("text/plain"), words.get("text/html")
    text = ""
    warnings: tuple[str, ...] = ()
    if plain is not None:
        data = _bytes(plain, raw.name)
        decoded = decode(
            data, name=raw.name, declared="utf-8" if wide else (_given(plain.get_content_charset) or raw.charset)
        )
        text, warnings = _unwrapped(decoded.text, plain).strip(), decoded.warnings
    if page is not None and len(text) < _LEAST_PLAIN:
        charset = "utf-8" if wide else (_given(page.get_content_charset) or raw.charset)
        inner = Raw(data=_bytes(page, raw.name), name=raw.name, charset=charset)
        try:
            return Html().read(inner), attached
        except EmptyDocumentError:
            if not text:
                raise
    if not text:
        holds = f"only attachments ({', '.join(attached)}); save them and give one" if attached else "nothing to read"
        message = f"{raw.name}: no text in it, {holds}"
        raise EmptyDocumentError(message)
    document = Document(text=text, media_type="text/plain", content_sha256="", warnings=warnings)
    return document, attached


def _bytes(part: Message, name: str) -> bytes:
    try:
        data = part.get_payload(decode=True)
    except _UNREADABLE as error:
        message = f"{name}: its text is packed in a way that cannot be read ({error}); save it as .txt"
        raise DocumentError(message) from error
    return data if isinstance(data, bytes) else b""


def _unwrapped(text: str, part: Message) -> str:
    """Join the lines that a mail program broke: those marked as such (RFC 3676), or those without room for the next word."""
    lines = text.split("\n")
    flowed = _given(lambda: part.get_param("format")) == "flowed"
    longest = max(map(len, lines))
    out: list[str] = []
    before = ""
    for line in lines:
        if flowed:
            goes_on = before.endswith(" ") and before.strip() != "--" and not line.startswith(">")
        else:
            room = longest - len(before)
            goes_on = (
                bool(before.strip() and line.strip())
                and longest <= _WIDEST
                and len(before) > longest / 2
                and len(line.split(maxsplit=1)[0]) >= room
                and not _ITEM.match(line)
                and not line[0].isspace()
            )
        if goes_on and out:
            out[-1] = f"{out[-1].rstrip()} {line.lstrip()}"
        else:
            out.append(line)
        before = line
    return "\n".join(line.rstrip() for line in out)


def _given(ask: Callable[[], T]) -> T | None:
    try:
        return ask()
    except _UNREADABLE:
        return None


def _line(value: object) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in str(value or "")).split())
