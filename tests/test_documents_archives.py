"""Web archives and zips: each page with its address and time, one document for a check, and hostile files."""

from __future__ import annotations

import gzip
import io
import re
import zipfile
from typing import TYPE_CHECKING

import pytest

from onrecord.documents import ReadFailure, Received, iter_documents, read, read_bytes
from onrecord.errors import DocumentError
from onrecord.settings import Settings
from tests.document_files import make_docx, make_pdf, make_srt

if TYPE_CHECKING:
    from pathlib import Path

    from onrecord.records import Document

PAGE = b"<html><head><title>Talks</title></head><body><article><p>%s</p></article></body></html>"
WORDS = b"The ministers met in Geneva on Friday for the second round of talks, which lasted two days."


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", fetch_max_bytes=1_000_000)


def record(  # noqa: PLR0913, PLR0917  a record has so many parts
    address: str,
    body: bytes,
    media_type: str = "text/html",
    status: str = "200 OK",
    kind: str = "response",
    more: str = "",
) -> bytes:
    http = f"HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nSet-Cookie: a=secret\r\n{more}\r\n".encode() + body
    content = http if kind == "response" else body
    declared = "application/http; msgtype=response" if kind == "response" else media_type
    head = (
        f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {address}\r\nWARC-Date: 2024-03-29T10:00:00Z\r\n"
        f"WARC-Record-ID: <urn:uuid:{abs(hash(address))}>\r\nContent-Type: {declared}\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content + b"\r\n\r\n"


GZIP = "Content-Encoding: gzip\r\n"
CHUNKED = "Transfer-Encoding: chunked\r\n"
CRAWL = [
    record("https://example.org/a", PAGE % WORDS),
    record("https://example.org/old", b"", status="301 Moved"),  # a redirect
    record("https://example.org/gone", b"gone", status="404 Not Found"),
    record("https://example.org/a.png", b"\x89PNG", "image/png"),  # part of a page
    record("https://example.org/a.css", b"p {}", "text/css"),
    record("https://example.org/b", gzip.compress(PAGE % WORDS.replace(b"second", b"third")), more=GZIP),
    record("https://example.org/c", b"f\r\nWords in pieces\r\n0\r\n\r\n", "text/plain", more=CHUNKED),
    record("https://example.org/d.txt", b"A resource.", "text/plain", kind="resource"),
    record("https://example.org/req", b"GET / HTTP/1.1\r\n\r\n", kind="request"),
    record("https://example.org/e", "“Café”".encode("cp1252"), "text/plain; charset=windows-1252"),
]  # fmt: skip
ADDRESSES = [f"https://example.org/{name}" for name in ("a", "b", "c", "d.txt", "e")]


def split(found: list[Document | ReadFailure]) -> tuple[list[Document], list[str]]:
    documents = [item for item in found if not isinstance(item, ReadFailure)]
    return documents, [item.reason for item in found if isinstance(item, ReadFailure)]


def write(path: Path, form: str, records: list[bytes]) -> Path:
    """Write a WARC as it is, packed as a whole, packed record by record, or in a WACZ."""
    data = b"".join(records)
    each = b"".join(gzip.compress(item) for item in records)
    match form:
        case "warc":
            (path := path / "crawl.warc").write_bytes(data)
        case "whole":
            (path := path / "crawl.warc.gz").write_bytes(gzip.compress(data))
        case "each":
            (path := path / "crawl.warc.gz").write_bytes(each)
        case _:
            path /= "crawl.wacz"
            with zipfile.ZipFile(path, "w") as archive:
                archive.writestr("datapackage.json", "{}")
                archive.writestr("pages/pages.jsonl", '{"url": "x"}')
                archive.writestr("archive/data.warc.gz", each)
    return path


@pytest.mark.parametrize("form", ["warc", "whole", "each", "wacz"])
def test_web_archive(tmp_path: Path, settings: Settings, form: str) -> None:
    path = write(tmp_path, form, CRAWL)
    documents, failures = split(list(iter_documents([path], settings=settings)))
    assert failures == []
    assert [document.address for document in documents] == ADDRESSES
    assert "third round" in documents[1].text
    assert documents[2].text == "Words in pieces"
    assert documents[4].text == "“Café”"
    first = documents[0]
    assert isinstance(first, Received)
    assert first.metadata["retrieved_at"] == "2024-03-29T10:00:00+00:00"
    (content,) = first.contents
    assert content.path == path
    assert "https://example.org/a at 2024" in content.locator
    assert content.fetched is not None
    assert [key for key, _ in content.fetched.headers] == ["Content-Type"]  # no cookies


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a readable web archive|no record"),
        (b"nonsense", "not a readable web archive"),
        (b"\x1f\x8bnonsense", "not a readable web archive"),
        (b"".join(CRAWL)[:-400], "damaged"),  # truncated
        (gzip.compress(b"".join(CRAWL))[:-60], "damaged"),
        (gzip.compress(record("https://example.org/x", b"a" * 2_000_000, "text/plain")), "more than 1000000 bytes"),
        (record("https://example.org/x", gzip.compress(b"a" * 50_000_000), "text/plain", more=GZIP),
         "more than 1000000 bytes"),
        (gzip.compress(record("https://example.org/x", b"a" * 200_000_000, "text/plain")), "unpacks to more|more than 1000000"),
        (record("https://example.org/x", b"\x00\x01" * 500, "text/plain"), "control characters"),
    ],
)  # fmt: skip
def test_bad_web_archives(tmp_path: Path, settings: Settings, data: bytes, message: str) -> None:
    path = tmp_path / ("crawl.warc.gz" if data.startswith(b"\x1f\x8b") else "crawl.warc")
    path.write_bytes(data)
    _, failures = split(list(iter_documents([path], settings=settings)))
    assert failures
    assert any(re.search(message, failure) for failure in failures), failures


