"""Reading: front matter, pages, tables, archives, folders, addresses."""

from __future__ import annotations

import contextlib
import datetime as dt
import gzip
import hashlib
import http.server
import io
import json
import os
import re
import socketserver
import threading
import time
import zipfile
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from onrecord.documents import (
    ReadFailure,
    Received,
    TableMapping,
    belonging,
    count_collection,
    count_documents,
    iter_collection,
    iter_documents,
    load_collection,
    load_mapping,
    read,
    read_bytes,
    read_table,
)
from onrecord.documents.fetch import fetch, is_global
from onrecord.errors import DocumentError, EmptyDocumentError, FetchError, MappingError, UnsupportedFormatError
from onrecord.records import Document
from onrecord.settings import Settings
from tests.document_files import ROW_MAPPING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

DATA = Path(__file__).parent / "data" / "documents"
MAPPINGS = Path(__file__).parent.parent / "corpus" / "mappings"
SHARED = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def texts(found: Iterable[Document | ReadFailure]) -> list[str]:
    return [document.text for document in found if not isinstance(document, ReadFailure)]


# One document


def test_markdown_with_front_matter(settings: Settings) -> None:
    document = read(DATA / "communique.md", settings=settings)
    assert document.title == "Communiqué of the second round"
    assert document.published == dt.date(2024, 3, 29)
    assert document.address == "https://example.org/communique"
    assert document.speakers == ("Anna Berg", "José Ruiz")
    assert document.language == "en"
    assert document.metadata == {
        "id": "communique-2024",
        "publisher": "Foreign Ministry",
        "kind": "document",
        "primary": "true",
        "licence": "CC BY 4.0",
        "origin": "written for the tests",
    }
    assert document.text.splitlines() == [
        "Communiqué",
        "",
        "The parties met for two days. They agreed on three points:",
        "",
        "1. a ceasefire,",
        "2. an exchange of 200 prisoners,",
        "- without delay",
        "3. a third round.",
        "",
        "“We remain open to talks,” the minister said.",
        "",
        "Item | Number",
        "Prisoners | 200",
        "Days | 2",
        "",
        "Signed in Geneva.",
    ]
    assert document.warnings == ("raw HTML in the Markdown was left out",)
    assert document.content_sha256 == hashlib.sha256((DATA / "communique.md").read_bytes()).hexdigest()


