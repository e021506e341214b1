"""The package itself: what importing costs, settings, spans, and documents made from the code."""

from __future__ import annotations

import runpy
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from onrecord.errors import SettingsError
from onrecord.records import Span
from onrecord.settings import load_settings

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "module", ["onrecord", "onrecord.cli", "onrecord.records", "onrecord.report", "onrecord.verdict"]
)
def test_importing_loads_nothing_heavy(module: str) -> None:
    heavy = ("torch", "transformers", "sentence_transformers", "spacy", "chromadb", "streamlit", "langchain_core")
    code = f"import sys, {module}; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)  # noqa: S603  our own code
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(("start", "end"), [(-1, 2), (3, 2)])
def test_impossible_spans_are_refused(start: int, end: int) -> None:
    with pytest.raises(ValidationError):
        Span(start=start, end=end)


def test_settings_come_from_argument_then_environment_then_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "settings.toml").write_text("top_k = 3\ndense_weight = 0.25\ncandidates = 7\n")
    monkeypatch.setenv("ONRECORD_HOME", str(tmp_path))
    monkeypatch.setenv("ONRECORD_TOP_K", "4")
    monkeypatch.setenv("ONRECORD_CANDIDATES", "8")
    settings = load_settings(top_k=5)
    assert (settings.top_k, settings.candidates, settings.dense_weight) == (5, 8, 0.25)
    assert settings.database_address == f"sqlite:///{tmp_path}/onrecord.db"


def test_a_bad_setting_is_named_with_its_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ONRECORD_TOP_K", "many")
    with pytest.raises(SettingsError, match=r"top_k.*many"):
        load_settings()


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(SettingsError, match="colour"):
        load_settings(colour="red")


@pytest.mark.parametrize(
    ("document", "function"), [("cli.md", "command_reference"), ("schema/checked-article.json", "schema")]
)
def test_generated_documents_are_current(document: str, function: str) -> None:
    generate = runpy.run_path(str(ROOT / "docs" / "generate.py"))
    assert (ROOT / "docs" / document).read_text(encoding="utf-8") == generate[function](), "run `make docs`"
