"""What the registry's entries read and found, in the tables."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Engine, delete, func, insert, select, update

from onrecord.corpus.batch import in_parts
from onrecord.corpus.history import set_trust_tier
from onrecord.corpus.schema import UnitRow, UnitSourceRow, UpdateRow
from onrecord.records import UpdateReport

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from onrecord.documents.fetch import Validators


@dataclass(frozen=True, slots=True)
class Known:
    """A unit as it was when last read well."""

    sha256: str
    validators: Validators | None


def begin(made: Engine, *, who: str) -> int:
    """Note that an update began; return its number."""
    with _writable(made).begin() as connection:
        values = {"began_at": dt.datetime.now(dt.UTC), "who": who, "report": None}
        return int(connection.execute(insert(UpdateRow).values(values).returning(UpdateRow.key)).scalar_one())


def end(made: Engine, run: int, report: UpdateReport) -> None:
    """Keep the report of an update."""
    with _writable(made).begin() as connection:
        connection.execute(update(UpdateRow).where(UpdateRow.key == run).values(report=report.model_dump_json()))


def reports(made: Engine, limit: int) -> list[tuple[dt.datetime, str, UpdateReport | None]]:
    """Return when updates began, by whom, and their reports, the newest first; no report where one was interrupted."""
    query = select(UpdateRow.began_at, UpdateRow.who, UpdateRow.report).order_by(UpdateRow.key.desc()).limit(limit)
    with made.connect() as connection:
        return [
            (row.began_at, row.who, UpdateReport.model_validate_json(row.report) if row.report else None)
            for row in connection.execute(query)
        ]


def units(made: Engine, entry: str, reading: str) -> dict[str, Known]:
    """Return by locator what an entry has read in the same way."""
    from onrecord.documents.fetch import Validators  # noqa: PLC0415  httpx takes 0.1 s, and most commands need none

    query = select(UnitRow.locator, UnitRow.sha256, UnitRow.etag, UnitRow.last_modified).where(
        UnitRow.entry == entry, UnitRow.reading == reading
    )
    with made.connect() as connection:
        return {
            row.locator: Known(
                row.sha256, Validators(row.etag, row.last_modified) if row.etag or row.last_modified else None
            )
            for row in connection.execute(query)
        }


def owners(made: Engine, entry: str) -> dict[str, str]:
    """Return the locator of the unit that holds each source of an entry."""
    query = select(UnitSourceRow.source_id, UnitRow.locator).join(
        UnitRow, (UnitRow.entry == UnitSourceRow.entry) & (UnitRow.unit == UnitSourceRow.unit)
    )
    with made.connect() as connection:
        rows = connection.execute(query.where(UnitSourceRow.entry == entry, UnitSourceRow.gone.is_(False)))
        return {row.source_id: row.locator for row in rows}


def seen_again(made: Engine, entry: str, locators: Sequence[str], run: int) -> int:
    """Note that units were found unchanged; return how many sources they hold."""
    found = 0
    for some in in_parts(map(_key, locators)):
        with _writable(made).begin() as connection:
            here = (UnitSourceRow.entry == entry) & UnitSourceRow.unit.in_(some)
            found += connection.execute(
                select(func.count()).select_from(UnitSourceRow).where(here, UnitSourceRow.gone.is_(False))
            ).scalar_one()
            connection.execute(update(UnitSourceRow).where(here, UnitSourceRow.gone.is_(False)).values(seen=run))
            connection.execute(update(UnitRow).where(UnitRow.entry == entry, UnitRow.unit.in_(some)).values(seen=run))
    return found


def remember(  # noqa: PLR0913
    made: Engine,
    entry: str,
    locator: str,
    *,
    run: int,
    ids: Sequence[str],
    state: tuple[str, str, Validators | None] | None,
) -> None:
    """Note the sources that a unit holds and, where all of it was read well, its bytes' hash, reading and validators."""
    unit = _key(locator)
    with _writable(made).begin() as connection:
        for some in in_parts(dict.fromkeys(ids)):
            here = (UnitSourceRow.entry == entry) & UnitSourceRow.source_id.in_(some)
            there = set(connection.execute(select(UnitSourceRow.source_id).where(here)).scalars())
            connection.execute(update(UnitSourceRow).where(here).values(unit=unit, seen=run))
            rows = [
                {"entry": entry, "source_id": id_, "unit": unit, "seen": run, "gone": False}
                for id_ in some
                if id_ not in there
            ]
            if rows:
                connection.execute(insert(UnitSourceRow), rows)
        connection.execute(delete(UnitRow).where(UnitRow.entry == entry, UnitRow.unit == unit))
        if state is not None:
            sha256, reading, validators = state
            connection.execute(
                insert(UnitRow).values(
                    entry=entry,
                    unit=unit,
                    locator=locator,
                    sha256=sha256,
                    reading=reading,
                    etag=validators.etag if validators is not None else None,
                    last_modified=validators.last_modified if validators is not None else None,
                    seen=run,
                )
            )


