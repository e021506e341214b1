"""A source's life through the whole product: found, changed, withdrawn, restored, copied; and the commands for it."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from onrecord import workflow
from onrecord.errors import CorpusError
from onrecord.records import CheckedArticle, SearchFilters, Stance
from onrecord.settings import Settings
from onrecord.ui.service import Library

if TYPE_CHECKING:
    from pathlib import Path

CLAIM = "The council raised the water charge to 42 crowns on 3 March 2025."
OLD = "The council raised the water charge to 42 crowns on 3 March 2025. The vote was close, and the hall was full."
NEW = "The council raised the water charge to 48 crowns on 3 March 2025. The vote was close, and the hall was full."
REPORT = (
    f"{OLD} Members of the opposition left before the count. The charge pays for a new pumping station by the river,"
    " which the engineers had asked for since the flood. Households will see it on the bill of the second quarter."
)


def put(folder: Path, name: str, text: str, publisher: str) -> None:
    folder.mkdir(exist_ok=True)
    head = f"---\nid: {name}\nkind: document\npublisher: {publisher}\nprimary: true\npublished: 2025-03-04\n---\n"
    (folder / f"{name}.md").write_text(head + text, encoding="utf-8")


@pytest.fixture
def registry(tmp_path: Path) -> Path:
    path = tmp_path / "sources.toml"
    path.write_text('[[entries]]\nname = "texts"\npath = "texts"\ntrust_tier = 1\n', encoding="utf-8")
    return path


def check(settings: Settings) -> CheckedArticle:
    return workflow.check_article(workflow.pasted(CLAIM), settings=settings)


def found(article: CheckedArticle) -> set[str]:
    return {item.passage.source.id for claim in article.claims for item in claim.evidence}


def test_nothing_stale_is_found_and_nothing_seen_is_lost(registry: Path, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    put(tmp_path / "texts", "minutes", OLD, "Council")
    put(tmp_path / "texts", "rain", "It rained in the hills for three days.", "Weather office")
    workflow.sync_corpus(registry, settings=settings)
    before = check(settings)
    (seen,) = [item for claim in before.claims for item in claim.evidence if item.passage.source.id == "minutes"]

    put(tmp_path / "texts", "minutes", NEW, "Council")
    assert workflow.sync_corpus(registry, settings=settings).changed == 1
    after = check(settings)
    texts = [item.passage.text for claim in after.claims for item in claim.evidence]
    assert any("48 crowns" in text for text in texts)
    assert not any("42 crowns" in text for text in texts)
    assert workflow.context(seen, settings=settings).passage == seen.passage.text  # what the verdict saw

    assert workflow.withdraw_sources(["minutes"], reason="a misprint", settings=settings) == ["minutes"]
    assert "minutes" not in found(check(settings))
    shown = workflow.context(seen, settings=settings)
    assert (shown.passage, shown.source.withdrawn) == (seen.passage.text, True)
    assert workflow.withdraw_sources(["minutes"], reason="it was none", settings=settings, back=True) == ["minutes"]
    assert "minutes" in found(check(settings))


def test_copies_count_once(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home", top_k=6)
    for number in range(5):
        put(tmp_path / "texts", f"copy{number}", f"Headline number {number}\n\n{REPORT}", f"Paper {number}")
    put(tmp_path / "texts", "letter", "On 3 March 2025 the council raised the water charge to 42 crowns.", "Mayor")
    report = workflow.update_corpus([tmp_path / "texts"], settings=settings)
    assert report.near_duplicates == 4
    (claim,) = check(settings).claims
    supporting = [item for item in claim.evidence if item.stance is Stance.SUPPORTS]
    assert {item.passage.source.origin_id for item in supporting} == {"copy0", "letter"}
    (best,) = [item for item in supporting if item.passage.source.id == "copy0" and item.copies]
    assert set(best.copies) == {"copy1", "copy2", "copy3", "copy4"}
    assert "1 more independent source says the same." in claim.verdict.reasons[0].text


def test_a_reason_is_needed(tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match="reason"):
        workflow.withdraw_sources(["a"], reason=" ", settings=Settings(home=tmp_path))


def test_the_commands(registry: Path, tmp_path: Path) -> None:
    put(tmp_path / "texts", "minutes", OLD, "Council")
    put(tmp_path / "texts", "rain", "It rained in the hills for three days.", "Weather office")
    environment = {
        **os.environ, "ONRECORD_HOME": str(tmp_path / "home"), "ONRECORD_USER": "Anna Keller", "HF_HUB_OFFLINE": "1",
    }  # fmt: skip

    def run(*arguments: str, code: int = 0) -> str:
        command = [sys.executable, "-c", "from onrecord.cli import main; main()", "corpus", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)  # noqa: S603
        assert done.returncode == code, done.stderr
        return done.stdout + done.stderr

    assert "2 added" in run("sync", str(registry))
    put(tmp_path / "texts", "minutes", NEW + "\x1b[2J", "Council")
    told = run("sync", str(registry), "--diffs")
    assert "changed: " in told
    assert "1 changed, 1 unchanged" in told
    assert "-The council raised the water charge to 42 crowns on 3 March 2025." in told
    assert "\x1b" not in told  # hostile text is shown, not obeyed
    assert "+The council raised the water charge to 48 crowns" in run("diff", "minutes", "1", "2")
    assert "no version 9" in run("diff", "minutes", "1", "9", code=1)
    assert "1 withdrawn, 0 were so already" in run("withdraw", "minutes", "--reason", "a misprint")
    assert "no source 'none'" in run("withdraw", "minutes", "none", "--reason", "x", code=1)
    assert "1 restored" in run("restore", "minutes", "--reason", "it was none")
    history = run("history", "minutes")
    told = [line.split("Anna Keller: ")[1].split(",")[0] for line in history.splitlines() if "Anna Keller" in line]
    assert told == ["added", "trust tier", "text", "withdrawn (a misprint)", "restored (it was none)"]
    assert run("history").count("Anna Keller: ") == 2
    shown = run("show", "minutes")
    assert "trust_tier: 1" in shown
    assert "added_by: Anna Keller" in shown
    assert "no entry 'other'" in run("sync", str(registry), "--only", "other", code=1)
    (tmp_path / "texts" / "rain.md").write_bytes(b"")
    assert "rain" in run("sync", str(registry), code=1)


def test_the_app_sees_what_another_process_changed(registry: Path, tmp_path: Path) -> None:
    """As it goes on, without a restart: the search, the numbers on its pages, and what was taken out."""
    settings = Settings(home=tmp_path / "home")
    put(tmp_path / "texts", "charge", OLD, "Council")
    workflow.sync_corpus(registry, settings=settings)
    library = Library(settings)
    before = library.holdings()
    words = "The harbour of Tasiilaq was closed by drift ice"
    assert not [passage for _, passage in library.find(words, SearchFilters(), 5) if "Tasiilaq" in passage.text]

    def elsewhere(code: str) -> None:
        script = "import sys; from pathlib import Path; from onrecord import workflow; from onrecord.settings import Settings\n"
        script += f"settings = Settings(home=Path({str(settings.home)!r}))\n{code}"
        subprocess.run([sys.executable, "-c", script], check=True, capture_output=True)  # noqa: S603  our own words

    (tmp_path / "ice.txt").write_text(f"{words} on Tuesday.", encoding="utf-8")
    elsewhere(f"workflow.update_corpus([Path({str(tmp_path / 'ice.txt')!r})], settings=settings)")
    hits = library.find(words, SearchFilters(), 5)
    assert "Tasiilaq" in hits[0][1].text
    assert (hits[0][0].dense_rank, hits[0][0].lexical_rank) == (1, 1)  # both engines
    now = library.holdings()
    assert (now.state.sources, now.indexed) == (before.state.sources + 1, now.state.number)
    elsewhere(f"workflow.withdraw_sources([{hits[0][1].source.id!r}], reason='retracted', settings=settings)")
    assert not [passage for _, passage in library.find(words, SearchFilters(), 5) if "Tasiilaq" in passage.text]
    assert (library.holdings().state.sources, library.holdings().withdrawn) == (before.state.sources, 1)
