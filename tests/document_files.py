"""Files of every format, made from paragraphs, for the tests of the readers."""

from __future__ import annotations

import io
import zipfile
import zlib
from email.message import EmailMessage
from email.policy import SMTP
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


ROW_MAPPING = """
name = "rows"
id = "row-{key}"
title = "{head}"
kind = "document"
publisher = "Example"
primary = true
licence = "public domain"
language = "en"
origin = "from {file}"
[[date]]
value = "{when}"
[text]
[[text.parts]]
field = "head"
[[text.parts]]
field = "body"
"""
"""How a table with key, when, head and body is read: a document for each row."""


def make_pdf(pages: Sequence[Sequence[str]], *, title: str = "", width: int = 80, heads: Sequence[str] = ()) -> bytes:
    """Return a PDF whose pages hold paragraphs, broken to lines of ``width``; any script, by a table of its characters."""
    characters = sorted(
        {c for page in pages for text in page for c in text} | {c for head in heads for c in head} | {" "}
    )
    code = {character: number for number, character in enumerate(characters, 1)}
    rows = "\n".join(f"<{number:04x}> <{ord(character):04x}>" for character, number in code.items())
    cmap = (
        "/CIDInit /ProcSet findresource begin begincmap /CMapName /T def /CMapType 2 def\n"
        f"1 begincodespacerange <0000> <ffff> endcodespacerange\n{len(code)} beginbfchar\n{rows}\nendbfchar\nendcmap end"
    )
    objects: list[bytes] = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"",
        b"<</Type/Font/Subtype/Type0/BaseFont/T/Encoding/Identity-H/DescendantFonts[4 0 R]/ToUnicode 5 0 R>>",
        (
            b"<</Type/Font/Subtype/CIDFontType2/BaseFont/T/DW 500/FontDescriptor 6 0 R"
            b"/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>>>"
        ),
        _stream(cmap.encode()),
        (
            b"<</Type/FontDescriptor/FontName/T/Flags 4/FontBBox[0 -200 500 800]/Ascent 800/Descent -200"
            b"/ItalicAngle 0/CapHeight 700/StemV 80>>"
        ),
        f"<</Title <feff{title.encode('utf-16-be').hex()}>/CreationDate(D:20240329101500Z)>>".encode(),
    ]

    def shown(text: str, x: int, y: int) -> str:
        return f"1 0 0 1 {x} {y} Tm <{''.join(f'{code[c]:04x}' for c in text)}> Tj\n"

    kids: list[int] = []
    for number, page in enumerate(pages):
        out = "BT /F 10 Tf\n"
        if heads:
            out += shown(heads[number], 72, 800)
        y = 740
        for paragraph in page:
            for line in broken(paragraph, width):
                out += shown(line, 72, y)
                y -= 12
            y -= 12
        objects.append(_stream((out + "ET").encode()))
        objects.append(
            f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {len(objects)} 0 R"
            f"/Resources<</Font<</F 3 0 R>>>>>>".encode()
        )
        kids.append(len(objects))
    objects[1] = f"<</Type/Pages/Kids[{' '.join(f'{kid} 0 R' for kid in kids)}]/Count {len(kids)}>>".encode()
    return _pdf(objects, info=7)


def make_scan(pages: int) -> bytes:
    """Return a PDF of pictures without text."""
    picture = (
        b"<</Type/XObject/Subtype/Image/Width 1/Height 1/ColorSpace/DeviceGray/BitsPerComponent 8/Length 1>>"
        b"stream\n\x00\nendstream"
    )
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"", picture, _stream(b"q 500 0 0 700 40 40 cm /I Do Q")]
    objects += [
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</XObject<</I 3 0 R>>>>>>"
    ] * pages
    kids = " ".join(f"{number} 0 R" for number in range(5, 5 + pages))
    objects[1] = f"<</Type/Pages/Kids[{kids}]/Count {pages}>>".encode()
    return _pdf(objects)


def _stream(data: bytes) -> bytes:
    packed = zlib.compress(data)
    return b"<</Filter/FlateDecode/Length %d>>stream\n%b\nendstream" % (len(packed), packed)


