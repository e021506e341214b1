"""Readers of labelled data: JSON lines, gzipped or not. A row that cannot be used is an error that names it.

The formats are described in ``docs/evals.md``. Nothing is skipped silently: an unknown label, a missing or empty field, a
second use of an id and an empty file all stop the run.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import random
import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import NoReturn, TypeVar

from pydantic import BaseModel, ConfigDict, Field

from onrecord.corpus.incoming import first_line
from onrecord.errors import OnRecordError

_STATED_TITLE = re.compile(r"\(meta data\) TITLE:\s*(?P<title>\S.*\S)\s*\Z")
_GZIP_MAGIC = b"\x1f\x8b"
Row = TypeVar("Row")


class EvalDataError(OnRecordError):
    """Labelled data that cannot be used; the message names the file and the row."""


class Gold(StrEnum):
    """What the annotators of a set said of a claim or pair, in one vocabulary."""

    SUPPORTS = "supports"
    REFUTES = "refutes"
    NEUTRAL = "neutral"
    DISPUTED = "disputed"
    NOT_SUPPORTS = "not_supports"


LABELS: Mapping[str, Gold] = {
    "supports": Gold.SUPPORTS,
    "supported": Gold.SUPPORTS,
    "refutes": Gold.REFUTES,
    "refuted": Gold.REFUTES,
    "neutral": Gold.NEUTRAL,
    "not_enough_info": Gold.NEUTRAL,
    "not_enough_evidence": Gold.NEUTRAL,
    "disputed": Gold.DISPUTED,
    "conflicting": Gold.DISPUTED,
    "half_true": Gold.DISPUTED,  # PolitiFact: "partially accurate but leaves out important details"
    "not_supports": Gold.NOT_SUPPORTS,
    "not_supported": Gold.NOT_SUPPORTS,
    "partially_supports": Gold.NOT_SUPPORTS,  # as WiCE's own binary form does
}
"""Accepted spellings, after lower-casing and turning spaces and hyphens into underscores."""


class _Row(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=False)


class Pair(_Row):
    """A claim with one text of evidence and what that evidence does to it."""

    id: str
    claim: str
    evidence: str
    gold: Gold
    kind: str = ""
    """What decides, where the set says so."""


class LabelledClaim(_Row):
    """A claim with its label and, where the set has them, the documents and sentences that decide it."""

    id: str
    claim: str
    gold: Gold
    gold_documents: tuple[str, ...] = ()
    cited_documents: tuple[str, ...] = ()
    """What the claim was written from, whether it decides the claim or not, where a set says so."""
    rationales: Mapping[str, tuple[tuple[int, ...], ...]] = Field(default_factory=dict)
    """Document id → alternative rationales, each a set of sentence numbers counted from 0."""
    speaker: str | None = None
    kind: str = ""
    article_title: str = ""
    """Of the article that the claim is a sentence of, where a set gives it; ``before`` is the text before the sentence."""
    before: str = ""


class StarterClaim(_Row):
    """A labelled sentence of an example article, or a claim of its own."""

    id: str
    text: str
    """Words that stand alone."""
    article: str | None
    span: tuple[int, int] | None
    """The sentence in the example article's text."""
    kind: str
    labelled: LabelledClaim | None
    """``None`` where there is nothing to check."""


class LabelledSentence(_Row):
    """A sentence and whether it is worth checking (1) or not (0)."""

    id: str
    text: str
    gold: int


class LabelledAttribution(_Row):
    """One piece of reported speech in a paragraph, in the words of the paragraph; what is discontinuous is joined by spaces."""

    id: str
    paragraph: str
    content: str
    source: str = ""
    """Empty where nobody is named."""
    cue: str = ""
    group: str
    """The article, or the paragraph where that is not given: what is drawn together in the bootstrap."""


class CorpusDocument(_Row):
    """A document of a retrieval set: its sentences in order, joined by single spaces in ``text``."""

    id: str
    title: str
    sentences: tuple[str, ...]

    @property
    def text(self) -> str:
        """The document's text; ``sentence_spans`` point into it."""
        return " ".join(self.sentences)

    @property
    def sentence_spans(self) -> tuple[tuple[int, int], ...]:
        """Start and end of every sentence in ``text``, in code points."""
        spans: list[tuple[int, int]] = []
        start = 0
        for sentence in self.sentences:
            spans.append((start, start + len(sentence)))
            start += len(sentence) + 1
        return tuple(spans)


class DataFile(_Row):
    """Identity of the data a figure rests on."""

    path: str
    sha256: str
    n: int
    """Rows used, after ``--limit``."""


