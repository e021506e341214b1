"""Tables through a mapping: rows of .json, .jsonl and .csv (also .gz) and the texts in a .zip become documents."""

from __future__ import annotations

import csv
import fnmatch
import gzip
import io
import json
import re
import sys
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO, cast

from onrecord.documents.archives import open_members
from onrecord.documents.characters import checked, decode, find_encoding
from onrecord.documents.mapping import Values, find_date, in_words, look_up
from onrecord.documents.received import Content, ReadFailure, Received, sha256_of, sha256_of_stream
from onrecord.errors import DocumentError, EmptyDocumentError, MappingError, UnsupportedFormatError
from onrecord.records import Document

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from onrecord.documents.mapping import TableMapping
    from onrecord.settings import Settings

TABLE_SUFFIXES = (".json", ".jsonl", ".ndjson", ".csv", ".tsv")
_MEDIA_TYPES = {
    ".json": "application/json",
    ".jsonl": "application/jsonl",
    ".ndjson": "application/jsonl",
    ".csv": "text/csv",
    ".tsv": "text/tab-separated-values",
    ".zip": "application/zip",
}
_LONGEST_ROW = 20_000_000  # characters; longer than any book, and what a row may cost in memory
_LARGEST_UNPACKED = 4_000_000_000  # bytes from one .gz; stops a bomb that would run for hours
_LARGEST_RATIO = 500  # text packs 3 to 20 times, a bomb 1,000 times
_JSON_PIECE = 1 << 16


def is_table(path: Path) -> bool:
    """Tell whether the file is a table by its name, packed or not."""
    return table_suffix(path) in TABLE_SUFFIXES


def table_suffix(path: Path) -> str:
    """Return the suffix that says the format: ``.csv`` for ``a.CSV.gz``."""
    name = path.name.lower().removesuffix(".gz")
    return Path(name).suffix


@dataclass(frozen=True, slots=True)
class _Row:
    values: dict[str, object]
    number: int
    content: Content

    @property
    def where(self) -> str:
        return f"{self.content.name}, row {self.number}"


@dataclass(slots=True)
class _Grouped:
    """The rows of one group in the order given, without those whose text was there already."""

    rows: list[_Row] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)


def read_rows(paths: Sequence[Path], mapping: TableMapping, *, settings: Settings) -> Iterator[Received | ReadFailure]:
    """Read ``paths``, files or folders, as one table.

    Rows are streamed, except where the mapping groups them: then they are held, since a group may end in the last file.
    """
    files: list[Path] = []
    for path in paths:
        try:
            files.extend(_files(path, mapping))
        except DocumentError as error:
            yield ReadFailure(name=str(path), reason=str(error))
    if mapping.format == "members":
        for path in files:
            yield from _members(path, mapping, settings)
        return
    if mapping.group is None:
        for path in files:
            for row in _rows(path, mapping):
                yield row if isinstance(row, ReadFailure) else _attempt([row], None, mapping)
        return
    groups: dict[str, _Grouped] = {}
    for path in files:
        for row in _rows(path, mapping):
            failure = row if isinstance(row, ReadFailure) else _sort_in(row, groups, mapping)
            if failure is not None:
                yield failure
    # Taken out one by one, so that memory shrinks while the corpus grows.
    for name in list(groups):
        grouped = groups.pop(name)
        yield _attempt(grouped.rows, grouped.texts, mapping)


def _files(path: Path, mapping: TableMapping) -> list[Path]:
    if path.is_dir():
        found = sorted(file for file in path.rglob("*") if file.is_file() and fnmatch.fnmatch(file.name, mapping.files))
        if not found:
            message = f"{path}: no file named {mapping.files!r} in this folder, as mapping {mapping.name!r} wants"
            raise MappingError(message)
        return found
    if not path.is_file():
        message = f"{path}: no such file; check the path"
        raise DocumentError(message)
    return [path]


def _sort_in(row: _Row, groups: dict[str, _Grouped], mapping: TableMapping) -> ReadFailure | None:
    group = mapping.group
    assert group is not None  # noqa: S101  the caller asked
    try:
        values = _values(row.values, row.where, row.content, mapping)
        key = values.get(group.field)
        text = _text(values, mapping)
    except DocumentError as error:
        return ReadFailure(name=row.where, reason=str(error))
    grouped = groups.setdefault(key, _Grouped())
    if not (group.unique and text in grouped.texts):
        grouped.rows.append(row)
        grouped.texts.append(text)
    return None


