"""What came in: bytes with their name, documents that remember their bytes, and honest failures."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from pydantic import PrivateAttr

from onrecord.records import Document, Record

_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes to be read as one document, and what is known about them from outside."""

    data: bytes
    name: str
    """File name, address or "-": used in messages and for its suffix; never opened."""
    media_type: str | None = None
    charset: str | None = None
    """The character set that a server declared."""
    address: str | None = None
    """The address the bytes were fetched from, after redirects."""


@dataclass(frozen=True, slots=True)
class FetchNote:
    """How bytes were fetched, kept with them as provenance."""

    requested: str
    address: str
    """After redirects."""
    status: int
    retrieved_at: dt.datetime
    headers: tuple[tuple[str, str], ...]

    def as_json(self) -> dict[str, object]:
        """Return it as the store keeps it."""
        return {
            "requested": self.requested,
            "address": self.address,
            "status": self.status,
            "retrieved_at": self.retrieved_at.isoformat(),
            "headers": [list(pair) for pair in self.headers],
        }


@dataclass(frozen=True, slots=True)
class Content:
    """The file or download that a document was made from, so that the corpus can keep a snapshot of it.

    Exactly one of ``path`` and ``data`` is set. ``locator`` says where in it the document stands: a row, a member.
    """

    sha256: str
    name: str
    media_type: str
    path: Path | None = None
    data: bytes | None = None
    locator: str = ""
    fetched: FetchNote | None = None


class Received(Document):
    """A document on its way into the corpus, with the bytes it was made from; otherwise a ``Document``."""

    _contents: tuple[Content, ...] = PrivateAttr(default=())

    @property
    def contents(self) -> tuple[Content, ...]:
        """The files or downloads that hold this document."""
        return self._contents

    @staticmethod
    def of(document: Document, contents: tuple[Content, ...]) -> Received:
        """Return ``document`` with its bytes."""
        received = Received.model_construct(**dict(document))
        received._contents = contents  # noqa: SLF001  an instance of this very class
        return received


class ReadFailure(Record):
    """Something that was to be read and could not be: what it was and why."""

    name: str
    reason: str


def sha256_of(data: bytes) -> str:
    """Return the SHA-256 of ``data`` in hex."""
    return hashlib.sha256(data).hexdigest()


def sha256_of_stream(stream: BinaryIO) -> str:
    """Return the SHA-256 of what ``stream`` still holds, in hex, reading it in pieces."""
    digest = hashlib.sha256()
    while piece := stream.read(_CHUNK):
        digest.update(piece)
    return digest.hexdigest()