def zipped(members: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


FILES = {
    "a.txt": WORDS,
    "b.pdf": make_pdf([[WORDS.decode()]]),
    "c.docx": make_docx([WORDS.decode()]),
    "d.srt": make_srt([WORDS.decode()]).encode(),
}


def test_zip_of_every_kind(tmp_path: Path, settings: Settings) -> None:
    hidden = {"__MACOSX/._a.txt": b"\x00", ".DS_Store": b"\x00", "sub/.hidden.txt": b"x"}
    (tmp_path / "all.zip").write_bytes(zipped({**FILES, **hidden, "crawl.warc": CRAWL[0], "inner.zip": zipped(FILES)}))
    documents, failures = split(list(iter_documents([tmp_path / "all.zip"], settings=settings)))
    assert [WORDS.decode() in document.text for document in documents] == [True] * 5
    assert len(failures) == 1
    assert "inner.zip" in failures[0]  # an archive in an archive


def encrypted(data: bytes) -> bytes:
    """Return a zip archive of one member whose head says that it is encrypted."""
    at = data.rindex(b"PK\x01\x02") + 8
    return data[:at] + bytes([data[at] | 1]) + data[at + 1 :]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (
            zipped({"crawl.warc": record("https://example.org/x", b"a" * 60_000_000, "text/plain")}),
            "unpacks from",
        ),  # a bomb
        (encrypted(zipped({"crawl.warc": CRAWL[0]})), "is encrypted"),
        (encrypted(zipped({"a.txt": WORDS})), "is encrypted"),
        (
            zipped({"crawl.warc.gz": zipped({"crawl.warc": CRAWL[0]})}),
            "not a readable web archive",
        ),  # a zip called a WARC
    ],
)
def test_bad_archive_within_an_archive(tmp_path: Path, settings: Settings, data: bytes, message: str) -> None:
    (tmp_path / "all.zip").write_bytes(data)
    documents, failures = split(list(iter_documents([tmp_path / "all.zip"], settings=settings)))
    assert documents == []
    assert re.search(message, "".join(failures)), failures


@pytest.mark.parametrize("name", FILES)
def test_archive_of_one_document_can_be_checked(tmp_path: Path, settings: Settings, name: str) -> None:
    data = zipped({name: FILES[name]})
    (tmp_path / "one.zip").write_bytes(data)
    assert WORDS.decode() in read(tmp_path / "one.zip", settings=settings).text
    assert WORDS.decode() in read_bytes(data, name="one.zip", settings=settings).text  # an upload
    assert WORDS.decode() in read_bytes(CRAWL[0], name="a.warc", settings=settings).text


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (FILES, r"several documents \(a.txt, b.pdf, c.docx, d.srt\)"),
        ({}, "without a document"),
        ({"a.xyz": b"words"}, "without a document.*suffix"),
        ({"a.zip": zipped(FILES)}, "without a document.*zip archive"),
        ({"a.txt": b"a" * 900_000_000}, "unpacks from"),
    ],
)
def test_archive_that_is_no_article(settings: Settings, members: dict[str, bytes], message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        read_bytes(zipped(members), name="many.zip", settings=settings)
