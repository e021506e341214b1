"""The catalogue of open data sets: files that are missing, other or unusable, and what each converter makes of its format."""

from __future__ import annotations

import hashlib
import io
import json
import re
import tarfile
import zipfile
from typing import TYPE_CHECKING

import httpx
import pytest
from typer.testing import CliRunner

from evals import catalogue, suite
from evals.__main__ import app
from evals.convert import CONVERTERS, Given, LeftOut
from evals.data import EvalDataError
from evals.run import Options

if TYPE_CHECKING:
    from pathlib import Path


def lines(*rows: object) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/"), content)
    return buffer.getvalue()


def tarred(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name.replace("__", "/"))
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


FEVER_WIKI = "wiki-pages.zip"
RAIN = "It rained\tRain\tRain"
ARTICLE = "Head line\nThe mayor said the bridge is closed. It rained.\n"
BRAT = (
    "T1\tSource 10 19\tThe mayor\nT2\tCue 20 24\tsaid\nT3\tContent 25 45\tthe bridge is closed\n"
    "T4\tAttribution 20 24\tsaid\nE1\tAttribution:T4 Content:T3 Cue:T2 Source:T1\n"
)
SAMPLES: dict[str, tuple[dict[str, bytes], str, list[tuple[str, dict[str, object]]], int]] = {
    # set: its files, a split, some of what must come out (subsets of rows), and how many rows are left out
    "fever": (
        {
            "shared_task_dev.jsonl": lines(
                {
                    "id": 7,
                    "claim": "It rained.",
                    "label": "SUPPORTS",
                    # two annotators, the second with the same sentence; then a set of two sentences
                    "evidence": [[[1, 1, "Rain", 1]], [[2, 2, "Rain", 1]], [[3, 3, "Rain", 0], [3, 3, "Rain", 1]]],
                },
                {"id": 8, "claim": "Gone.", "label": "REFUTES", "evidence": [[[1, 1, "Gone", 0]]]},
                {"id": 9, "claim": "Unknown.", "label": "NOT ENOUGH INFO", "evidence": [[[1, None, None, None]]]},
            ),
            FEVER_WIKI: zipped(
                **{"wiki-pages__wiki-001.jsonl": lines({"id": "Rain", "lines": f"0\tClouds came.\n1\t{RAIN}"})}
            ),
        },
        "dev",
        [
            ("pairs.jsonl", {"id": "7-0", "evidence": "It rained", "label": "supports"}),
            ("pairs.jsonl", {"id": "7-1", "evidence": "Clouds came. It rained"}),
        ],
        2,  # a page that is not there, and a claim that nothing decides
    ),
    "scifact": (
        {
            "data.tar.gz": tarred(
                data__corpus=b"",
                **{
                    "data__corpus.jsonl": lines({"doc_id": 4, "title": "T", "abstract": ["One.", "Two."]}),
                    "data__claims_dev.jsonl": lines(
                        {"id": 1, "claim": "C.", "evidence": {"4": [{"sentences": [1], "label": "CONTRADICT"}]}},
                        {"id": 2, "claim": "D.", "evidence": {}},
                    ),
                    "data__claims_train.jsonl": lines({"id": 3, "claim": "E.", "evidence": {}}),
                },
            )
        },
        "dev",
        [
            ("corpus.jsonl", {"id": "4", "sentences": ["One.", "Two."]}),
            ("claims.jsonl", {"id": "1", "label": "refutes", "gold_docs": ["4"], "gold_sentences": {"4": [[1]]}}),
            ("claims.jsonl", {"id": "2", "label": "neutral", "gold_docs": []}),
        ],
        0,
    ),
    "climate_fever": (
        {
            "climate-fever-dataset-1.0.1.zip": zipped(
                climate__data=b"",
                **{
                    "x__dataset.jsonl": lines(
                        {
                            "claim_id": "5",
                            "claim": "C.",
                            "evidences": [
                                {"evidence_id": "W:1", "evidence": "E.", "evidence_label": "NOT_ENOUGH_INFO"},
                                {"evidence_id": "W:2", "evidence": "F.", "evidence_label": "REFUTES"},
                            ],
                        }
                    )
                },
            )
        },
        "all",
        [
            ("pairs.jsonl", {"id": "5-W:1", "label": "neutral"}),
            ("pairs.jsonl", {"id": "5-W:2", "label": "refutes", "evidence": "F."}),
        ],
        0,
    ),
    "averitec": (
        {
            "dev.json": json.dumps(
                [
                    {
                        "claim": "C.",
                        "label": "Refuted",
                        "questions": [{"question": "Q?", "answers": [{"answer": "No."}, {"answer": "Never."}]}],
                    },
                    {"claim": "D.", "label": "Conflicting Evidence/Cherrypicking", "questions": []},
                    {"claim": "E.", "label": "Supported", "questions": [{"question": "Q?", "answers": []}]},
                ]
            ).encode()
        },
        "dev",
        [("pairs.jsonl", {"evidence": "Q? No. Q? Never.", "label": "refutes"})],
        2,  # conflicting, and without answers
    ),
    "healthver": (
        {
            "healthver_test.csv": b'id,evidence,claim,label,topic_ip,question\n3,"One, two",C.,Neutral,1,Q\n'
            b"3,E.,C.,Supports,1,Q\n"
        },
        "test",
        [
            ("pairs.jsonl", {"id": "test-1", "evidence": "One, two", "label": "neutral"}),
            ("pairs.jsonl", {"id": "test-2", "label": "supports"}),
        ],
        0,
    ),
    "check_covid": (
        {
            "corpus.json": lines({"cord_id": "a1", "title": "T", "abstract": ["One.", "Two."]}),
            "covidCheck_dev_extracted.json": lines(
                {"id": "1_0", "claim": "C.", "cord_id": "a1", "label": "REFUTE", "evidence_set": [{"sent_index": 1}]},
            )
            + b"    "  # as the file has it
            + lines(
                {
                    "id": "1_2",
                    "claim": "C.",
                    "cord_id": "a1",
                    "label": "NOTENOUGHINFO",
                    "evidence_set": [{"sent_index": 0}],
                }
            ),
        },
        "dev",
        [
            ("claims.jsonl", {"id": "1_0", "label": "refutes", "gold_docs": ["a1"], "gold_sentences": {"a1": [1]}}),
            ("claims.jsonl", {"id": "1_2", "label": "neutral", "gold_docs": []}),
        ],
        0,
    ),
    "fool_me_twice": (
        {
            "test.jsonl": lines(
                {"id": "f", "text": "C.", "label": "REFUTES", "gold_evidence": [{"text": "One."}, {"text": "Two."}]},
                {"id": "g", "text": "D.", "label": "SUPPORTS", "gold_evidence": []},
            )
        },
        "test",
        [("pairs.jsonl", {"id": "f", "claim": "C.", "evidence": "One. Two.", "label": "refutes"})],
        1,
    ),
    "wice": (
        {
            "dev.jsonl": lines(
                {
                    "label": "partially_supported",
                    "supporting_sentences": [[0, 1], [1]],
                    "claim": "C.",
                    "evidence": ["One.", "Two."],
                    "meta": {"id": "dev1", "claim_title": "T", "claim_context": "B."},
                }
            )
        },
        "dev",
        [
            ("corpus.jsonl", {"id": "wice-dev1", "sentences": ["One.", "Two."]}),
            (
                "claims.jsonl",
                {"label": "not_supports", "gold_sentences": {"wice-dev1": [[0, 1], [1]]}, "claim_title": "T"},
            ),
        ],
        0,
    ),
    "vitaminc": (
        {
            "vitaminc.zip": zipped(
                **{
                    "vitaminc__dev.jsonl": lines(
                        {"unique_id": "u1", "claim": "C.", "evidence": "E.", "label": "NOT ENOUGH INFO"}
                    ),
                    "vitaminc__test.jsonl": lines(
                        {"unique_id": "u2", "claim": "C.", "evidence": "E.", "label": "REFUTES"}
                    ),
                }
            )
        },
        "test",
        [("pairs.jsonl", {"id": "u2", "label": "refutes"})],
        0,
    ),
    "checkthat24": (
        {
            "CT24_checkworthy_english_dev.tsv": b'Sentence_id\tText\tclass_label\n11\tHe said "no.\tYes\n'
            b"12\tThanks.\tNo\n"
        },
        "dev",
        [
            ("sentences.jsonl", {"id": "11", "text": 'He said "no.', "label": 1}),  # a mark that nothing closes
            ("sentences.jsonl", {"id": "12", "label": 0}),
        ],
        0,
    ),
    "polnear": (
        {
            "polnear.zip": zipped(
                **{
                    "P-master__data__dev__text__a_2016-01-01_x.txt": ARTICLE.encode(),
                    "P-master__data__dev__attributions__a_2016-01-01_x_ab12.ann": BRAT.encode(),
                }
            )
        },
        "dev",
        [
            (
                "attributions.jsonl",
                {
                    "id": "a_2016-01-01_x_ab12:0",
                    "source": "The mayor",
                    "cue": "said",
                    "content": "the bridge is closed",
                    "paragraph": "The mayor said the bridge is closed. It rained.",
                },
            )
        ],
        0,
    ),
}


