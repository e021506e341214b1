"""One batch of documents into the tables, in one transaction."""

from __future__ import annotations

import datetime as dt
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar, cast

from sqlalchemy import Connection, delete, insert, select, update

from onrecord.corpus.incoming import retrieved_at
from onrecord.corpus.schema import (
    ChangeRow,
    PassageRow,
    SignatureRow,
    SnapshotRow,
    SourceRow,
    StateRow,
    VersionRow,
    VersionSnapshotRow,
)
from onrecord.corpus.windows import Window, cut
from onrecord.records import SourceKind, UpdateItem, UpdateOutcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sqlalchemy import RowMapping, Table

    from onrecord.corpus.incoming import Given
    from onrecord.settings import Settings

LOOKED_UP = 400
"""Identities in one IN list; SQLite before 3.32 allows 999 parameters."""

Item = TypeVar("Item")

_PROVENANCE = (
    "title", "kind", "publisher", "is_primary", "origin", "speakers", "published", "address", "language", "licence",
    "collection",
)  # fmt: skip


class BatchWriter:
    """Writes one batch in one transaction."""

    def __init__(self, connection: Connection, settings: Settings) -> None:
        self._connection = connection
        self._settings = settings
        self._now = dt.datetime.now(dt.UTC)
        self.added = 0
        self.changed = 0
        self.new_passages = 0
        self._more_passages = 0  # current ones, less those that stopped being current
        self.items: list[UpdateItem] = []

    def write(self, batch: list[tuple[Given, list[dict[str, Any]]]], known: dict[str, RowMapping]) -> None:
        """Write new sources, and new versions and provenance of the ``known`` ones; one new state number for all.

        Each document comes with the rows of the snapshots that hold its bytes.
        """
        connection = self._connection
        # Locked for the transaction: on PostgreSQL a writer on another machine, with another lock file, waits here.
        counts = select(StateRow.number, StateRow.sources, StateRow.passages).with_for_update()
        state = connection.execute(counts).one()
        number = state.number + 1
        versions = _versions(connection, [given.id for given, _ in batch if given.id in known])
        old_passages = _passages(connection, [given.id for given, _ in batch if given.id in known])
        rows: dict[type, list[dict[str, Any]]] = {
            SourceRow: [], VersionRow: [], SnapshotRow: [], VersionSnapshotRow: [], PassageRow: [], ChangeRow: [],
        }  # fmt: skip
        removed: list[str] = []
        again: list[str] = []
        wanted_snapshots: dict[str, dict[str, Any]] = {}
        for given, contents in batch:
            before = known.get(given.id)
            windows = cut(
                given.document.text,
                kind=SourceKind(given.provenance["kind"]),
                speakers=tuple(given.provenance["speakers"]),
                settings=self._settings,
            )
            had = versions.get(given.id, {})
            if given.version_id not in had:
                rows[VersionRow].append(self._version_row(given, number_=len(had) + 1))
                for ordinal, content in enumerate(contents):
                    wanted_snapshots[content["sha256"]] = content
                    rows[VersionSnapshotRow].append(
                        {
                            "version_id": given.version_id,
                            "ordinal": ordinal,
                            "snapshot_sha256": content["sha256"],
                            "locator": content["locator"],
                            "fetched": content["fetched"],
                        }
                    )
            what = self._source(given, before, rows)
            rows[ChangeRow].append(
                {
                    "state": number,
                    "source_id": given.id,
                    "what": what,
                    "version_id": given.version_id,
                    "before": _provenance(before) if before is not None else None,
                    "changed_at": self._now,
                    "who": self._settings.editor,
                }
            )
            wanted = {f"{given.version_id}:{window.span.start}-{window.span.end}": window for window in windows}
            there = old_passages.get(given.id, {})
            if before is not None and before["withdrawn"]:
                continue  # the new version is kept; its passages are made when the source is restored
            removed.extend(id_ for id_, current in there.items() if current and id_ not in wanted)
            again.extend(id_ for id_ in there if id_ in wanted)
            rows[PassageRow].extend(
                passage_row(id_, given.version_id, window, number) for id_, window in wanted.items() if id_ not in there
            )
            state_passages = sum(1 for current in there.values() if current)
            self.new_passages += len(wanted)
            self._more_passages += len(wanted) - state_passages
        self._insert(rows, wanted_snapshots)
        for some in in_parts(known):  # whether it is a copy is to be found out anew
            connection.execute(delete(SignatureRow).where(SignatureRow.source_id.in_(some)))
        self._mark(removed, {"removed_state": number})
        self._mark(again, {"added_state": number, "removed_state": None})
        connection.execute(
            update(StateRow).values(
                number=number,
                sources=state.sources + self.added,
                passages=state.passages + self._more_passages,
                changed_at=self._now,
            )
        )

    def _version_row(self, given: Given, *, number_: int) -> dict[str, Any]:
        return {
            "id": given.version_id,
            "source_id": given.id,
            "number": number_,
            "text": given.document.text,
            "text_sha256": given.text_sha256,
            "content_sha256": given.document.content_sha256,
            "media_type": given.document.media_type,
            "added_at": self._now,
            "locators": [[item.span.start, item.span.end, item.page, item.seconds] for item in given.document.locators]
            or None,
        }

    def _source(self, given: Given, before: RowMapping | None, rows: dict[type, list[dict[str, Any]]]) -> str:
        stored = {
            **given.provenance,
            "current_version_id": given.version_id,
            "fingerprint": given.fingerprint,
            "retrieved_at": retrieved_at(given.document) or self._now,
        }
        if before is None:
            self.added += 1
            rows[SourceRow].append(
                {"id": given.id, "withdrawn": False, "added_at": self._now, "added_by": self._settings.editor, **stored}
            )
            return "added"
        self.changed += 1
        what = "text" if before["current_version_id"] != given.version_id else "provenance"
        differing = [key for key, value in given.provenance.items() if before[key] != value]
        if what == "provenance" and not differing:
            what = "passages"
        reason = {
            "text": "its text changed: a new version is current",
            "provenance": "its text is the same; changed: " + ", ".join(differing),
            "passages": "its text is the same; it was cut into passages anew",
        }[what]
        if before["withdrawn"]:
            reason += "; it stays withdrawn"
        self.items.append(UpdateItem(name=given.name, outcome=UpdateOutcome.CHANGED, source_id=given.id, reason=reason))
        self._connection.execute(update(SourceRow).where(SourceRow.id == given.id).values(**stored))
        return what

    def _insert(self, rows: dict[type, list[dict[str, Any]]], wanted: dict[str, dict[str, Any]]) -> None:
        hashes = list(wanted)
        there: set[str] = set()
        for start in range(0, len(hashes), LOOKED_UP):
            some = hashes[start : start + LOOKED_UP]
            there.update(
                self._connection.execute(select(SnapshotRow.sha256).where(SnapshotRow.sha256.in_(some))).scalars()
            )
        rows[SnapshotRow] = [
            {key: value for key, value in content.items() if key not in {"locator", "fetched"}}
            | {"added_at": self._now}
            for hash_, content in wanted.items()
            if hash_ not in there
        ]
        for table, values in rows.items():
            if values:
                self._connection.execute(insert(cast("Table", table.__table__)), values)  # type: ignore[attr-defined]

    def _mark(self, ids: list[str], values: dict[str, Any]) -> None:
        for start in range(0, len(ids), LOOKED_UP):
            some = ids[start : start + LOOKED_UP]
            self._connection.execute(update(PassageRow).where(PassageRow.id.in_(some)).values(**values))


