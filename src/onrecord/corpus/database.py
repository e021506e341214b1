"""The database of a settings: engine, connection rules, migrations."""

from __future__ import annotations

import os
import sqlite3
import threading
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DisconnectionError, NoSuchModuleError, SQLAlchemyError
from sqlalchemy.pool import NullPool, QueuePool

from onrecord.corpus.lock import writing
from onrecord.corpus.schema import HEAD
from onrecord.errors import CorpusError, SettingsError

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

    from onrecord.settings import Settings

_BUSY_MILLISECONDS = 15_000
_engines: dict[str, Engine] = {}
_guard = threading.Lock()


def engine(settings: Settings) -> Engine:
    """Return the engine of the database in force, its home made and its tables up to date.

    One engine serves a process. SQLite connections are opened for each use and so belong to one thread; see ``readers``.

    Raises:
        SettingsError: the database address cannot be used.
        CorpusError: the database cannot be opened, or is of a newer version of the program.
    """
    address = settings.database_address
    with _guard:
        made = _engines.get(address)
        if made is not None and not _vanished(made):
            return made
        made = _create(address)
        _make_home(settings, made)
        try:
            _migrate(made, settings)
        except SQLAlchemyError as error:
            made.dispose()
            shown = made.url.render_as_string(hide_password=True)
            message = (
                f"database {shown} cannot be opened: {_first_line(error)}; check the folder's rights and free space"
            )
            raise CorpusError(message) from error
        _engines[address] = made
        return made


def readers(made: Engine) -> Engine:
    """Return an engine of the same database that keeps its connections, for what a search asks of it again and again.

    A kept connection serves one thread at a time. One that a parent process opened, or whose file was replaced meanwhile, is
    put aside and another is opened. PostgreSQL's connections are kept anyway.
    """
    file = sqlite_file(made)
    if file is None:
        return made
    kept = create_engine(
        made.url, poolclass=QueuePool, pool_size=4, max_overflow=-1, connect_args={"check_same_thread": False}
    )

    def note(connection: Any, record: ConnectionPoolEntry) -> None:  # noqa: ANN401  a DBAPI connection
        _prepare(connection, record)
        record.info["opened"] = _opened(file)

    def check(connection: Any, record: ConnectionPoolEntry, fairy: PoolProxiedConnection) -> None:  # noqa: ANN401
        if record.info["opened"] == _opened(file):
            return
        if record.info["opened"][0] != os.getpid():
            # SQLite forbids a child even to close what its parent opened.
            _left_alone.append(connection)
            record.dbapi_connection = fairy.dbapi_connection = None  # type: ignore[misc]
        message = f"{file} is not the file that was opened"
        raise DisconnectionError(message)

    event.listen(kept, "connect", note)
    event.listen(kept, "checkout", check)
    event.listen(kept, "begin", _begin)
    return kept


_left_alone: list[object] = []
"""Connections of a parent process."""


def _opened(file: Path) -> tuple[int, int, int]:
    """Return what tells whether a connection to ``file`` can be used here and now: process, device and node."""
    try:
        status = file.stat()
    except FileNotFoundError:
        return (os.getpid(), 0, 0)
    return (os.getpid(), status.st_dev, status.st_ino)


def sqlite_file(made: Engine) -> Path | None:
    """Return the file of an SQLite engine, or ``None``."""
    from pathlib import Path  # noqa: PLC0415  at run time only here

    if made.dialect.name != "sqlite" or made.url.database in {None, "", ":memory:"}:
        return None
    return Path(str(made.url.database))


def _vanished(made: Engine) -> bool:
    file = sqlite_file(made)
    return file is not None and not file.exists()


def _make_home(settings: Settings, made: Engine) -> None:
    folders = [settings.home, settings.snapshots]
    if (file := sqlite_file(made)) is not None:
        folders.append(file.parent)
    for folder in folders:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            message = f"folder {folder} cannot be made ({error.strerror}); set ONRECORD_HOME to one that can be written"
            raise CorpusError(message) from error


def _create(address: str) -> Engine:
    try:
        url = make_url(address)
        if url.get_backend_name() != "sqlite":
            return create_engine(url, pool_pre_ping=True)
        if url.database in {None, "", ":memory:"}:
            message = f"database address {address!r}: the corpus needs a file; write sqlite:////folder/onrecord.db"
            raise SettingsError(message)
        made = create_engine(url, poolclass=NullPool)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        message = (
            f"database address {address.rsplit('@', maxsplit=1)[-1]!r} cannot be used ({_first_line(error)});"
            " accepted are sqlite:///… and postgresql+psycopg://…"
        )
        raise SettingsError(message) from error
    event.listen(made, "connect", _prepare)
    event.listen(made, "begin", _begin)
    return made


def _prepare(connection: Any, _: object) -> None:  # noqa: ANN401  a DBAPI connection
    # The driver's own transaction handling starts none before a SELECT and commits behind our back: it is turned off,
    # and BEGIN is sent by _begin (SQLAlchemy's documentation on pysqlite and serialisable isolation).
    connection.isolation_level = None
    cursor = connection.cursor()
    # FULL: a committed decision survives a power cut. It costs one fsync a batch: 4 % of a build of 30,000 rows.
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", f"busy_timeout={_BUSY_MILLISECONDS}", "synchronous=FULL"):
        try:
            cursor.execute(f"PRAGMA {pragma}")
        except sqlite3.OperationalError as error:
            if "disk" not in str(error):
                raise
            # Even who only reads needs room for the log's own index.
            message = (
                f"the database cannot be opened ({error}): free some space on its disk and try again; nothing is lost"
            )
            raise CorpusError(message) from error
    cursor.close()


def _begin(connection: Connection) -> None:
    # Writers ask for the write lock at once: a reader that turns into a writer later would get "database is locked".
    immediate = connection.get_execution_options().get("onrecord_write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def _migrate(made: Engine, settings: Settings) -> None:
    found = _revision(made)
    if found == HEAD:
        return
    if found is not None and found > HEAD:
        message = (
            f"the corpus has database schema {found}, made by a newer version of On Record; this one knows {HEAD}."
            " Update On Record"
        )
        raise CorpusError(message)
    with writing(settings, "updating the database schema"):
        if _revision(made) != HEAD:
            upgrade(made)


def _revision(made: Engine) -> str | None:
    with made.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        value = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return str(value) if value is not None else None


def upgrade(made: Engine, revision: str = "head") -> None:
    """Bring the tables of ``made`` to a revision, in one transaction."""
    from alembic import command  # noqa: PLC0415  0.2 s, needed once for a database

    with made.execution_options(onrecord_write=True).begin() as connection:
        configuration = alembic_configuration()
        configuration.attributes["connection"] = connection
        command.upgrade(configuration, revision)


def alembic_configuration() -> Any:  # noqa: ANN401  alembic is imported inside
    """Return Alembic's configuration for the packaged migrations."""
    from importlib.resources import files  # noqa: PLC0415

    from alembic.config import Config  # noqa: PLC0415

    configuration = Config()
    configuration.set_main_option("script_location", str(files("onrecord.corpus") / "migrations").replace("%", "%%"))
    configuration.set_main_option("path_separator", "os")
    return configuration


def _first_line(error: BaseException) -> str:
    return str(getattr(error, "orig", None) or error).splitlines()[0][:200]
