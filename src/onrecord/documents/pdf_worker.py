"""The lines on the pages of a PDF, printed as JSON: run by ``pdf.py`` as a process of its own, never imported.

PDFium is native code that reads hostile files. In a process of its own it may crash, hang or eat memory, and the program that
asked goes on. It is run as a file, not as a module, so that it starts without loading the package.

Input: the PDF on stdin; the greatest number of pages, characters, bytes of memory as arguments. Output: ``{"pages": [{"lines":
[[text, left, bottom, right, top], …], "pictures": bool}, …], "title": …, "author": …, "created": …}``, or ``{"error": code}``.
Lengths are points. A line is what PDFium takes for one; U+FFFE in it stands for a hyphen at which a word was broken.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import statistics
import sys
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium

_ERRORS = {
    pdfium.FPDF_ERR_PASSWORD: "password",
    pdfium.FPDF_ERR_SECURITY: "password",
}


def main() -> None:
    """Read the PDF on stdin and print what is on its pages."""
    most_pages, most_characters, most_memory = (int(value) for value in sys.argv[1:4])
    with contextlib.suppress(ImportError, ValueError, OSError):  # not on Windows, and not above a lower limit
        import resource  # noqa: PLC0415

        resource.setrlimit(resource.RLIMIT_AS, (most_memory, most_memory))
    json.dump(_read(sys.stdin.buffer.read(), most_pages, most_characters), sys.stdout)


def _read(data: bytes, most_pages: int, most_characters: int) -> dict[str, Any]:
    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        return {"error": _ERRORS.get(getattr(error, "err_code", 0), "damaged")}
    if len(document) > most_pages:
        return {"error": "pages", "found": len(document)}
    pages: list[dict[str, Any]] = []
    characters = 0
    for number in range(len(document)):
        try:
            page = document[number]
            text = page.get_textpage()
        except pypdfium2.PdfiumError:
            pages.append({"lines": [], "pictures": False, "damaged": True})
            continue
        characters += text.count_chars()
        if characters > most_characters:
            return {"error": "characters"}
        lines = _lines(text)
        pictures = not lines and any(True for _ in page.get_objects([pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=3))
        pages.append({"lines": lines, "pictures": pictures})
        text.close()
        page.close()
    said = document.get_metadata_dict(skip_empty=True)
    return {
        "pages": pages,
        "title": said.get("Title", ""),
        "author": said.get("Author", ""),
        "created": said.get("CreationDate", ""),
    }


def _lines(text: pypdfium2.PdfTextPage) -> list[list[object]]:
    lines: list[list[object]] = []
    units: list[int] = []
    boxes: list[tuple[float, float, float, float]] = []
    box = pdfium.FS_RECTF()

    def end() -> None:
        found = "".join(chr(unit) for unit in units).encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
        if found.strip() and boxes:
            left, bottom, right, top = zip(*boxes, strict=True)
            # The middle one, not the outermost: a raised figure or a bracket of another font makes no taller line.
            lines.append([found.strip(), min(left), statistics.median(bottom), max(right), statistics.median(top)])
        units.clear()
        boxes.clear()

    for index in range(text.count_chars()):
        unit = pdfium.FPDFText_GetUnicode(text, index)
        if unit == 0x0A:  # noqa: PLR2004  the end of a line
            end()
            continue
        if pdfium.FPDFText_IsHyphen(text, index) == 1:
            unit = 0xFFFE
        elif unit < 0x20 or unit == 0x7F:  # noqa: PLR2004  control characters: fonts without a table of their characters
            unit = 0x20
        units.append(min(unit, 0x10FFFF))
        if unit != 0x20 and pdfium.FPDFText_GetLooseCharBox(text, index, ctypes.byref(box)):  # noqa: PLR2004
            boxes.append((box.left, box.bottom, box.right, box.top))
    end()
    return lines


if __name__ == "__main__":
    main()
