"""From the files of an open data set to the formats that the tasks read; one function for each set of the catalogue.

A converter gets the files as they came and the mapping of labels, and yields rows by the name of the file they belong into.
What a format cannot hold is left out by name and counted (``LeftOut``); anything else that cannot be used is an error that
names the file and the row.
"""

from __future__ import annotations

import csv
import fnmatch
import io
import json
import re
import tarfile
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from evals.data import EvalDataError

Made = tuple[str, dict[str, object]]
"""Name of the file that a row belongs into, and the row."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that the format has no place for, and why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Given:
    """The files of a set: names, the split of each, and where they lie."""

    folder: Path
    files: Mapping[str, str]
    """Name → split; empty for files that belong to all."""
    labels: Mapping[str, str]
    split: str

    def of_split(self) -> list[str]:
        """Return the names of the files that hold the wanted split."""
        return [name for name, split in self.files.items() if self.split in split.split(", ")]

    def label(self, value: object, place: str) -> str:
        """Return the label in the vocabulary of the tasks.

        Raises:
            EvalDataError: the catalogue does not know it.
        """
        if not isinstance(value, str) or value not in self.labels:
            message = f"{place}: unknown label {value!r}; the catalogue knows: {', '.join(self.labels)}"
            raise EvalDataError(message)
        return self.labels[value]

    def lines(self, name: str) -> Iterator[tuple[str, Row]]:
        """Yield place and object of every line of a file of JSON lines."""
        yield from _lines((self.folder / name).read_bytes(), name)

    def members(self, name: str, pattern: str) -> Iterator[tuple[str, bytes]]:
        """Yield name and bytes of the members of an archive whose path matches ``pattern``, in the order of their names.

        Raises:
            EvalDataError: the archive cannot be read, or has no such member.
        """
        path = self.folder / name
        found = 0
        try:
            if name.endswith(".zip"):
                with zipfile.ZipFile(path) as archive:
                    for member in sorted(archive.namelist()):
                        if fnmatch.fnmatch(member, pattern):
                            found += 1
                            yield member, archive.read(member)
            else:
                with tarfile.open(path) as tape:
                    for entry in sorted(tape.getmembers(), key=lambda item: item.name):
                        stream = tape.extractfile(entry) if fnmatch.fnmatch(entry.name, pattern) else None
                        if stream is not None:
                            found += 1
                            yield entry.name, stream.read()
        except (OSError, EOFError, tarfile.TarError, zipfile.BadZipFile) as error:
            message = f"{path} is no archive that can be read: {error}"
            raise EvalDataError(message) from error
        if not found:
            message = f"{path} holds nothing like {pattern!r}; is it the file that the catalogue names?"
            raise EvalDataError(message)


@dataclass(frozen=True, slots=True)
class Row:
    """An object of a data set, whose fields are read by name."""

    place: str
    fields: Mapping[str, object]

    def reject(self, problem: str) -> NoReturn:
        """Raise the error that names the row."""
        message = f"{self.place}: {problem}"
        raise EvalDataError(message)

    def value(self, name: str) -> object:
        """Return a field that must be there."""
        if name not in self.fields:
            self.reject(f"field {name!r} is missing")
        return self.fields[name]

    def text(self, name: str) -> str:
        """Return a field that must be a text with something in it; numbers are read as text."""
        value = self.value(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        if not isinstance(value, str) or not value.strip():
            self.reject(f"field {name!r} must be a non-empty text, got {value!r}")
        return value.strip()

    def rows(self, name: str) -> list[Row]:
        """Return a field that must be a list of objects."""
        value = self.value(name)
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.reject(f"field {name!r} must be a list of objects, got {value!r}")
        return [Row(f"{self.place}, {name}", item) for item in value]

    def texts(self, name: str) -> list[str]:
        """Return a field that must be a list of texts."""
        value = self.value(name)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            self.reject(f"field {name!r} must be a list of texts, got {value!r}")
        return [str(item) for item in value]


def _lines(content: bytes, name: str) -> Iterator[tuple[str, Row]]:
    text = _decoded(content, name)
    found = 0
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        found += 1
        place = f"{name}, row {number}"
        try:
            value = json.loads(line)
        except ValueError as error:
            message = f"{place}: not JSON ({error})"
            raise EvalDataError(message) from error
        if not isinstance(value, dict):
            message = f"{place}: a JSON object is needed, got {type(value).__name__}"
            raise EvalDataError(message)
        yield place, Row(place, value)
    if not found:
        message = f"{name} holds no rows"
        raise EvalDataError(message)


def _decoded(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"{name} is not UTF-8: {error}"
        raise EvalDataError(message) from error


def _table(content: bytes, name: str, delimiter: str) -> Iterator[Row]:
    # In CheckThat's tables a quotation mark is a quotation mark; in HealthVer's it encloses fields.
    text = io.StringIO(_decoded(content, name), newline="")
    if delimiter == "\t":
        reader = csv.DictReader(text, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    else:
        reader = csv.DictReader(text, delimiter=delimiter)
    found = 0
    for found, fields in enumerate(reader, start=1):
        yield Row(f"{name}, row {found}", dict(fields))
    if not found:
        message = f"{name} holds no rows"
        raise EvalDataError(message)


def _pair(identity: str, claim: str, evidence: str, label: str, split: str) -> Made:
    return "pairs.jsonl", {"id": identity, "claim": claim, "evidence": evidence, "label": label, "split": split}


def fever(given: Given) -> Iterator[Made | LeftOut]:
    """Every claim with each complete set of its gold sentences, whose texts are in ``wiki-pages.zip``."""
    claims: list[tuple[Row, str, list[list[tuple[str, int]]]]] = []
    for name in given.of_split():
        for place, row in given.lines(name):
            if row.value("label") == "NOT ENOUGH INFO":
                yield LeftOut("nothing decides the claim, so there is no evidence to pair it with")
                continue
            claims.append((row, given.label(row.value("label"), place), _fever_sets(row)))
    wanted = {page for _, _, sets in claims for found in sets for page, _ in found}
    pages: dict[str, list[str]] = {}
    for name, content in given.members("wiki-pages.zip", "*wiki-*.jsonl"):
        for _, row in _lines(content, name):
            page = str(row.value("id"))
            if page in wanted:
                # number, tab, sentence, and then links behind further tabs
                pages[page] = [[*line.split("\t"), ""][1] for line in str(row.value("lines")).split("\n")]
    for row, label, sets in claims:
        for number, found in enumerate(dict.fromkeys(tuple(some) for some in sets)):
            sentences = [pages.get(page, [])[n] if n < len(pages.get(page, [])) else "" for page, n in found]
            if all(sentences):
                yield _pair(f"{row.text('id')}-{number}", row.text("claim"), " ".join(sentences), label, given.split)
            else:
                yield LeftOut("a gold sentence is not among the pages")


def _fever_sets(row: Row) -> list[list[tuple[str, int]]]:
    value = row.value("evidence")
    sets: list[list[tuple[str, int]]] = []
    for some in value if isinstance(value, list) else row.reject("field 'evidence' must be a list"):
        try:
            sets.append([(str(page), int(sentence)) for _, _, page, sentence in some])
        except (TypeError, ValueError):
            row.reject(f"an evidence set must hold [annotation, id, page, sentence], got {some!r}")
    return sets


def scifact(given: Given) -> Iterator[Made | LeftOut]:
    """All abstracts, and the claims of a split with gold documents and rationales."""
    archive = next(iter(given.files))
    for name, content in given.members(archive, "*corpus.jsonl"):
        for _, row in _lines(content, name):
            document: dict[str, object] = {"id": row.text("doc_id"), "title": row.text("title")}
            yield "corpus.jsonl", {**document, "sentences": row.texts("abstract")}
    for name, content in given.members(archive, f"*claims_{given.split}.jsonl"):
        for place, row in _lines(content, name):
            evidence = row.value("evidence")
            if not isinstance(evidence, dict):
                row.reject(f"field 'evidence' must map documents to rationales, got {evidence!r}")
            labels = {rationale["label"] for found in evidence.values() for rationale in found}
            if len(labels) > 1:
                yield LeftOut("its documents disagree on the label")
                continue
            yield (
                "claims.jsonl",
                {
                    "id": row.text("id"),
                    "claim": row.text("claim"),
                    "label": given.label(next(iter(labels), "NOT_ENOUGH_INFO"), place),
                    "split": given.split,
                    "gold_docs": list(evidence),
                    "gold_sentences": {doc: [item["sentences"] for item in found] for doc, found in evidence.items()},
                },
            )


def climate_fever(given: Given) -> Iterator[Made | LeftOut]:
    """Every claim with each of its sentences, by the label of the sentence."""
    for name, content in given.members(next(iter(given.files)), "*.jsonl"):
        for _, row in _lines(content, name):
            for evidence in row.rows("evidences"):
                label = given.label(evidence.value("evidence_label"), evidence.place)
                identity = f"{row.text('claim_id')}-{evidence.text('evidence_id')}"
                yield _pair(identity, row.text("claim"), evidence.text("evidence"), label, given.split)


def averitec(given: Given) -> Iterator[Made | LeftOut]:
    """Every claim with its questions and answers as one text."""
    for name in given.of_split():
        try:
            rows = json.loads((given.folder / name).read_text(encoding="utf-8"))
        except (ValueError, OSError) as error:
            message = f"{name} is not readable JSON: {error}"
            raise EvalDataError(message) from error
        if not isinstance(rows, list) or not rows:
            message = f"{name} holds no rows"
            raise EvalDataError(message)
        for number, fields in enumerate(rows, start=1):
            row = Row(f"{name}, row {number}", fields)
            if str(row.value("label")).startswith("Conflicting"):
                yield LeftOut("its evidence conflicts; a pair has one stance")
                continue
            texts = [
                f"{question.text('question')} {answer.text('answer')}"
                for question in row.rows("questions")
                for answer in question.rows("answers")
            ]
            if not texts:
                yield LeftOut("it has no answers")
                continue
            label = given.label(row.value("label"), row.place)
            yield _pair(f"{given.split}-{number}", row.text("claim"), " ".join(texts), label, given.split)


def healthver(given: Given) -> Iterator[Made | LeftOut]:
    """The rows of the table as they are."""
    for name in given.of_split():
        for number, row in enumerate(_table((given.folder / name).read_bytes(), name, ","), start=1):
            label = given.label(row.value("label"), row.place)
            yield _pair(f"{given.split}-{number}", row.text("claim"), row.text("evidence"), label, given.split)


def check_covid(given: Given) -> Iterator[Made | LeftOut]:
    """All abstracts, and the claims with gold documents and sentences."""
    for _, row in given.lines("corpus.json"):
        document: dict[str, object] = {"id": row.text("cord_id"), "title": str(row.fields.get("title") or "")}
        yield "corpus.jsonl", {**document, "sentences": row.texts("abstract")}
    for name in given.of_split():
        for place, row in given.lines(name):
            label = given.label(row.value("label"), place)
            document_id = row.text("cord_id")
            sentences = [piece.value("sent_index") for piece in row.rows("evidence_set")]
            decided = label != "neutral"
            yield (
                "claims.jsonl",
                {
                    "id": row.text("id"),
                    "claim": row.text("claim"),
                    "label": label,
                    "split": given.split,
                    "gold_docs": [document_id] if decided else [],
                    "gold_sentences": {document_id: sentences} if decided else {},
                },
            )


def fool_me_twice(given: Given) -> Iterator[Made | LeftOut]:
    """Every claim with its gold sentences as one text."""
    for name in given.of_split():
        for place, row in given.lines(name):
            evidence = " ".join(piece.text("text") for piece in row.rows("gold_evidence"))
            label = given.label(row.value("label"), place)
            if evidence:
                yield _pair(row.text("id"), row.text("text"), evidence, label, given.split)
            else:
                yield LeftOut("it has no gold evidence")


def wice(given: Given) -> Iterator[Made | LeftOut]:
    """One document a claim, and the claims with alternative sets of sentences."""
    for name in given.of_split():
        for place, row in given.lines(name):
            meta = row.value("meta")
            if not isinstance(meta, dict):
                row.reject("field 'meta' must be an object")
            identity = Row(f"{place}, meta", meta).text("id")
            yield "corpus.jsonl", {"id": f"wice-{identity}", "title": "", "sentences": row.texts("evidence")}
            yield (
                "claims.jsonl",
                {
                    "id": identity,
                    "claim": row.text("claim"),
                    "label": given.label(row.value("label"), place),
                    "split": given.split,
                    "gold_docs": [f"wice-{identity}"],
                    "gold_sentences": {f"wice-{identity}": row.value("supporting_sentences")},
                    "claim_title": str(meta.get("claim_title", "")),
                    "claim_context": str(meta.get("claim_context", "")),
                },
            )


def vitaminc(given: Given) -> Iterator[Made | LeftOut]:
    """The pairs as they are."""
    for name, content in given.members(next(iter(given.files)), f"*{given.split}.jsonl"):
        for place, row in _lines(content, name):
            label = given.label(row.value("label"), place)
            yield _pair(row.text("unique_id"), row.text("claim"), row.text("evidence"), label, given.split)


def checkthat24(given: Given) -> Iterator[Made | LeftOut]:
    """The sentences with 1 for worth checking."""
    for name in given.of_split():
        for row in _table((given.folder / name).read_bytes(), name, "\t"):
            sentence: dict[str, object] = {"id": row.text("Sentence_id"), "text": row.text("Text")}
            label = int(given.label(row.value("class_label"), row.place))
            yield "sentences.jsonl", {**sentence, "label": label, "split": given.split}


_SPANS = re.compile(r"^(T\d+)\t(Source|Cue|Content) (\d[\d ;]*)\t", re.MULTILINE)
_EVENT = re.compile(r"^E\d+\t(.+)$", re.MULTILINE)


def polnear(given: Given) -> Iterator[Made | LeftOut]:
    """Every annotated attribution whose parts lie in one paragraph, with that paragraph."""
    archive = next(iter(given.files))
    texts = {
        Path(name).stem: _decoded(content, name)
        for name, content in given.members(archive, f"*data/{given.split}/text/*.txt")
    }
    for name, content in given.members(archive, f"*data/{given.split}/attributions/*.ann"):
        stem = Path(name).stem
        article = stem.rpartition("_")[0]
        if article not in texts:
            message = f"{name}: there is no text {article}.txt"
            raise EvalDataError(message)
        annotations = _decoded(content, name)
        spans = {
            mark: [(int(a), int(b)) for a, b in (piece.split() for piece in places.split(";"))]
            for mark, _, places in _SPANS.findall(annotations)
        }
        for number, event in enumerate(_EVENT.findall(annotations)):
            parts: dict[str, list[tuple[int, int]]] = {}
            for role in event.split():
                kind, _, mark = role.partition(":")
                parts.setdefault(kind.rstrip("0123456789"), []).extend(spans.get(mark, []))
            yield _attribution(f"{stem}:{number}", article, texts[article], parts)


def _attribution(
    identity: str, article: str, text: str, parts: Mapping[str, Sequence[tuple[int, int]]]
) -> Made | LeftOut:
    places = [place for kind in ("Source", "Cue", "Content") for place in parts.get(kind, ())]
    if not parts.get("Content"):
        return LeftOut("an attribution without content")
    start = text.rfind("\n", 0, min(place[0] for place in places)) + 1
    end = text.find("\n", start)
    end = len(text) if end < 0 else end
    if max(place[1] for place in places) > end:
        return LeftOut("its parts lie in several paragraphs")

    def words(kind: str) -> str:
        return " ".join(text[a:b] for a, b in sorted(parts.get(kind, ())))

    row: dict[str, object] = {"id": identity, "article": article, "paragraph": text[start:end].strip()}
    row |= {"content": words("Content"), "source": words("Source"), "cue": words("Cue")}
    paragraph = str(row["paragraph"])
    if any(str(row[name]) not in paragraph for name in ("source", "cue")):
        return LeftOut("its source or cue is in several pieces")
    return "attributions.jsonl", row


CONVERTERS: Mapping[str, Callable[[Given], Iterator[Made | LeftOut]]] = {
    function.__name__: function
    for function in (
        fever,
        scifact,
        climate_fever,
        averitec,
        healthver,
        check_covid,
        fool_me_twice,
        wice,
        vitaminc,
        checkthat24,
        polnear,
    )
}
"""Name in the catalogue → converter."""
