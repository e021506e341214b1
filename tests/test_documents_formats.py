"""What each format gives beyond its words: pages, times, turns, dates, and what is left out."""

from __future__ import annotations

import datetime as dt
import subprocess
import tracemalloc
from typing import TYPE_CHECKING

import pytest

from onrecord.documents import pdf, read_bytes
from onrecord.errors import DocumentError, EmptyDocumentError
from onrecord.settings import Settings
from tests.document_files import make_docx, make_mail, make_multipart, make_pdf, make_scan

if TYPE_CHECKING:
    from pathlib import Path

    from onrecord.records import Document

LONG = "The delegation of the northern province said that negotiations about the recognised border would begin again."


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home")


def places(document: Document) -> list[tuple[int | float | None, str]]:
    return [(item.page or item.seconds, item.span.of(document.text)) for item in document.locators]


# PDF


def test_pdf_pages_and_title(settings: Settings) -> None:
    data = make_pdf([["First page.", LONG], [LONG.replace("northern", "southern"), "The end."]], title="Règles")
    document = read_bytes(data, name="a.pdf", settings=settings)
    assert document.title == "Règles"
    assert document.metadata["created"] == "2024-03-29"  # the file's day
    assert document.published is None  # and not that of publication
    assert document.text == f"First page.\n\n{LONG}\n\n{LONG.replace('northern', 'southern')}\n\nThe end."
    assert [page for page, _ in places(document)] == [1, 2]
    assert places(document)[1][1].startswith("The delegation of the southern")


def test_pdf_sentence_over_a_page_break_is_one(settings: Settings) -> None:
    words = " ".join(["word"] * 60)
    document = read_bytes(make_pdf([["Start " + words], ["and it " + words + "."]]), name="a.pdf", settings=settings)
    assert f"Start {words} and it {words}." == document.text
    assert places(document)[1][1].startswith("and it")


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["they met in nego-", "tiations that lasted"], "they met in negotiations that lasted"),
        (["the well-known co-", "operation; a cooperation of"], "the well-known cooperation; a cooperation of"),
        (
            ["a re-election was held; the re-", "election of"],
            "a re-election was held; the re-election of",
        ),  # seen whole
        (["the Franco-", "German border of"], "the Franco-German border of"),  # a name
    ],
)
def test_pdf_broken_words_are_mended(settings: Settings, lines: list[str], text: str) -> None:
    width = max(map(len, lines))
    padded = [line.ljust(width).replace("  ", " ") for line in lines]
    document = read_bytes(make_pdf([[" ".join(padded)]], width=len(padded[0])), name="a.pdf", settings=settings)
    assert document.text == text


def test_pdf_running_heads_are_left_out(settings: Settings) -> None:
    pages = [[f"{name} page. {LONG}"] for name in ("First", "Second", "Third", "Fourth")]
    heads = [f"Report of the ministry {number}" for number in range(1, 5)]
    document = read_bytes(make_pdf(pages, heads=heads), name="a.pdf", settings=settings)
    assert "Report of the ministry" not in document.text
    assert document.text.count("recognised border") == 4
    assert "4 running heads" in document.warnings[0]


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (make_scan(2), EmptyDocumentError, "only pictures of 2 pages .a scan.; recognise"),
        (make_pdf([["Words."]])[:300], DocumentError, "damaged"),
        (b"%PDF-1.7\n" + b"nonsense " * 100, DocumentError, "damaged"),
        (make_pdf([["\ue000\ue001\ue002\ue003 \ue004\ue005\ue006"]]), DocumentError, "fonts do not say"),
        (make_pdf([["x"]] * 40).replace(b"/Count 40", b"/Count 99"), None, ""),  # lies about its pages
    ],
)
def test_pdf_that_cannot_be_read(
    settings: Settings, data: bytes, error: type[DocumentError] | None, message: str
) -> None:
    if error is None:
        assert read_bytes(data, name="a.pdf", settings=settings).text
        return
    with pytest.raises(error, match=message):
        read_bytes(data, name="a.pdf", settings=settings)


def test_pdf_with_a_page_of_pictures_says_so(settings: Settings) -> None:
    data = make_pdf([["Words here."], []])
    document = read_bytes(data, name="a.pdf", settings=settings)
    assert places(document) == [(1, "Words here.")]


@pytest.mark.parametrize(
    ("limit", "value", "message"),
    [("_MOST_PAGES", 2, "3 pages; at most 2"), ("_MOST_CHARACTERS", 20, "more than 20 characters")],
)
def test_pdf_limits(settings: Settings, monkeypatch: pytest.MonkeyPatch, limit: str, value: int, message: str) -> None:
    monkeypatch.setattr(pdf, limit, value)
    with pytest.raises(DocumentError, match=message):
        read_bytes(make_pdf([[LONG]] * 3), name="a.pdf", settings=settings)


