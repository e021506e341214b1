"""Markdown with front matter: the prose, its headings, paragraphs, list items and table rows as lines."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from onrecord.documents.characters import decode
from onrecord.documents.front_matter import read_front_matter
from onrecord.documents.received import sha256_of
from onrecord.errors import DocumentError, EmptyDocumentError
from onrecord.records import Document

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

    from onrecord.documents.received import Raw


class Markdown:
    """Reads ``.md``. Marks of emphasis and link targets are left out; raw HTML is left out with a warning."""

    name = "markdown"
    suffixes = frozenset({".md", ".markdown"})
    media_types = frozenset({"text/markdown", "text/x-markdown"})

    def read(self, raw: Raw) -> Document:
        """Read ``raw`` as Markdown."""
        decoded = decode(raw.data, name=raw.name, declared=raw.charset)
        front = read_front_matter(decoded.text, name=raw.name)
        try:
            tokens = _parser().parse(decoded.text[front.body_start :])
        except RecursionError as error:
            message = f"{raw.name}: Markdown nested too deeply to be read; save it as plain text"
            raise DocumentError(message) from error
        prose = _Prose()
        prose.take(tokens)
        text = prose.text
        if not text.strip():
            message = f"{raw.name}: no text in it; give a file that holds the words to be read"
            raise EmptyDocumentError(message)
        warnings = (*decoded.warnings, *(("raw HTML in the Markdown was left out",) if prose.html_left_out else ()))
        return Document(
            text=text,
            media_type="text/markdown",
            content_sha256=sha256_of(raw.data),
            title=front.title or prose.first_heading,
            published=front.published,
            address=front.address or raw.address,
            speakers=front.speakers,
            language=front.language,
            metadata=front.metadata,
            warnings=warnings,
        )


@cache
def _parser() -> MarkdownIt:
    from markdown_it import MarkdownIt  # noqa: PLC0415  30 ms, and only Markdown needs it

    return MarkdownIt("commonmark", {"maxNesting": 60}).enable("table")


class _Prose:
    """Collects the lines of a token stream."""

    def __init__(self) -> None:
        self._blocks: list[str] = []
        self._tight: list[bool] = []  # whether the block follows the one before without an empty line
        self._lists: list[int | None] = []  # the next number of each open list; None: bullets
        self._mark = ""
        self._row: list[str] | None = None
        self.first_heading: str | None = None
        self.html_left_out = False

    @property
    def text(self) -> str:
        """The lines, with an empty line between blocks and none between the items of a list or rows of a table."""
        out: list[str] = []
        for block, tight in zip(self._blocks, self._tight, strict=True):
            if out:
                out.append("\n" if tight else "\n\n")
            out.append(block)
        return "".join(out)

    def take(self, tokens: list[Token]) -> None:  # noqa: C901, PLR0912  one branch per kind of token
        """Add the prose of ``tokens``."""
        heading = False
        follows_item = False
        follows_row = False
        for token in tokens:
            match token.type:
                case "heading_open":
                    heading = True
                case "heading_close":
                    heading = False
                case "bullet_list_open":
                    self._lists.append(None)
                    follows_item = len(self._lists) > 1
                case "ordered_list_open":
                    self._lists.append(int(token.attrGet("start") or 1))
                    follows_item = len(self._lists) > 1
                case "bullet_list_close" | "ordered_list_close":
                    self._lists.pop()
                    follows_item = bool(self._lists)
                case "list_item_open":
                    self._mark = self._next_mark()
                case "tr_open":
                    self._row = []
                case "tr_close":
                    self._add(" | ".join(cell for cell in self._row or [] if cell), tight=follows_row)
                    self._row = None
                    follows_row = True
                case "table_close":
                    follows_row = False
                case "inline":
                    words = self._inline(token.children or [])
                    if self._row is not None:
                        self._row.append(words)
                        continue
                    marked = bool(self._mark)
                    self._add(self._mark + words, tight=marked and follows_item)
                    self._mark = ""
                    follows_item = marked or bool(self._lists)
                    if heading and self.first_heading is None and words:
                        self.first_heading = words
                case "fence" | "code_block":
                    self._add(token.content.strip("\n"), tight=False)
                case "html_block":
                    self._leave_out(token)

    def _leave_out(self, token: Token) -> None:
        content = token.content.strip()
        if not (content.startswith("<!--") and content.endswith("-->")):  # nobody misses a comment
            self.html_left_out = True

    def _next_mark(self) -> str:
        number = self._lists[-1]
        if number is None:
            return "- "
        self._lists[-1] = number + 1
        return f"{number}. "

    def _add(self, block: str, *, tight: bool) -> None:
        if block.strip():
            self._blocks.append(block)
            self._tight.append(tight)

    def _inline(self, tokens: list[Token]) -> str:
        out: list[str] = []
        for token in tokens:
            match token.type:
                case "text" | "code_inline" | "text_special":
                    out.append(token.content)
                case "image":
                    out.append(self._inline(token.children or []))
                case "softbreak":
                    out.append(" ")
                case "hardbreak":
                    out.append("\n")
                case "html_inline":
                    self._leave_out(token)
        return "".join(out).strip()
