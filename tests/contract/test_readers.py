"""What every reader keeps: one test over the whole catalogue."""

from __future__ import annotations

import hashlib
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from onrecord.documents.catalogue import READERS, Reader, accepted, reader_for
from onrecord.documents.received import Raw
from onrecord.errors import DocumentError, EmptyDocumentError
from onrecord.text import sentences
from tests.document_files import PACKED, WRITTEN

PARAGRAPHS = [
    "The ministers met in Geneva on Friday, for the second round of talks; it lasted two days and ended late at night.",
    "“We remain open to talks,” the minister’s office said – and added that the price would be £200, no more than that.",
]
RUSSIAN = [
    "Министры встретились в Женеве в пятницу, чтобы обсудить второй раунд переговоров, который продлился два дня.",
    "Стороны договорились об обмене пленными и о новой встрече летом, сообщило министерство иностранных дел.",
]
ENGLISH_ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252"]
each_text_reader = pytest.mark.parametrize(
    "reader", [reader for reader in READERS if reader.name not in PACKED], ids=lambda reader: reader.name
)
each_reader = pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.name)


def raw(data: bytes, reader: Reader, charset: str | None = None) -> Raw:
    return Raw(data=data, name="given" + min(reader.suffixes), charset=charset)


def written(reader: Reader, paragraphs: list[str], encoding: str = "utf-8") -> bytes:
    """Return a file of the reader's format; a format that is no text has no encoding."""
    if reader.name in PACKED:
        return PACKED[reader.name](paragraphs)
    return WRITTEN[reader.name](paragraphs).encode(encoding)


@each_reader
def test_is_described(reader: Reader) -> None:
    assert (reader.name in WRITTEN) != (reader.name in PACKED)  # how its files are made for these tests
    assert reader.suffixes
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in reader.suffixes)
    assert all(suffix in accepted() for suffix in reader.suffixes)


@each_reader
def test_is_found_by_suffix_and_media_type(reader: Reader) -> None:
    data = written(reader, PARAGRAPHS)
    for suffix in reader.suffixes:
        assert reader_for(Raw(data=data, name=f"A{suffix.upper()}")).name == reader.name
    for media_type in reader.media_types:
        assert reader_for(Raw(data=data, name="https://example.org/a", media_type=media_type)).name == reader.name


@each_text_reader
@pytest.mark.parametrize("encoding", ENGLISH_ENCODINGS)
def test_english_in_every_encoding(reader: Reader, encoding: str) -> None:
    data = written(reader, PARAGRAPHS, encoding)
    text = reader.read(raw(data, reader)).text
    for paragraph in PARAGRAPHS:
        assert paragraph in text


@each_text_reader
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1251", "koi8-r"])
def test_cyrillic_in_every_encoding(reader: Reader, encoding: str) -> None:
    data = written(reader, RUSSIAN * 3, encoding)
    text = reader.read(raw(data, reader)).text
    assert RUSSIAN[0] in text


@each_text_reader
@pytest.mark.parametrize(
    ("encoding", "label"),
    [
        ("cp1252", "utf-8"),  # the commonest wrong label
        ("utf-8", "no-such-charset"),
        ("utf-8", "ascii"),  # true of most of the text
        ("cp1252", "iso-8859-1"),  # what browsers read as Windows-1252
        ("utf-8", "base64"),  # a codec that is no text encoding
        ("utf-8", "utf-8\x00"),
        ("utf-8", "utf-16"),  # a page that says so of itself cannot be right: the label was read as ASCII
        ("utf-16-le", "utf-16-le"),  # right, without a mark
    ],
)
def test_wrong_label(reader: Reader, encoding: str, label: str) -> None:
    data = written(reader, PARAGRAPHS, encoding)
    document = reader.read(raw(data, reader, charset=label))
    if encoding != "utf-8" or label != "ascii":
        assert PARAGRAPHS[1] in document.text
    if encoding == "cp1252" and label == "utf-8":
        assert any("utf-8" in warning for warning in document.warnings)


@each_reader
def test_offsets_point_into_text(reader: Reader) -> None:
    document = reader.read(raw(written(reader, PARAGRAPHS), reader))
    found = [span.of(document.text) for span in sentences(document.text)]
    assert PARAGRAPHS[0] in found
    assert all(sentence and sentence in document.text for sentence in found)


@each_reader
def test_remembers_its_bytes(reader: Reader) -> None:
    data = written(reader, PARAGRAPHS)
    document = reader.read(raw(data, reader))
    assert document.content_sha256 == hashlib.sha256(data).hexdigest()
    assert document.media_type in reader.media_types


