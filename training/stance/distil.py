r"""Let the accurate network label pairs that nobody labelled, for the fast one to learn from.

A claim is set beside what the product's own word index finds for it: claims of the training sets beside windows of the
retrieval corpora and beside other evidence of their set, headlines beside headlines and speeches, sentences of speeches beside
speeches. Half of the passages stand under the heading that the judge reads them with. Kept are the teacher's logits, before
any calibration, so that a temperature is chosen in training (Hinton, Vinyals and Dean 2015, *Distilling the Knowledge in
a Neural Network*, section 2).

No claim of ``pairs/dev``, of ``measure_only``, of a retrieval set that is not in ``pairs/train``, and no text of
``evals/claims`` is used. Passages of the retrieval corpora are, without what annotators said of them: what is measured end to
end searches the same documents, for claims that neither network has seen.

Commands (from the repository root; the second may be stopped and started again, it goes on where it was)::

    python -m training.stance.distil --data ../shared/data --home HOME --output RUN/distilled.jsonl --minutes 30
    python -m training.stance.train --tier fast --from-shipped --distilled RUN/distilled.jsonl --pairs ../shared/data/pairs \
        --run RUN --extra RUN --minutes 55 --bf16 --mixed 0.35
"""

from __future__ import annotations

import argparse
import csv
import datetime as dt
import hashlib
import json
import random
import re
import sys
import time
import zipfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from evals.ablation import passage_of, spans
from evals.data import CorpusDocument, read_corpus
from onrecord.records import Passage
from onrecord.settings import Settings, load_settings
from onrecord.stance import nli
from onrecord.stance.calibrate import NEUTRAL, REFUTES, SUPPORTS
from onrecord.stance.windows import heading_of
from training.rerank.lists import EVIDENCE_ONLY, WITH_CORPUS, by_words
from training.stance.mixture import LABELS, Pair, Shuffled, dev_claims, normalised, read_pairs

EVALUATED = Path(__file__).parents[2] / "evals" / "claims"
MOST_CLAIMS = 2000
"""Of one set, drawn by the hash of the claim."""
PLACES = 4
"""Passages beside a claim of a corpus: the nearest three and one of those behind; elsewhere the nearest and one behind."""
BEHIND = 20
"""How far behind."""
MOST_WORDS = 110
"""Of a passage; what is longer costs four others."""
CHUNK = 256
"""Pairs labelled between two writes."""
_WORDS_OF_A_SENTENCE = range(8, 31)


def drawn(identity: str) -> bytes:
    """Return what things are drawn by: the same on every machine and in every order."""
    return hashlib.sha256(f"distil:{identity}".encode()).digest()


def most(claims: Iterable[str], forbidden: frozenset[str]) -> list[str]:
    """Return the distinct claims that may be used, at most `MOST_CLAIMS`, drawn by hash."""
    allowed = [claim for claim in dict.fromkeys(claims) if normalised(claim) not in forbidden]
    return sorted(allowed, key=drawn)[:MOST_CLAIMS]


def evaluated(folder: Path) -> frozenset[str]:
    """Return the normalised texts that figures are reported on: claims and evidence of ``evals/claims``."""
    rows = [row for path in sorted(folder.glob("*.jsonl")) for row in read_rows(path)]
    return frozenset(normalised(row[key]) for row in rows for key in ("claim", "evidence") if row.get(key))


def read_rows(path: Path) -> list[dict[str, Any]]:
    """Return the objects of a file of JSON lines."""
    with path.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def passages_of(documents: Sequence[tuple[CorpusDocument, dt.date | None]], settings: Settings) -> list[Passage]:
    """Cut documents as the corpus does; each passage knows title and day of its source, for its heading."""
    whole = [document for document, _ in documents]
    made = []
    for number, (at, start, end) in enumerate(spans(whole, settings)):
        passage = passage_of(number, whole[at], start, end)
        made.append(
            passage.model_copy(update={"source": passage.source.model_copy(update={"published": documents[at][1]})})
        )
    return made


