"""Many documents: files, folders, tables, archives, and collections of these."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from onrecord.documents.archives import is_archive
from onrecord.documents.mapping import load_collection_file, load_mapping
from onrecord.documents.read import archived, received
from onrecord.documents.received import Content, ReadFailure, Received, sha256_of_stream
from onrecord.documents.tables import is_table, read_rows
from onrecord.errors import DocumentError, MappingError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from onrecord.documents.mapping import TableMapping
    from onrecord.records import Document
    from onrecord.settings import Settings


def iter_documents(
    paths: Iterable[str | Path], *, mapping: TableMapping | None = None, settings: Settings
) -> Iterator[Document | ReadFailure]:
    """Yield every document in files, folders (in the order of their names), addresses and archives.

    With a mapping, all ``paths`` together are one table. What cannot be read is a ``ReadFailure`` and never skipped;
    only hidden files and folders (names that begin with a dot) are left aside.
    """
    if mapping is not None:
        yield from read_rows([Path(path) for path in paths], mapping, settings=settings)
        return
    for path in paths:
        if isinstance(path, str) and path.lower().startswith(("http://", "https://")):
            yield _attempt(path, settings)
            continue
        found = Path(path).expanduser()
        if found.is_dir():
            empty = True
            for file in _walk(found):
                empty = False
                yield from _file(file, settings)
            if empty:
                yield ReadFailure(name=str(path), reason=f"{path}: an empty folder; give one that holds documents")
        else:
            yield from _file(found, settings)


def read_table(path: Path, mapping: TableMapping, *, settings: Settings) -> Iterator[Document]:
    """Yield the documents of one table, a file or a folder of files, and stop at the first that cannot be read.

    Raises:
        MappingError: a row does not fit the mapping, or the file cannot be read.
    """
    for found in read_rows([path], mapping, settings=settings):
        if isinstance(found, ReadFailure):
            raise MappingError(found.reason)
        yield found


@dataclass(frozen=True, slots=True)
class CollectionPart:
    """Paths that are read together, with their mapping if they are tables."""

    paths: tuple[Path, ...]
    mapping: TableMapping | None


@dataclass(frozen=True, slots=True)
class Collection:
    """Everything that makes a corpus, by one file."""

    name: str
    parts: tuple[CollectionPart, ...]


def load_collection(path: Path, base: Path) -> Collection:
    """Load a collection file: mappings beside it, and the paths they are for, relative to ``base``.

    Raises:
        MappingError: the file or one of its mappings cannot be used, or a path leads out of ``base`` or is missing.
    """
    loaded = load_collection_file(path)
    parts: list[CollectionPart] = []
    root = base.expanduser().resolve()
    for part in loaded.parts:
        paths: list[Path] = []
        for given in part.paths:
            found = (root / given).resolve()
            if not found.is_relative_to(root):
                message = f"collection {path}: path {given!r} leads out of {root}"
                raise MappingError(message)
            if not found.exists():
                message = f"collection {path}: there is no {found}; give the folder that holds {given!r} as base"
                raise MappingError(message)
            paths.append(found)
        mapping = load_mapping(path.parent / part.mapping) if part.mapping else None
        parts.append(CollectionPart(tuple(paths), mapping))
    return Collection(loaded.name, tuple(parts))


def iter_collection(collection: Collection, *, settings: Settings) -> Iterator[Document | ReadFailure]:
    """Yield every document of a collection."""
    for part in collection.parts:
        yield from belonging(iter_documents(part.paths, mapping=part.mapping, settings=settings), collection.name)


def belonging(found: Iterable[Document | ReadFailure], collection: str) -> Iterator[Document | ReadFailure]:
    """Yield what was found, every document with the part of the corpus that it belongs to where it does not say that itself."""
    for one in found:
        if isinstance(one, ReadFailure) or not collection or one.metadata.get("collection"):
            yield one
            continue
        named = one.model_copy(update={"metadata": {**one.metadata, "collection": collection}})
        yield Received.of(named, one.contents) if isinstance(one, Received) else named


def count_documents(paths: Iterable[str | Path], *, mapping: TableMapping | None = None, settings: Settings) -> int:
    """Count what ``iter_documents`` will yield, for a progress bar; files are counted without reading them."""
    paths = list(paths)
    if mapping is not None:
        return sum(1 for _ in read_rows([Path(path) for path in paths], mapping, settings=settings))
    count = 0
    for path in paths:
        found = Path(path).expanduser()
        count += max(1, sum(1 for _ in _walk(found))) if found.is_dir() else 1
    return count


def count_collection(collection: Collection, *, settings: Settings) -> int:
    """Count what ``iter_collection`` will yield, for a progress bar."""
    return sum(count_documents(part.paths, mapping=part.mapping, settings=settings) for part in collection.parts)


def _walk(folder: Path) -> Iterator[Path]:
    for root, folders, files in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(files):
            if not name.startswith("."):
                yield Path(root) / name


def _file(path: Path, settings: Settings) -> Iterator[Document | ReadFailure]:
    if path.exists() and not path.is_file():
        # A pipe in a folder would be waited for without end.
        yield ReadFailure(name=str(path), reason=f"{path}: not a file (a pipe, socket or device); add files")
    elif is_archive(path.name, b""):
        yield from _archive(path, settings)
    elif is_table(path):
        reason = f"{path}: a table needs a mapping file; give it with --mapping (examples in corpus/mappings)"
        yield ReadFailure(name=str(path), reason=reason)
    else:
        yield _attempt(path, settings)


def _attempt(source: str | Path, settings: Settings) -> Received | ReadFailure:
    try:
        return received(source, settings=settings)
    except DocumentError as error:
        return ReadFailure(name=str(source), reason=str(error))


def _archive(path: Path, settings: Settings) -> Iterator[Document | ReadFailure]:
    try:
        with path.open("rb") as stream:
            digest = sha256_of_stream(stream)
        resolved = path.resolve()
        for found in archived(path, path.name, settings=settings):
            if isinstance(found, ReadFailure):
                yield found
                continue
            document, unpacked = found
            metadata = {"path": f"{resolved.as_posix()}/{unpacked.locator}", **document.metadata}
            content = Content(
                sha256=digest,
                name=path.name,
                media_type="application/zip" if path.suffix.lower() in {".zip", ".wacz"} else "application/warc",
                path=resolved,
                locator=unpacked.locator,
                fetched=unpacked.fetched,
            )
            yield Received.of(document.model_copy(update={"metadata": metadata}), (content,))
    except (DocumentError, OSError) as error:
        yield ReadFailure(name=str(path), reason=str(error))
