"""What happened to a source: withdrawn, restored, changed from one version to the next."""

from __future__ import annotations

import datetime as dt
import difflib
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, insert, select, update

from onrecord.corpus.batch import in_parts, passage_row
from onrecord.corpus.schema import ChangeRow, PassageRow, SourceRow, StateRow, VersionRow
from onrecord.corpus.syndication_rows import forget
from onrecord.corpus.windows import cut
from onrecord.errors import CorpusError
from onrecord.records import SourceChange, SourceKind
from onrecord.text import sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onrecord.records import Version
    from onrecord.settings import Settings

_LONGEST_REASON = 2000


def diff(before: Version, after: Version) -> str:
    """Return what changed from one version to the other, sentence by sentence, as a unified diff; empty for equal texts."""
    old, new = _sentences(before.text), _sentences(after.text)
    if old == new and before.text != after.text:
        return "Only white space differs.\n"
    lines = difflib.unified_diff(
        old,
        new,
        f"{before.id} (version {before.number})",
        f"{after.id} (version {after.number})",
        f"{before.added_at:%Y-%m-%d}",
        f"{after.added_at:%Y-%m-%d}",
        lineterm="",
        n=1,
    )
    return "".join(f"{line}\n" for line in lines)


def _sentences(text: str) -> list[str]:
    """Return a text sentence by sentence, with every character that is not white space in one of them."""
    ends = [0, *(span.end for span in sentences(text)), len(text)]
    pieces = (text[start:end] for start, end in pairwise(ends))  # marks of a list go with the sentence after them
    return [" ".join(piece.split()) for piece in pieces if piece.strip()]


def reason_given(reason: str) -> str:
    """Return ``reason`` on one line.

    Raises:
        CorpusError: there is none, or it is a book.
    """
    line = " ".join(reason.split())
    if not line or len(line) > _LONGEST_REASON:
        message = (
            f"a reason of {len(line)} characters; say why, in up to {_LONGEST_REASON} characters, for readers to come"
        )
        raise CorpusError(message)
    return line


def withdraw(connection: Connection, ids: Sequence[str], *, reason: str, who: str) -> list[str]:
    """Take sources out of the search, in one new state; return those that were in it.

    Versions and passages stay, so that every verdict can show what it saw.
    """
    rows = _sources(connection, ids, withdrawn=False)
    if not rows:
        return []
    number, state = _next_state(connection)
    removed = 0
    for some in in_parts([row["id"] for row in rows]):
        versions = select(VersionRow.id).where(VersionRow.source_id.in_(some))
        current = PassageRow.version_id.in_(versions) & PassageRow.removed_state.is_(None)
        removed += connection.execute(update(PassageRow).where(current).values(removed_state=number)).rowcount
        connection.execute(update(SourceRow).where(SourceRow.id.in_(some)).values(withdrawn=True))
    _finish(connection, rows, state, number, what="withdrawn", reason=reason, who=who, passages=-removed)
    return [row["id"] for row in rows]


def restore(connection: Connection, settings: Settings, ids: Sequence[str], *, reason: str, who: str) -> list[str]:
    """Put withdrawn sources back into the search, with their newest version; return those that were withdrawn."""
    rows = _sources(connection, ids, withdrawn=True)
    if not rows:
        return []
    number, state = _next_state(connection)
    added = 0
    for row in rows:
        text = connection.execute(
            select(VersionRow.text).where(VersionRow.id == row["current_version_id"])
        ).scalar_one()
        windows = cut(text, kind=SourceKind(row["kind"]), speakers=tuple(row["speakers"]), settings=settings)
        version = row["current_version_id"]
        wanted = {f"{version}:{window.span.start}-{window.span.end}": window for window in windows}
        there = select(PassageRow.id).where(PassageRow.version_id == version)
        known = set(connection.execute(there).scalars()) & wanted.keys()
        for some in in_parts(sorted(known)):
            again = update(PassageRow).where(PassageRow.id.in_(some))
            connection.execute(again.values(added_state=number, removed_state=None))
        new = [passage_row(id_, version, window, number) for id_, window in wanted.items() if id_ not in known]
        if new:
            connection.execute(insert(PassageRow), new)
        added += len(wanted)
    for some in in_parts([row["id"] for row in rows]):
        connection.execute(update(SourceRow).where(SourceRow.id.in_(some)).values(withdrawn=False))
    _finish(connection, rows, state, number, what="restored", reason=reason, who=who, passages=added)
    return [row["id"] for row in rows]