def beside(
    name: str, claims: Sequence[str], passages: Sequence[Passage], *, places: int, known: frozenset[tuple[str, str]]
) -> Iterator[Pair]:
    """Yield each claim beside what the word index finds for it, but for its own words, long passages and ``known`` pairs.

    The label is a placeholder until the teacher has spoken.
    """
    for claim, found in zip(claims, by_words(passages, claims), strict=True):
        said = normalised(claim)
        near = [
            passages[place]
            for place in found
            if normalised(passages[place].text) != said
            and (said, normalised(passages[place].text)) not in known
            and len(passages[place].text.split()) <= MOST_WORDS
        ]
        behind = sorted(near[places - 1 : BEHIND], key=lambda passage: drawn(claim + passage.text))[:1]
        for passage in [*near[: places - 1], *behind]:
            digest = drawn(f"{claim}\t{passage.text}")
            heading = heading_of(passage) if digest[0] % 2 else ""
            yield Pair(claim, heading + passage.text, "neutral", name, pair_id=digest.hex()[:24])


def of_training_sets(data: Path, forbidden: frozenset[str], settings: Settings) -> Iterator[Pair]:
    """Yield claims of the training sets beside windows of their corpus, or beside evidence of their set."""
    for name in dict.fromkeys((*WITH_CORPUS, *EVIDENCE_ONLY)):
        pairs = list(read_pairs(data / "pairs" / "train" / f"{name}.jsonl.gz"))
        known = frozenset((normalised(pair.claim), normalised(pair.evidence)) for pair in pairs)
        claims = most((pair.claim for pair in pairs), forbidden)
        if name in WITH_CORPUS:
            corpus = [(document, None) for document in read_corpus(data / "retrieval" / name / "corpus.jsonl.gz")]
            yield from beside(name, claims, passages_of(corpus, settings), places=PLACES, known=known)
        else:
            evidence = [(_document("", text), None) for text in dict.fromkeys(pair.evidence for pair in pairs)]
            yield from beside(name, claims, passages_of(evidence, settings), places=2, known=known)


def of_news(data: Path, forbidden: frozenset[str], settings: Settings) -> Iterator[Pair]:
    """Yield headlines beside headlines and beside speeches, and sentences of speeches beside speeches."""
    headlines = list(headlines_of(data))
    claims = most((document.text for document, _ in headlines), forbidden)
    wire, speeches = passages_of(headlines, settings), passages_of(list(speeches_of(data)), settings)
    sentences = [
        sentence
        for passage in speeches
        for sentence in re.split(r"(?<=[.!?])\s+", passage.text)
        if len(sentence.split()) in _WORDS_OF_A_SENTENCE
    ]
    nothing: frozenset[tuple[str, str]] = frozenset()
    yield from beside("headlines", claims, wire, places=3, known=nothing)
    yield from beside("headlines_speeches", claims, speeches, places=2, known=nothing)
    yield from beside("speeches", most(sentences, forbidden), speeches, places=2, known=nothing)


def headlines_of(data: Path) -> Iterator[tuple[CorpusDocument, dt.date | None]]:
    """Yield each headline as a document of its day."""
    for path in sorted((data / "coverage").glob("*.json")):
        for row in json.loads(path.read_text(encoding="utf-8")):
            yield _document("", " ".join(row["t"].split())), dt.date.fromisoformat(row["d"])


def speeches_of(data: Path) -> Iterator[tuple[CorpusDocument, dt.date | None]]:
    """Yield speeches: the sentences of a transcript that are there, and whole addresses under their name and year."""
    for path in sorted((data / "speech" / "kremlin_sentences").glob("*.csv")):
        transcripts: dict[tuple[str, str], list[str]] = {}
        with path.open(encoding="utf-8", newline="") as lines:
            for row in csv.DictReader(lines):
                transcripts.setdefault((row["source_doc_id"], row["date"][:10]), []).append(row["sentence"])
        for (_, day), said in transcripts.items():
            yield _document("Transcript of the Kremlin", " ".join(said)), dt.date.fromisoformat(day)
    for name, title in (("state_union.zip", "State of the Union address"), ("inaugural.zip", "Inaugural address")):
        with zipfile.ZipFile(data / "speech" / name) as archive:
            for member in sorted(archive.namelist()):
                if member.endswith(".txt"):
                    year, speaker = Path(member).stem.split("-", maxsplit=1)
                    text = archive.read(member).decode("utf-8", errors="replace")
                    yield _document(f"{title} of {speaker}, {year}", " ".join(text.split())), None


def _document(title: str, text: str) -> CorpusDocument:
    return CorpusDocument(id="", title=title, sentences=(text,))