def test_page(settings: Settings) -> None:
    document = read(DATA / "article.html", settings=settings)
    assert document.title == "Ministers meet in Geneva"
    assert document.published == dt.date(2024, 3, 29)
    assert document.address == "https://news.example.org/2024/geneva"
    assert document.language == "en"
    assert document.metadata["publisher"] == "Example News"
    assert document.metadata["author"] == "Anna Berg"
    assert "“We remain open to talks,” the foreign minister told reporters" in document.text
    for absent in ("SCRIPTTEXT", "STYLETEXT", "steal()", "Copyright", "Home"):
        assert absent not in document.text


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ("title: A\ndate: 2022-03-29\n", {"published": dt.date(2022, 3, 29), "title": "A"}),
        ("published: 2022-03-29T10:00:00Z\n", {"published": dt.date(2022, 3, 29)}),  # a moment
        ('date: "2022-03-29"\n', {"published": dt.date(2022, 3, 29)}),  # a text
        ("speaker: Anna Berg\n", {"speakers": ("Anna Berg",)}),
        ("source: https://example.org/a\n", {"address": "https://example.org/a"}),
        ("source: the archive\n", {"address": None, "metadata": {"source": "the archive"}}),  # not an address
        ("primary: yes\n", {"metadata": {"primary": "true"}}),  # YAML's own truth
        ("title: 1984\n", {"title": "1984"}),  # a number is a title too
        ("title:\n", {"title": None}),
        ("", {"title": None, "metadata": {}}),
        ("tags: [a, b]\n", {"metadata": {"tags": "a, b"}}),
    ],
)
def test_front_matter(settings: Settings, head: str, expected: dict[str, object]) -> None:
    document = read_bytes(f"---\n{head}---\nWords.\n".encode(), name="a.txt", settings=settings)
    assert document.text == "Words.\n"
    for key, value in expected.items():
        assert getattr(document, key) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("---\ndate: soon\n---\nWords.", "date 'soon'"),  # no date
        ("---\ndate: 2022-02-30\n---\nWords.", "front matter"),  # no such day
        ("---\ntitle: [a\n---\nWords.", "not YAML"),
        ("---\na: &a [x]\nb: &b [*a,*a]\nc: [*b,*b]\n---\nWords.", "holds a list"),  # the billion laughs
        ("---\ntitle: {a: b}\n---\nWords.", "holds a dict"),
        ("---\n!!python/object/apply:os.system ['true']\n---\nWords.", "not YAML"),  # code
        ("---\n1: a\n---\nWords.", "not words"),
        ("---\n" + "a: b\n" * 20_000 + "---\nWords.", "at most"),  # huge
        ("---\n" + "a: " + "[" * 2000 + "\n---\nWords.", "not YAML"),  # deep
    ],
)
def test_bad_front_matter(settings: Settings, text: str, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        read_bytes(text.encode(), name="a.md", settings=settings)


def test_rule_at_the_head_is_no_front_matter(settings: Settings) -> None:
    text = "---\nJust a paragraph\n---\nand another."
    assert read_bytes(text.encode(), name="a.txt", settings=settings).text == text


def test_plain_text_is_kept_as_it_is(settings: Settings) -> None:
    text = "  Heading\n\n\tMoscow, Russia – He “said” so.  \n\n"
    assert read_bytes(text.encode(), name="-", settings=settings).text == text


@pytest.mark.parametrize(
    ("name", "data", "media_type", "expected"),
    [
        ("a.docx", b"PK\x03\x04words", None, "zip archive or an office"),
        ("a.txt", b"PK\x03\x04words", None, "zip archive or an office"),  # a wrong suffix
        ("a.xyz", b"words", None, "suffix '.xyz'"),
        ("upload", b"words", "application/msword", "media type 'application/msword'"),
        ("a.png", b"\x89PNG\r\n", None, "picture"),
    ],
)
def test_unsupported(settings: Settings, name: str, data: bytes, media_type: str | None, expected: str) -> None:
    with pytest.raises(UnsupportedFormatError, match=expected) as caught:
        read_bytes(data, name=name, settings=settings, media_type=media_type)
    assert ".md" in str(caught.value)  # what is accepted


@pytest.mark.parametrize(
    ("name", "data", "media_type", "reader"),
    [
        ("-", b"Words here.", None, "text/plain"),
        (
            "-",
            b"<!DOCTYPE html><p>Words in a page, enough of them to be read.</p>",
            None,
            "text/html",
        ),  # by its first bytes
        ("a.txt", b"<html><body><p>Words in a page, enough of them.</p></body></html>", None, "text/html"),
        ("a.md", b"# Words", "text/plain", "text/markdown"),  # servers do not know Markdown
        ("https://example.org/a.md?x=1", b"# Words", None, "text/markdown"),
        ("upload", b"Words", "text/csv-like", "text/plain"),
    ],
)
def test_choice_of_reader(settings: Settings, name: str, data: bytes, media_type: str | None, reader: str) -> None:
    assert read_bytes(data, name=name, settings=settings, media_type=media_type).media_type == reader


def test_standard_input(settings: Settings) -> None:
    assert read("-", settings=settings, stdin=io.BytesIO(b"Words.")).text == "Words."
    with pytest.raises(EmptyDocumentError):
        read("-", settings=settings, stdin=io.BytesIO(b""))


@pytest.mark.parametrize("source", ["no-such-file.txt", "nul\x00name.txt", "", "."])
def test_unreadable_paths(settings: Settings, source: str) -> None:
    with pytest.raises(DocumentError):
        read(source, settings=settings)


def test_too_large(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, fetch_max_bytes=1000)
    path = tmp_path / "large.txt"
    path.write_text("words " * 200)
    for attempt in (
        lambda: read(path, settings=settings),
        lambda: read("-", settings=settings, stdin=io.BytesIO(path.read_bytes())),
        lambda: read_bytes(path.read_bytes(), name="a.txt", settings=settings),
    ):
        with pytest.raises(DocumentError, match="more than 1000 bytes"):
            attempt()


# Tables

ROWS: list[dict[str, object]] = [
    {
        "key": "1",
        "when": "2024-03-29",
        "head": "Talks go on",
        "body": "They met.",
        "who": {"name": "Anna"},
        "talk": "x",
    },
    {"key": "2", "when": "2024-03-30", "head": "Talks end", "body": "They left.", "who": {"name": "José"}, "talk": "x"},
    {"key": "3", "when": "2024-03-31", "head": "Rain", "body": "It rained.", "who": {"name": "Ivo"}, "talk": "y"},
]
MAPPING = ROW_MAPPING.replace(
    'title = "{head}"\nkind = "document"',
    'title = "{head}, {published_in_words}"\nspeakers = ["{who.name}"]\nkind = "transcript"',
)
CSV_MAPPING = MAPPING.replace("{who.name}", "{who}")


def mapped(tmp_path: Path, text: str) -> TableMapping:
    path = tmp_path / "mapping.toml"
    path.write_text(text, encoding="utf-8")
    return load_mapping(path)


def as_csv(rows: list[dict[str, object]]) -> str:
    lines = ["key,when,head,body,who,talk"]
    lines += [
        ",".join(f'"{row["who"]["name"] if key == "who" else row[key]}"' for key in row)  # type: ignore[index]
        for row in rows
    ]
    return "\r\n".join(lines) + "\r\n"


def write_table(tmp_path: Path, kind: str) -> Path:
    path = tmp_path / f"table.{kind}"
    match kind.removesuffix(".gz"):
        case "json":
            data = json.dumps(ROWS, indent=1).encode()
        case "jsonl":
            data = "\n".join(json.dumps(row, ensure_ascii=False) for row in ROWS).encode() + b"\n\n"
        case _:
            data = as_csv(ROWS).encode("utf-8-sig")
    path.write_bytes(gzip.compress(data) if kind.endswith(".gz") else data)
    return path


@pytest.mark.parametrize("kind", ["json", "jsonl", "csv", "json.gz", "jsonl.gz", "csv.gz"])
def test_table_formats_agree(tmp_path: Path, settings: Settings, kind: str) -> None:
    path = write_table(tmp_path, kind)
    mapping = mapped(tmp_path, CSV_MAPPING if "csv" in kind else MAPPING)
    documents = list(read_table(path, mapping, settings=settings))
    assert [document.text for document in documents] == [
        "Talks go on\nThey met.",
        "Talks end\nThey left.",
        "Rain\nIt rained.",
    ]
    second = documents[1]
    assert second.title == "Talks end, 30 March 2024"
    assert second.published == dt.date(2024, 3, 30)
    assert second.speakers == ("José",)
    assert second.metadata["id"] == "row-2"
    assert second.metadata["primary"] == "true"
    assert second.metadata["origin"] == f"from table.{kind}"
    assert isinstance(second, Received)
    (content,) = second.contents
    assert content.locator == "row 2"
    assert content.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert count_documents([path], mapping=mapping, settings=settings) == 3


def test_rows_are_grouped_across_files(tmp_path: Path, settings: Settings) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "b.csv").write_text("doc,line\n1,Third.\n2,Other.\n1,First.\n")
    (folder / "a.csv").write_text("doc,line\n1,First.\n1,Second.\n")
    (folder / "note.txt").write_text("not a part of the table")
    mapping = mapped(
        tmp_path,
        'name="g"\nfiles="*.csv"\nid="d{doc}"\n[group]\nfield="doc"\nseparator="\\n[…]\\n"\n[text]\n[[text.parts]]\nfield="line"\n',
    )
    documents = list(iter_documents([folder], mapping=mapping, settings=settings))
    # In the order of the files; the sentence that stands in two files is taken once.
    assert texts(documents) == ["First.\n[…]\nSecond.\n[…]\nThird.", "Other."]
    first = documents[0]
    assert isinstance(first, Received)
    assert [(content.name, content.locator) for content in first.contents] == [
        ("a.csv", "rows 1-2"),
        ("b.csv", "row 1"),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "name"),  # nothing in it
        ("name = ", "not TOML"),
        ('name="x"\nid="{a}"', "no \\[text\\]"),
        ('name="x"\n[text]\nparts=[{field="a"}]', "neither id nor address"),
        ('name="x"\nid="{a}"\n[text]\nparts=[]', "text.parts"),
        ('name="x"\nid="{a}"\nkind="rumour"\n[text]\nparts=[{field="a"}]', "rumour"),
        ('name="x"\nid="{a}"\ncolour="red"\n[text]\nparts=[{field="a"}]', "colour"),  # unknown key
        ('name="x"\nid="{a}"\nextract=[{from="a",pattern="("}]\n[text]\nparts=[{field="a"}]', "regular expression"),
        ('name="x"\nid="{a}"\nextract=[{from="a",pattern="b"}]\n[text]\nparts=[{field="a"}]', "no named group"),
    ],
)
def test_bad_mappings(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(MappingError, match=message):
        mapped(tmp_path, text)


def test_missing_mapping(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match="cannot be read"):
        load_mapping(tmp_path / "none.toml")


PLAIN = 'name="p"\nid="{id}"\n[[date]]\nvalue="{date}"\n[text]\nparts=[{field="text"}]\n'


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.jsonl", b'{"id":1,"text":"A."}\n{"id":2}\n{"id":3,"text":"C."}', (2, "no field 'text'")),
        ("a.jsonl", b'{"id":1,"text":"A."}\n{bad\n{"id":3,"text":"C."}', (2, "not JSON")),
        ("a.jsonl", b'{"id":1,"text":"A."}\n[1]\n', (1, "a JSON list where an object")),
        ("a.jsonl", b'{"id":1,"text":"A.","date":"soon"}\n', (0, "not a date of the form")),
        ("a.jsonl", b'{"id":1,"text":"A\\u0000B"}\n', (0, "NUL")),
        ("a.jsonl", b'{"id":1,"text":"   "}\n', (0, "no text in text")),
        ("a.jsonl", b'{"id":1,"text":{"deep":1}}\n', (0, "holds a dict")),
        ("a.jsonl", b'{"id":null,"text":"A."}\n', (0, "no field 'id'")),
        ("a.jsonl", b'{"id":1,"text":' + b"[" * 100_000 + b"\n", (0, "not JSON")),  # deep
        ("a.json", b"[" * 100_000, (0, "nested too deeply|not closed")),
        ("a.json", b'[{"id":1,"text":"A."}, {"id":2,"text":"B', (1, "not closed")),  # truncated
        ("a.json", b'[{"id":1,"text":"A."} garbage]', (1, "not JSON")),
        ("a.json", b'{"id":1}', (0, "path_to_records")),
        ("a.json", b"nonsense", (0, "not JSON")),
        ("a.json", b"", (0, "empty file")),
        ("a.csv", b"", (0, "empty table")),
        ("a.csv", b"id,text\n1,A.\n2,B.,more\n3,C.\n", (2, "more cells")),
        ("a.csv", b"id,text\n1,A.\n2\n", (1, "no field 'text'")),
        ("a.csv", b'id,text\n1,A.\n2,"never closed\n3,C.\n', (1, "cannot be read further")),
        ("a.csv.gz", b"not gzip at all", (0, "cannot be read further")),
        ("a.csv.gz", gzip.compress(b"id,text\n1,A.\n" * 1000)[:40], (0, "cannot be read further")),  # truncated
        ("a.xlsx", b"PK", (0, "not a table")),
    ],
)
def test_bad_rows_are_failures(
    tmp_path: Path, settings: Settings, name: str, data: bytes, expected: tuple[int, str]
) -> None:
    read_well, reason = expected
    path = tmp_path / name
    path.write_bytes(data)
    mapping = mapped(tmp_path, PLAIN)
    found = list(iter_documents([path], mapping=mapping, settings=settings))
    failures = [item for item in found if isinstance(item, ReadFailure)]
    assert len(found) - len(failures) == read_well
    assert failures
    assert re.search(reason, failures[-1].reason)
    assert all(name in failure.reason for failure in failures)
    with pytest.raises(MappingError):
        list(read_table(path, mapping, settings=settings))