def test_pdf_that_takes_too_long(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf, "_SECONDS", 0.001)
    with pytest.raises(DocumentError, match="not read after"):
        read_bytes(make_pdf([["Words."]]), name="a.pdf", settings=settings)


@pytest.mark.parametrize("death", ["import os; os.abort()", "print('no JSON')", "x = bytearray(1 << 62)"])
def test_pdf_reader_that_dies_is_an_error(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, death: str
) -> None:
    (tmp_path / "worker.py").write_text(death)
    monkeypatch.setattr(pdf, "_WORKER", tmp_path / "worker.py")
    with pytest.raises(DocumentError, match="could not take"):
        read_bytes(make_pdf([["Words."]]), name="a.pdf", settings=settings)


def test_pdf_goes_to_another_process(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []
    run = subprocess.run
    monkeypatch.setattr(pdf.subprocess, "run", lambda args, **more: started.append(args) or run(args, **more))
    read_bytes(make_pdf([["Words."]]), name="a.pdf", settings=settings)
    assert "-I" in started[0]  # without the folder and the variables of whoever starts it


# DOCX

W = "<w:p><w:r><w:t>{}</w:t></w:r></w:p>"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<w:p><w:r><w:t>A</w:t></w:r><w:ins><w:r><w:t>B</w:t></w:r></w:ins></w:p>", "AB"),  # a proposed insertion
        ("<w:p><w:r><w:t>A</w:t></w:r><w:del><w:r><w:delText>B</w:delText></w:r></w:del></w:p>", "A"),
        ("<w:p><w:hyperlink><w:r><w:t>link</w:t></w:r></w:hyperlink></w:p>", "link"),
        ("<w:p><w:r><w:t>a</w:t><w:tab/><w:t>b</w:t><w:br/><w:t>c</w:t></w:r></w:p>", "a b\nc"),
        ("<w:p><w:pPr><w:numPr/></w:pPr><w:r><w:t>item</w:t></w:r></w:p>", "- item"),
        (f"<w:tbl><w:tr><w:tc>{W.format('Item')}</w:tc><w:tc>{W.format('2')}</w:tc></w:tr></w:tbl>", "Item | 2"),
        (f"<w:sdt><w:sdtContent>{W.format('Inside')}</w:sdtContent></w:sdt>", "Inside"),
        ("<w:p><w:r><w:instrText>PAGE</w:instrText><w:t>x</w:t></w:r></w:p>", "x"),
    ],
)
def test_docx(settings: Settings, body: str, text: str) -> None:
    document = read_bytes(make_docx(["Start."], body=body, title="Plan"), name="a.docx", settings=settings)
    assert document.text == f"Start.\n\n{text}"
    assert document.title == "Plan"
    assert document.metadata == {"author": "Anna Berg", "created": "2024-03-29"}


