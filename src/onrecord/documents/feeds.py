"""Lists of addresses: RSS and Atom feeds, sitemaps and their indexes, and plain lists with an address on each line."""

from __future__ import annotations

import datetime as dt
import io
import re
import zlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from urllib.parse import urljoin, urlsplit

from onrecord.documents.characters import decode
from onrecord.documents.received import Raw
from onrecord.errors import DocumentError, EmptyDocumentError, UnsupportedFormatError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from onrecord.documents.fetch import Fetched
    from onrecord.settings import Settings

_ROOT = re.compile(
    rb"\A\s*(?:<\?xml[^>]{0,400}\?>\s*|<\?[^>]{0,2000}\?>\s*|<!--.{0,4000}?-->\s*|"
    rb"<!DOCTYPE[^>\[]{0,400}(?:\[[^\]]{0,4000}\])?\s*>\s*)*"
    rb"<(?:[\w.-]{1,20}:)?(?P<root>rss|feed|RDF|urlset|sitemapindex)\b",
    re.DOTALL,
)
_HEAD = 16_384
_MOST_ADDRESSES = 100_000
_MOST_SITEMAPS = 500  # below one index
_LONGEST_ADDRESS = 4000


@dataclass(frozen=True, slots=True)
class Listed:
    """One address in a list, with what the list says of it."""

    address: str
    title: str | None = None
    published: dt.date | None = None
    changed_at: dt.datetime | None = None
    """When the list says that it last changed; a day alone is its beginning, in UTC."""


@dataclass(frozen=True, slots=True)
class Listing:
    """The addresses in a feed, sitemap or list, each once, in its order. ``form`` says which it was."""

    name: str
    form: Literal["feed", "sitemap", "sitemap index", "list"]
    entries: tuple[Listed, ...]
    title: str | None = None
    warnings: tuple[str, ...] = ()
    """What was left out, and why."""


def is_listing(data: bytes) -> bool:
    """Tell whether the bytes are a feed or a sitemap, by their first element."""
    return _ROOT.match(data[:_HEAD].removeprefix(b"\xef\xbb\xbf")) is not None


def read_listing(source: str | Path, *, settings: Settings, fetch: Callable[[str], Fetched] | None = None) -> Listing:
    """Read a file or an http(s) address as a list of addresses. The sitemaps that an index names are read too.

    Args:
        source: A path or an address.
        settings: The settings in force.
        fetch: How addresses are fetched; give ``Fetcher(settings).fetch`` where more than one may be.

    Raises:
        DocumentError: it cannot be opened or fetched, or is no such list. A sitemap below an index that cannot be
            read is a warning.
    """
    if fetch is None:
        from onrecord.documents.polite import Fetcher  # noqa: PLC0415  httpx takes 0.1 s, and files need none

        fetch = Fetcher(settings).fetch
    if isinstance(source, str) and source.lower().startswith(("http://", "https://")):
        listing = parse_listing(_raw(fetch(source)), settings=settings)
    else:
        path = Path(source).expanduser()
        try:
            with path.open("rb") as opened:
                data = opened.read(settings.fetch_max_bytes + 1)
        except (OSError, ValueError) as error:
            message = f"{path}: cannot be opened ({error}); give an existing file or an http(s) address"
            raise DocumentError(message) from error
        listing = parse_listing(Raw(data=data, name=path.name), settings=settings)
    return _below(listing, settings, fetch) if listing.form == "sitemap index" else listing


