"""Rows of the tables to records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, select

from onrecord.corpus.batch import LOOKED_UP
from onrecord.corpus.schema import SourceRow, VersionRow
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


def passages_of(connection: Connection, rows: Sequence[RowMapping]) -> list[Passage]:
    """Return the passages in ``rows`` with their sources; each version's text is read once."""
    version_ids = list(dict.fromkeys(row["version_id"] for row in rows))
    texts: dict[str, tuple[str, str, list[list[Any]] | None]] = {}
    sources: dict[str, Source] = {}
    for start in range(0, len(version_ids), LOOKED_UP):
        some = version_ids[start : start + LOOKED_UP]
        versions = select(VersionRow.id, VersionRow.source_id, VersionRow.text, VersionRow.locators).where(
            VersionRow.id.in_(some)
        )
        for version_id, source_id, text, locators in connection.execute(versions):
            texts[version_id] = (source_id, text, locators)
        wanted = select(VersionRow.source_id).where(VersionRow.id.in_(some))
        for found in connection.execute(select(SourceRow.__table__).where(SourceRow.id.in_(wanted))).mappings():
            sources[found["id"]] = source_of(found)
    passages: list[Passage] = []
    for row in rows:
        source_id, text, locators = texts[row["version_id"]]
        span = Span(start=row["start"], end=row["end"])
        passages.append(
            Passage(
                id=row["id"],
                source=sources[source_id],
                version_id=row["version_id"],
                span=span,
                text=text[row["start"] : row["end"]],
                sentences=tuple(Span(start=start, end=end) for start, end in row["sentences"]),
                speaker=row["speaker"],
                locators=_locators(locators, span),
            )
        )
    return passages