def test_docx_notes_are_read(settings: Settings) -> None:
    notes = {"word/footnotes.xml": f"<w:footnotes SPACE><w:footnote>{W.format('A note.')}</w:footnote></w:footnotes>"}
    assert read_bytes(make_docx(["A."], more=notes), name="a.docx", settings=settings).text == "A.\n\nA note."


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"word/footnotes.xml": " " * 50_000_000}, "unpacks from"),  # a bomb
        ({"word/footnotes.xml": "<w:footnotes SPACE><w:p>"}, "damaged"),
        (
            {"word/footnotes.xml": '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'},
            "declares a document type",
        ),
    ],
)
def test_hostile_docx(settings: Settings, more: dict[str, str], message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        read_bytes(make_docx(["Words."], more=more), name="a.docx", settings=settings)


# Subtitles

VTT = """WEBVTT - a hearing

NOTE
not to be read

STYLE
::cue { color: red }

intro
00:00:01.000 --> 00:00:04.000 align:start
<v Jane Roe>We <i>will</i> not
raise the tax &amp; that is

00:00:04.000 --> 00:00:06.500
all.

01:02:03.004 --> 01:02:05.000
<v John Doe>Thank you.

01:02:05.000 --> 01:02:06.000
<00:00:01.000><c.loud>Next.</c>
"""


def test_webvtt(settings: Settings) -> None:
    document = read_bytes(VTT.encode(), name="a.vtt", settings=settings)
    assert document.text == "Jane Roe: We will not raise the tax & that is all.\n\nJohn Doe: Thank you. Next."
    assert places(document) == [
        (1, "Jane Roe: We will not raise the tax & that is"),
        (4, "all."),
        (3723.004, "John Doe: Thank you."),
        (3725, "Next."),
    ]
    assert document.speakers == ("Jane Roe", "John Doe")
    assert document.metadata["kind"] == "transcript"


@pytest.mark.parametrize(
    ("cues", "text"),
    [
        ("1\n00:00:01,000 --> 00:00:02,000\nOne\n\n2\n00:00:02,000 --> 00:00:03,000\ntwo.\n", "One two."),
        (
            "1\n00:00:01,000 --> 00:00:02,000\nOne\n2\n00:00:02,000 --> 00:00:03,000\ntwo.\n",
            "One two.",
        ),  # no empty line
        ("1\n0:0:1 --> 0:0:2\nOne.\n", "One."),  # sloppy times
        ("1\n00:00:01,000 --> 00:00:02,000\n- Who?\n- Me.\n", "Who?\n\nMe."),  # two speakers
        (
            "1\n00:00:01,000 --> 00:00:02,000\nDone.\n\n2\n00:00:09,000 --> 00:00:10,000\nNew.\n",
            "Done.\n\nNew.",
        ),  # a pause
        ("1\n00:00:01,000 --> 00:00:02,000\n{\\an8}<i>Up</i> 1 < 2\n", "Up 1 < 2"),
        (
            "".join(f"{n}\n00:00:0{n},000 --> 00:00:0{n + 1},000\nline {n}\nline {n + 1}\n\n" for n in range(1, 5)),
            "line 1 line 2 line 3 line 4 line 5",
        ),  # captions that roll
        ("1\n00:00:01,000 --> 00:00:02,000\nNo.\n\n2\n00:00:02,000 --> 00:00:03,000\nYes. No.\n", "No. Yes. No."),
    ],
)
def test_srt(settings: Settings, cues: str, text: str) -> None:
    assert read_bytes(cues.encode(), name="a.srt", settings=settings).text == text


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (b"just words\n", DocumentError, "no cue in it"),
        (b"WEBVTT\n\nNOTE nothing\n", EmptyDocumentError, "no text"),
        (b"1\n00:00:01,000 --> 00:00:02,000\n\n", EmptyDocumentError, "no text"),
    ],
)
def test_subtitles_without_words(settings: Settings, data: bytes, error: type[DocumentError], message: str) -> None:
    with pytest.raises(error, match=message):
        read_bytes(data, name="a.srt", settings=settings)


# E-mail


def test_mail(settings: Settings) -> None:
    document = read_bytes(make_mail([LONG, "- one\n- two"]).encode(), name="a.eml", settings=settings)
    assert document.title == "Talks"
    assert document.published == dt.date(2024, 3, 29)
    assert document.metadata["publisher"] == "Press Office"
    assert document.text == f"{LONG}\n\n- one\n- two"  # a broken line is joined, a list is none


@pytest.mark.parametrize(
    ("plain", "page", "text"),
    [
        (LONG, f"<p>{LONG} As a page.</p>", LONG),  # the plain part is the sender's own text
        ("See our page.", f"<html><body><p>{LONG} As a page.</p></body></html>", f"{LONG} As a page."),
        (None, f"<html><body><p>{LONG} Café.</p></body></html>", f"{LONG} Café."),
        ("Short.", None, "Short."),
    ],
)
def test_mail_of_parts(settings: Settings, plain: str | None, page: str | None, text: str) -> None:
    document = read_bytes(make_multipart(plain, page, ["a.pdf"]), name="a.eml", settings=settings)
    assert document.text == text
    assert document.title == "Ünion talks"
    assert document.published == dt.date(2024, 3, 29)  # where it was sent
    assert document.metadata["publisher"] == "example.org"
    assert document.warnings == ("attachments were not read: a.pdf",)


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (b"just words", DocumentError, "not an e-mail"),
        (b"Subject: x\n\n", EmptyDocumentError, "nothing to read"),
        (make_multipart(" ", None, ["a.pdf"]), EmptyDocumentError, "only attachments .a.pdf."),
        (b"Content-Type: multipart/mixed; boundary=x\n\n" + b"--x\nContent-Type: multipart/mixed; boundary=x\n\n" * 3000,
         DocumentError, ""),
    ],
)  # fmt: skip
def test_mail_without_words(settings: Settings, data: bytes, error: type[DocumentError], message: str) -> None:
    with pytest.raises(error, match=message or None):
        read_bytes(data, name="a.eml", settings=settings)


def test_mail_with_an_endless_subject(settings: Settings) -> None:
    """The standard library's reader takes memory with the square of a header's length."""
    data = b"Subject: Bread " + b"=?utf-8?b?////?= " * 5_000 + b"\nFrom: a@example.org\n\nThe price of bread rose.\n"
    tracemalloc.start()
    try:
        document = read_bytes(data, name="a.eml", settings=settings)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert document.text == "The price of bread rose."
    assert (document.title or "").startswith("Bread")
    assert peak < 60_000_000  # 200 MB without the limit


