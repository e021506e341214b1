"""The catalogue of open data sets: one TOML file each in ``evals/datasets/``, with address, licence, sha256, split and labels.

``python -m evals data NAME --split dev --folder DIR`` takes files that are there, checks them, downloads what is missing, and
writes the files that the tasks read. Without a network it says which file to put where.
"""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
from pydantic import BaseModel, ConfigDict, ValidationError

from evals.convert import CONVERTERS, Given, LeftOut
from evals.data import EvalDataError, read_attributions, read_claims, read_corpus, read_pairs, read_sentences

FOLDER = Path(__file__).resolve().parent / "datasets"
PREPARED = FOLDER / "prepared.sha256"
"""sha256 of the files that ``suite`` reads, in the form of ``sha256sum -c``."""
SEEN = "checksums.json"
"""In a set's folder: sha256 of files whose publisher states none, as they were when first used."""
_READERS: Mapping[str, Callable[[Path], object]] = {
    "pairs.jsonl": read_pairs,
    "corpus.jsonl": read_corpus,
    "claims.jsonl": read_claims,
    "sentences.jsonl": read_sentences,
    "attributions.jsonl": read_attributions,
}


class SetFile(BaseModel):
    """One file of a set as its publisher gives it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    split: str = ""
    """Splits that it holds, separated by commas; empty: it belongs to all."""
    address: str = ""
    """Empty: it has to be fetched by hand, as ``note`` says."""
    sha256: str = ""
    """Empty: nobody states it. It is noted when the file is first used, and checked from then on."""
    sha256_from: str = ""
    """Who states it."""


class DataSet(BaseModel):
    """One set of the catalogue."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    address: str
    """Page of the publisher."""
    licence: str
    converter: str
    makes: tuple[str, ...]
    """Files that the converter writes."""
    labels: Mapping[str, str]
    """Label of the set → label of the tasks."""
    files: tuple[SetFile, ...]
    note: str = ""

    @property
    def splits(self) -> list[str]:
        """Splits that can be asked for."""
        return list(dict.fromkeys(split for file in self.files for split in file.split.split(", ") if split))

    def needed(self, split: str) -> list[SetFile]:
        """Return the files that a split needs."""
        return [file for file in self.files if not file.split or split in file.split.split(", ")]


