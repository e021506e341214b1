"""The tables. A change here is a numbered migration in ``migrations/versions``; a test finds any drift.

Portable between SQLite and PostgreSQL: times are stored in UTC without zone and come back with it, lists are JSON.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

HEAD = "0006"
"""The migration that this code needs; equal to the newest in ``migrations/versions`` (tested)."""

ID_LENGTH = 300
"""Longest identity of a source; a passage's adds a hash and two offsets."""

_BIG = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by themselves only in INTEGER


class UtcTime(TypeDecorator[dt.datetime]):
    """A moment: given with a zone, stored in UTC, returned in UTC."""

    impl = DateTime
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:  # noqa: ARG002
        """Turn a moment into UTC without zone.

        Raises:
            ValueError: it has no zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            message = f"a moment without a time zone: {value.isoformat()}; give it one"
            raise ValueError(message)
        return value.astimezone(dt.UTC).replace(tzinfo=None)

    def process_result_value(self, value: Any, dialect: Dialect) -> dt.datetime | None:  # noqa: ANN401, ARG002
        """Give the stored moment its zone back."""
        return value.replace(tzinfo=dt.UTC) if value is not None else None


class Table(DeclarativeBase):
    """Base of all tables; constraints have fixed names so that migrations can change them on both databases."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class SourceRow(Table):
    """A source with its provenance as it now stands; earlier provenance is in ``source_changes``."""

    __tablename__ = "sources"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    kind: Mapped[str] = mapped_column(String(20), index=True)
    publisher: Mapped[str] = mapped_column(Text)
    is_primary: Mapped[bool] = mapped_column(Boolean)
    origin: Mapped[str] = mapped_column(Text)
    speakers: Mapped[list[str]] = mapped_column(JSON)
    published: Mapped[dt.date | None] = mapped_column(Date, index=True)
    retrieved_at: Mapped[dt.datetime] = mapped_column(UtcTime)
    address: Mapped[str | None] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(35))
    licence: Mapped[str] = mapped_column(Text)
    collection: Mapped[str] = mapped_column(Text, server_default="")
    current_version_id: Mapped[str] = mapped_column(String(ID_LENGTH + 13))
    withdrawn: Mapped[bool] = mapped_column(Boolean)
    fingerprint: Mapped[str] = mapped_column(String(64))
    """Hash of the text, the provenance and the rule for passages: equal means that nothing is to be done."""
    added_at: Mapped[dt.datetime] = mapped_column(UtcTime)
    added_by: Mapped[str] = mapped_column(Text, server_default="")
    trust_tier: Mapped[int | None] = mapped_column(Integer)
    """As ``sources.toml`` gives it, apart from the fingerprint: a document does not say of itself how far it is trusted."""
    story: Mapped[str | None] = mapped_column(String(ID_LENGTH), index=True)
    """The source that stands for all copies of this one; null where there are none."""


class VersionRow(Table):
    """One state of a source's text. Rows are only ever added."""

    __tablename__ = "versions"
    __table_args__ = (UniqueConstraint("source_id", "number"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH + 13), primary_key=True)
    source_id: Mapped[str] = mapped_column(ForeignKey("sources.id"))
    number: Mapped[int] = mapped_column(Integer)
    text: Mapped[str] = mapped_column(Text)
    text_sha256: Mapped[str] = mapped_column(String(64))
    content_sha256: Mapped[str] = mapped_column(String(64))
    media_type: Mapped[str] = mapped_column(String(100))
    added_at: Mapped[dt.datetime] = mapped_column(UtcTime)
    locators: Mapped[list[list[Any]] | None] = mapped_column(JSON(none_as_null=True))
    """Start, end, page and seconds of each page or time of the text; null for files without them."""


class SnapshotRow(Table):
    """A file in the snapshot folder: bytes as they came. Rows are only ever added."""

    __tablename__ = "snapshots"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(Text)
    media_type: Mapped[str] = mapped_column(String(100))
    added_at: Mapped[dt.datetime] = mapped_column(UtcTime)