# Transcripts by their lines


@pytest.mark.parametrize(
    ("text", "kind", "speakers"),
    [
        (
            "MR. SMITH: We met.\nMS. JONES: When?\nMR. SMITH: Friday.\nMS. JONES: Why?\nMR. SMITH: To talk.",
            "transcript", ("MR. SMITH", "MS. JONES"),
        ),
        (
            "Vladimir Putin: Yes.\nQuestion: Why?\nVladimir Putin: So.\nQuestion: And?\nVladimir Putin (in English): No.",
            "transcript", (),
        ),  # one name alone is not declared
        ("Q. Who?\nA. I.\nQ. When?\nA. Now.\nQ. Why?\nA. So.", "transcript", ()),
        ("Date: Friday\nPlace: Geneva\nDate: Monday\nPlace: Paris\nDate: Sunday\nPlace: Rome", None, ()),  # a form
        ("NOTE: a.\nHe left.\nNOTE: b.\nShe stayed.", None, ()),  # one label
        ("The minister said: no.\nShe said: yes.\nThe minister said: no.\nShe said: yes.\nNo.", None, ()),  # prose
        ("---\nkind: document\n---\nQ. Who?\nA. I.\nQ. When?\nA. Now.\nQ. Why?\nA. So.", "document", ()),  # it says itself
    ],
)  # fmt: skip
def test_transcripts(settings: Settings, text: str, kind: str | None, speakers: tuple[str, ...]) -> None:
    document = read_bytes(text.encode(), name="a.txt", settings=settings)
    assert document.metadata.get("kind") == kind
    assert document.speakers == speakers


# Kept in the corpus


def test_pages_times_and_fetches_are_kept(settings: Settings) -> None:
    from onrecord.corpus import Store
    from onrecord.documents import read_fetched
    from onrecord.documents.fetch import Fetched

    headers = (("content-type", "application/pdf"), ("etag", '"v1"'))
    data = make_pdf([["First page.", LONG], [LONG.replace("northern", "southern"), "The end."]])
    moment = dt.datetime(2024, 3, 30, tzinfo=dt.UTC)
    address = "https://example.org/a.pdf"
    fetched = Fetched(data, "https://example.org/old", address, 200, "application/pdf", None, moment, headers)
    with Store.open(settings) as store:
        report = store.add_documents(
            [
                read_fetched(fetched, settings=settings),
                read_bytes(VTT.encode(), name="a.vtt", settings=settings),
                read_bytes(b"Plain words.", name="a.txt", settings=settings),
            ]
        )
        assert (report.added, report.failed) == (3, 0)
        found = {
            passage.text: [item.page or item.seconds for item in passage.locators]
            for batch in store.iter_passages()
            for passage in batch
        }
        version = next(
            store.version(source.current_version_id) for source in store.sources() if source.address == address
        )
        (snapshot,) = store.snapshot(version.id)
    assert found["We will not raise the tax & that is all."] == [1, 4]
    assert found["Thank you. Next."] == [3723.004, 3725]
    assert found["Plain words."] == []
    assert sorted(page for text, pages in found.items() if "province" in text for page in pages) == [1, 2, 2]
    assert [item.span.of(version.text)[:4] for item in version.locators] == ["Firs", "The "]
    assert snapshot.fetched == {
        "requested": "https://example.org/old",
        "address": address,
        "status": 200,
        "retrieved_at": moment.isoformat(),
        "headers": [list(pair) for pair in headers],
    }


# Shown to a reader


@pytest.mark.parametrize(
    ("start", "end", "shown"),
    [
        (0, 5, "page 1"),
        (5, 15, "pages 1–2"),
        (12, 15, "page 2"),
        (10, 11, ""),  # between the pages
        (20, 25, ""),  # after them
        (30, 35, "at 01:02:03"),
        (30, 45, "at 01:02:03"),  # where it begins
    ],
)
def test_place_in_words(start: int, end: int, shown: str) -> None:
    from onrecord.records import Locator, Span
    from onrecord.report import where_in
    from tests.checked_article_factory import checked_article

    at = [(0, 10, 1, None), (11, 20, 2, None), (30, 40, None, 3723.9), (40, 50, None, 3730.0)]
    locators = tuple(Locator(span=Span(start=s, end=e), page=page, seconds=seconds) for s, e, page, seconds in at)
    judged = next(item for claim in checked_article().claims for item in claim.evidence)
    passage = judged.passage.model_copy(update={"locators": locators})
    assert where_in(passage, Span(start=start, end=end)) == shown
