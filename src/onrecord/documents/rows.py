"""Table files to rows, streamed: .json, .jsonl and .csv, packed by gzip or not."""

from __future__ import annotations

import codecs
import contextlib
import csv
import gzip
import io
import json
import zlib
from typing import IO, TYPE_CHECKING, Any, cast

from onrecord.documents.characters import find_encoding
from onrecord.errors import DocumentError, EmptyDocumentError, MappingError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from onrecord.documents.mapping import TableMapping

_LONGEST_ROW = 20_000_000  # characters; longer than any book, and what a row may cost in memory
_LARGEST_UNPACKED = 4_000_000_000  # bytes from one .gz; stops a bomb that would run for hours
_LARGEST_RATIO = 500  # text packs 3 to 20 times, a bomb 1,000 times
_UNSUSPECTED = 1 << 26  # bytes that may be unpacked before the ratio counts
_PIECE = 1 << 16
_SAMPLE = 1 << 18  # bytes that the encoding is told by


def parse_rows(path: Path, suffix: str, mapping: TableMapping) -> Iterator[dict[str, object] | str]:
    """Yield the rows of a table file; a row that is none is yielded as the reason why.

    Raises:
        DocumentError: the file as a whole cannot be read, or not any further.
    """
    try:
        with contextlib.closing(_open_text(path, mapping)) as stream:
            match suffix:
                case ".csv" | ".tsv":
                    found = _csv_rows(stream, mapping.delimiter or ("\t" if suffix == ".tsv" else ","), path.name)
                case ".json":
                    found = _json_rows(stream, path.name, mapping)
                case _:
                    found = _json_lines(stream, path.name)
            for row in found:
                if isinstance(row, (dict, str)):
                    yield row
                else:
                    yield f"a JSON {type(row).__name__} where an object was expected"
    except (OSError, EOFError, zlib.error, UnicodeError, LookupError, csv.Error) as error:
        message = f"{path.name}: cannot be read further ({type(error).__name__}: {str(error)[:200]}); mend it and add it again"
        raise DocumentError(message) from error


def _open_text(path: Path, mapping: TableMapping) -> IO[str]:
    packed = path.name.lower().endswith(".gz")
    with contextlib.ExitStack() as stack:
        stream = stack.enter_context(path.open("rb"))
        head = (stack.enter_context(gzip.open(stream)) if packed else stream).read(_SAMPLE)
    encoding = mapping.encoding or _encoding_of(head)
    opened = Bounded(gzip.GzipFile(path), path.name, path.stat().st_size) if packed else path.open("rb")
    return io.TextIOWrapper(cast("IO[bytes]", opened), encoding=encoding, newline="")


def _encoding_of(head: bytes) -> str:
    """Return the encoding of a file by its beginning, which may end inside a character."""
    for mark, encoding in (
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if head.startswith(mark):
            return encoding
    whole = head[: head.rfind(b"\n") + 1] if len(head) == _SAMPLE else head
    encoding, _ = find_encoding(whole or head)
    return "utf-8-sig" if encoding == "utf-8" else encoding


class Bounded(io.RawIOBase):
    """A stream that refuses to give more than a packed file can honestly hold."""

    def __init__(self, stream: gzip.GzipFile, name: str, packed: int) -> None:
        self._stream = stream
        self._name = name
        self._packed = packed
        self._given = 0

    def readable(self) -> bool:
        """Tell that it can be read."""
        return True

    def readinto(self, buffer: Any) -> int:  # noqa: ANN401  any writable buffer
        """Fill ``buffer`` as far as the next piece goes."""
        data = self._stream.read1(len(buffer))  # what there is before a cut, too
        buffer[: len(data)] = data
        self._given += len(data)
        suspected = self._given > _UNSUSPECTED and self._given > _LARGEST_RATIO * max(1, self._packed)
        if suspected or self._given > _LARGEST_UNPACKED:
            message = (
                f"{self._name}: unpacks to more than {self._given} bytes from {self._packed}; that is no honest file"
            )
            raise DocumentError(message)
        return len(data)

    def read1(self, size: int = -1) -> bytes:
        """Read one piece, as a text wrapper asks for it."""
        buffer = bytearray(_PIECE if size <= 0 else min(size, _PIECE))
        return bytes(buffer[: self.readinto(buffer)])

    def close(self) -> None:
        """Close the packed stream too."""
        self._stream.close()
        super().close()


def _csv_rows(stream: IO[str], delimiter: str, name: str) -> Iterator[object]:
    csv.field_size_limit(_LONGEST_ROW)  # of the whole process; the default refuses a transcript in one cell
    reader = csv.DictReader(stream, delimiter=delimiter, strict=True)
    if not reader.fieldnames:
        message = f"{name}: an empty table; its first line must name the fields"
        raise EmptyDocumentError(message)
    for row in reader:
        if None in row:
            yield f"more cells than the {len(reader.fieldnames)} fields of the first line"
        else:
            yield row


def _json_lines(stream: IO[str], name: str) -> Iterator[object]:
    while line := stream.readline(_LONGEST_ROW):
        if len(line) >= _LONGEST_ROW:
            message = f"{name}: a line of more than {_LONGEST_ROW} characters; give one object a line"
            raise DocumentError(message)
        if not line.strip():
            continue
        try:
            yield json.loads(line)
        except (ValueError, RecursionError) as error:
            yield f"not JSON ({str(error)[:100] or type(error).__name__})"


def _json_rows(stream: IO[str], name: str, mapping: TableMapping) -> Iterator[object]:
    """Yield the elements of an array one by one, or of the list that ``path_to_records`` leads to."""
    head = stream.read(_PIECE)
    if not head.strip():
        message = f"{name}: an empty file; accepted is a JSON array of objects"
        raise EmptyDocumentError(message)
    if not mapping.path_to_records and head.lstrip().startswith("["):
        yield from _array(stream, head.lstrip()[1:], name)
        return
    text = head + stream.read(_LONGEST_ROW * 5)
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        message = f"{name}: not JSON ({str(error)[:100] or type(error).__name__})"
        raise DocumentError(message) from error
    for part in filter(None, mapping.path_to_records.split(".")):
        value = value.get(part) if isinstance(value, dict) else None
    if not isinstance(value, list):
        message = (
            f"{name}: a JSON {type(value).__name__} where a list of rows was expected;"
            " set path_to_records in the mapping, such as 'data.items'"
        )
        raise MappingError(message)
    yield from value


def _array(stream: IO[str], buffer: str, name: str) -> Iterator[object]:
    """Yield the elements of an array whose opening bracket has been read, holding one element at a time."""
    decoder = json.JSONDecoder()
    position = 0
    while True:
        while position < len(buffer) and buffer[position] in " \t\r\n,":
            position += 1
        if buffer[position : position + 1] == "]":
            return
        try:
            value, end = decoder.raw_decode(buffer, position)
        except RecursionError as error:
            message = f"{name}: JSON nested too deeply; flatten it"
            raise DocumentError(message) from error
        except ValueError:
            end = len(buffer)
        if end < len(buffer):
            position = end
            yield value
            continue
        # The element goes on in the next piece. As much again is read each time, so that a long one costs n log n.
        rest = buffer[position:]
        if len(rest) > _LONGEST_ROW:
            message = f"{name}: a row of more than {_LONGEST_ROW} characters, or not JSON; give an array of objects"
            raise DocumentError(message)
        piece = stream.read(max(_PIECE, len(rest)))
        if not piece:
            message = f"{name}: the array is not closed or holds what is not JSON; the file is cut or damaged"
            raise DocumentError(message)
        buffer = rest + piece
        position = 0
