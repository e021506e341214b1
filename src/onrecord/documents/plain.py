"""Plain text, with or without front matter: the characters as they stand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from onrecord.documents.characters import decode
from onrecord.documents.front_matter import read_front_matter
from onrecord.documents.received import sha256_of
from onrecord.errors import EmptyDocumentError
from onrecord.records import Document

if TYPE_CHECKING:
    from onrecord.documents.received import Raw


class PlainText:
    """Reads ``.txt``; ``text`` is the file's characters after the front matter, line ends as line feeds."""

    name = "text"
    suffixes = frozenset({".txt", ".text"})
    media_types = frozenset({"text/plain"})

    def read(self, raw: Raw) -> Document:
        """Read ``raw`` as plain text."""
        decoded = decode(raw.data, name=raw.name, declared=raw.charset)
        front = read_front_matter(decoded.text, name=raw.name)
        text = decoded.text[front.body_start :]
        if not text.strip():
            message = f"{raw.name}: no text in it; give a file that holds the words to be read"
            raise EmptyDocumentError(message)
        return Document(
            text=text,
            media_type="text/plain",
            content_sha256=sha256_of(raw.data),
            title=front.title,
            published=front.published,
            address=front.address or raw.address,
            speakers=front.speakers,
            language=front.language,
            metadata=front.metadata,
            warnings=decoded.warnings,
        )