def in_parts(items: Iterable[Item], size: int = LOOKED_UP) -> Iterator[list[Item]]:
    """Yield ``items`` in lists of up to ``size``: by default, as many as one IN list takes."""
    rest = iter(items)
    while part := list(islice(rest, size)):
        yield part


def fingerprints(connection: Connection, ids: list[str]) -> dict[str, str]:
    """Return the fingerprint of each of the sources ``ids`` that is stored."""
    found: dict[str, str] = {}
    for start in range(0, len(ids), LOOKED_UP):
        query = select(SourceRow.id, SourceRow.fingerprint).where(SourceRow.id.in_(ids[start : start + LOOKED_UP]))
        found.update((row.id, row.fingerprint) for row in connection.execute(query))
    return found


def known_sources(connection: Connection, ids: list[str]) -> dict[str, RowMapping]:
    """Return the rows of the sources ``ids`` that are stored."""
    found: dict[str, RowMapping] = {}
    for start in range(0, len(ids), LOOKED_UP):
        query = select(SourceRow.__table__).where(SourceRow.id.in_(ids[start : start + LOOKED_UP]))
        found.update((row["id"], row) for row in connection.execute(query).mappings())
    return found


def _versions(connection: Connection, ids: list[str]) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for start in range(0, len(ids), LOOKED_UP):
        query = select(VersionRow.source_id, VersionRow.id, VersionRow.number).where(
            VersionRow.source_id.in_(ids[start : start + LOOKED_UP])
        )
        for row in connection.execute(query):
            found.setdefault(row.source_id, {})[row.id] = row.number
    return found


def _passages(connection: Connection, ids: list[str]) -> dict[str, dict[str, bool]]:
    """Return for each source all its passages ever, and whether each is current."""
    found: dict[str, dict[str, bool]] = {}
    for start in range(0, len(ids), LOOKED_UP):
        query = (
            select(VersionRow.source_id, PassageRow.id, PassageRow.removed_state)
            .join(VersionRow, VersionRow.id == PassageRow.version_id)
            .where(VersionRow.source_id.in_(ids[start : start + LOOKED_UP]))
        )
        for row in connection.execute(query):
            found.setdefault(row.source_id, {})[row.id] = row.removed_state is None
    return found


def passage_row(id_: str, version_id: str, window: Window, number: int) -> dict[str, Any]:
    """Return the row of a passage that became current in state ``number``."""
    return {
        "id": id_,
        "version_id": version_id,
        "start": window.span.start,
        "end": window.span.end,
        "sentences": [[span.start, span.end] for span in window.sentences],
        "speaker": window.speaker,
        "first_state": number,
        "added_state": number,
        "removed_state": None,
    }


def _provenance(row: RowMapping) -> dict[str, Any]:
    values = {key: row[key] for key in _PROVENANCE}
    if values["published"] is not None:
        values["published"] = values["published"].isoformat()
    return {**values, "current_version_id": row["current_version_id"]}