def test_long_rows_are_streamed(tmp_path: Path, settings: Settings) -> None:
    # Rows larger than a piece, strings with brackets, white space between, a number at the end of a piece.
    rows = [{"id": number, "text": '[}]{, \\" ' * 20_000 + str(number)} for number in range(5)]
    path = tmp_path / "long.json"
    path.write_text("  [\n" + "  ,\n".join(json.dumps(row) for row in rows) + "\n]  ")
    found = list(read_table(path, mapped(tmp_path, PLAIN), settings=settings))
    assert [document.text for document in found] == [str(row["text"]) for row in rows]


def test_gzip_bomb(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "bomb.jsonl.gz"
    with gzip.open(path, "wb", compresslevel=9) as stream:
        for _ in range(100):
            stream.write(b" " * 1_000_000)
    (failure,) = iter_documents([path], mapping=mapped(tmp_path, PLAIN), settings=settings)
    assert isinstance(failure, ReadFailure)
    assert "characters" in failure.reason or "unpacks" in failure.reason


def test_templates_reach_no_attributes(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id":"1","text":"A."}')
    mapping = mapped(tmp_path, PLAIN + "\n").model_copy(update={"title": "{id.__class__}"})
    (failure,) = iter_documents([path], mapping=mapping, settings=settings)
    assert isinstance(failure, ReadFailure)
    assert "no field 'id.__class__'" in failure.reason


def test_cut_text_is_marked(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"id":1,"s":"PARIS, May 1. /X/. The minister sa"}\n{"id":2,"s":"PARIS. /X/. He left."}\n')
    mapping = mapped(tmp_path, 'name="c"\nid="{id}"\n[text]\nparts=[{field="s", drop="[^/]*/X/\\\\. ", cut_at=34}]\n')
    assert texts(iter_documents([path], mapping=mapping, settings=settings)) == ["The minister sa…", "He left."]


@pytest.mark.parametrize(
    ("words", "second_line"),
    [
        ("MOSCOW, March 11. /TASS/. The Istanbul 2022 agreements no lo", "The Istanbul 2022 agreements no lo…"),  # cut
        ("MOSCOW, March 11. /TASS/. The deal is off.", "The deal is off."),  # shorter than the cut: whole
        ("WASHINGTON/NEW YORK, June 6. /TASS/. US billionaire Elon Mus", "US billionaire Elon Mus…"),  # a second slash
        ("MOSCOW, December 25. /TASS Correspondent Irina Skalina/. On ", "On…"),
        ("MOSCOW, December 24. /TASS Correspondent Nikolay Kochetkov/.", None),  # nothing but the dateline
        ("VERKHNYAYA PYSHMA /Sverdlovsk Region/, February 19. /TASS/. ", None),
        (
            "TASS FACTBOX. On November 5, 2025, Russian Presidential Spok",
            "On November 5, 2025, Russian Presidential Spok…",
        ),
        ("MOSCOW, December 24. /TASS/. /TASS/. The world’s governing b", "The world’s governing b…"),  # given twice
        ("MOSCOW, December 9. / TASS/. Hungary intends to keep the cha", "Hungary intends to keep the cha…"),
    ],
)
def test_wire_story_without_its_dateline(
    tmp_path: Path, settings: Settings, words: str, second_line: str | None
) -> None:
    row = {"t": "A headline — agency", "d": "2026-03-11", "u": "https://tass.com/world/2100001", "s": words, "cat": "x"}
    (tmp_path / "t.json").write_text(json.dumps([row]))
    mapping = load_mapping(MAPPINGS / "tass_headlines.toml")
    (found,) = read_table(tmp_path / "t.json", mapping, settings=settings)
    assert found.text.split("\n") == ["A headline — agency", *([second_line] if second_line else [])]
    assert found.metadata["id"] == "tass-2100001"
    assert (found.metadata["kind"], found.metadata["primary"]) == ("coverage", "false")


def test_lookup_by_name_and_year(tmp_path: Path, settings: Settings) -> None:
    mapping = load_mapping(MAPPINGS / "inaugural.toml")
    path = tmp_path / "inaugural.zip"
    names = ["1797-Adams", "1825-Adams", "1841-Harrison", "1889-Harrison", "1905-Roosevelt", "1933-Roosevelt"]
    names += ["1965-Johnson", "1989-Bush", "2005-Bush", "1789-Washington", "1957-Eisenhower", "2030-Adams"]
    with zipfile.ZipFile(path, "w") as archive:
        for name in [*names, "README"]:
            archive.writestr(f"inaugural/{name}{'' if name == 'README' else '.txt'}", "Fellow citizens, we meet.")
    found = list(iter_documents([path], mapping=mapping, settings=settings))
    failures = [item for item in found if isinstance(item, ReadFailure)]
    speakers = {item.metadata["id"]: item.speakers[0] for item in found if not isinstance(item, ReadFailure)}
    assert speakers == {
        "inaugural-1797": "John Adams",
        "inaugural-1825": "John Quincy Adams",
        "inaugural-1841": "William Henry Harrison",
        "inaugural-1889": "Benjamin Harrison",
        "inaugural-1905": "Theodore Roosevelt",
        "inaugural-1933": "Franklin D. Roosevelt",
        "inaugural-1965": "Lyndon B. Johnson",
        "inaugural-1989": "George H. W. Bush",
        "inaugural-2005": "George W. Bush",
        "inaugural-1789": "George Washington",
        "inaugural-1957": "Dwight D. Eisenhower",
    }
    dates = {item.metadata["id"]: item.published for item in found if not isinstance(item, ReadFailure)}
    assert dates["inaugural-1789"] == dt.date(1789, 4, 30)
    assert dates["inaugural-1957"] == dt.date(1957, 1, 21)
    assert dates["inaugural-1933"] == dt.date(1933, 3, 4)
    assert [failure.name for failure in failures] == ["inaugural.zip/inaugural/2030-Adams.txt"]
    assert "add a row to its lookup" in failures[0].reason


# Archives


def test_hostile_archive(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, fetch_max_bytes=1_000_000)
    path = tmp_path / "hostile.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../outside.txt", "Words outside.")
        archive.writestr("/etc/absolute.txt", "Words.")
        archive.writestr("a\\..\\..\\windows.txt", "Words.")
        archive.writestr("C:/drive.txt", "Words.")
        archive.writestr("bomb.txt", b"a" * 50_000_000)
        archive.writestr("inner.zip", b"PK\x03\x04")
        archive.writestr("good.txt", "Good words.")
    found = list(iter_documents([path], settings=settings))
    failures = {item.name.rpartition("hostile.zip/")[2]: item.reason for item in found if isinstance(item, ReadFailure)}
    assert texts(found) == ["Good words."]
    assert set(failures) == {
        "../../outside.txt", "/etc/absolute.txt", "a\\..\\..\\windows.txt", "C:/drive.txt", "bomb.txt", "inner.zip",
    }  # fmt: skip
    assert "leads out of the archive" in failures["../../outside.txt"]
    assert "unpacks from" in failures["bomb.txt"]
    assert not (tmp_path.parent / "outside.txt").exists()


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 nonsense", b"not a zip"])
def test_broken_archive(tmp_path: Path, settings: Settings, data: bytes) -> None:
    path = tmp_path / "broken.zip"
    path.write_bytes(data)
    (failure,) = iter_documents([path], settings=settings)
    assert isinstance(failure, ReadFailure)
    assert "zip archive" in failure.reason


def test_damaged_member(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "damaged.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "Words that will be changed.")
    path.write_bytes(path.read_bytes().replace(b"changed", b"CHANGED"))
    (failure,) = iter_documents([path], settings=settings)
    assert isinstance(failure, ReadFailure)
    assert "damaged" in failure.reason


# Many


def test_folder(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "b.md").write_text("# B")
    (tmp_path / "a.txt").write_text("A")
    (tmp_path / "c.pdf").write_bytes(b"%PDF-1.7")
    (tmp_path / "empty.txt").write_text("")
    (tmp_path / "table.csv").write_text("a,b\n")
    (tmp_path / ".hidden.txt").write_text("hidden")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "config.txt").write_text("hidden")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "d.txt").write_text("D")
    found = list(iter_documents([tmp_path, tmp_path / "missing.txt"], settings=settings))
    assert texts(found) == ["A", "B", "D"]
    failures = {Path(item.name).name: item.reason for item in found if isinstance(item, ReadFailure)}
    assert set(failures) == {"c.pdf", "empty.txt", "table.csv", "missing.txt"}
    assert "--mapping" in failures["table.csv"]
    assert count_documents([tmp_path, tmp_path / "missing.txt"], settings=settings) == len(found)