class VersionSnapshotRow(Table):
    """Where a version's text stands in a snapshot: the whole file, a row of a table, a member of an archive."""

    __tablename__ = "version_snapshots"

    version_id: Mapped[str] = mapped_column(ForeignKey("versions.id"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(Integer, primary_key=True)
    snapshot_sha256: Mapped[str] = mapped_column(ForeignKey("snapshots.sha256"), index=True)
    locator: Mapped[str] = mapped_column(Text)
    fetched: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    """How the bytes were fetched: the address asked for and the final one, status, time and headers; null for files."""


class PassageRow(Table):
    """A window of a version. Its text is a range of the version's text and is not stored twice.

    ``added_state`` is the state in which it last became current or its source's provenance changed; ``removed_state`` the
    one in which it stopped being current, or null. So the indexes can ask what happened since a state, whatever happened
    to them meanwhile.
    """

    __tablename__ = "passages"
    __table_args__ = (
        Index(None, "added_state"),
        Index(None, "removed_state"),
    )

    key: Mapped[int] = mapped_column(_BIG, primary_key=True, autoincrement=True)
    id: Mapped[str] = mapped_column(String(ID_LENGTH + 40), unique=True)
    version_id: Mapped[str] = mapped_column(ForeignKey("versions.id"), index=True)
    start: Mapped[int] = mapped_column(Integer)
    end: Mapped[int] = mapped_column(Integer)
    sentences: Mapped[list[list[int]]] = mapped_column(JSON)
    speaker: Mapped[str | None] = mapped_column(Text)
    first_state: Mapped[int] = mapped_column(Integer)
    added_state: Mapped[int] = mapped_column(Integer)
    removed_state: Mapped[int | None] = mapped_column(Integer)


class StateRow(Table):
    """The one row that counts: its number grows by one with every batch that changed something."""

    __tablename__ = "state"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(Integer)
    sources: Mapped[int] = mapped_column(Integer)
    """Sources that are not withdrawn."""
    passages: Mapped[int] = mapped_column(Integer)
    """Passages that are current."""
    changed_at: Mapped[dt.datetime] = mapped_column(UtcTime)


class ChangeRow(Table):
    """What happened to a source in a state: added, text changed, provenance changed. Rows are only ever added."""

    __tablename__ = "source_changes"

    key: Mapped[int] = mapped_column(_BIG, primary_key=True, autoincrement=True)
    state: Mapped[int] = mapped_column(Integer, index=True)
    source_id: Mapped[str] = mapped_column(ForeignKey("sources.id"), index=True)
    what: Mapped[str] = mapped_column(String(20))
    version_id: Mapped[str] = mapped_column(String(ID_LENGTH + 13))
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    """The provenance before the change, where it changed."""
    changed_at: Mapped[dt.datetime] = mapped_column(UtcTime)
    who: Mapped[str] = mapped_column(Text, server_default="")
    reason: Mapped[str] = mapped_column(Text, server_default="")
    """Why it was withdrawn or restored."""


class UpdateRow(Table):
    """One run over the registry, with its report. Rows are only ever added, and completed once."""

    __tablename__ = "updates"

    key: Mapped[int] = mapped_column(_BIG, primary_key=True, autoincrement=True)
    began_at: Mapped[dt.datetime] = mapped_column(UtcTime)
    who: Mapped[str] = mapped_column(Text)
    report: Mapped[str | None] = mapped_column(Text)
    """The ``UpdateReport`` as JSON; null while it runs, and for good where it was interrupted."""


class UnitRow(Table):
    """What an entry of the registry reads as one piece (a file, a table, an address), as it was when last read well."""

    __tablename__ = "registry_units"

    entry: Mapped[str] = mapped_column(String(100), primary_key=True)
    unit: Mapped[str] = mapped_column(String(64), primary_key=True)
    """sha256 of ``locator``, which may be longer than a key can be."""
    locator: Mapped[str] = mapped_column(Text)
    """The path below the entry's own, or the address."""
    sha256: Mapped[str] = mapped_column(String(64))
    reading: Mapped[str] = mapped_column(String(64))
    """Hash of everything else that bears on what is read: the entry, its mapping, the settings, the program."""
    etag: Mapped[str | None] = mapped_column(Text)
    last_modified: Mapped[str | None] = mapped_column(Text)
    seen: Mapped[int] = mapped_column(BigInteger)
    """The update that last found it."""


class UnitSourceRow(Table):
    """Which sources an entry of the registry keeps current, and the update that last found each."""

    __tablename__ = "registry_sources"
    __table_args__ = (Index(None, "entry", "unit"),)

    entry: Mapped[str] = mapped_column(String(100), primary_key=True)
    source_id: Mapped[str] = mapped_column(ForeignKey("sources.id"), primary_key=True)
    unit: Mapped[str] = mapped_column(String(64))
    seen: Mapped[int] = mapped_column(BigInteger)
    gone: Mapped[bool] = mapped_column(Boolean)
    """It was withdrawn because it was not found any more; it is restored when it is found again."""


class SignatureRow(Table):
    """The MinHash of a source's current text, by which copies are found."""

    __tablename__ = "signatures"

    source_id: Mapped[str] = mapped_column(ForeignKey("sources.id"), primary_key=True)
    version_id: Mapped[str] = mapped_column(ForeignKey("versions.id"))
    """The text it was made of; where that is not the current one, it is to be made anew."""
    method: Mapped[int] = mapped_column(Integer)
    """Number of the way it was made; those of different numbers cannot be compared."""
    words: Mapped[int] = mapped_column(Integer)
    values: Mapped[bytes] = mapped_column(LargeBinary)
    compared: Mapped[bool] = mapped_column(Boolean, index=True)
    """It was compared with all others, or all others with it."""


class CopyRow(Table):
    """Two sources whose current texts are copies of one story; the smaller identity comes first."""

    __tablename__ = "copies"

    source_id: Mapped[str] = mapped_column(ForeignKey("sources.id"), primary_key=True)
    other_id: Mapped[str] = mapped_column(ForeignKey("sources.id"), primary_key=True, index=True)
    containment: Mapped[float] = mapped_column(Double)
    """Share of the shorter text's words that the longer one has in the same order."""


class CheckRow(Table):
    """A finished check, as its JSON form."""

    __tablename__ = "checks"

    id: Mapped[str] = mapped_column(String(100), primary_key=True)
    created_at: Mapped[dt.datetime] = mapped_column(UtcTime, index=True)
    title: Mapped[str] = mapped_column(Text)
    article_sha256: Mapped[str] = mapped_column(String(64), index=True)
    complete: Mapped[bool] = mapped_column(Boolean)
    counts: Mapped[dict[str, int]] = mapped_column(JSON)
    """Claims per verdict label, so that a list of checks need not read their bodies."""
    body: Mapped[str] = mapped_column(Text)


class DecisionRow(Table):
    """What a person decided about a claim. Rows are only ever added."""

    __tablename__ = "decisions"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    check_id: Mapped[str] = mapped_column(ForeignKey("checks.id"), index=True)
    claim_id: Mapped[str] = mapped_column(String(100))
    label: Mapped[str] = mapped_column(String(30))
    machine_label: Mapped[str] = mapped_column(String(30))
    note: Mapped[str] = mapped_column(Text)
    who: Mapped[str] = mapped_column(Text)
    decided_at: Mapped[dt.datetime] = mapped_column(UtcTime)
    tags: Mapped[list[str]] = mapped_column(JSON, server_default="[]")
    assigned_to: Mapped[str] = mapped_column(Text, server_default="")
    evidence: Mapped[dict[str, str]] = mapped_column(JSON, server_default="{}")
    undoes: Mapped[int | None] = mapped_column(Integer)


class RevisionRow(Table):
    """A claim checked by itself after its article, as the JSON form of a ``Revision``. Rows are only ever added."""

    __tablename__ = "claim_revisions"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    check_id: Mapped[str] = mapped_column(ForeignKey("checks.id"), index=True)
    claim_id: Mapped[str] = mapped_column(String(100))
    body: Mapped[str] = mapped_column(Text)


class JudgementRow(Table):
    """What a stance network answered to one pair of texts: a cache, which may be emptied at any time.

    Logits are kept rather than probabilities, so that another calibration of the same network finds them again.
    """

    __tablename__ = "judgements"
    __table_args__ = ({"sqlite_with_rowid": False},)  # the key is the row: half the size

    key: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    """sha256 over the network's hash and both texts."""
    supports: Mapped[float] = mapped_column(Double)
    refutes: Mapped[float] = mapped_column(Double)
    neutral: Mapped[float] = mapped_column(Double)
    used: Mapped[dt.date] = mapped_column(Date, index=True)
    """The day it was last asked for, by which old ones leave."""
