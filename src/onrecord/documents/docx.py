"""DOCX: the paragraphs, lists, tables and notes of a word processor's document."""

from __future__ import annotations

import datetime as dt
import io
import re
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

from onrecord.documents.characters import checked
from onrecord.documents.received import sha256_of
from onrecord.errors import DocumentError, EmptyDocumentError
from onrecord.records import Document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from onrecord.documents.received import Raw

_LARGEST_PART = 200_000_000  # bytes of XML, unpacked; a novel has 5 million
_LARGEST_RATIO = 300  # a long document of one word packs 100 times
_UNSUSPECTED = 1 << 24  # bytes that may be unpacked before the ratio counts
# Proposed deletions, the codes of fields, pictures with their text boxes, and the second form of what has two.
_LEFT_OUT = frozenset({"del", "moveFrom", "delText", "instrText", "pict", "drawing", "object", "Fallback"})
_DEEPEST = 200


class Docx:
    """Reads ``.docx``, with proposed insertions and without proposed deletions, and with its notes at the end.

    Comments, headers, footers and text boxes are left out. The file's own date is kept as ``created``.
    """

    name = "docx"
    suffixes = frozenset({".docx", ".docm"})
    media_types = frozenset({"application/vnd.openxmlformats-officedocument.wordprocessingml.document"})

    def read(self, raw: Raw) -> Document:
        """Read ``raw`` as a DOCX file."""
        if not raw.data.strip():
            message = f"{raw.name}: no text in it; the file is empty"
            raise EmptyDocumentError(message)
        try:
            with zipfile.ZipFile(io.BytesIO(raw.data)) as archive:
                body = _part(archive, "word/document.xml", raw.name)
                if body is None:
                    message = f"{raw.name}: no Word document (there is no word/document.xml in it); save it as .docx"
                    raise DocumentError(message)
                blocks = list(_blocks(body))
                for notes in ("footnotes", "endnotes"):
                    part = _part(archive, f"word/{notes}.xml", raw.name)
                    blocks += [] if part is None else list(_blocks(part))
                core = _part(archive, "docProps/core.xml", raw.name)
        except (
            zipfile.BadZipFile,
            zlib.error,
            OSError,
            EOFError,
            NotImplementedError,
            RuntimeError,
            ValueError,
        ) as error:
            message = f"{raw.name}: not a DOCX file, or a damaged or locked one ({error}); save it again"
            raise DocumentError(message) from error
        text = checked("\n\n".join(blocks), name=raw.name).strip()
        if not text:
            message = f"{raw.name}: no text in it; give a file that holds the words to be read"
            raise EmptyDocumentError(message)
        said = {} if core is None else {_local(item): " ".join((item.text or "").split()) for item in core}
        metadata = {"author": said.get("creator", ""), "created": _day(said.get("created", ""))}
        return Document(
            text=text,
            media_type=min(self.media_types),
            content_sha256=sha256_of(raw.data),
            title=said.get("title") or None,
            address=raw.address,
            metadata={key: value for key, value in metadata.items() if value},
        )


def _part(archive: zipfile.ZipFile, name: str, where: str) -> Any | None:  # noqa: ANN401  lxml publishes no types
    from lxml import etree  # type: ignore[import-untyped]  # noqa: PLC0415  20 ms, and only some formats need it

    try:
        info = archive.getinfo(name)
    except KeyError:
        return None
    most = min(_LARGEST_PART, _UNSUSPECTED + _LARGEST_RATIO * info.compress_size)
    with archive.open(info) as stream:
        data = stream.read(most + 1)  # the size in the header may lie
    if len(data) > most:
        message = f"{where}: {name} unpacks from {info.compress_size} to more than {most} bytes; that is no document"
        raise DocumentError(message)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        root = etree.fromstring(data, parser=parser)
    except etree.XMLSyntaxError as error:
        message = f"{where}: {name} is damaged ({str(error)[:200]}); save the document again"
        raise DocumentError(message) from error
    if root.getroottree().docinfo.doctype:
        message = f"{where}: {name} declares a document type, which no Word document does; it is not read"
        raise DocumentError(message)
    return root


def _local(element: Any) -> str:  # noqa: ANN401
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _blocks(root: Any) -> Iterator[str]:  # noqa: ANN401
    """Yield the text of each paragraph and of each row of a table that is not inside another one."""
    stack = [(iter(root), 0)]
    while stack:
        children, depth = stack[-1]
        child = next(children, None)
        if child is None:
            stack.pop()
            continue
        match _local(child):
            case "p":
                if words := _words(child):
                    yield ("- " if child.find("{*}pPr/{*}numPr") is not None else "") + words
            case "tr":
                cells = [_cell(cell) for cell in child.iterfind("{*}tc")]
                if row := " | ".join(cell for cell in cells if cell):
                    yield row
            case name if name not in _LEFT_OUT and depth < _DEEPEST:
                stack.append((iter(child), depth + 1))


def _cell(cell: Any) -> str:  # noqa: ANN401
    return " ".join(words for paragraph in cell.iter("{*}p") if (words := _words(paragraph)))


def _words(paragraph: Any) -> str:  # noqa: ANN401
    """Return the text of a paragraph as it reads when all proposed changes are accepted."""
    out: list[str] = []
    stack = [iter(paragraph)]
    while stack:
        child = next(stack[-1], None)
        if child is None:
            stack.pop()
            continue
        match _local(child):
            case "t":
                out.append(child.text or "")
            case "tab":
                out.append("\t")
            case "br" | "cr":
                out.append("\n")
            case "noBreakHyphen":
                out.append("-")
            case name if name not in _LEFT_OUT and name != "p" and len(stack) < _DEEPEST:
                stack.append(iter(child))
    return re.sub(r"[^\S\n]+", " ", "".join(out)).strip()


def _day(value: str) -> str:
    try:
        return dt.date.fromisoformat(value[:10]).isoformat()
    except ValueError:
        return ""