def _attempt(rows: list[_Row], texts: list[str] | None, mapping: TableMapping) -> Received | ReadFailure:
    where = rows[0].where
    try:
        return _document(rows, texts, mapping)
    except DocumentError as error:
        return ReadFailure(name=where, reason=str(error))


def _document(rows: list[_Row], texts: list[str] | None, mapping: TableMapping) -> Received:
    first = rows[0]
    values = _values(first.values, first.where, first.content, mapping)
    if texts is None:
        text = _text(values, mapping)
        record: object = first.values
    else:
        text = mapping.group.separator.join(texts) if mapping.group else ""
        record = [row.values for row in rows]
    canonical = json.dumps(record, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=str)
    document = _finished(values, text, mapping, media_type=first.content.media_type, data=canonical.encode("utf-8"))
    return Received.of(document, _located(rows))


def _located(rows: list[_Row]) -> tuple[Content, ...]:
    """Return each file that the rows stand in, once, with the numbers of the rows."""
    numbers: dict[str, list[int]] = {}
    contents: dict[str, Content] = {}
    for row in rows:
        numbers.setdefault(row.content.name, []).append(row.number)
        contents[row.content.name] = row.content
    return tuple(
        Content(
            sha256=content.sha256,
            name=content.name,
            media_type=content.media_type,
            path=content.path,
            locator=f"row {numbers[name][0]}" if len(numbers[name]) == 1 else f"rows {_ranges(numbers[name])}",
        )
        for name, content in contents.items()
    )


