"""Signatures, pairs of copies and stories in the tables. All of it can be made anew from the sources' texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from sqlalchemy import Connection, Engine, and_, bindparam, delete, insert, or_, select, update

from onrecord.corpus.batch import in_parts
from onrecord.corpus.rows import source_of
from onrecord.corpus.schema import CopyRow, SignatureRow, SourceRow, VersionRow
from onrecord.corpus.syndication import (
    METHOD,
    SHORT_WORDS,
    UNDATED,
    Compared,
    Story,
    candidates,
    clusters,
    containment,
    signature,
    story,
)
from onrecord.memory import give_back

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from sqlalchemy import Table

    from onrecord.records import Source

_SIGNED = 500  # texts in memory at once
_COMPARED = 8_000  # signatures compared at once with all others: 4 MB
_PAGE = 4_000
_ALIGNED = 64  # pairs whose texts are in memory at once


class Copy(NamedTuple):
    """A source that was found to be a copy."""

    source_id: str
    story: str
    """The source that stands for all copies; the source itself where it does."""
    others: tuple[str, ...]
    """Its copies."""


class _Page(NamedTuple):
    ids: list[str]
    known: Compared


def find_copies(made: Engine, *, progress: Callable[[int], None] | None = None) -> list[Copy]:
    """Compare every source that was not compared yet with all others, and say which stands for which.

    May be interrupted anywhere and goes on where it was. ``progress`` is called with the number of sources done. Only the
    holder of the writer's lock may call it.
    """
    writable = made.execution_options(onrecord_write=True)
    _sign(made, writable)
    found: list[Copy] = []
    done = 0
    while new := _page(made, limit=_COMPARED, uncompared=True):
        pairs = list(_pairs(made, new))
        with writable.begin() as connection:
            found.extend(_store(connection, new.ids, pairs))
        done += len(new.ids)
        give_back()
        if progress is not None:
            progress(done)
    return found


def forget(connection: Connection, ids: Iterable[str]) -> None:
    """Have sources compared anew: their text, provenance or standing has changed."""
    for some in in_parts(ids):
        connection.execute(update(SignatureRow).where(SignatureRow.source_id.in_(some)).values(compared=False))


def _sign(made: Engine, writable: Engine) -> None:
    current = and_(
        SignatureRow.source_id == SourceRow.id,
        SignatureRow.version_id == SourceRow.current_version_id,
        SignatureRow.method == METHOD,
    )
    unsigned = (
        select(SourceRow.id, VersionRow.id.label("version_id"), VersionRow.text)
        .join(VersionRow, VersionRow.id == SourceRow.current_version_id)
        .outerjoin(SignatureRow, current)
        .where(SignatureRow.source_id.is_(None))
        .order_by(SourceRow.id)
        .limit(_SIGNED)
    )
    after = ""
    while True:
        with made.connect() as connection:
            rows = connection.execute(unsigned.where(SourceRow.id > after)).all()
        if not rows:
            return
        after = rows[-1].id
        signed = []
        for row in rows:
            words = story(row.text, published=None, publisher="").words
            signed.append(
                {
                    "source_id": row.id,
                    "version_id": row.version_id,
                    "method": METHOD,
                    "words": len(words),
                    "values": signature(words),
                    "compared": False,
                }
            )
        with writable.begin() as connection:
            for some in in_parts([row.id for row in rows]):
                connection.execute(delete(SignatureRow).where(SignatureRow.source_id.in_(some)))
            connection.execute(insert(SignatureRow), signed)


def _page(made: Engine, *, limit: int, after: str = "", uncompared: bool = False) -> _Page | None:
    import numpy as np  # noqa: PLC0415  0.1 s, and most commands need none

    query = (
        select(SignatureRow.source_id, SignatureRow.values, SignatureRow.words, SourceRow.published)
        .join(SourceRow, SourceRow.id == SignatureRow.source_id)
        .where(SignatureRow.method == METHOD, SignatureRow.source_id > after)
        .order_by(SignatureRow.source_id)
        .limit(limit)
    )
    if uncompared:
        query = query.where(SignatureRow.compared.is_(False))
    with made.connect() as connection:
        rows = connection.execute(query).all()
    if not rows:
        return None
    known = Compared(
        np.frombuffer(b"".join(row[1] for row in rows), dtype="<u4").reshape(len(rows), -1),
        np.array([row.published.toordinal() if row.published else UNDATED for row in rows], dtype=np.int32),
        np.array([row.words <= SHORT_WORDS for row in rows]),
    )
    return _Page([row.source_id for row in rows], known)


def _pairs(made: Engine, new: _Page) -> Iterator[tuple[str, str, float]]:
    """Yield the copies among ``new``, and of ``new`` among all others; the smaller identity first."""
    among_new = set(new.ids)
    after = ""
    while page := _page(made, limit=_PAGE, after=after):
        after = page.ids[-1]
        found = candidates(new.known, page.known)
        named = ((new.ids[first], page.ids[second]) for first, second in found)
        # A pair among the new would be met twice, and every one of them meets itself.
        once = (pair for pair in named if pair[0] < pair[1] or pair[1] not in among_new)
        for some in in_parts(once, _ALIGNED):
            stories = _stories(made, {id_ for pair in some for id_ in pair})
            for first, second in some:
                share = containment(stories[first], stories[second])
                if share is not None:
                    yield (min(first, second), max(first, second), share)


def _stories(made: Engine, ids: set[str]) -> dict[str, Story]:
    query = select(SourceRow.id, SourceRow.published, SourceRow.publisher, VersionRow.text).join(
        VersionRow, VersionRow.id == SourceRow.current_version_id
    )
    found: dict[str, Story] = {}
    with made.connect() as connection:
        for some in in_parts(sorted(ids)):
            for row in connection.execute(query.where(SourceRow.id.in_(some))):
                found[row.id] = story(row.text, published=row.published, publisher=row.publisher)
    return found


def _store(connection: Connection, ids: list[str], pairs: list[tuple[str, str, float]]) -> list[Copy]:
    """Replace what was known of the copies of ``ids``, and say anew what stands for what wherever that may have changed."""
    concerned = set(ids)
    for some in in_parts(ids):
        touching = or_(CopyRow.source_id.in_(some), CopyRow.other_id.in_(some))
        for row in connection.execute(select(CopyRow.source_id, CopyRow.other_id).where(touching)):
            concerned.update(row)
        connection.execute(delete(CopyRow).where(touching))
        connection.execute(update(SignatureRow).where(SignatureRow.source_id.in_(some)).values(compared=True))
    if pairs:
        rows = [{"source_id": first, "other_id": second, "containment": share} for first, second, share in pairs]
        connection.execute(insert(CopyRow), rows)
        concerned.update(id_ for first, second, _ in pairs for id_ in (first, second))
    links = _links(connection, concerned)
    members = _members(connection, concerned.union(*links))
    stories = clusters(members, links)
    changed = [{"id_": id_, "to": to} for id_, to in stories.items() if members[id_].story != to]
    if changed:
        table = cast("Table", SourceRow.__table__)
        connection.execute(
            update(table).where(table.c.id == bindparam("id_")).values(story=bindparam("to")),
            changed,
        )
    together: dict[str, list[str]] = {}
    for id_, to in stories.items():
        if to is not None:
            together.setdefault(to, []).append(id_)
    given = set(ids)
    return [
        Copy(id_, to, tuple(sorted(other for other in together[to] if other != id_)))
        for id_, to in sorted(stories.items())
        # The one that stands for a story is named too where it came after its copies.
        if to is not None and id_ in given and (id_ != to or not given.issuperset(together[to]))
    ]


def _links(connection: Connection, ids: set[str]) -> list[tuple[str, str]]:
    """Return every pair of copies that can be reached from ``ids``, going from copy to copy."""
    links: set[tuple[str, str]] = set()
    waiting, seen = set(ids), set(ids)
    while waiting:
        reached: set[str] = set()
        for some in in_parts(sorted(waiting)):
            touching = or_(CopyRow.source_id.in_(some), CopyRow.other_id.in_(some))
            for row in connection.execute(select(CopyRow.source_id, CopyRow.other_id).where(touching)):
                links.add((row.source_id, row.other_id))
                reached.update(row)
        waiting = reached - seen
        seen |= reached
    return sorted(links)


def _members(connection: Connection, ids: set[str]) -> dict[str, Source]:
    found: dict[str, Source] = {}
    for some in in_parts(sorted(ids)):
        for row in connection.execute(select(SourceRow.__table__).where(SourceRow.id.in_(some))).mappings():
            found[row["id"]] = source_of(row)
    return found