def test_pipe_in_a_folder_is_not_waited_for(tmp_path: Path, settings: Settings) -> None:
    os.mkfifo(tmp_path / "pipe.txt")
    (failure,) = iter_documents([tmp_path], settings=settings)
    assert isinstance(failure, ReadFailure)
    assert "not a file" in failure.reason


def test_comments_in_markdown_need_no_warning(settings: Settings) -> None:
    document = read_bytes(b"<!-- note -->\n\nWords <!-- and --> more.", name="a.md", settings=settings)
    assert (document.text, document.warnings) == ("Words  more.", ())


def test_empty_folder_is_a_failure(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "empty").mkdir()
    (failure,) = iter_documents([tmp_path / "empty"], settings=settings)
    assert isinstance(failure, ReadFailure)
    assert "empty folder" in failure.reason


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_unreadable_file(tmp_path: Path, settings: Settings) -> None:
    path = tmp_path / "locked.txt"
    path.write_text("words")
    path.chmod(0)
    (failure,) = iter_documents([path], settings=settings)
    assert isinstance(failure, ReadFailure)
    assert "cannot be opened" in failure.reason


def test_collection(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "m.toml").write_text(PLAIN)
    (tmp_path / "all.toml").write_text(
        'name="all"\n[[parts]]\nmapping="m.toml"\npaths=["t.jsonl"]\n[[parts]]\npaths=["texts"]\n'
    )
    base = tmp_path / "base"
    (base / "texts").mkdir(parents=True)
    (base / "texts" / "a.txt").write_text("A")
    (base / "t.jsonl").write_text('{"id":1,"text":"T"}')
    collection = load_collection(tmp_path / "all.toml", base)
    assert texts(iter_collection(collection, settings=settings)) == ["T", "A"]
    assert count_collection(collection, settings=settings) == 2
    assert {found.metadata["collection"] for found in iter_collection(collection, settings=settings)} == {"all"}  # type: ignore[union-attr]