def fingerprint(path: Path) -> str:
    """Return the sha256 of a file's bytes, or of the names and bytes of all files below a folder."""
    digest = hashlib.sha256()
    if path.is_file():
        digest.update(path.read_bytes())
        return digest.hexdigest()
    for file in sorted(item for item in path.rglob("*") if item.is_file()):
        digest.update(str(file.relative_to(path)).encode())
        digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def sample(rows: Sequence[Row], limit: int | None, seed: int) -> list[Row]:
    """Return ``limit`` rows drawn at random with ``seed``, in the file's order; all of them when there are no more.

    A random draw, because many sets are sorted by label or topic.
    """
    if limit is None or limit >= len(rows):
        return list(rows)
    chosen = random.Random(seed).sample(range(len(rows)), limit)  # noqa: S311  a sample, not a secret
    return [rows[position] for position in sorted(chosen)]


def without(claims: Sequence[LabelledClaim], files: Sequence[Path]) -> list[LabelledClaim]:
    """Leave out the claims whose wording, but for case and spaces, is one of ``files``.

    Raises:
        EvalDataError: a file cannot be used, or no claim is left.
    """
    seen = {_wording(row.text("claim")) for path in files for row, _ in _readers(path)}
    left = [claim for claim in claims if _wording(claim.claim) not in seen]
    if not left:
        message = f"all {len(claims)} claims occur in {', '.join(str(path) for path in files)}; none is left to measure"
        raise EvalDataError(message)
    return left


def askable(claims: Sequence[LabelledClaim]) -> tuple[list[LabelledClaim], int]:
    """Leave out claims that no checker can get right: the same wording stands with several labels; also return how many.

    Where the labels are neutral and one side, the neutral rows are left out: they say that one sentence does not decide the
    claim, which another sentence of the corpus does. Where they are other labels, all rows of that wording are left out.
    """
    labels: dict[str, set[Gold]] = {}
    for claim in claims:
        labels.setdefault(_wording(claim.claim), set()).add(claim.gold)
    kept = [claim for claim in claims if labels[_wording(claim.claim)] - {Gold.NEUTRAL} <= {claim.gold}]
    return kept, len(claims) - len(kept)


def _wording(text: str) -> str:
    return " ".join(text.casefold().split())


def read_rows(path: Path) -> Iterator[tuple[int, Mapping[str, object]]]:
    """Yield row number (from 1) and object of a JSON-lines file, gzipped or not by its first bytes. Blank lines are skipped.

    Raises:
        EvalDataError: no such file, a damaged gzip stream, not UTF-8, a line that is not a JSON object, or no rows at all.
    """
    try:
        raw = path.read_bytes()
    except OSError as error:
        message = f"{path}: cannot be read ({error.strerror or error}); give the path of a .jsonl or .jsonl.gz file"
        raise EvalDataError(message) from error
    try:
        text = (gzip.decompress(raw) if raw.startswith(_GZIP_MAGIC) else raw).decode("utf-8")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        message = f"{path}: not readable as JSON lines in UTF-8, gzipped or not ({error})"
        raise EvalDataError(message) from error
    rows = 0
    # Split at line feeds only: str.splitlines would cut at U+2028 and others, which are legal inside JSON strings.
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            message = f"{path}, row {number}: not JSON ({error.msg} at character {error.colno})"
            raise EvalDataError(message) from error
        if not isinstance(row, dict):
            message = f"{path}, row {number}: a JSON object is needed, got {type(row).__name__}"
            raise EvalDataError(message)
        rows += 1
        yield number, row
    if not rows:
        message = f"{path}: the file has no rows"
        raise EvalDataError(message)