def parse_listing(raw: Raw, *, settings: Settings) -> Listing:
    r"""Read bytes as a list of addresses.

    >>> from onrecord.settings import load_settings
    >>> raw = Raw(data=b"https://example.org/a\n# note\nhttps://example.org/b\n", name="list.txt")
    >>> [entry.address for entry in parse_listing(raw, settings=load_settings()).entries]
    ['https://example.org/a', 'https://example.org/b']

    Raises:
        EmptyDocumentError: it is such a list, and there is no address in it.
        DocumentError: it is no such list, or damaged.
    """
    raw = replace(raw, data=_unpacked(raw, settings))
    found = _ROOT.match(raw.data[:_HEAD].removeprefix(b"\xef\xbb\xbf"))
    match found["root"].decode("ascii") if found else "":
        case "urlset" | "sitemapindex" as root:
            listing = _sitemap(raw, root)
        case "":
            listing = _plain(raw)
        case _:
            listing = _feed(raw)
    entries, left_out = _usable(listing.entries, raw)
    if not entries:
        message = f"{raw.name}: a {listing.form} without an http(s) address in it; give one that lists pages"
        raise EmptyDocumentError(message)
    warnings = [*listing.warnings]
    if left_out:
        warnings.append(f"{left_out} entries without an http(s) address, or listed twice, were left out")
    if len(entries) > _MOST_ADDRESSES:
        warnings.append(f"only the first {_MOST_ADDRESSES} of {len(entries)} addresses were taken")
    return replace(listing, entries=tuple(entries[:_MOST_ADDRESSES]), warnings=tuple(warnings))


def _raw(fetched: Fetched) -> Raw:
    return Raw(
        data=fetched.data,
        name=fetched.address,
        media_type=fetched.media_type,
        charset=fetched.charset,
        address=fetched.address,
    )


def _unpacked(raw: Raw, settings: Settings) -> bytes:
    """Return the bytes, unpacked where they are gzip (sitemaps often are), within the limit."""
    data = raw.data
    if data.startswith(b"\x1f\x8b"):
        from onrecord.documents.fetch import Unpacker  # noqa: PLC0415  as above

        unpacker = Unpacker(raw_deflate_allowed=False, limit=settings.fetch_max_bytes)
        try:
            data = unpacker.unpack(data, 0)
        except zlib.error as error:
            message = f"{raw.name}: damaged ({error}); fetch it again"
            raise DocumentError(message) from error
        if not unpacker.complete and len(data) <= settings.fetch_max_bytes:
            message = f"{raw.name}: ends too early; fetch it again"
            raise DocumentError(message)
    if len(data) > settings.fetch_max_bytes:
        message = (
            f"{raw.name}: more than {settings.fetch_max_bytes} bytes;"
            " raise fetch_max_bytes (ONRECORD_FETCH_MAX_BYTES) if it is right"
        )
        raise DocumentError(message)
    return data


def _below(index: Listing, settings: Settings, fetch: Callable[[str], Fetched]) -> Listing:
    """Return the addresses of all sitemaps that ``index`` names; only those of its own host are read."""
    entries: dict[str, Listed] = {}
    warnings = list(index.warnings)
    if len(index.entries) > _MOST_SITEMAPS:
        warnings.append(f"only the first {_MOST_SITEMAPS} of {len(index.entries)} sitemaps were read")
    for item in index.entries[:_MOST_SITEMAPS]:
        if index.name.startswith("http") and urlsplit(item.address).hostname != urlsplit(index.name).hostname:
            warnings.append(f"{item.address}: a sitemap of another host; not read")
            continue
        try:
            found = parse_listing(_raw(fetch(item.address)), settings=settings)
        except DocumentError as error:
            warnings.append(str(error))
            continue
        if found.form != "sitemap":
            warnings.append(f"{item.address}: a {found.form} where a sitemap was expected; not read")
            continue
        warnings.extend(found.warnings)
        for entry in found.entries:
            entries.setdefault(entry.address, entry)
        if len(entries) >= _MOST_ADDRESSES:
            warnings.append(f"more than {_MOST_ADDRESSES} addresses; the rest was not read")
            break
    if not entries:
        message = f"{index.name}: none of its sitemaps could be read ({'; '.join(warnings)[:500]})"
        raise DocumentError(message)
    return replace(index, entries=tuple(entries.values())[:_MOST_ADDRESSES], warnings=tuple(warnings))