def test_belonging_to_a_collection(tmp_path: Path, settings: Settings) -> None:
    (tmp_path / "a.md").write_text("A")
    (tmp_path / "b.md").write_text("---\ncollection: Own\n---\nB")
    (tmp_path / "c.csv").write_text("x")  # a table without its mapping stays a failure
    found = list(belonging(iter_documents([tmp_path], settings=settings), "Given"))
    assert [one.metadata["collection"] for one in found if not isinstance(one, ReadFailure)] == ["Given", "Own"]
    assert [type(one) for one in found] == [Received, Received, ReadFailure]
    assert isinstance(found[0], Received)
    assert found[0].contents, "the bytes are still known"
    unnamed = list(belonging(iter_documents([tmp_path / "a.md"], settings=settings), ""))
    assert "collection" not in unnamed[0].metadata  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ('paths=["../m.toml"]', "leads out of"),
        ('paths=["/etc/passwd"]', "leads out of"),
        ('paths=["missing"]', "there is no"),
        ("paths=[]", "paths"),
        ('mapping="none.toml"\npaths=["a.txt"]', "cannot be read"),
    ],
)
def test_bad_collections(tmp_path: Path, part: str, message: str) -> None:
    base = tmp_path / "base"
    base.mkdir()
    (base / "a.txt").write_text("A")
    (tmp_path / "m.toml").write_text(PLAIN)
    (tmp_path / "all.toml").write_text(f'name="all"\n[[parts]]\n{part}\n')
    with pytest.raises(MappingError, match=message):
        load_collection(tmp_path / "all.toml", base)


