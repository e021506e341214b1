"""Rows of the tables to records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, select

from onrecord.corpus.batch import LOOKED_UP
from onrecord.corpus.schema import PassageRow, SourceRow, VersionRow
from onrecord.records import Locator, Passage, Source, SourceKind, Span, Version

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import RowMapping


def source_of(row: RowMapping) -> Source:
    """Return the source in a row of ``sources``."""
    return Source(
        id=row["id"],
        title=row["title"],
        kind=SourceKind(row["kind"]),
        publisher=row["publisher"],
        primary=row["is_primary"],
        origin=row["origin"],
        speakers=tuple(row["speakers"]),
        published=row["published"],
        retrieved_at=row["retrieved_at"],
        address=row["address"],
        language=row["language"],
        licence=row["licence"],
        collection=row["collection"],
        current_version_id=row["current_version_id"],
        withdrawn=row["withdrawn"],
        trust_tier=row["trust_tier"],
        added_by=row["added_by"],
        added_at=row["added_at"],
        story=row["story"],
    )


def version_of(row: RowMapping) -> Version:
    """Return the version in a row of ``versions``."""
    return Version(
        id=row["id"],
        source_id=row["source_id"],
        number=row["number"],
        text=row["text"],
        text_sha256=row["text_sha256"],
        content_sha256=row["content_sha256"],
        media_type=row["media_type"],
        added_at=row["added_at"],
        locators=_locators(row["locators"]),
    )


def _locators(kept: list[list[Any]] | None, within: Span | None = None) -> tuple[Locator, ...]:
    """Return the pages or times in a row of ``versions``, all or those that touch a range of its text."""
    return tuple(
        Locator(span=Span(start=start, end=end), page=page, seconds=seconds)
        for start, end, page, seconds in kept or ()
        if within is None or (start < within.end and within.start < end)
    )


_PASSAGES = select(PassageRow.__table__).where(PassageRow.id.in_(bindparam("ids", expanding=True)))
_VERSIONS = (
    select(
        VersionRow.id.label("of"), VersionRow.text, VersionRow.locators.label("places"), SourceRow.__table__
    )
    .join(SourceRow, SourceRow.id == VersionRow.source_id)
    .where(VersionRow.id.in_(bindparam("ids", expanding=True)))
)  # fmt: skip
# Made once: SQLAlchemy takes longer to put such a statement together than SQLite to answer it.


def passages_by_id(connection: Connection, ids: Sequence[str]) -> list[Passage]:
    """Return those of the passages ``ids`` that there are, in no order."""
    rows = [
        row
        for start in range(0, len(ids), LOOKED_UP)
        for row in connection.execute(_PASSAGES, {"ids": ids[start : start + LOOKED_UP]}).mappings()
    ]
    return passages_of(connection, rows)


def passages_of(connection: Connection, rows: Sequence[RowMapping]) -> list[Passage]:
    """Return the passages in ``rows`` with their sources; each version's text is read once."""
    version_ids = list(dict.fromkeys(row["version_id"] for row in rows))
    versions: dict[str, tuple[Source, str, list[list[Any]] | None]] = {}
    sources: dict[str, Source] = {}
    for start in range(0, len(version_ids), LOOKED_UP):
        for found in connection.execute(_VERSIONS, {"ids": version_ids[start : start + LOOKED_UP]}).mappings():
            source = sources.get(found["id"]) or source_of(found)
            sources[source.id] = source
            versions[found["of"]] = (source, found["text"], found["places"])
    passages: list[Passage] = []
    for row in rows:
        source, text, locators = versions[row["version_id"]]
        span = Span(start=row["start"], end=row["end"])
        passages.append(
            Passage(
                id=row["id"],
                source=source,
                version_id=row["version_id"],
                span=span,
                text=text[row["start"] : row["end"]],
                sentences=tuple(Span(start=start, end=end) for start, end in row["sentences"]),
                speaker=row["speaker"],
                locators=_locators(locators, span),
            )
        )
    return passages
