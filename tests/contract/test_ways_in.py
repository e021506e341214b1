"""What archives, tables and lists keep, whatever comes: a document, a failure with its reason, and nothing in silence."""

from __future__ import annotations

import gzip
import io
import json
import random
import zipfile
from pathlib import Path

import pytest

from onrecord.documents import ReadFailure, iter_documents, load_mapping
from onrecord.documents.feeds import parse_listing
from onrecord.documents.received import Raw
from onrecord.errors import DocumentError
from onrecord.settings import Settings
from tests.document_files import ROW_MAPPING, make_docx, make_srt

WORDS = "The ministers met in Geneva on Friday for the second round of talks, which lasted two days."
ROWS = [
    {"key": "a", "when": "2024-03-29", "head": "Talks go on", "body": "They met."},
    {"key": "b", "when": "2024-03-30", "head": "Talks – end", "body": "They left."},
]
CSV = "key,when,head,body\n" + "".join(",".join(f'"{cell}"' for cell in row.values()) + "\n" for row in ROWS)
LINES = "".join(json.dumps(row) + "\n" for row in ROWS)


def page(name: str) -> bytes:
    http = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n{WORDS}".encode()
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: https://example.org/{name}\r\n"
        "WARC-Date: 2024-03-29T10:00:00Z\r\nContent-Type: application/http; msgtype=response\r\n"
        f"Content-Length: {len(http)}\r\n\r\n"
    )
    return head.encode() + http + b"\r\n\r\n"


CRAWL = [page("a"), page("b"), page("c")]
EACH = b"".join(map(gzip.compress, CRAWL))


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return out.getvalue()


MEMBERS = {
    "a.txt": WORDS.encode(),
    "b.docx": make_docx([WORDS]),
    "ü.srt": make_srt([WORDS]).encode(),
    "c.warc": CRAWL[0],
}
FILES = {
    "stored.zip": (zipped(MEMBERS, zipfile.ZIP_STORED), 4),
    "deflated.zip": (zipped(MEMBERS), 4),
    "bzip2.zip": (zipped(MEMBERS, zipfile.ZIP_BZIP2), 4),
    "lzma.zip": (zipped(MEMBERS, zipfile.ZIP_LZMA), 4),
    "crawl.warc": (b"".join(CRAWL), 3),
    "crawl.warc.gz": (EACH, 3),
    "crawl.wacz": (zipped({"datapackage.json": b"{}", "archive/data.warc.gz": EACH}, zipfile.ZIP_STORED), 3),
    "rows.csv": (CSV.encode(), 2),
    "rows.csv.gz": (gzip.compress(CSV.encode()), 2),
    "rows.json": (json.dumps(ROWS).encode(), 2),
    "rows.jsonl": (LINES.encode(), 2),
    "wide.jsonl": (LINES.encode("utf-16"), 2),
}
"""A file of each kind, and how many documents it holds."""
LISTS = {
    "feed.xml": b'<?xml version="1.0"?><rss version="2.0"><channel><title>T</title><item><title>A</title>'
    b"<link>https://example.org/a</link><pubDate>Fri, 29 Mar 2024 10:00:00 GMT</pubDate></item></channel></rss>",
    "map.xml": b'<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"><url>'
    b"<loc>https://example.org/a</loc><lastmod>2024-03-29</lastmod></url></urlset>",
    "map.xml.gz": gzip.compress(b"<urlset><url><loc>https://example.org/a</loc></url></urlset>"),
    "list.txt": b"https://example.org/a\nhttps://example.org/b\n",
}
each_file = pytest.mark.parametrize("name", FILES)
each_list = pytest.mark.parametrize("name", LISTS)


def taken(folder: Path, name: str, data: bytes) -> int:
    """Read a file as the corpus does, and return how many documents came out of it; anything but a failure ends the test."""
    path, mapping = folder / name, folder / "mapping.toml"
    path.write_bytes(data)
    mapping.write_text(ROW_MAPPING, encoding="utf-8")
    settings = Settings(home=folder / "home", fetch_max_bytes=1_000_000)
    loaded = load_mapping(mapping) if name.startswith(("rows", "wide")) else None
    found = list(iter_documents([path], mapping=loaded, settings=settings))
    assert found, "nothing came, and nothing was said"
    for item in found:
        if isinstance(item, ReadFailure):
            assert item.reason
        else:
            assert item.text.strip()
            assert "\x00" not in item.text
    return sum(not isinstance(item, ReadFailure) for item in found)


def damaged(data: bytes, seed: int) -> bytes:
    chance = random.Random(seed)  # noqa: S311  the same damage each time
    changed = bytearray(data)
    for _ in range(chance.randint(1, 12)):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


@each_file
def test_whole(tmp_path: Path, name: str) -> None:
    data, number = FILES[name]
    assert taken(tmp_path, name, data) == number


@each_file
def test_truncated_anywhere(tmp_path: Path, name: str) -> None:
    data, number = FILES[name]
    for cut in range(0, len(data), max(1, len(data) // 25)):
        assert taken(tmp_path, name, data[:cut]) <= number


@each_file
def test_damaged_anywhere(tmp_path: Path, name: str) -> None:
    data, _ = FILES[name]
    for seed in range(25):
        taken(tmp_path, name, damaged(data, seed))
        # at the end, where an archive keeps what it holds
        taken(tmp_path, name, data[:-300] + damaged(data[-300:], seed))


HOSTILE = {
    # a name that is called UTF-8 and is not
    "name.zip": zipped({"é.txt": WORDS.encode()}).replace("é.txt".encode(), b"\xff\xfe.txt"),
    "hidden.zip": zipped({".DS_Store": b"x", "__MACOSX/a": b"x"}),
    "none.zip": zipped({}),
    "none.wacz": zipped({"datapackage.json": b"{}"}),
    # records that do not say where they come from, or how long they are
    "nowhere.warc": CRAWL[0].replace(b"WARC-Target-URI", b"WARC-Elsewhere"),
    "endless.warc": CRAWL[0].replace(b"Content-Length", b"Content-Strength"),
    "negative.warc": CRAWL[0].replace(b"Content-Length: ", b"Content-Length: -"),
    "rows.csv": CSV.splitlines()[0].encode(),  # its head alone
    "rows.jsonl": b"\n\n",
    "rows.json": b"[]",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_holds_nothing_says_so(tmp_path: Path, name: str) -> None:
    taken(tmp_path, name, HOSTILE[name])


def test_one_empty_file_of_a_table_is_no_failure(tmp_path: Path) -> None:
    folder, mapping = tmp_path / "rows", tmp_path / "mapping.toml"
    folder.mkdir()
    mapping.write_text(ROW_MAPPING, encoding="utf-8")
    (folder / "a.csv").write_text(CSV, encoding="utf-8")
    (folder / "b.csv").write_text(CSV.splitlines()[0], encoding="utf-8")
    found = list(iter_documents([folder], mapping=load_mapping(mapping), settings=Settings(home=tmp_path / "home")))
    assert [isinstance(item, ReadFailure) for item in found] == [False, False]


@each_list
def test_lists_truncated_or_damaged(tmp_path: Path, name: str) -> None:
    data = LISTS[name]
    settings = Settings(home=tmp_path)
    assert parse_listing(Raw(data=data, name=name), settings=settings).entries[0].address == "https://example.org/a"
    for changed in [*(data[:cut] for cut in range(0, len(data), 3)), *(damaged(data, seed) for seed in range(60))]:
        try:
            listing = parse_listing(Raw(data=changed, name=name), settings=settings)
        except DocumentError:
            continue
        assert all(entry.address.startswith(("http://", "https://")) for entry in listing.entries)