@pytest.mark.parametrize("path", sorted(MAPPINGS.glob("*.toml")), ids=lambda path: path.stem)
def test_shipped_mappings_load(path: Path) -> None:
    if path.stem == "shared":
        for part in load_collection_parts(path):
            assert (MAPPINGS / part).exists()
    else:
        assert load_mapping(path).name == path.stem


def load_collection_parts(path: Path) -> list[str]:
    from onrecord.documents.mapping import load_collection_file

    return [part.mapping for part in load_collection_file(path).parts]


@pytest.mark.skipif(not SHARED.exists(), reason="the shared data are not on this machine")
def test_shared_data_are_read_whole(settings: Settings) -> None:
    collection = load_collection(MAPPINGS / "shared.toml", SHARED)
    found = list(iter_collection(collection, settings=settings))
    assert not [item for item in found if isinstance(item, ReadFailure)]
    by_id = {item.metadata["id"]: item for item in found if not isinstance(item, ReadFailure)}
    assert len(by_id) == len(found)
    assert by_id["state-union-1963-Kennedy"].speakers == ("John F. Kennedy",)
    assert by_id["state-union-1973-Nixon"].text.count("¡") == 0  # Big5, not Windows-1252
    assert all(item.published is not None for item in by_id.values())


# Fetching


class _Pages(http.server.BaseHTTPRequestHandler):
    """Answers by path; counts nothing, logs nothing."""

    def do_GET(self) -> None:
        host = self.headers["Host"]
        page = (DATA / "article.html").read_bytes()
        answers: dict[str, tuple[int, dict[str, str], bytes]] = {
            "/article": (200, {"Content-Type": "text/html; charset=utf-8"}, page),
            "/text": (200, {"Content-Type": "text/plain; charset=windows-1252"}, "“No”, he said.".encode("cp1252")),
            "/host": (200, {"Content-Type": "text/plain"}, host.encode()),
            "/gzip": (200, {"Content-Type": "text/plain", "Content-Encoding": "gzip"}, gzip.compress(b"Packed words.")),
            "/deflate": (200, {"Content-Type": "text/plain", "Content-Encoding": "deflate"}, zlib.compress(b"Packed words.")),
            "/raw-deflate": (
                200, {"Content-Type": "text/plain", "Content-Encoding": "deflate"}, zlib.compress(b"Packed words.")[2:-4],
            ),
            "/bomb": (200, {"Content-Encoding": "gzip"}, gzip.compress(b"a" * 5_000_000)),
            "/damaged": (200, {"Content-Encoding": "gzip"}, b"no gzip"),
            "/half": (200, {"Content-Encoding": "gzip"}, gzip.compress(os.urandom(5000))[:2000]),
            "/brotli": (200, {"Content-Encoding": "br"}, b"x"),
            "/large": (200, {"Content-Type": "text/plain"}, b"a" * 200_000),
            "/missing": (404, {}, b"not here"),
            "/empty": (200, {"Content-Type": "text/html"}, b""),
            "/image": (200, {"Content-Type": "image/png"}, b"\x89PNG"),
            "/one": (302, {"Location": "/text"}, b""),
            "/circle": (302, {"Location": "/circle"}, b""),
            "/nowhere": (302, {}, b""),
            "/file": (302, {"Location": "file:///etc/passwd"}, b""),
            "/private": (302, {"Location": "http://10.0.0.1/"}, b""),
            **{f"/many{number}": (301, {"Location": f"/many{number + 1}"}, b"") for number in range(9)},
        }  # fmt: skip
        code, headers, body = answers[self.path]
        self.send_response(code)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{made.server_address[1]}"
    made.shutdown()
    made.server_close()
    thread.join()


@pytest.fixture
def loopback(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, allow_private_addresses=True, fetch_max_bytes=100_000, fetch_timeout_seconds=5)


