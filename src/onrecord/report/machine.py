"""The JSON form: ``CheckedArticle`` with its schema version, read back into the same record."""

from __future__ import annotations

import json
from typing import Any

from pydantic import ValidationError

from onrecord.errors import ReportError
from onrecord.records import SCHEMA_VERSION, CheckedArticle


def render_json(checked: CheckedArticle) -> str:
    """Return the record as indented JSON; ``parse_json`` gives an equal record back."""
    return checked.model_dump_json(indent=2) + "\n"


def parse_json(text: str) -> CheckedArticle:
    """Read a check back from its JSON form.

    Raises:
        ReportError: not JSON, another schema version, or fields that do not fit; the message names the first one.
    """
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as error:
        message = f"This is not JSON ({error}). Give a file written by `onrecord check --format json`."
        raise ReportError(message) from error
    version = raw.get("schema_version") if isinstance(raw, dict) else None
    if not isinstance(version, str) or version.split(".")[0] != SCHEMA_VERSION.split(".")[0]:
        message = (
            f"This is schema version {version!r}; {SCHEMA_VERSION} is understood. "
            "Check the article again with this version."
        )
        raise ReportError(message)
    try:
        return CheckedArticle.model_validate_json(text)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])
        message = f"The check does not fit the schema at {place}: {first['msg']}. See docs/schema/checked-article.json."
        raise ReportError(message) from error


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of the JSON form, as kept in ``docs/schema/checked-article.json``."""
    schema = CheckedArticle.model_json_schema(mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "CheckedArticle", **schema}
