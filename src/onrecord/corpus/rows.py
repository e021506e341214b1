"""Rows of the tables to records."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from onrecord.corpus.batch import LOOKED_UP
from onrecord.corpus.schema import SourceRow, VersionRow
from onrecord.records import Passage, Source, SourceKind, Span, Version

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
    )


def passages_of(connection: Connection, rows: Sequence[RowMapping]) -> list[Passage]:
    """Return the passages in ``rows`` with their sources; each version's text is read once."""
    version_ids = list(dict.fromkeys(row["version_id"] for row in rows))
    texts: dict[str, tuple[str, str]] = {}
    sources: dict[str, Source] = {}
    for start in range(0, len(version_ids), LOOKED_UP):
        some = version_ids[start : start + LOOKED_UP]
        versions = select(VersionRow.id, VersionRow.source_id, VersionRow.text).where(VersionRow.id.in_(some))
        for version_id, source_id, text in connection.execute(versions):
            texts[version_id] = (source_id, text)
        wanted = select(VersionRow.source_id).where(VersionRow.id.in_(some))
        for found in connection.execute(select(SourceRow.__table__).where(SourceRow.id.in_(wanted))).mappings():
            sources[found["id"]] = source_of(found)
    passages: list[Passage] = []
    for row in rows:
        source_id, text = texts[row["version_id"]]
        passages.append(
            Passage(
                id=row["id"],
                source=sources[source_id],
                version_id=row["version_id"],
                span=Span(start=row["start"], end=row["end"]),
                text=text[row["start"] : row["end"]],
                sentences=tuple(Span(start=start, end=end) for start, end in row["sentences"]),
                speaker=row["speaker"],
            )
        )
    return passages