class _RowReader:
    """Fields of one row, with errors that name the file and the row."""

    def __init__(self, path: Path, number: int, row: Mapping[str, object]) -> None:
        self.where = f"{path}, row {number}"
        self.number = number
        self.row = row

    def reject(self, message: str) -> NoReturn:
        """Raise the error that names this row."""
        where = f"{self.where}: {message}"
        raise EvalDataError(where)

    def text(self, *names: str) -> str:
        """Return the first of the named fields that is there, as a non-empty string."""
        name = next((name for name in names if name in self.row), None)
        if name is None:
            wanted = " or ".join(repr(name) for name in names)
            self.reject(f"field {wanted} is missing; the row has {', '.join(sorted(self.row)) or 'no fields'}")
        value = self.row[name]
        if not isinstance(value, str) or not value.strip():
            self.reject(f"field {name!r} must be a non-empty text, got {value!r}")
        return value

    def identity(self) -> str:
        value = self.row.get("id", self.number)
        if not isinstance(value, str | int) or isinstance(value, bool) or not str(value).strip():
            self.reject(f"field 'id' must be a text or a whole number, got {value!r}")
        return str(value)

    def label(self, accepted: Sequence[Gold]) -> Gold:
        raw = self.row["label"] if "label" in self.row else self.text("label")
        gold = LABELS.get(str(raw).strip().lower().replace("-", "_").replace(" ", "_"))
        if gold is None or gold not in accepted:
            self.reject(f"unknown label {raw!r}; accepted: {', '.join(accepted)}")
        return gold

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.row.get(name, [])
        if not isinstance(value, list) or not all(isinstance(item, str | int) for item in value):
            self.reject(f"field {name!r} must be a list of texts, got {value!r}")
        return tuple(str(item) for item in value)

    def place(self) -> tuple[int, int]:
        """Read ``span``: start and end, in code points."""
        value = self.row.get("span")
        if not isinstance(value, list) or [type(item) for item in value] != [int, int] or not 0 <= value[0] < value[1]:
            self.reject(f"field 'span' must be [start, end] with 0 <= start < end, got {value!r}")
        return (value[0], value[1])

    def rationales(self) -> dict[str, tuple[tuple[int, ...], ...]]:
        """Read ``gold_sentences``: document id → sentence numbers, or → alternative lists of them."""
        value = self.row.get("gold_sentences", {})
        if not isinstance(value, dict):
            self.reject(f"field 'gold_sentences' must map document ids to sentence numbers, got {value!r}")
        found: dict[str, tuple[tuple[int, ...], ...]] = {}
        for document, given in value.items():
            if not isinstance(given, list):
                self.reject(f"'gold_sentences' of {document!r} must be a list, got {given!r}")
            # One flat list is one rationale; a list of lists holds alternatives.
            lists = given if any(isinstance(item, list) for item in given) else [given]
            alternatives: list[tuple[int, ...]] = []
            for item in lists:
                if not isinstance(item, list) or not all(
                    isinstance(n, int) and not isinstance(n, bool) and n >= 0 for n in item
                ):
                    self.reject(f"'gold_sentences' of {document!r} must hold sentence numbers from 0, got {item!r}")
                if item:
                    alternatives.append(tuple(item))
            if alternatives:
                found[str(document)] = tuple(alternatives)
        return found


def _readers(path: Path) -> Iterator[tuple[_RowReader, str]]:
    """Yield a reader and the unique identity of every row."""
    first_use: dict[str, int] = {}
    for number, row in read_rows(path):
        reader = _RowReader(path, number, row)
        identity = reader.identity()
        if identity in first_use:
            reader.reject(f"id {identity!r} was already used in row {first_use[identity]}; ids must be unique")
        first_use[identity] = number
        yield reader, identity


def read_pairs(path: Path, *, split: str = "") -> list[Pair]:
    """Read claim, evidence and label (supports, refutes, neutral; or supports, not_supports), and ``kind`` where given.

    Args:
        path: JSON lines.
        split: Keep the rows with this ``split`` only; empty: all. Rows left out are checked too.

    Raises:
        EvalDataError: as the module says, and when no row is of that split.
    """
    accepted = (Gold.SUPPORTS, Gold.REFUTES, Gold.NEUTRAL, Gold.NOT_SUPPORTS)
    by_split: dict[str, list[Pair]] = {}
    for row, identity in _readers(path):
        pair = Pair(
            id=identity,
            claim=row.text("claim"),
            evidence=row.text("evidence"),
            gold=row.label(accepted),
            kind=row.text("kind") if row.row.get("kind") else "",
        )
        by_split.setdefault(row.text("split") if split else "", []).append(pair)
    if split not in by_split:
        message = f"{path}: no row of the split {split!r}; there are: {', '.join(sorted(by_split))}"
        raise EvalDataError(message)
    return by_split[split]


def read_claims(path: Path) -> list[LabelledClaim]:
    """Read claims with labels, gold documents and rationales of a retrieval set.

    Raises:
        EvalDataError: as the module says.
    """
    claims: list[LabelledClaim] = []
    for row, identity in _readers(path):
        claims.append(
            LabelledClaim(
                id=identity,
                claim=row.text("claim"),
                gold=row.label(tuple(Gold)),
                gold_documents=row.texts("gold_docs"),
                cited_documents=row.texts("cited_docs"),
                rationales=row.rationales(),
                speaker=row.text("speaker") if row.row.get("speaker") else None,
                kind=row.text("kind") if row.row.get("kind") else "",
                article_title=row.text("claim_title") if row.row.get("claim_title") else "",
                before=row.text("claim_context") if str(row.row.get("claim_context", "")).strip() else "",
            )
        )
    return claims