def set_trust_tier(connection: Connection, ids: Sequence[str], tier: int | None, *, who: str) -> int:
    """Give sources the trust tier of their entry in the registry; return how many had another. The state stays.

    Nothing that is searched changes by it, so the indexes have nothing to do.
    """
    number = connection.execute(select(StateRow.number)).scalar_one()
    changed = 0
    for some in in_parts(ids):
        other = SourceRow.trust_tier.is_distinct_from(tier) & SourceRow.id.in_(some)
        rows = connection.execute(
            select(SourceRow.id, SourceRow.current_version_id, SourceRow.trust_tier).where(other)
        ).mappings().all()  # fmt: skip
        connection.execute(update(SourceRow).where(other).values(trust_tier=tier))
        forget(connection, [row["id"] for row in rows])
        _note(connection, rows, number, "trust tier", who=who, before=lambda row: {"trust_tier": row["trust_tier"]})
        changed += len(rows)
    return changed


def changes(connection: Connection, source_id: str) -> list[SourceChange]:
    """Return everything that happened to a source, the first thing first."""
    query = select(ChangeRow.__table__).where(ChangeRow.source_id == source_id).order_by(ChangeRow.key)
    rows = connection.execute(query).mappings().all()
    now = connection.execute(select(SourceRow.__table__).where(SourceRow.id == source_id)).mappings().one()
    # A row holds the provenance as it was before; what it became stands in the next such row, or in the source itself.
    afterwards: dict[str, Any] = {**now, "published": now["published"].isoformat() if now["published"] else None}
    told: list[SourceChange] = []
    for row in reversed(rows):
        before = row["before"] or {}
        told.append(
            SourceChange(
                state=row["state"],
                what=row["what"],
                version_id=row["version_id"],
                changed_at=row["changed_at"],
                who=row["who"],
                reason=row["reason"],
                before={
                    key: value
                    for key, value in before.items()
                    if key != "current_version_id" and value != afterwards.get(key)
                },
            )
        )
        afterwards |= before
    return told[::-1]


def _sources(connection: Connection, ids: Sequence[str], *, withdrawn: bool) -> list[Any]:
    rows: list[Any] = []
    for some in in_parts(sorted(set(ids))):
        query = select(SourceRow.__table__).where(SourceRow.id.in_(some), SourceRow.withdrawn.is_(withdrawn))
        rows.extend(connection.execute(query).mappings())
    return rows


def _next_state(connection: Connection) -> tuple[int, Any]:
    # Locked for the transaction, as in ``batch``.
    state = connection.execute(select(StateRow.number, StateRow.sources, StateRow.passages).with_for_update()).one()
    return state.number + 1, state


def _finish(  # noqa: PLR0913
    connection: Connection,
    rows: Sequence[Any],
    state: Any,  # noqa: ANN401  a row of ``state``
    number: int,
    *,
    what: str,
    reason: str,
    who: str,
    passages: int,
) -> None:
    _note(connection, rows, number, what, who=who, reason=reason)
    forget(connection, [row["id"] for row in rows])
    more = len(rows) if what == "restored" else -len(rows)
    connection.execute(
        update(StateRow).values(
            number=number,
            sources=state.sources + more,
            passages=state.passages + passages,
            changed_at=dt.datetime.now(dt.UTC),
        )
    )


def _note(  # noqa: PLR0913
    connection: Connection,
    rows: Sequence[Any],
    number: int,
    what: str,
    *,
    who: str,
    reason: str = "",
    before: Any = None,  # noqa: ANN401  a row to what it held
) -> None:
    now = dt.datetime.now(dt.UTC)
    noted = [
        {
            "state": number,
            "source_id": row["id"],
            "what": what,
            "version_id": row["current_version_id"],
            "before": before(row) if before is not None else None,
            "changed_at": now,
            "who": who,
            "reason": reason,
        }
        for row in rows
    ]
    if noted:
        connection.execute(insert(ChangeRow), noted)
