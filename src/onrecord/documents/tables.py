"""Tables through a mapping: rows of .json, .jsonl and .csv (also .gz) and the texts in a .zip become documents."""

from __future__ import annotations

import fnmatch
import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from onrecord.documents.archives import open_members
from onrecord.documents.characters import checked, decode
from onrecord.documents.mapping import Values, find_date, in_words, look_up
from onrecord.documents.received import Content, ReadFailure, Received, sha256_of, sha256_of_stream
from onrecord.documents.rows import parse_rows
from onrecord.errors import DocumentError, EmptyDocumentError, MappingError, UnsupportedFormatError
from onrecord.records import Document

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from onrecord.documents.mapping import Group, TableMapping
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
    texts: dict[str, str] = field(default_factory=dict)


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
    elif mapping.group is None:
        for row in _rows(files, mapping):
            yield row if isinstance(row, ReadFailure) else _attempt([row], None, mapping)
    else:
        yield from _groups(_rows(files, mapping), mapping.group, mapping)


def _groups(
    rows: Iterable[_Row | ReadFailure], group: Group, mapping: TableMapping
) -> Iterator[Received | ReadFailure]:
    groups: dict[str, _Grouped] = {}
    for row in rows:
        if isinstance(row, ReadFailure):
            yield row
            continue
        try:
            values = _values(row.values, row.where, row.content, mapping)
            grouped = groups.setdefault(values.get(group.field), _Grouped())
            text = _text(values, mapping)
        except DocumentError as error:
            yield ReadFailure(name=row.where, reason=str(error))
            continue
        if group.unique and text in grouped.texts:
            continue
        grouped.rows.append(row)
        grouped.texts[text if group.unique else f"{text}\0{len(grouped.rows)}"] = text
    # Taken out one by one, so that memory shrinks while the corpus grows.
    for name in list(groups):
        grouped = groups.pop(name)
        if grouped.rows:
            yield _attempt(grouped.rows, list(grouped.texts.values()), mapping)


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
    numbers: dict[Path | None, list[int]] = {}
    contents: dict[Path | None, Content] = {}
    for row in rows:
        numbers.setdefault(row.content.path, []).append(row.number)
        contents[row.content.path] = row.content
    return tuple(
        Content(
            sha256=content.sha256,
            name=content.name,
            media_type=content.media_type,
            path=content.path,
            locator=f"row {numbers[path][0]}" if len(numbers[path]) == 1 else f"rows {_ranges(numbers[path])}",
        )
        for path, content in contents.items()
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
        "collection": values.fill(mapping.collection),
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
                document = _member(data, where, {"member": member.name, **found.groupdict()}, content, mapping)
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


def _member(data: bytes, where: str, known: dict[str, str | None], content: Content, mapping: TableMapping) -> Document:
    member = known["member"] or ""
    declared = next((known for glob, known in mapping.encodings.items() if fnmatch.fnmatch(member, glob)), None)
    decoded = decode(data, name=where, declared=declared or mapping.encoding)
    values = Values({}, where)
    values.add("file", content.name)
    for name, value in known.items():
        if value is not None:
            values.add(name, value)
    for rule in mapping.extract:
        if rule.source != "text":
            _extract(rule.source, values.find(rule.source), rule.pattern, values, optional=rule.optional)
    document = _finished(values, decoded.text, mapping, media_type="text/plain", data=data)
    return document.model_copy(update={"warnings": decoded.warnings}) if decoded.warnings else document


def _content(path: Path, suffix: str) -> Content:
    with path.open("rb") as stream:
        digest = sha256_of_stream(stream)
    return Content(sha256=digest, name=path.name, media_type=_MEDIA_TYPES[suffix], path=path.resolve())


def _rows(files: Iterable[Path], mapping: TableMapping) -> Iterator[_Row | ReadFailure]:
    path = None
    empty = True
    for path in files:
        number = 0
        try:
            suffix = table_suffix(path)
            if suffix not in TABLE_SUFFIXES:
                message = (
                    f"{path.name}: not a table; accepted are {', '.join(TABLE_SUFFIXES)}, each also as .gz,"
                    ' and .zip with format = "members" in the mapping'
                )
                raise UnsupportedFormatError(message)
            content = _content(path, suffix)
            for number, row in enumerate(parse_rows(path, suffix, mapping), 1):
                empty = False
                if isinstance(row, str):
                    where = f"{path.name}, row {number}"
                    yield ReadFailure(name=where, reason=f"{where}: {row}")
                else:
                    yield _Row(row, number, content)
        except (DocumentError, OSError) as error:
            empty = False
            yield ReadFailure(name=f"{path.name}, after row {number}" if number else path.name, reason=str(error))
    if empty and path is not None:
        # Said, because what a registry's table held would otherwise be withdrawn when all of it comes empty.
        yield ReadFailure(name=path.name, reason=f"{path.name}: a table without a row; give one that has some")
