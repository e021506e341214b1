"""The mapping file of a table: which field is the text, the title, the date …, in TOML.

A value such as ``title = "Kremlin transcript {source_doc_id}"`` is a template. The names in braces are the fields of the
row (``a.b`` reaches into an object), the named groups of the ``[[extract]]`` patterns, the results of the ``[[lookup]]``
tables, and ``file`` and ``member`` (the names of the file and of the text in a zip), ``published`` and
``published_in_words``. Examples are in ``corpus/mappings``.
"""

from __future__ import annotations

import datetime as dt
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import ConfigDict, Field, ValidationError, model_validator

from onrecord.errors import MappingError
from onrecord.records import Record, SourceKind

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = re.compile(r"\{([^{}]+)\}")
_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


class _Rule(Record):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        return re.compile(pattern)
    except re.error as error:
        message = f"pattern {pattern!r} is not a regular expression: {error}"
        raise ValueError(message) from error


class TextPart(_Rule):
    """One field that goes into the text."""

    field: str
    drop: str = ""
    """A pattern; what it matches at the beginning of the field is left out (a dateline)."""
    cut_at: int | None = None
    """The field was cut at this length by whoever made the table: then ``cut_mark`` is put after it."""
    cut_mark: str = "…"
    optional: bool = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        _compiled(self.drop)
        return self


class TextRule(_Rule):
    """How the text is put together."""

    parts: Annotated[tuple[TextPart, ...], Field(min_length=1)]
    separator: str = "\n"


class Extract(_Rule):
    """Named groups of ``pattern`` found in a field become values."""

    source: str = Field(alias="from")
    """A field, ``file``, ``member`` or ``text``."""
    pattern: str
    within: int | None = None
    """Look at so many characters only."""
    optional: bool = False

    @model_validator(mode="after")
    def _check(self) -> Self:
        if not _compiled(self.pattern).groupindex:
            message = f"pattern {self.pattern!r} has no named group such as (?P<year>\\d{{4}})"
            raise ValueError(message)
        return self


class LookupRow(_Rule):
    """``value`` for this ``key`` from the number ``since`` up to the number ``until``."""

    key: str = "*"
    since: int | None = None
    until: int | None = None
    value: str


class Lookup(_Rule):
    """A small table in the mapping: the first row that fits gives the value called ``name``."""

    name: str
    key: str
    number: str = ""
    rows: tuple[LookupRow, ...]
    default: str | None = None


class DateRule(_Rule):
    """Where the date stands; the first rule that applies wins."""

    value: str
    """A template; a rule whose template is empty or names a value that is absent does not apply."""
    format: str = "%Y-%m-%d"


class Group(_Rule):
    """Rows with the same value of ``field``, in the order given and across files, make one document."""

    field: str
    separator: str = "\n"
    unique: bool = True
    """Leave out a row whose text stands in the group already."""


class TableMapping(_Rule):
    """A mapping as loaded; see the module's text."""

    name: str
    format: Literal["records", "members"] = "records"
    """``records``: rows of .json, .jsonl, .csv; ``members``: the texts in a .zip."""
    files: str = "*"
    """In a folder: the files that belong to the table (a shell pattern)."""
    path_to_records: str = ""
    """In a JSON object: the path to the list of rows, such as ``data.items``."""
    encoding: str | None = None
    encodings: dict[str, str] = Field(default_factory=dict)
    """Encodings of single members, by a shell pattern of their names."""
    delimiter: str | None = None
    members: str = ""
    """Pattern of the members that are texts; its named groups become values."""
    ignored_members: str = ""

    extract: tuple[Extract, ...] = ()
    lookup: tuple[Lookup, ...] = ()
    date: tuple[DateRule, ...] = ()
    text: TextRule | None = None
    group: Group | None = None

    id: str = ""
    title: str = ""
    address: str = ""
    speakers: tuple[str, ...] = ()
    kind: str = SourceKind.DOCUMENT.value
    publisher: str = ""
    primary: bool = False
    licence: str = ""
    collection: str = ""
    """The part of the corpus that the rows belong to; empty: as the command says, else the mapping's name."""
    language: str = ""
    origin: str = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        _compiled(self.members)
        _compiled(self.ignored_members)
        if self.format == "records" and self.text is None:
            message = "no [text] with [[text.parts]]: say which field holds the text"
            raise ValueError(message)
        if not self.id and not self.address:
            message = "neither id nor address: say what names a row, so that it is found again when the table changes"
            raise ValueError(message)
        if "{" not in self.kind and self.kind not in set(SourceKind):
            message = f"kind {self.kind!r}; accepted are {', '.join(SourceKind)}"
            raise ValueError(message)
        return self


class CollectionPart(_Rule):
    """Paths, relative to a base folder, that are read with one mapping."""

    mapping: str = ""
    """File name of the mapping beside the collection file; empty: plain files and folders."""
    paths: Annotated[tuple[str, ...], Field(min_length=1)]


