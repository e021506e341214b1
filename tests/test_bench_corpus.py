"""The data of the corpus bench: what it lays out, what it changes, and that the registry takes it as it is meant."""

from __future__ import annotations

import csv
import json
import zipfile
from typing import TYPE_CHECKING

import pytest

from evals.bench_corpus import Choice, write_data
from evals.data import EvalDataError
from onrecord.corpus import Store, load_registry, sync_registry
from onrecord.settings import Settings

if TYPE_CHECKING:
    from pathlib import Path

    from onrecord.records import UpdateReport

HEADLINES = 400
"""So many that some are among the hundredth that changes."""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    folder = tmp_path / "shared"
    for name in ("speech/kremlin_sentences", "coverage"):
        (folder / name).mkdir(parents=True)
    with (folder / "speech/kremlin_sentences/sentences_China.csv").open("w", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(("source_doc_id", "date", "sentence", "found_term"))
        for number in range(40):
            day = f"2012-05-{number // 2 % 28 + 1:02} 18:00:00"
            writer.writerow((number // 2, day, f"Sentence {number} on China.", "china"))
    for name, member, text in (
        (
            "state_union",
            "1945-Truman.txt",
            "April 16, 1945\n\nMr. Speaker, it is with a heavy heart that I stand here.\n",
        ),
        ("inaugural", "1789-Washington.txt", "Fellow citizens of the Senate and of the House.\n"),
    ):
        with zipfile.ZipFile(folder / f"speech/{name}.zip", "w") as archive:
            archive.writestr(f"{name}/README", "what this is")
            archive.writestr(f"{name}/{member}", text)
    stories = [
        {"t": f"Wheat trade grows {n}", "d": "2025-06-06", "u": f"https://tass.com/economy/{n}", "s": "", "cat": ""}
        for n in range(HEADLINES)
    ]
    (folder / "coverage/tass_headlines_2025.json").write_text(json.dumps(stories))
    return folder


def test_a_registry_takes_what_is_laid_out(base: Path, tmp_path: Path) -> None:
    settings, target = Settings(home=tmp_path / "home"), tmp_path / "data"
    with Store.open(settings) as store:

        def sync(*, changed: bool) -> UpdateReport:
            assert write_data(base, target, Choice(1.0, changed)) == 40 + 2 + HEADLINES
            return sync_registry(store, load_registry(target / "sources.toml"))

        documents = 20 + 2 + HEADLINES
        report = sync(changed=False)
        assert (report.added, report.failed) == (documents, 0)
        report = sync(changed=False)
        assert (report.unchanged, report.added + report.changed + report.failed) == (documents, 0)
        report = sync(changed=True)
        assert (report.added, report.withdrawn, report.failed) == (0, 0, 0)
        assert 1 <= report.changed <= 0.03 * documents
        assert report.changed + report.unchanged == documents


def test_a_share_is_part_of_the_whole(base: Path, tmp_path: Path) -> None:
    def names(share: float) -> set[str]:
        write_data(base, tmp_path / "data", Choice(share, changed=False))
        return {item["u"] for item in json.loads((tmp_path / "data/coverage/tass_headlines_2025.json").read_text())}

    quarter, half, whole = names(0.25), names(0.5), names(1.0)
    assert quarter < half < whole
    assert 0.15 * HEADLINES < len(quarter) < 0.35 * HEADLINES


def test_data_that_are_not_there(tmp_path: Path) -> None:
    with pytest.raises(EvalDataError, match=r"no speech/kremlin_sentences and no .*base folder"):
        write_data(tmp_path, tmp_path / "data", Choice(1.0, changed=False))
