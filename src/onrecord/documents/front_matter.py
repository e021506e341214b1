"""The YAML block at the head of a Markdown or text file, read into a document's fields."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

import yaml

from onrecord.errors import DocumentError

_BLOCK = re.compile(r"\A\s*---[ \t]*\n(?P<yaml>.*?)(?:\A|(?<=\n))(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL)
_LONGEST = 64_000
_KEY = re.compile(r"[A-Za-z][\w -]*\Z")
# Left: what people write; right: the field it means.
_SYNONYMS = {
    "date": "published",
    "url": "address",
    "link": "address",
    "source": "address",  # where it is an address
    "license": "licence",
    "lang": "language",
    "speaker": "speakers",
    "retrieved": "retrieved_at",
}


@dataclass(frozen=True, slots=True)
class FrontMatter:
    """The fields of a document that its front matter gave, and where the body begins."""

    body_start: int = 0
    title: str | None = None
    published: dt.date | None = None
    address: str | None = None
    speakers: tuple[str, ...] = ()
    language: str | None = None
    metadata: dict[str, str] = field(default_factory=dict)


def read_front_matter(text: str, *, name: str) -> FrontMatter:
    r"""Read the front matter of ``text``; a text without one has none.

    Raises:
        DocumentError: it is not a flat YAML mapping, or a date in it is no date.

    >>> read_front_matter("---\ntitle: A\ndate: 2022-03-29\n---\nBody", name="a.md").published
    datetime.date(2022, 3, 29)
    """
    found = _BLOCK.match(text)
    if found is None:
        return FrontMatter()
    block = found["yaml"]
    if len(block) > _LONGEST:
        message = f"{name}: front matter of {len(block)} characters; at most {_LONGEST} are accepted"
        raise DocumentError(message)
    try:
        given = yaml.safe_load(block)
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        reason = " ".join(str(error).split())[:200]
        message = f"{name}: front matter that is not YAML ({reason}); write lines of the form 'title: …' between '---'"
        raise DocumentError(message) from error
    if given is None:
        return FrontMatter(body_start=found.end())
    if not isinstance(given, dict) or not all(isinstance(key, str) and _KEY.match(key) for key in given):
        if not isinstance(given, dict):
            return FrontMatter()  # "---" as a rule around an ordinary paragraph
        message = f"{name}: front matter with keys that are not words; write lines of the form 'title: …'"
        raise DocumentError(message)
    values = {_field(key.lower(), value): value for key, value in given.items() if value is not None}
    return FrontMatter(
        body_start=found.end(),
        title=_text(values.pop("title", None), "title", name),
        published=_date(values.pop("published", None), name),
        address=_text(values.pop("address", None), "address", name),
        speakers=_texts(values.pop("speakers", None), "speakers", name),
        language=_text(values.pop("language", None), "language", name),
        metadata={key: _joined(value, key, name) for key, value in values.items()},
    )


def _field(key: str, value: object) -> str:
    if key == "source" and not str(value).startswith(("http://", "https://")):
        return key
    return _SYNONYMS.get(key, key)


def _text(value: object, key: str, name: str) -> str | None:
    if value is None:
        return None
    return _joined(value, key, name).strip() or None


def _texts(value: object, key: str, name: str) -> tuple[str, ...]:
    if value is None:
        return ()
    items = value if isinstance(value, list) else [value]
    return tuple(text for item in items if (text := _scalar(item, key, name).strip()))


def _joined(value: object, key: str, name: str) -> str:
    if isinstance(value, list):
        return ", ".join(_scalar(item, key, name) for item in value)
    return _scalar(value, key, name)


def _scalar(value: object, key: str, name: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int, float)):
        return str(value)
    if isinstance(value, (dt.date, dt.datetime)):
        return value.isoformat()
    message = (
        f"{name}: front matter key {key!r} holds a {type(value).__name__}; accepted are text, number, date and list"
    )
    raise DocumentError(message)


def _date(value: object, name: str) -> dt.date | None:
    if value is None:
        return None
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date):
        return value
    try:
        return dt.date.fromisoformat(str(value).strip()[:10])
    except ValueError as error:
        message = f"{name}: date {str(value)[:40]!r} in the front matter; write it as 2022-03-29"
        raise DocumentError(message) from error