class CollectionFile(_Rule):
    """A list of mappings and paths that together make a corpus."""

    name: str
    parts: Annotated[tuple[CollectionPart, ...], Field(min_length=1)]


def load_mapping(path: Path) -> TableMapping:
    """Load a mapping file.

    Raises:
        MappingError: there is no such file, it is not TOML, or a key of it cannot be used.
    """
    try:
        return TableMapping.model_validate(load_toml(path))
    except ValidationError as error:
        raise MappingError(_explain(path, error)) from error


def load_collection_file(path: Path) -> CollectionFile:
    """Load a collection file.

    Raises:
        MappingError: there is no such file, it is not TOML, or a key of it cannot be used.
    """
    try:
        return CollectionFile.model_validate(load_toml(path))
    except ValidationError as error:
        raise MappingError(_explain(path, error)) from error


def load_toml(path: Path) -> dict[str, object]:
    """Return the content of a TOML file.

    Raises:
        MappingError: it cannot be opened or is not TOML.
    """
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        message = f"mapping {path} cannot be read: {error}; give the path of a TOML file"
        raise MappingError(message) from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        message = f"mapping {path} is not TOML: {error}"
        raise MappingError(message) from error


def _explain(path: Path, error: ValidationError) -> str:
    problems = "; ".join(
        f"{'.'.join(str(part) for part in item['loc']) or 'mapping'}: {item['msg'].removeprefix('Value error, ')}"
        for item in error.errors()
    )
    return f"mapping {path} cannot be used: {problems}"


class Values:
    """The values of one row that templates may name: fields, extracted groups, lookups."""

    def __init__(self, row: Mapping[str, object], where: str) -> None:
        self._row = row
        self._made: dict[str, str] = {}
        self.where = where

    def add(self, name: str, value: str) -> None:
        """Add a value that templates may name from now on."""
        self._made[name] = value

    def find(self, name: str) -> str | None:
        """Return the value called ``name``, or ``None`` if the row has none or an empty one."""
        if name in self._made:
            return self._made[name]
        value: object = self._row.get(name)
        if value is None and "." in name:
            value = self._row
            for part in name.split("."):
                value = value.get(part) if isinstance(value, dict) else None
        if value is None:
            return None
        if isinstance(value, bool):
            return "true" if value else "false"
        if isinstance(value, (str, int, float)):
            return str(value)
        if isinstance(value, list) and all(isinstance(item, (str, int, float)) for item in value):
            return "\n".join(str(item) for item in value)
        message = (
            f"{self.where}: field {name!r} holds a {type(value).__name__}; accepted are text, number and list of texts"
        )
        raise MappingError(message)

    def get(self, name: str) -> str:
        """Return the value called ``name``.

        Raises:
            MappingError: the row has no such value.
        """
        value = self.find(name)
        if value is None:
            there = ", ".join(sorted([*map(str, self._row), *self._made]))[:300]
            message = f"{self.where}: no field {name!r}; there are {there or 'none'}"
            raise MappingError(message)
        return value

    def fill(self, template: str) -> str:
        """Return ``template`` with its names replaced; white space runs become one space.

        Raises:
            MappingError: the row has no value of that name.
        """
        return " ".join(_NAME.sub(lambda found: self.get(found[1]), template).split())

    def fills(self, template: str) -> bool:
        """Tell whether the row has a value for every name in ``template``."""
        return all(self.find(name) for name in _NAME.findall(template))


def look_up(lookup: Lookup, values: Values) -> str:
    """Return the value of the first row of ``lookup`` that fits.

    Raises:
        MappingError: no row fits and there is no default.
    """
    key = values.fill(lookup.key)
    number_text = values.fill(lookup.number) if lookup.number else ""
    number = int(number_text) if number_text.lstrip("-").isdigit() else None
    for row in lookup.rows:
        if row.key not in {"*", key}:
            continue
        if (row.since is not None or row.until is not None) and (
            number is None
            or (row.since is not None and number < row.since)
            or (row.until is not None and number > row.until)
        ):
            continue
        return values.fill(row.value)
    if lookup.default is not None:
        return values.fill(lookup.default)
    message = f"{values.where}: {lookup.name} of {key!r} {number_text} is not in the mapping; add a row to its lookup"
    raise MappingError(message)


def find_date(rules: tuple[DateRule, ...], values: Values) -> dt.date | None:
    """Return the date by the first rule that applies; ``None`` if none does.

    Raises:
        MappingError: the value of a rule that applies is not a date of its format.
    """
    for rule in rules:
        if not values.fills(rule.value):
            continue
        text = values.fill(rule.value)
        try:
            return dt.datetime.strptime(text, rule.format).date()  # noqa: DTZ007  a day has no time zone
        except ValueError as error:
            message = f"{values.where}: {text[:60]!r} is not a date of the form {rule.format!r}; correct the mapping"
            raise MappingError(message) from error
    return None


def in_words(day: dt.date) -> str:
    """Return a date for a title.

    >>> in_words(dt.date(2022, 3, 29))
    '29 March 2022'
    """
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"