def _usable(entries: Iterable[Listed], raw: Raw) -> tuple[list[Listed], int]:
    """Return the entries with an http(s) address, made absolute, each once; and how many were left out."""
    kept: dict[str, Listed] = {}
    left_out = 0
    for entry in entries:
        try:
            address = urljoin(raw.address or "", entry.address.strip())
            parts = urlsplit(address)
            usable = (
                entry.address
                and parts.scheme in {"http", "https"}
                and parts.hostname
                and len(address) <= _LONGEST_ADDRESS
            )
        except ValueError:
            usable = False
        if not usable or any(character.isspace() for character in address):
            left_out += 1
            continue
        address = address.partition("#")[0]
        if address in kept:
            left_out += 1
        kept.setdefault(address, replace(entry, address=address))
    return list(kept.values()), left_out


def _feed(raw: Raw) -> Listing:
    import feedparser  # noqa: PLC0415  50 ms, and only feeds need it

    headers = {"content-type": f"{raw.media_type or 'application/xml'}; charset={raw.charset}"} if raw.charset else {}
    # As a stream: bytes that begin like an address would be fetched, and a file name opened.
    parsed = feedparser.parse(io.BytesIO(raw.data), response_headers=headers, sanitize_html=False)
    if parsed.bozo and not parsed.entries:
        message = f"{raw.name}: a damaged feed ({str(parsed.get('bozo_exception', ''))[:200]}); fetch it again"
        raise DocumentError(message)
    entries = tuple(
        Listed(
            address=entry.get("link", ""),
            title=_words(entry.get("title", "")),
            published=moment.date() if (moment := _moment(entry.get("published_parsed"))) else None,
            # Asked first: feedparser gives the day of publication where this is missing, with a warning.
            changed_at=_moment(entry["updated_parsed"]) if "updated_parsed" in entry else None,
        )
        for entry in parsed.entries
    )
    warnings = ("the feed is damaged; what could be read was taken",) if parsed.bozo and _is_cut(raw.data) else ()
    return Listing(raw.name, "feed", entries, _words(parsed.feed.get("title", "")), warnings)


def _is_cut(data: bytes) -> bool:
    return not re.search(rb"</(?:\w+:)?(?:rss|feed|RDF)\s*>\s*\Z", data[-2000:], re.IGNORECASE)


def _words(value: str) -> str | None:
    """Return a title without the tags that some feeds put into it."""
    return " ".join(re.sub(r"<[^<>]{0,200}>", "", value).split()) or None


def _moment(value: object) -> dt.datetime | None:
    """Return the moment of a ``time.struct_time`` in UTC, as feedparser gives it."""
    try:
        return dt.datetime(*tuple(value)[:6], tzinfo=dt.UTC) if value else None  # type: ignore[arg-type, misc]
    except (TypeError, ValueError):
        return None


def _sitemap(raw: Raw, root: str) -> Listing:
    from lxml import etree  # type: ignore[import-untyped]  # noqa: PLC0415  20 ms, and only sitemaps need it

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        tree = etree.fromstring(raw.data, parser=parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        message = f"{raw.name}: a damaged sitemap ({str(error)[:200]}); fetch it again"
        raise DocumentError(message) from error
    entries = tuple(
        Listed(address=_child(item, "loc"), changed_at=_iso(_child(item, "lastmod")))
        for item in tree.iterfind("{*}url" if root == "urlset" else "{*}sitemap")
    )
    return Listing(raw.name, "sitemap" if root == "urlset" else "sitemap index", entries)


def _child(item: object, name: str) -> str:
    return str(item.findtext(f"{{*}}{name}", "")).strip()  # type: ignore[attr-defined]


def _iso(value: str) -> dt.datetime | None:
    try:
        moment = dt.datetime.fromisoformat(value)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _plain(raw: Raw) -> Listing:
    text = decode(raw.data, name=raw.name, declared=raw.charset).text
    lines = [line.strip() for line in text.splitlines()]
    given = [line for line in lines if line and not line.startswith("#")]
    wrong = next((line for line in given if not line.lower().startswith(("http://", "https://"))), None)
    if wrong is not None:
        message = (
            f"{raw.name}: {wrong[:60]!r} is no address; accepted are RSS and Atom feeds, sitemaps,"
            " and text with one http(s) address on each line (lines with # are notes)"
        )
        raise UnsupportedFormatError(message)
    return Listing(raw.name, "list", tuple(Listed(address=line) for line in given))