def put(folder: Path, files: dict[str, bytes]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def made(
    name: str, files: dict[str, bytes], split: str, folder: Path
) -> tuple[list[tuple[str, dict[str, object]]], int]:
    """Return rows and the number left out."""
    data_set = catalogue.data_sets()[name]
    put(folder, files)
    given = Given(folder, {file: file_split(data_set, file) for file in files}, data_set.labels, split)
    found = list(CONVERTERS[data_set.converter](given))
    rows = [item for item in found if not isinstance(item, LeftOut)]
    return rows, len(found) - len(rows)


def file_split(data_set: catalogue.DataSet, name: str) -> str:
    return next(file.split for file in data_set.files if file.name == name)


def test_the_catalogue_holds_the_promised_sets_and_a_converter_and_a_sample_for_each() -> None:
    known = catalogue.data_sets()
    assert set(known) == set(SAMPLES) == set(CONVERTERS)
    for name, data_set in known.items():
        assert data_set.licence
        assert data_set.address.startswith("https://")
        assert set(data_set.makes) <= set(catalogue._READERS), name
        assert data_set.splits, name
        assert all(
            len(file.sha256) in {0, 64} and bool(file.sha256) == bool(file.sha256_from) for file in data_set.files
        )


@pytest.mark.parametrize("name", SAMPLES)
def test_a_converter_reads_its_format(name: str, tmp_path: Path) -> None:
    files, split, expected, left_out = SAMPLES[name]
    rows, count = made(name, files, split, tmp_path)
    assert count == left_out
    for target, fields in expected:
        assert any(fields.items() <= row.items() for made_into, row in rows if made_into == target), (
            target,
            fields,
            rows,
        )
    assert {target for target, _ in rows} == set(catalogue.data_sets()[name].makes)


@pytest.mark.parametrize("name", SAMPLES)
def test_what_a_converter_makes_is_read_by_the_tasks(name: str, tmp_path: Path) -> None:
    files, split, _, left_out = SAMPLES[name]
    # The catalogue with the samples' own hashes.
    source = catalogue.FOLDER / f"{name}.toml"
    text = source.read_text()
    data_set = catalogue.data_sets()[name]
    for file in data_set.files:
        if file.sha256 and file.name in files:
            text = text.replace(file.sha256, hashlib.sha256(files[file.name]).hexdigest())
    place = tmp_path / "catalogue"
    place.mkdir()
    (place / source.name).write_text(text)
    folder = put(tmp_path / "files", files)
    counts = catalogue.make(name, split=split, folder=folder, out=tmp_path / "out", offline=True, catalogue=place)
    assert sum(count for key, count in counts.items() if key.startswith("left out")) == left_out
    for target in data_set.makes:
        assert counts[target] == len((tmp_path / "out" / target).read_text().splitlines()) > 0
    assert not list((tmp_path / "out").glob("*.part"))


@pytest.mark.parametrize(
    ("name", "files", "message"),
    [
        ("fool_me_twice", {"test.jsonl": b""}, "test.jsonl holds no rows"),
        ("fool_me_twice", {"test.jsonl": b"{\n"}, "test.jsonl, row 1: not JSON"),
        ("fool_me_twice", {"test.jsonl": lines([1])}, "row 1: a JSON object is needed"),
        ("fool_me_twice", {"test.jsonl": lines({"id": "f"})}, "row 1: field 'gold_evidence' is missing"),
        (
            "fool_me_twice",
            {"test.jsonl": lines({"id": "f", "text": "C.", "label": "MAYBE", "gold_evidence": [{"text": "E."}]})},
            "row 1: unknown label 'MAYBE'; the catalogue knows: SUPPORTS, REFUTES",
        ),
        ("healthver", {"healthver_test.csv": b"id,evidence,claim,label\n"}, "healthver_test.csv holds no rows"),
        ("healthver", {"healthver_test.csv": b"id,claim,label\n1,C.,Neutral\n"}, "row 1: field 'evidence' is missing"),
        ("vitaminc", {"vitaminc.zip": b"no archive"}, "no archive that can be read"),
        ("vitaminc", {"vitaminc.zip": zipped(other=b"x")}, "holds nothing like '\\*test.jsonl'"),
        ("averitec", {"dev.json": b"[]"}, "dev.json holds no rows"),
        ("checkthat24", {"CT24_checkworthy_english_dev.tsv": b"\xff\xfe"}, "is not UTF-8"),
        (
            "polnear",
            {
                "polnear.zip": zipped(
                    **{"d__data__dev__text__b.txt": b"x", "d__data__dev__attributions__a_ab12.ann": BRAT.encode()}
                )
            },
            "there is no text a.txt",
        ),
    ],
)
def test_files_that_cannot_be_used_name_the_row(
    name: str, files: dict[str, bytes], message: str, tmp_path: Path
) -> None:
    split = SAMPLES[name][1]
    with pytest.raises(EvalDataError, match=message):
        made(name, files, split, tmp_path)


@pytest.mark.parametrize("name", SAMPLES)
def test_an_empty_file_of_any_set_is_an_error_that_names_it(name: str, tmp_path: Path) -> None:
    files, split, _, _ = SAMPLES[name]
    with pytest.raises(EvalDataError, match="|".join(map(re.escape, files))):
        made(name, dict.fromkeys(files, b""), split, tmp_path)


def test_an_attribution_over_two_paragraphs_or_without_content_is_left_out(tmp_path: Path) -> None:
    marks = (
        "T1\tSource 0 4\tHead\nT2\tContent 14 19\tmayor\nE1\tAttribution:T9 Content:T2 Source:T1\n"
        "E2\tAttribution:T9 Source:T1\n"
    )
    files = {
        "polnear.zip": zipped(
            **{"d__data__dev__text__a.txt": ARTICLE.encode(), "d__data__dev__attributions__a_ab12.ann": marks.encode()}
        )
    }
    assert made("polnear", files, "dev", tmp_path) == ([], 2)


# ---------------------------------------------------------------- files


def test_without_a_network_every_missing_file_is_named_with_its_place(tmp_path: Path) -> None:
    answer = CliRunner().invoke(app, ["data", "fever", "--folder", str(tmp_path / "f"), "--offline"])
    assert answer.exit_code == 1
    for wanted in (
        "FEVER 1.0 is not complete",
        "Get it from https://fever.ai/download/fever/shared_task_dev.jsonl and put it at",
        str(tmp_path / "f" / "wiki-pages.zip"),
        "sha256 e89865bfe1b4dd054e03dd57d7241a6fde24862905f31117cf0cd719f7c78df7",
    ):
        assert wanted in answer.stderr
    assert "train.jsonl" not in answer.stderr  # of another split


def test_a_file_that_only_a_person_can_fetch_says_how(tmp_path: Path) -> None:
    answer = CliRunner().invoke(app, ["data", "checkthat24", "--split", "dev", "--folder", str(tmp_path)])
    assert answer.exit_code == 1
    assert "it cannot be fetched by a program" in answer.stderr
    assert "Unpack the English archive of task 1" in answer.stderr


def test_another_file_than_the_one_meant_is_refused(tmp_path: Path) -> None:
    put(tmp_path, SAMPLES["vitaminc"][0])
    with pytest.raises(EvalDataError, match=r"is another file: its sha256 is [0-9a-f]{64}, wanted is 49d82dc1"):
        catalogue.make("vitaminc", split="test", folder=tmp_path, out=tmp_path, offline=True)


def test_a_file_without_a_stated_hash_is_noted_and_checked_from_then_on(tmp_path: Path) -> None:
    files, split, *_ = SAMPLES["healthver"]
    put(tmp_path, files)
    catalogue.make("healthver", split=split, folder=tmp_path, out=tmp_path / "out", offline=True)
    seen = json.loads((tmp_path / catalogue.SEEN).read_text())
    assert seen == {"healthver_test.csv": hashlib.sha256(files["healthver_test.csv"]).hexdigest()}
    catalogue.make("healthver", split=split, folder=tmp_path, out=tmp_path / "out", offline=True)
    (tmp_path / "healthver_test.csv").write_bytes(files["healthver_test.csv"] + b"4,E.,C.,Neutral,1,Q\n")
    with pytest.raises(EvalDataError, match="as when it was first used"):
        catalogue.make("healthver", split=split, folder=tmp_path, out=tmp_path / "out", offline=True)


def test_with_a_network_a_missing_file_is_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files, split, *_ = SAMPLES["fool_me_twice"]
    asked: list[str] = []

    def answered(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, content=files["test.jsonl"]) if len(asked) > 1 else httpx.Response(503)

    def stream(method: str, address: str, **_: object) -> object:
        return httpx.Client(transport=httpx.MockTransport(answered)).stream(method, address)

    monkeypatch.setattr(catalogue.httpx, "stream", stream)
    with pytest.raises(EvalDataError, match=r"no download \(HTTPStatusError"):
        catalogue.make("fool_me_twice", split=split, folder=tmp_path, out=tmp_path)
    assert not (tmp_path / "test.jsonl").exists()
    counts = catalogue.make("fool_me_twice", split=split, folder=tmp_path, out=tmp_path)
    assert counts["pairs.jsonl"] == 1
    assert asked[1].endswith("google-research/fool-me-twice/main/dataset/test.jsonl")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["data", "guess"], "no data set 'guess'; there are: averitec"),
        (["data", "scifact", "--split", "tests"], "scifact has no split 'tests'; there are: train, dev"),
    ],
)
def test_what_is_not_in_the_catalogue(arguments: list[str], message: str) -> None:
    answer = CliRunner().invoke(app, arguments)
    assert answer.exit_code == 1
    assert message in answer.stderr


