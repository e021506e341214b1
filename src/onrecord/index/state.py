"""What the index remembers of itself: for each engine, the store's state that it was last in step with.

The file is written atomically, and only after an engine is in step. Before an engine is touched its entry is marked as
being changed, so that a crash in between is seen on the next opening and mended by comparing passage by passage.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated

from pydantic import Field, ValidationError

from onrecord.errors import SearchIndexError
from onrecord.records import Record

FORMAT = 1
_ABANDONED_SECONDS = 600.0


class EngineState(Record):
    """How far one engine has come."""

    number: Annotated[int, Field(ge=0)]
    """The store's state number when the engine was last in step."""
    passages: Annotated[int, Field(ge=0)]
    """How many passages it held then."""
    database: str
    """Hash of the address of the database that the passages came from."""
    model: str = ""
    """The embedding model's name as it was asked for, where the engine has one."""
    clean: bool
    """False while it is being changed, and after a change that did not end."""


class _File(Record):
    format: int
    engines: dict[str, EngineState]


def database_key(address: str) -> str:
    """Return a short hash of a database's address: the address itself may hold a password."""
    return hashlib.sha256(address.encode()).hexdigest()[:16]


def read_states(path: Path) -> dict[str, EngineState]:
    """Return the entries of a state file; none when it is missing, damaged or of another format, which means: compare."""
    try:
        file = _File.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return {}
    return file.engines if file.format == FORMAT else {}


def write_states(path: Path, engines: dict[str, EngineState]) -> None:
    """Replace the state file in one step that either happens or does not.

    Raises:
        SearchIndexError: it cannot be written.
    """
    text = json.dumps(_File(format=FORMAT, engines=engines).model_dump(mode="json"), indent=1, sort_keys=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        for left in path.parent.glob(f"{path.name}.*.new"):  # by killed writers: a draft lives for milliseconds
            with suppress(FileNotFoundError):
                if time.time() - left.stat().st_mtime > _ABANDONED_SECONDS:
                    left.unlink()
        with draft.open("w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        draft.replace(path)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        message = (
            f"{path} cannot be written ({error.strerror}); check the folder's rights and free space, and try again"
        )
        raise SearchIndexError(message) from error
