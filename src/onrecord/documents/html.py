"""HTML: the article's text by trafilatura, and what the page says of itself."""

from __future__ import annotations

import datetime as dt
import logging
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from onrecord.documents.characters import checked, decode
from onrecord.documents.received import sha256_of
from onrecord.errors import DocumentError, EmptyDocumentError
from onrecord.records import Document

if TYPE_CHECKING:
    from onrecord.documents.received import Raw

_DECLARED = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([A-Za-z0-9_:.-]{1,40})""", re.IGNORECASE)
_LANGUAGE = re.compile(r"""<html[^>]{0,400}?\blang\s*=\s*["']?([A-Za-z]{2,3})\b""", re.IGNORECASE)
_DECLARED_WITHIN = 4096


class Html:
    """Reads pages. Scripts, styles, navigation and comments are left out.

    The date is the one that the page's metadata states; none is guessed from its prose. A page that was fetched keeps the
    address it was fetched from: a page may claim any canonical address, and that claim is kept beside it.
    """

    name = "html"
    suffixes = frozenset({".html", ".htm", ".xhtml"})
    media_types = frozenset({"text/html", "application/xhtml+xml"})

    def read(self, raw: Raw) -> Document:
        """Read ``raw`` as a page."""
        label = _DECLARED.search(raw.data[:_DECLARED_WITHIN])
        declared = raw.charset or (label[1].decode("ascii") if label else None)
        decoded = decode(raw.data, name=raw.name, declared=declared)
        warnings = list(decoded.warnings)
        page = _extract(decoded.text, raw.name)
        text = checked(str(getattr(page, "text", None) or ""), name=raw.name).strip()
        if not text:
            text = _all_text(decoded.text)
            if text:
                warnings.append("no article was recognised in the page: all of its text was taken")
        if not text:
            message = f"{raw.name}: a page without text; if its text is loaded by a script, save the page as text"
            raise EmptyDocumentError(message)
        canonical = _address(_field(page, "url"))
        metadata: dict[str, str] = {}
        if sitename := _field(page, "sitename"):
            metadata["publisher"] = sitename
        if canonical and raw.address and canonical != raw.address:
            metadata["canonical"] = canonical
        language = _LANGUAGE.search(decoded.text[:_DECLARED_WITHIN])
        return Document(
            text=text,
            media_type="text/html",
            content_sha256=sha256_of(raw.data),
            title=_field(page, "title"),
            published=_date(_field(page, "date")),
            address=raw.address or canonical,
            speakers=(),
            language=language[1].lower() if language else None,
            metadata=metadata | ({"author": author} if (author := _field(page, "author")) else {}),
            warnings=tuple(warnings),
        )


def _extract(page: str, name: str) -> Any:  # noqa: ANN401  trafilatura publishes no types
    from trafilatura import bare_extraction  # noqa: PLC0415  0.5 s, and only pages need it

    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)  # it reports every page without text as an error
    try:
        return bare_extraction(
            page,
            with_metadata=True,
            include_comments=False,
            include_tables=True,
            date_extraction_params={"extensive_search": False, "original_date": True, "outputformat": "%Y-%m-%d"},
        )
    except (RecursionError, ValueError, TypeError, AttributeError) as error:
        message = (
            f"{name}: a page that could not be taken apart ({type(error).__name__}); save it as text and try again"
        )
        raise DocumentError(message) from error


def _all_text(page: str) -> str:
    from lxml import etree, html  # type: ignore[import-untyped]  # noqa: PLC0415  loaded with trafilatura

    try:
        root = html.document_fromstring(page.encode("utf-8"), parser=html.HTMLParser(encoding="utf-8"))
    except (etree.ParserError, ValueError):
        return ""
    for element in root.xpath("//script | //style | //noscript | //template | //head | //svg | //iframe"):
        element.drop_tree()
    blocks = (" ".join(str(line).split()) for line in root.itertext())
    return "\n".join(block for block in blocks if block)


def _field(page: object, name: str) -> str | None:
    value = getattr(page, name, None)
    return " ".join(str(value).split()) or None if value else None


def _date(value: str | None) -> dt.date | None:
    try:
        return dt.date.fromisoformat(value[:10]) if value else None
    except ValueError:
        return None


def _address(value: str | None) -> str | None:
    return value if value and urlsplit(value).scheme in {"http", "https"} and urlsplit(value).hostname else None