def test_the_list_shows_licences() -> None:
    answer = CliRunner().invoke(app, ["data"])
    assert answer.exit_code == 0
    assert "https://github.com/allenai/scifact" in answer.stdout
    assert "ODC-By" in answer.stdout


@pytest.mark.parametrize("text", ["title = 3", "not toml", 'title = "x"\n[labels]'])
def test_an_entry_that_cannot_be_used_names_its_file(text: str, tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text(text)
    with pytest.raises(EvalDataError, match=r"broken.toml is no entry"):
        catalogue.data_sets(tmp_path)


def test_the_suite_refuses_a_file_that_is_not_the_one_its_figures_are_for(tmp_path: Path) -> None:
    path = tmp_path / "data" / "claim_detection" / "checkthat24.dev.jsonl.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(lines({"text": "It rained 40 mm.", "label": 1}))
    listing = tmp_path / "prepared.sha256"
    for stated, failed, done in [
        ("0" * 64, 1, []),  # another file
        (hashlib.sha256(path.read_bytes()).hexdigest(), 0, ["claims-checkthat24-dev"]),
    ]:
        listing.write_text(f"{stated}  claim_detection/checkthat24.dev.jsonl.gz\n")
        report = suite.run(
            data=tmp_path / "data", results=tmp_path / "r", only=["claims-"], options=Options(), pinned=listing
        )
        assert (len(report.failed), report.done) == (failed, done)
    assert all(len(line.split()) == 2 for line in catalogue.PREPARED.read_text().splitlines())