def unlabelled(data: Path, settings: Settings) -> list[Pair]:
    """Return the pairs to be labelled, in an order in which every beginning is a fair sample of the whole."""
    forbidden = dev_claims(data / "pairs") | evaluated(EVALUATED)
    pairs = [*of_training_sets(data, forbidden, settings), *of_news(data, forbidden, settings)]
    kept = [pair for pair in pairs if normalised(pair.evidence) not in forbidden]
    return sorted({pair.pair_id: pair for pair in kept}.values(), key=lambda pair: pair.pair_id)


def label(pairs: Sequence[Pair], teacher: nli.CrossEncoder, output: Path, *, seconds: float) -> int:
    """Append the teacher's logits of pairs that ``output`` lacks, until the time is spent; return how many it holds.

    Raises:
        ValueError: ``output`` was written by another teacher, or holds pairs that are not among these.
    """
    asked = {pair.pair_id for pair in pairs}
    done: set[str] = set()
    if output.exists():
        whole = output.read_bytes()
        output.write_bytes(whole[: whole.rfind(b"\n") + 1])  # a line that was cut off by a crash is labelled again
        rows = read_rows(output)
        done = {row["id"] for row in rows}
        strange = [row for row in rows if row["teacher"] != teacher.sha256 or row["id"] not in asked]
        if strange:
            msg = (
                f"{output} holds {len(strange)} rows of another teacher or other pairs (the first: {strange[0]['id']}); "
                "name another --output, or remove it"
            )
            raise ValueError(msg)
    missing = [pair for pair in pairs if pair.pair_id not in done]
    ends = time.monotonic() + seconds
    with output.open("a", encoding="utf-8") as out:
        for start in range(0, len(missing), CHUNK):
            if time.monotonic() > ends:
                break
            part = missing[start : start + CHUNK]
            logits = teacher.logits([(pair.evidence, pair.claim) for pair in part])
            for pair, row in zip(part, logits, strict=True):
                found = {"id": pair.pair_id, "dataset": pair.dataset, "claim": pair.claim, "evidence": pair.evidence}
                spoken = [round(float(row[column]), 3) for column in (SUPPORTS, NEUTRAL, REFUTES)]
                out.write(json.dumps({**found, "logits": spoken, "teacher": teacher.sha256}, ensure_ascii=False) + "\n")
            out.flush()
            done.update(pair.pair_id for pair in part)
    return len(done)


def read_distilled(path: Path) -> list[Pair]:
    """Return the labelled pairs; their label is what the teacher finds most probable."""
    pairs = []
    for row in read_rows(path):
        supports, neutral, refutes = row["logits"]
        made = Pair(row["claim"], row["evidence"], "neutral", row["dataset"], pair_id=row["id"])
        likely = LABELS[max(range(len(LABELS)), key=row["logits"].__getitem__)]
        pairs.append(replace(made, label=likely, teacher=(supports, neutral, refutes)))
    return pairs


class Distilled:
    """An endless stream of pairs with the teacher's logits; without pairs it gives none."""

    def __init__(self, pairs: Sequence[Pair], *, seed: int) -> None:
        """Prepare the queue."""
        self._pairs = Shuffled(pairs, random.Random(seed))  # noqa: S311 - reproducible order, not secrecy

    def __len__(self) -> int:
        """Return how many different pairs there are."""
        return len(self._pairs)

    def draw(self, n: int) -> list[Pair]:
        """Return ``n`` pairs."""
        return [self._pairs.take() for _ in range(n)] if self._pairs else []


def main() -> None:
    """Label, and print what stands in the file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with pairs/, retrieval/, coverage/ and speech/"
    )
    parser.add_argument("--home", type=Path, required=True, help="where the base network is joined")
    parser.add_argument("--output", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    settings = load_settings(home=options.home, threads=options.threads)
    pairs = unlabelled(options.data, settings)
    sys.stderr.write(f"{len(pairs)} pairs: {dict(Counter(pair.dataset for pair in pairs))}\n")
    started = time.monotonic()
    held = label(pairs, nli.load_tier(settings, "accurate"), options.output, seconds=options.minutes * 60)
    sys.stderr.write(f"{held} labelled after {time.monotonic() - started:.0f} s\n")
    found = read_distilled(options.output)
    print(json.dumps({"pairs": len(found), "labels": dict(Counter(pair.label for pair in found))}))


if __name__ == "__main__":
    main()