def test_fetch_a_page(server: str, loopback: Settings) -> None:
    document = read(f"{server}/article#part", settings=loopback)
    assert document.title == "Ministers meet in Geneva"
    assert document.address == f"{server}/article"  # where it was fetched, not where it claims to be
    assert document.metadata["canonical"] == "https://news.example.org/2024/geneva"
    assert dt.datetime.fromisoformat(document.metadata["retrieved_at"]).tzinfo is not None


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/text", "“No”, he said."),  # the declared encoding
        ("/one", "“No”, he said."),  # one redirect
        ("/gzip", "Packed words."),
        ("/deflate", "Packed words."),
        ("/raw-deflate", "Packed words."),
    ],
)
def test_fetch(server: str, loopback: Settings, path: str, text: str) -> None:
    assert read(server + path, settings=loopback).text == text


@pytest.mark.parametrize(
    ("path", "error", "message"),
    [
        ("/missing", FetchError, "HTTP 404"),
        ("/bomb", FetchError, "larger than 100000"),  # unpacked
        ("/large", FetchError, "larger than 100000"),  # declared
        ("/damaged", FetchError, "damaged"),
        ("/half", FetchError, "ends too early"),
        ("/brotli", FetchError, "accepted are gzip"),
        ("/empty", EmptyDocumentError, "without text"),
        ("/image", UnsupportedFormatError, "picture"),
        ("/circle", FetchError, "in a circle"),
        ("/many0", FetchError, "more than 5 redirects"),
        ("/nowhere", FetchError, "to nowhere"),
        ("/file", FetchError, "scheme 'file'"),  # a redirect to another scheme
    ],
)
def test_fetch_fails_clearly(
    server: str, loopback: Settings, path: str, error: type[DocumentError], message: str
) -> None:
    with pytest.raises(error, match=message):
        read(server + path, settings=loopback)


@pytest.mark.parametrize(
    "address",
    [
        "ftp://example.org/a",
        "file:///etc/passwd",
        "http://",
        "http:///path",
        "http://user:password@example.org/",
        "http://exa mple.org/",
        "http://example.org/\nHost: evil",
        "http://example.org:99999/",
        "http://[::1/",
        "http://" + "a" * 5000,
        "gopher://127.0.0.1:6379/_FLUSHALL",
    ],
)
def test_addresses_that_are_not_tried(settings: Settings, address: str) -> None:
    with pytest.raises(FetchError) as caught:
        fetch(address, settings=settings, resolver=unreachable)
    assert "password@" not in str(caught.value)


@pytest.mark.parametrize(
    "host",
    [
        "2130706433",  # one number
        "0x7f000001",
        "0x7f.1",
        "0177.0.0.1",  # octal
        "127.1",  # parts left out
        "0",
        "①②⑦.⓪.⓪.①",  # digits in circles
        "127。0。0。1",  # another full stop
        "[::1]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[64:ff9b::7f00:1]",
        "[fe80::1%25lo]",  # with a zone
        "localhost",
        "LOCALHOST.",  # its full name, if it resolves
    ],
)
def test_spellings_of_this_machine(settings: Settings, host: str) -> None:
    """With the real look-up: however it is written, no connection is made."""
    silent = httpx.MockTransport(lambda request: pytest.fail(f"{request.url} was asked"))
    with pytest.raises(FetchError, match=r"not a public address|does not resolve|not an address"):
        fetch(f"http://{host}/", settings=settings, transport=silent)


@pytest.mark.parametrize(
    ("location", "message"),
    [
        ("http://[::ffff:169.254.169.254]/latest", "not a public address"),
        ("http://2852039166/latest", "not a public address"),  # the cloud's metadata service in one number
        ("//127.0.0.1/", "not a public address"),  # the scheme of before
        ("http://user:secret@example.org/", "user name or password"),
        ("file:///etc/passwd", "scheme 'file'"),
        ("http://example.org:99999/", "not an address"),
        ("http://exa\x00mple.org/", "Invalid URL in location"),
    ],
)
def test_redirects_that_are_not_followed(settings: Settings, location: str, message: str) -> None:
    from onrecord.documents.fetch import resolve

    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(302, headers=[(b"Location", location.encode())], stream=httpx.ByteStream(b""))

    def resolver(host: str, port: int) -> list[str]:
        return ["93.184.216.34"] if host == "example.org" else resolve(host, port)

    with pytest.raises(FetchError, match=message) as caught:
        fetch("https://example.org/", settings=settings, transport=pages(answer), resolver=resolver)
    assert len(asked) == 1
    assert "secret" not in str(caught.value)


def unreachable(host: str, port: int) -> list[str]:
    pytest.fail(f"{host}:{port} was looked up")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1:248:1893:25c8:1946", True),
        ("127.0.0.1", False),  # loopback
        ("127.8.8.8", False),
        ("10.0.0.1", False),  # private
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),  # the cloud's metadata service
        ("100.64.0.1", False),  # carrier-grade translation
        ("0.0.0.0", False),  # noqa: S104  the unspecified address
        ("224.0.0.1", False),  # multicast
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),  # link-local
        ("fe80::1%eth0", False),
        ("fc00::1", False),  # unique local
        ("fec0::1", False),  # site-local, as they were once
        ("3fff::1", False),  # for documents
        ("192.0.0.8", False),  # the dummy address
        ("64:ff9b:1::7f00:1", False),  # translation within a network
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),  # IPv4 in IPv6
        ("::ffff:8.8.8.8", True),
        ("64:ff9b::7f00:1", False),  # NAT64 of 127.0.0.1
        ("2002:7f00:1::", False),  # 6to4 of 127.0.0.1
        ("2001:0:4136:e378:8000:63bf:3fff:fdd2", False),  # Teredo
        ("not an address", False),
    ],
)
def test_global_addresses(address: str, *, expected: bool) -> None:
    assert is_global(address) is expected