def found_again(made: Engine, entry: str, run: int) -> list[str]:
    """Return the sources that were gone and were found in this run."""
    query = select(UnitSourceRow.source_id).where(
        UnitSourceRow.entry == entry, UnitSourceRow.gone.is_(True), UnitSourceRow.seen == run
    )
    with made.connect() as connection:
        return list(connection.execute(query.order_by(UnitSourceRow.source_id)).scalars())


def not_found(  # noqa: PLR0913
    made: Engine, entry: str, run: int, failed: Sequence[str], told: Mapping[str, str], *, told_only: bool
) -> dict[str, str]:
    """Return the sources that were not found in this run, each with what its address says of that, or nothing.

    Those of ``failed`` units may still be there. With ``told_only``, only those in ``told`` count.
    """
    spared = {_key(locator) for locator in failed}
    said = {_key(locator): reason for locator, reason in told.items()}
    query = select(UnitSourceRow.source_id, UnitSourceRow.unit).where(
        UnitSourceRow.entry == entry, UnitSourceRow.gone.is_(False), UnitSourceRow.seen < run
    )
    with made.connect() as connection:
        return {
            row.source_id: said.get(row.unit, "")
            for row in connection.execute(query)
            if row.unit not in spared and (row.unit in said or not told_only)
        }


def count(made: Engine, entry: str) -> int:
    """Return how many sources an entry keeps that are not gone."""
    here = (UnitSourceRow.entry == entry) & UnitSourceRow.gone.is_(False)
    with made.connect() as connection:
        return connection.execute(select(func.count()).select_from(UnitSourceRow).where(here)).scalar_one()


def kept_by_no_other(made: Engine, entry: str, ids: Sequence[str]) -> list[str]:
    """Return those of ``ids`` that no other entry keeps."""
    kept: set[str] = set()
    with made.connect() as connection:
        for some in in_parts(ids):
            other = (UnitSourceRow.entry != entry) & UnitSourceRow.gone.is_(False) & UnitSourceRow.source_id.in_(some)
            kept.update(connection.execute(select(UnitSourceRow.source_id).where(other)).scalars())
    return [id_ for id_ in ids if id_ not in kept]


def set_gone(made: Engine, entry: str, ids: Sequence[str], *, gone: bool) -> None:
    """Note that an entry's sources were withdrawn because they were not found, or came back."""
    for some in in_parts(ids):
        here = (UnitSourceRow.entry == entry) & UnitSourceRow.source_id.in_(some)
        with _writable(made).begin() as connection:
            connection.execute(update(UnitSourceRow).where(here).values(gone=gone))


def forget_units(made: Engine, entry: str, run: int, failed: Sequence[str]) -> None:
    """Forget the units that were not found, so that they are read when they come back with the same bytes."""
    spared = {_key(locator) for locator in failed}
    with _writable(made).begin() as connection:
        missing = connection.execute(select(UnitRow.unit).where(UnitRow.entry == entry, UnitRow.seen < run)).scalars()
        for some in in_parts(sorted(set(missing) - spared)):
            connection.execute(delete(UnitRow).where(UnitRow.entry == entry, UnitRow.unit.in_(some)))


def set_trust_tiers(made: Engine, entry: str, earlier: Sequence[str], tier: int | None, *, who: str) -> None:
    """Give the sources of an entry its trust tier, but for those that an ``earlier`` entry keeps too."""
    query = select(UnitSourceRow.source_id).where(UnitSourceRow.entry == entry)
    if earlier:
        others = select(UnitSourceRow.source_id).where(UnitSourceRow.entry.in_(earlier), UnitSourceRow.gone.is_(False))
        query = query.where(UnitSourceRow.source_id.not_in(others))
    with _writable(made).begin() as connection:
        set_trust_tier(connection, list(connection.execute(query).scalars()), tier, who=who)


def _writable(made: Engine) -> Engine:
    return made.execution_options(onrecord_write=True)


def _key(locator: str) -> str:
    return hashlib.sha256(locator.encode("utf-8", "surrogateescape")).hexdigest()