NOT_A_CLAIM = "NOT_A_CLAIM"


def read_starter(path: Path) -> list[StarterClaim]:
    """Read the starter claims: wording, place in its example article, kind, label, and the ids of the deciding records.

    Raises:
        EvalDataError: as the module says.
    """
    found: list[StarterClaim] = []
    for row, identity in _readers(path):
        text, kind = row.text("claim"), row.text("kind")
        labelled = None
        if row.row.get("label") != NOT_A_CLAIM:
            accepted = (Gold.SUPPORTS, Gold.REFUTES, Gold.NEUTRAL, Gold.DISPUTED)
            labelled = LabelledClaim(
                id=identity,
                claim=text,
                gold=row.label(accepted),
                gold_documents=row.texts("records"),
                kind=kind,
            )
        article = row.text("article") if row.row.get("article") is not None else None
        found.append(
            StarterClaim(
                id=identity,
                text=text,
                article=article,
                span=row.place() if article else None,
                kind=kind,
                labelled=labelled,
            )
        )
    return found


def read_corpus(path: Path) -> list[CorpusDocument]:
    """Read documents of a retrieval set: id, title, and ``sentences`` or ``text``.

    A document without a title has the one that it states in its first sentence, as the pages of WiCE do, or the one that the
    corpus gives a source without any: its first line.

    Raises:
        EvalDataError: as the module says.
    """
    documents: list[CorpusDocument] = []
    for row, identity in _readers(path):
        title = row.row.get("title") or ""
        if not isinstance(title, str):
            row.reject(f"field 'title' must be a text, got {title!r}")
        sentences = row.texts("sentences") or (row.text("text"),)
        if not any(sentence.strip() for sentence in sentences):
            row.reject("the document holds no text")
        stated = _STATED_TITLE.match(sentences[0])
        title = title or (stated["title"] if stated else first_line(" ".join(sentences)))
        documents.append(CorpusDocument(id=identity, title=title, sentences=sentences))
    return documents


def read_sentences(path: Path) -> list[LabelledSentence]:
    """Read sentences labelled 1 (worth checking) or 0; the text is in ``text``, ``sentence`` or ``claim``.

    Raises:
        EvalDataError: as the module says.
    """
    rows: list[LabelledSentence] = []
    accepted = {0: 0, 1: 1, "0": 0, "1": 1}
    for row, identity in _readers(path):
        if "label" not in row.row:
            row.text("label")
        raw = row.row["label"]
        if isinstance(raw, bool) or not isinstance(raw, int | str) or raw not in accepted:
            row.reject(f"unknown label {raw!r}; accepted: 1 (worth checking), 0")
        rows.append(LabelledSentence(id=identity, text=row.text("text", "sentence", "claim"), gold=accepted[raw]))
    return rows


def read_attributions(path: Path) -> list[LabelledAttribution]:
    """Read reported speech: ``paragraph``, ``content``, and where given ``source``, ``cue`` and ``article``.

    Raises:
        EvalDataError: as the module says.
    """
    rows: list[LabelledAttribution] = []
    for row, identity in _readers(path):
        paragraph = row.text("paragraph")
        source, cue, article = (row.text(name) if row.row.get(name) else "" for name in ("source", "cue", "article"))
        for name, words in (("source", source), ("cue", cue)):
            if words not in paragraph:
                row.reject(f"{name} {words!r} does not stand in the paragraph")
        content = row.text("content")
        rows.append(
            LabelledAttribution(
                id=identity, paragraph=paragraph, content=content, source=source, cue=cue, group=article or paragraph
            )
        )
    return rows


def check_gold_documents(claims: Sequence[LabelledClaim], known: Mapping[str, int], *, path: Path) -> None:
    """Stop when a claim's gold documents or sentence numbers are not in the corpus (``known``: id → sentences; 0: unknown).

    Raises:
        EvalDataError: naming the claim and the document.
    """
    for claim in claims:
        for document in claim.gold_documents:
            if document not in known:
                message = f"{path}, claim {claim.id!r}: gold document {document!r} is not in the corpus"
                raise EvalDataError(message)
        for document, alternatives in claim.rationales.items():
            count = known.get(document, 0)
            highest = max(number for rationale in alternatives for number in rationale)
            if count and highest >= count:
                message = f"{path}, claim {claim.id!r}: gold sentence {highest} of {document!r} does not exist; it has {count}"
                raise EvalDataError(message)