def pages(answer: Callable[[httpx.Request], httpx.Response]) -> httpx.MockTransport:
    return httpx.MockTransport(answer)


def test_one_private_address_among_several_is_enough(settings: Settings) -> None:
    with pytest.raises(FetchError, match=r"10\.0\.0\.1, which is not a public address"):
        fetch(
            "http://example.org/",
            settings=settings,
            transport=pages(lambda _: pytest.fail("connected")),
            resolver=lambda _host, _port: ["93.184.216.34", "10.0.0.1"],
        )


def test_connection_goes_to_the_checked_address(settings: Settings) -> None:
    lookups: list[str] = []
    requests: list[httpx.Request] = []

    def rebinding(host: str, _port: int) -> list[str]:
        lookups.append(host)
        return ["93.184.216.34"] if len(lookups) == 1 else ["127.0.0.1"]

    def answer(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(200, stream=httpx.ByteStream(b"Words."), headers={"Content-Type": "text/plain"})

    fetched = fetch("https://Example.org:8443/a?b=1", settings=settings, transport=pages(answer), resolver=rebinding)
    assert fetched.data == b"Words."
    assert fetched.address == "https://example.org:8443/a?b=1"
    (request,) = requests
    assert request.url.host == "93.184.216.34"
    assert request.url.port == 8443
    assert request.headers["Host"] == "example.org:8443"
    assert request.extensions["sni_hostname"] == "example.org"  # the certificate is checked against the name
    assert lookups == ["example.org"]  # once


def test_redirect_to_a_private_address_is_refused(settings: Settings) -> None:
    def resolver(host: str, _port: int) -> list[str]:
        return ["93.184.216.34"] if host == "example.org" else [host]

    with pytest.raises(FetchError, match=r"169\.254\.169\.254"):
        fetch(
            "http://example.org/",
            settings=settings,
            transport=pages(lambda _: httpx.Response(302, headers={"Location": "http://169.254.169.254/latest"})),
            resolver=resolver,
        )


def test_loopback_is_refused_by_default(server: str, settings: Settings) -> None:
    with pytest.raises(FetchError, match="not a public address"):
        read(f"{server}/text", settings=settings)
    with pytest.raises(FetchError, match="not a public address"):
        read(server.replace("127.0.0.1", "localhost") + "/text", settings=settings)


def test_environment_proxies_are_not_used(server: str, loopback: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    assert read(f"{server}/text", settings=loopback).text == "“No”, he said."


def test_second_address_is_tried(settings: Settings) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.host != "93.184.216.34":
            message = "unreachable"
            raise httpx.ConnectError(message)
        return httpx.Response(200, stream=httpx.ByteStream(b"Words."))

    addresses = ["2606:2800:220:1:248:1893:25c8:1946", "93.184.216.34"]
    fetched = fetch(
        "http://example.org/", settings=settings, transport=pages(answer), resolver=lambda _host, _port: addresses
    )
    assert fetched.data == b"Words."


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (httpx.ConnectError("refused"), "ConnectError"),
        (httpx.ReadTimeout("slow"), "no answer within"),
        (httpx.RemoteProtocolError("nonsense"), "RemoteProtocolError"),
    ],
)
def test_network_failures(settings: Settings, failure: Exception, message: str) -> None:
    def answer(_: httpx.Request) -> httpx.Response:
        raise failure

    with pytest.raises(FetchError, match=message):
        fetch("http://example.org/", settings=settings, transport=pages(answer), resolver=lambda *_: ["93.184.216.34"])


def test_slow_body_is_given_up(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, fetch_timeout_seconds=0.2)

    class Drip(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            for _ in range(200):
                time.sleep(0.05)
                yield b"a"

    with pytest.raises(FetchError, match="not complete after"):
        fetch(
            "http://example.org/",
            settings=settings,
            transport=pages(lambda _: httpx.Response(200, stream=Drip())),
            resolver=lambda *_: ["93.184.216.34"],
        )


def test_slow_head_is_given_up(tmp_path: Path) -> None:
    """Each byte comes in time; the head never ends."""
    settings = Settings(home=tmp_path, fetch_timeout_seconds=1, allow_private_addresses=True)

    class Slow(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            self.request.recv(1000)
            with contextlib.suppress(OSError):  # the other side has gone
                for letter in b"HTTP/1.1 200 OK\r\nX-Long: " + b"a" * 400:
                    self.request.sendall(bytes([letter]))
                    time.sleep(0.1)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Slow) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        started = time.monotonic()
        with pytest.raises(FetchError, match="no answer within 1 s"):
            fetch(f"http://127.0.0.1:{server.server_address[1]}/", settings=settings)
        assert time.monotonic() - started < 15  # 42 seconds without the limit
        server.shutdown()


def test_names_that_do_not_resolve(settings: Settings) -> None:
    with pytest.raises(FetchError, match="does not resolve"):
        fetch("http://example.invalid/", settings=settings, resolver=lambda *_: [])