def _ranges(numbers: list[int]) -> str:
    """Write sorted numbers shortly.

    >>> _ranges([1, 2, 3, 7, 9, 10])
    '1-3, 7, 9-10'
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(start) if start == end else f"{start}-{end}" for start, end in runs)


def _values(row: dict[str, object], where: str, content: Content, mapping: TableMapping) -> Values:
    values = Values(row, where)
    values.add("file", content.name)
    for rule in mapping.extract:
        if rule.source != "text":
            _extract(rule.source, values.find(rule.source), rule.pattern, values, optional=rule.optional)
    return values


def _extract(source: str, value: str | None, pattern: str, values: Values, *, optional: bool) -> None:
    found = re.search(pattern, value) if value is not None else None
    if found is None:
        if optional:
            return
        shown = "nothing" if value is None else repr(value[:60])
        message = f"{values.where}: {source!r} holds {shown}, in which the pattern {pattern!r} finds nothing"
        raise MappingError(message)
    for name, group in found.groupdict().items():
        if group is not None:
            values.add(name, group)


def _text(values: Values, mapping: TableMapping) -> str:
    rule = mapping.text
    assert rule is not None  # noqa: S101  checked when the mapping was loaded
    parts: list[str] = []
    for part in rule.parts:
        value = values.find(part.field) if part.optional else values.get(part.field)
        if value is None:
            continue
        cut = part.cut_at is not None and len(value) >= part.cut_at
        if part.drop:
            value = re.sub(rf"\A(?:{part.drop})", "", value, count=1)
        value = checked(value, name=values.where).strip()
        if value:
            parts.append(value + part.cut_mark if cut else value)
    if not parts:
        names = ", ".join(part.field for part in rule.parts)
        message = f"{values.where}: no text in {names}"
        raise EmptyDocumentError(message)
    return rule.separator.join(parts)


def _finished(values: Values, text: str, mapping: TableMapping, *, media_type: str, data: bytes) -> Document:
    if not text.strip():
        message = f"{values.where}: no text in it"
        raise EmptyDocumentError(message)
    for rule in mapping.extract:
        if rule.source == "text":
            _extract("text", text[: rule.within], rule.pattern, values, optional=rule.optional)
    for lookup in mapping.lookup:
        values.add(lookup.name, look_up(lookup, values))
    published = find_date(mapping.date, values)
    if published is not None:
        values.add("published", published.isoformat())
        values.add("published_in_words", in_words(published))
    address = values.fill(mapping.address) or None
    given = {
        "id": values.fill(mapping.id) or address or "",
        "kind": values.fill(mapping.kind),
        "publisher": values.fill(mapping.publisher),
        "primary": "true" if mapping.primary else "false",
        "licence": values.fill(mapping.licence),
        "origin": values.fill(mapping.origin),
    }
    return Document(
        text=text,
        media_type=media_type,
        content_sha256=sha256_of(data),
        title=values.fill(mapping.title) or None,
        published=published,
        address=address,
        speakers=tuple(speaker for template in mapping.speakers if (speaker := values.fill(template))),
        language=values.fill(mapping.language) or None,
        metadata={key: value for key, value in given.items() if value},
    )


def _members(path: Path, mapping: TableMapping, settings: Settings) -> Iterator[Received | ReadFailure]:
    try:
        content = _content(path, ".zip")
        members = open_members(path, settings=settings)
        for member in members:
            if isinstance(member, ReadFailure):
                yield member
                continue
            if mapping.ignored_members and re.search(mapping.ignored_members, member.name):
                continue
            where = f"{path.name}/{member.name}"
            found = re.search(mapping.members, member.name)
            if found is None:
                reason = f"{where}: not a name that mapping {mapping.name!r} expects ({mapping.members!r})"
                yield ReadFailure(name=where, reason=reason)
                continue
            try:
                data = member.read()
                document = _member(data, member.name, where, found.groupdict(), content, mapping)
            except DocumentError as error:
                yield ReadFailure(name=where, reason=str(error))
                continue
            located = Content(
                sha256=content.sha256,
                name=content.name,
                media_type=content.media_type,
                path=content.path,
                locator=member.name,
            )
            yield Received.of(document, (located,))
    except (DocumentError, OSError) as error:
        yield ReadFailure(name=str(path), reason=str(error))


def _member(  # noqa: PLR0913  one text and everything known about it
    data: bytes, member: str, where: str, groups: dict[str, str | None], content: Content, mapping: TableMapping
) -> Document:
    declared = next((known for glob, known in mapping.encodings.items() if fnmatch.fnmatch(member, glob)), None)
    decoded = decode(data, name=where, declared=declared or mapping.encoding)
    values = Values({}, where)
    values.add("file", content.name)
    values.add("member", member)
    for name, group in groups.items():
        if group is not None:
            values.add(name, group)
    for rule in mapping.extract:
        if rule.source != "text":
            _extract(rule.source, values.find(rule.source), rule.pattern, values, optional=rule.optional)
    document = _finished(values, decoded.text, mapping, media_type="text/plain", data=data)
    return document.model_copy(update={"warnings": decoded.warnings}) if decoded.warnings else document


def _content(path: Path, suffix: str) -> Content:
    with path.open("rb") as stream:
        digest = sha256_of_stream(stream)
    return Content(sha256=digest, name=path.name, media_type=_MEDIA_TYPES[suffix], path=path.resolve())


def _rows(path: Path, mapping: TableMapping) -> Iterator[_Row | ReadFailure]:
    suffix = table_suffix(path)
    number = 0
    try:
        if suffix not in TABLE_SUFFIXES:
            accepted = ", ".join(TABLE_SUFFIXES)
            message = (
                f'{path.name}: not a table; accepted are {accepted}, each also as .gz, and .zip with format = "members"'
            )
            raise UnsupportedFormatError(message)
        content = _content(path, suffix)
        for number, row in enumerate(_parsed(path, suffix, mapping), 1):
            if isinstance(row, dict):
                yield _Row(row, number, content)
            else:
                where = f"{path.name}, row {number}"
                yield ReadFailure(name=where, reason=f"{where}: {row if isinstance(row, str) else 'not an object'}")
    except DocumentError as error:
        yield ReadFailure(name=f"{path.name}, after row {number}" if number else path.name, reason=str(error))
    except (OSError, EOFError, zlib.error, UnicodeDecodeError, csv.Error, RecursionError) as error:
        name = f"{path.name}, after row {number}" if number else path.name
        reason = f"{name}: cannot be read further ({type(error).__name__}: {str(error)[:200]}); mend the file and add it again"
        yield ReadFailure(name=name, reason=reason)


def _parsed(path: Path, suffix: str, mapping: TableMapping) -> Iterator[object]:
    with _open_text(path, mapping) as stream:
        match suffix:
            case ".csv" | ".tsv":
                yield from _csv_rows(stream, mapping.delimiter or ("\t" if suffix == ".tsv" else ","))
            case ".json":
                yield from _json_rows(stream, path.name, mapping)
            case _:
                yield from _json_lines(stream, path.name)


def _open_text(path: Path, mapping: TableMapping) -> IO[str]:
    packed = path.name.lower().endswith(".gz")
    with path.open("rb") as stream:
        if packed:
            with gzip.open(stream) as unpacked:
                head = unpacked.read(1 << 18)
        else:
            head = stream.read(1 << 18)
    # A sample may end inside a character: it is cut back to a line.
    whole = head[: head.rfind(b"\n") + 1] or head
    encoding, _ = find_encoding(whole, declared=mapping.encoding)
    if mapping.encoding:
        encoding = mapping.encoding
    elif encoding == "utf-8":
        encoding = "utf-8-sig"
    raw: BinaryIO = (
        cast("BinaryIO", _Bounded(gzip.open(path), path.name, path.stat().st_size)) if packed else path.open("rb")
    )
    return io.TextIOWrapper(cast("IO[bytes]", raw), encoding=encoding, newline="")


class _Bounded(io.RawIOBase):
    """A stream that refuses to give more than a packed file can honestly hold."""

    def __init__(self, stream: gzip.GzipFile, name: str, packed: int) -> None:
        self._stream = stream
        self._name = name
        self._packed = packed
        self._given = 0

    def readable(self) -> bool:
        return True

    def read1(self, size: int = -1) -> bytes:
        return self.read(size)

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size if size > 0 else 1 << 16)
        self._given += len(data)
        ratio = self._given / max(1, self._packed)
        if self._given > _LARGEST_UNPACKED or (self._given > (1 << 26) and ratio > _LARGEST_RATIO):
            message = f"{self._name}: unpacks to {self._given} bytes and more from {self._packed}; that is not a table"
            raise DocumentError(message)
        return data

    def close(self) -> None:
        self._stream.close()
        super().close()


def _csv_rows(stream: IO[str], delimiter: str) -> Iterator[object]:
    previous = csv.field_size_limit(min(_LONGEST_ROW, sys.maxsize))
    try:
        reader = csv.DictReader(stream, delimiter=delimiter, strict=True)
        if reader.fieldnames is None:
            message = "an empty table; its first line must name the fields"
            raise EmptyDocumentError(message)
        for row in reader:
            if None in row:
                yield f"more cells than the {len(reader.fieldnames)} fields of the first line"
            else:
                yield row
    finally:
        csv.field_size_limit(previous)


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
    head = stream.read(_JSON_PIECE)
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
    decoder = json.JSONDecoder()
    position = 0
    needed = 0
    while True:
        while position < len(buffer) and buffer[position] in " \t\r\n,":
            position += 1
        if position < len(buffer) and buffer[position] == "]":
            return
        if len(buffer) - position > needed:
            try:
                value, end = decoder.raw_decode(buffer, position)
            except RecursionError as error:
                message = f"{name}: JSON nested too deeply"
                raise DocumentError(message) from error
            except ValueError:
                # An object that goes on in the next piece. Twice as much is read each time: a long one costs n log n.
                needed = 2 * (len(buffer) - position)
            else:
                if end < len(buffer):  # a number at the end of the piece may go on
                    position, needed = end, 0
                    yield value
                    continue
                needed = len(buffer) - position
        if len(buffer) - position > _LONGEST_ROW:
            message = f"{name}: a row of more than {_LONGEST_ROW} characters, or not JSON"
            raise DocumentError(message)
        piece = stream.read(max(_JSON_PIECE, needed - (len(buffer) - position) + 1))
        if not piece:
            message = f"{name}: the array is not closed or holds what is not JSON; the file is cut or damaged"
            raise DocumentError(message)
        buffer = buffer[position:] + piece
        position = 0
