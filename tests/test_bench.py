"""The parts of the benchmark that can be wrong without anybody noticing: its arithmetic, its subprocesses, its page."""

from __future__ import annotations

import re
import sys
import time
from typing import TYPE_CHECKING

import pytest

from evals import bench
from evals.data import EvalDataError

if TYPE_CHECKING:
    from pathlib import Path


def test_operations_of_a_hand_counted_encoder() -> None:
    # Two tokens, hidden 2, inner 3, one layer: weights 4·2·2 + 2·2·3 = 28, twice, per token 56 → 112; attention 4·2·2·2 = 32.
    assert bench.encoder_operations([2], hidden=2, inner=3, layers=1) == 112 + 32


def test_operations_grow_with_every_dimension() -> None:
    base = {"hidden": 8, "inner": 16, "layers": 2}
    least = bench.encoder_operations([4], **base)
    assert bench.encoder_operations([4, 4], **base) == 2 * least
    assert bench.encoder_operations([8], **base) > 2 * least  # attention is quadratic
    for name, size in base.items():
        assert bench.encoder_operations([4], **{**base, name: 2 * size}) > least


def test_timed_takes_the_least_disturbed() -> None:
    waits = iter([0.05, 0.0, 0.05])
    assert bench.timed(lambda: time.sleep(next(waits)), repeat=3) < 0.04


def test_a_process_is_measured_and_its_line_is_seen_when_it_comes(tmp_path: Path) -> None:
    script = (
        "import time; print('head', flush=True); time.sleep(0.3); print('✓ 1. SUPPORTED'); "
        "x = bytearray(60_000_000); x[::4096] = b'1' * len(x[::4096])"
    )
    run = bench.run_process([sys.executable, "-c", script], home=tmp_path, watch=re.compile(r"^\S+ 1\. [A-Z]"))
    assert run.watched_after is not None
    assert 0.3 <= run.watched_after <= run.seconds
    assert run.peak_memory_mb >= 57  # the 60 MB it filled
    assert "head" in run.output


def test_a_line_that_never_came_is_not_invented(tmp_path: Path) -> None:
    run = bench.run_process([sys.executable, "-c", "print('nothing')"], home=tmp_path, watch=re.compile("claim"))
    assert run.watched_after is None


def test_a_failed_process_stops_the_benchmark_with_its_last_words(tmp_path: Path) -> None:
    with pytest.raises(EvalDataError, match="ended with 1: out of paper"):
        bench.run_process([sys.executable, "-c", "raise SystemExit('out of paper')"], home=tmp_path)


def test_importing_the_package_is_quick_and_loads_no_network_library(tmp_path: Path) -> None:
    found = bench.import_time(tmp_path)
    assert found["heavy_modules_loaded"] == []
    assert 0 < found["import_seconds"] < 5  # the promise of 0.3 s is for an idle machine: `make bench` measures it


def test_the_claims_room_is_measured_on_an_article_of_a_thousand_words(tmp_path: Path) -> None:
    found = bench.claims_room(tmp_path)
    assert 1_000 <= found["words"] < 1_400
    assert found["claims"] > 50
    assert 0 < found["warm_seconds"] <= found["cold_seconds"]
    assert found["memory_beyond_embedding_mb"] < 600  # time is measured by `make bench` on a quiet machine


def test_the_page_holds_every_figure() -> None:
    page = bench.page({"date": "2026-01-01", "stance": {"pairs": 7, "deep": {"share": 0.5}}})
    assert "| stance: pairs | 7 |" in page
    assert "| stance: deep: share | 0.5 |" in page


def test_there_is_an_example_article_to_check() -> None:
    assert bench.example_article().suffix in {".md", ".txt", ".html"}