def data_sets(folder: Path = FOLDER) -> dict[str, DataSet]:
    """Return the catalogue by name.

    Raises:
        EvalDataError: a file of it cannot be used.
    """
    found: dict[str, DataSet] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            found[path.stem] = DataSet.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        except (ValidationError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            message = f"{path} is no entry of the catalogue: {' '.join(str(error).split())}"
            raise EvalDataError(message) from error
        if found[path.stem].converter not in CONVERTERS:
            message = f"{path}: no converter {found[path.stem].converter!r}; there are: {', '.join(CONVERTERS)}"
            raise EvalDataError(message)
    return found


def make(  # noqa: PLR0913  an argument for every choice
    name: str, *, split: str, folder: Path, out: Path, offline: bool = False, catalogue: Path = FOLDER
) -> dict[str, int]:
    """Check or download the files of a set and convert a split of it.

    Args:
        name: Of the set.
        split: Of the set.
        folder: Where the publisher's files lie or are put.
        out: Where the converted files go; each is read once with the tasks' own reader.
        offline: Do not download.
        catalogue: Folder of the catalogue.

    Returns:
        Rows by file, and rows left out by reason (under ``left out: …``).

    Raises:
        EvalDataError: no such set or split, a file that is missing or not the one meant, or a row that cannot be used.
    """
    known = data_sets(catalogue)
    if name not in known:
        message = f"no data set {name!r}; there are: {', '.join(known)}"
        raise EvalDataError(message)
    data_set = known[name]
    if split not in data_set.splits:
        message = f"{name} has no split {split!r}; there are: {', '.join(data_set.splits)}"
        raise EvalDataError(message)
    needed = data_set.needed(split)
    _fetch([file for file in needed if not (folder / file.name).exists()], data_set, folder, offline=offline)
    for file in needed:
        _check(file, folder)
    given = Given(folder, {file.name: file.split for file in needed}, data_set.labels, split)
    counts: dict[str, int] = dict.fromkeys(data_set.makes, 0)
    out.mkdir(parents=True, exist_ok=True)
    parts = {made: (out / f"{made}.part").open("w", encoding="utf-8") for made in data_set.makes}
    try:
        for made in CONVERTERS[data_set.converter](given):
            if isinstance(made, LeftOut):
                counts[f"left out: {made.reason}"] = counts.get(f"left out: {made.reason}", 0) + 1
                continue
            target, row = made
            parts[target].write(json.dumps(row, ensure_ascii=False) + "\n")
            counts[target] += 1
    finally:
        for part in parts.values():
            part.close()
    for target in parts:
        _READERS[target](out / f"{target}.part")
        (out / f"{target}.part").replace(out / target)
    return counts


def _fetch(missing: list[SetFile], data_set: DataSet, folder: Path, *, offline: bool) -> None:
    problems: dict[str, str] = {}
    for file in missing:
        if offline or not file.address:
            problems[file.name] = "not fetched" if file.address else "it cannot be fetched by a program"
            continue
        try:
            _download(file, folder)
        except (httpx.HTTPError, OSError) as error:
            problems[file.name] = f"no download ({type(error).__name__}: {error})"
    if problems:
        lines = [
            f"  {file.name}: {problems[file.name]}. Get it from {file.address or data_set.address} and put it at "
            f"{folder / file.name}{f' (sha256 {file.sha256})' if file.sha256 else ''}"
            for file in missing
            if file.name in problems
        ]
        note = f"\n{data_set.note}" if data_set.note else ""
        message = f"{data_set.title} is not complete:\n" + "\n".join(lines) + note
        raise EvalDataError(message)


def _download(file: SetFile, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{file.name}.part"
    with httpx.stream("GET", file.address, follow_redirects=True, timeout=60) as answer, part.open("wb") as target:
        answer.raise_for_status()
        for piece in answer.iter_bytes():
            target.write(piece)
    part.replace(folder / file.name)


def _check(file: SetFile, folder: Path) -> None:
    """Compare a file with its sha256; one that nobody states is noted at the first use.

    Raises:
        EvalDataError: it is another file.
    """
    with (folder / file.name).open("rb") as stream:
        found = hashlib.file_digest(stream, "sha256").hexdigest()
    notes = folder / SEEN
    seen: dict[str, str] = json.loads(notes.read_text(encoding="utf-8")) if notes.exists() else {}
    wanted = file.sha256 or seen.get(file.name, "")
    if not wanted:
        notes.write_text(json.dumps({**seen, file.name: found}, indent=1) + "\n", encoding="utf-8")
    elif wanted != found:
        whose = f"stated by: {file.sha256_from}" if file.sha256 else f"as when it was first used ({notes})"
        message = (
            f"{folder / file.name} is another file: its sha256 is {found}, wanted is {wanted} ({whose}). Remove it to fetch "
            "it again, or get the version that the catalogue means."
        )
        raise EvalDataError(message)


def check_prepared(path: Path, base: Path, listing: Path) -> None:
    """Compare a file of the suite with the sha256 stated for its place below ``base``; a file that is not listed passes.

    Raises:
        EvalDataError: it is another file.
    """
    if not path.is_relative_to(base) or not path.is_file():
        return
    place = path.relative_to(base).as_posix()
    stated = {name: digest for digest, name in (line.split() for line in listing.read_text("utf-8").splitlines())}
    if place in stated:
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != stated[place]:
            message = (
                f"{path} is another file: its sha256 is {found}, {listing.name} states {stated[place]} for {place}."
            )
            raise EvalDataError(message)