@each_text_reader
@pytest.mark.parametrize("ends", ["\r\n", "\r", "\n", "\u2028"])
def test_line_ends(reader: Reader, ends: str) -> None:
    if reader.name == "mail" and ends == "\u2028":
        pytest.skip("the lines of a mail's head end with CR and LF")
    data = WRITTEN[reader.name](PARAGRAPHS).replace("\n", ends).encode()
    text = reader.read(raw(data, reader)).text
    assert "\r" not in text
    assert "\u2028" not in text
    assert PARAGRAPHS[1] in text


@each_reader
@pytest.mark.parametrize(
    "data",
    [
        b"",  # nothing
        b"  \n\t\n ",  # white space
        b"\xef\xbb\xbf",  # a byte-order mark alone
        b"\xff\xfe",  # the same for UTF-16
    ],
)
def test_empty(reader: Reader, data: bytes) -> None:
    if reader.name in PACKED and data.strip():
        pytest.skip("a byte-order mark is no empty file of a format that is no text")
    with pytest.raises(EmptyDocumentError, match=r"no text|without text"):
        reader.read(raw(data, reader))


@each_reader
def test_empty_but_for_its_form(reader: Reader) -> None:
    with pytest.raises(EmptyDocumentError, match=r"no text|without text"):
        reader.read(raw(written(reader, [" "]), reader))


@each_reader
@pytest.mark.parametrize(
    "data",
    [
        b"words \x00 words",  # NUL in the middle
        b"\x00" * 100,
        bytes(range(256)) * 40,  # every byte
        bytes(range(1, 32)) * 40,  # control characters
        b"\x7fELF\x02\x01\x01\x00\x00\x00\x00" * 20,
    ],
)
def test_binary_is_refused(reader: Reader, data: bytes) -> None:
    with pytest.raises(DocumentError, match="given"):
        reader.read(raw(data, reader))


def test_what_is_described_is_there() -> None:
    assert WRITTEN.keys() | PACKED.keys() == {reader.name for reader in READERS}


@each_reader
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1252"])
def test_truncated_anywhere(reader: Reader, encoding: str) -> None:
    if reader.name in PACKED and encoding != "utf-8":
        return  # the same file
    data = written(reader, PARAGRAPHS, encoding)
    for cut in range(0, len(data), max(7, len(data) // 40) if reader.name in PACKED else 7):
        try:
            document = reader.read(raw(data[:cut], reader))
        except DocumentError:
            continue
        assert document.text.strip()
        assert "\x00" not in document.text


@each_reader
def test_locators_lie_in_the_text_in_order(reader: Reader) -> None:
    document = reader.read(raw(written(reader, PARAGRAPHS), reader))
    assert bool(document.locators) == (reader.name in {"pdf", "subtitles"})
    end = 0
    for locator in document.locators:
        assert locator.span.start >= end
        assert locator.span.of(document.text).strip() == locator.span.of(document.text) != ""
        end = locator.span.end
    assert end <= len(document.text)


@each_reader
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.one_of(st.binary(max_size=300), st.text(max_size=200).map(lambda text: text.encode("utf-8", "ignore"))))
def test_whatever_comes(reader: Reader, data: bytes) -> None:
    _read_or_refuse(reader, data)


@each_reader
@pytest.mark.parametrize("seed", range(12))
def test_damaged_anywhere(reader: Reader, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  the same damage each time
    data = bytearray(written(reader, PARAGRAPHS))
    for _ in range(chance.randint(1, 20)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    _read_or_refuse(reader, bytes(data))


def _read_or_refuse(reader: Reader, data: bytes) -> None:
    try:
        document = reader.read(raw(data, reader))
    except DocumentError:
        return  # any other exception fails
    assert document.text.strip()
    assert "\x00" not in document.text
    assert "\r" not in document.text


@each_reader
@pytest.mark.parametrize(
    "hostile",
    [
        "<" * 5000,
        "<div>" * 5000 + "words",  # nested elements
        "> " * 3000 + "words",  # nested quotations
        "[" * 5000,
        "*" * 5000 + "a" + "_" * 5000,
        "- " * 2000 + "words",
        "\u202e" * 50 + "words",  # right-to-left overrides
        "![a](javascript:alert(1)) words here",  # no address is followed: it stays the text it is
        "<script>alert('SCRIPTTEXT')</script><p>Words in a page that has a script.</p>",
        "a" * 1_000_000,  # one word
    ],
    ids=lambda value: value[:12],
)
def test_hostile(reader: Reader, hostile: str) -> None:
    try:
        document = reader.read(raw(hostile.encode(), reader))
    except DocumentError:
        return
    assert document.text.strip()
    if reader.name == "html":
        assert "SCRIPTTEXT" not in document.text