def _pdf(objects: Iterable[bytes], info: int = 0) -> bytes:
    out = bytearray(b"%PDF-1.7\n")
    places = []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    more = b"/Info %d 0 R" % info if info else b""
    out += b"trailer<</Size %d/Root 1 0 R%b>>\nstartxref\n%d\n%%%%EOF\n" % (len(places) + 1, more, table)
    return bytes(out)


def broken(text: str, width: int) -> list[str]:
    """Break a text to lines as a typesetter does: where the next word has no room."""
    lines = [""]
    for word in text.split(" "):
        if lines[-1] and len(lines[-1]) + 1 + len(word) > width:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def make_docx(
    paragraphs: Sequence[str], *, body: str = "", title: str = "", more: dict[str, str] | None = None
) -> bytes:
    """Return a DOCX file; ``body`` is WordprocessingML put after the paragraphs."""
    space = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
    written = "".join(f'<w:p><w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>' for text in paragraphs)
    parts = {
        "[Content_Types].xml": "<Types/>",
        "word/document.xml": f"<w:document {space}><w:body>{written}{body}</w:body></w:document>",
        "docProps/core.xml": (
            '<c:coreProperties xmlns:c="c" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:t="http://purl.org/dc/terms/">'
            f"<dc:title>{escape(title)}</dc:title><dc:creator>Anna Berg</dc:creator><t:created>2024-03-29T10:00:00Z</t:created>"
            "</c:coreProperties>"
        ),
        **{name: content.replace("SPACE", space) for name, content in (more or {}).items()},
    }
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return out.getvalue()


def make_srt(paragraphs: Sequence[str], seconds: int = 5) -> str:
    """Return subtitles with lines of at most 42 characters, two to a cue."""
    cues: list[str] = []
    for paragraph in paragraphs:
        lines = broken(paragraph, 42)
        for at in range(0, len(lines), 2):
            start = len(cues) * seconds
            times = [f"{t // 3600:02}:{t // 60 % 60:02}:{t % 60:02},000" for t in (start, start + seconds)]
            cues.append(f"{len(cues) + 1}\n{' --> '.join(times)}\n" + "\n".join(lines[at : at + 2]))
    return "\n\n".join(cues) + "\n"


def make_mail(paragraphs: Sequence[str]) -> str:
    """Return an e-mail whose body is in the encoding of the file, as many programs write it."""
    body = "\n\n".join("\n".join(broken(text, 72)) for text in paragraphs)
    return f"Subject: Talks\nFrom: Press Office <press@example.org>\nDate: Fri, 29 Mar 2024 10:00:00 +0100\n\n{body}\n"


def make_multipart(plain: str | None, page: str | None, attachments: Sequence[str] = ()) -> bytes:
    """Return an e-mail with a plain part, a page and attachments, packed as mail programs do."""
    message = EmailMessage()
    message["Subject"], message["From"], message["Date"] = (
        "Ünion talks",
        "press@example.org",
        "Fri, 29 Mar 2024 23:30:00 -0500",
    )
    if plain is not None:
        message.set_content(plain, charset="utf-8", cte="base64")
    if page is not None:
        (message.add_alternative if plain is not None else message.set_content)(
            page, subtype="html", charset="iso-8859-1"
        )
    for name in attachments:
        message.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename=name)
    return message.as_bytes(policy=SMTP)


def _page(paragraphs: Sequence[str]) -> str:
    inner = "".join(f"<p>{paragraph}</p>" for paragraph in paragraphs)
    return f"<!doctype html><html><head><title>T</title></head><body><article>{inner}</article></body></html>"


WRITTEN: dict[str, Callable[[Sequence[str]], str]] = {
    "text": "\n\n".join,
    "markdown": "\n\n".join,
    "html": _page,
    "subtitles": make_srt,
    "mail": make_mail,
}
"""How a file of each format that is text is made from paragraphs."""

PACKED: dict[str, Callable[[Sequence[str]], bytes]] = {
    "pdf": lambda paragraphs: make_pdf([paragraphs]),
    "docx": make_docx,
}
"""The same for the formats that are no text, whose characters have no encoding of the file."""
