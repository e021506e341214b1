"""The command in a process of its own: output, exit codes, and one-line reasons."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from onrecord.report import parse_json

ARTICLE = (
    "The Federal Reserve raised the target range for the federal funds rate to 5.25 to 5.50 per cent on 26 July 2023.\n"
)


def run(*arguments: str, home: Path, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
    command = [str(Path(sys.executable).with_name("onrecord")), *arguments]
    environment = {**os.environ, "ONRECORD_HOME": str(home), "HF_HUB_OFFLINE": "1"}
    return subprocess.run(command, input=stdin, capture_output=True, text=True, env=environment, check=False)  # noqa: S603


@pytest.fixture(scope="module")
def home(small_corpus: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = tmp_path_factory.mktemp("cli") / "home"
    shutil.copytree(small_corpus[0], copy)
    return copy


def test_check_from_stdin_as_text(home: Path) -> None:
    done = run("check", "-", home=home, stdin=ARTICLE)
    assert done.returncode == 0, done.stderr
    for needed in ("SUPPORTED", "(Federal Reserve, 26 July 2023)", "https://example.org/rates", "document"):
        assert needed in " ".join(done.stdout.split())


def test_check_as_json_round_trips(home: Path, tmp_path: Path) -> None:
    article = tmp_path / "article.txt"
    article.write_text(ARTICLE)
    done = run("check", str(article), "--format", "json", "--top-k", "2", home=home)
    assert done.returncode == 0, done.stderr
    checked = parse_json(done.stdout)
    assert checked.article.text[checked.claims[0].claim.span.start :].startswith("The Federal Reserve")
    assert max(len({e.passage.id for e in item.evidence}) for item in checked.claims) <= 2


def test_check_as_html_to_a_file(home: Path, tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    done = run("check", "-", "--format", "html", "--output", str(target), home=home, stdin=ARTICLE)
    assert done.returncode == 0, done.stderr
    assert target.read_text(encoding="utf-8").startswith("<!doctype html>")


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "words"),
    [
        (("check", "/nowhere/article.txt"), None, 1, "/nowhere/article.txt"),  # no such file
        (("check", "-"), "", 1, "no text"),  # nothing to check
        (("check", "http://127.0.0.1:9/x"), None, 1, "127.0.0.1"),  # an address that must not be fetched
        (("check", "-", "--as-of", "yesterday"), ARTICLE, 2, "YYYY-MM-DD"),
        (("check", "-", "--format", "docx"), ARTICLE, 2, "docx"),
        (("check",), None, 2, "source"),
        (("corpus", "show", "no-such-source"), None, 1, "no-such-source"),
        (("corpus", "add", "/nowhere"), None, 1, "/nowhere"),
        (("frobnicate",), None, 2, "frobnicate"),
    ],
)
def test_errors_are_one_line_with_the_right_code(
    arguments: tuple[str, ...], stdin: str | None, code: int, words: str, home: Path
) -> None:
    done = run(*arguments, home=home, stdin=stdin)
    assert done.returncode == code, done.stdout + done.stderr
    assert words.casefold() in (done.stderr + done.stdout).casefold()
    assert "Traceback" not in done.stderr


def test_corpus_commands(home: Path, small_corpus: tuple[Path, Path]) -> None:
    again = run("corpus", "add", str(small_corpus[1]), home=home)
    assert again.returncode == 0, again.stderr
    assert "0 added, 0 changed, 3 unchanged, 0 failed" in again.stdout
    assert "Nothing has changed." in again.stdout
    assert "test-speech" in run("corpus", "list", "--kind", "transcript", home=home).stdout
    shown = run("corpus", "show", "test-speech", home=home).stdout
    assert "Jane Roe" in shown
    assert "We will not raise the tax on bread." in shown
    status = run("corpus", "status", home=home).stdout
    assert "3 sources" in status
    assert "up to date" in status
    found = run("corpus", "search", "eradication of smallpox", "--top-k", "1", "--as-of", "2030-01-01", home=home)
    assert "test-smallpox@" in found.stdout
    assert "Found by meaning (place 1, 0." in found.stdout
    assert "“eradication”, “smallpox”)." in found.stdout, "a hit explains itself"
    assert "Searched: nothing published after 2030-01-01" in found.stderr, "the filters in force are shown"
    phrase = run(
        "corpus", "search", '"largest in ten years"', "--speaker", "Jane Roe", "--language", "en", home=home
    ).stdout
    assert "test-speech@" in phrase
    assert "… Our harvest was the largest in ten years." in phrase, "the sentence without the words is left out"
    assert "Nothing found" in run("corpus", "search", '"ten largest years"', home=home).stderr
    assert "Nothing found" in run("corpus", "search", "harvest", "--since", "2030-01-01", home=home).stderr


def test_a_part_of_the_corpus(tmp_path: Path) -> None:
    home, texts = tmp_path / "home", tmp_path / "texts"
    texts.mkdir()
    (texts / "dam.md").write_text("The dam at Tarn was finished in 1952.")
    (tmp_path / "other.md").write_text("Nobody knows when the dam at Tarn was finished.")
    assert run("corpus", "add", str(texts), "--collection", "Dams", home=home).returncode == 0
    assert "1 added" in run("corpus", "add", str(tmp_path / "other.md"), home=home).stdout
    again = run("corpus", "add", str(texts), "--collection", "Dams", home=home)
    assert "Nothing has changed." in again.stdout
    listed = run("corpus", "list", "--collection", "Dams", home=home)
    assert "Dams" in listed.stdout
    assert "1 of 2 sources shown" in listed.stderr
    everything = run("corpus", "search", "the dam at Tarn", home=home).stdout
    assert "1952" in everything
    assert "Nobody" in everything
    part = run("corpus", "search", "the dam at Tarn", "--collection", "dams", home=home).stdout
    assert "1952" in part
    assert "Nobody" not in part
    checked = run("check", "-", "--collection", "Dams", home=home, stdin="The dam at Tarn was finished in 1952.")
    assert "Searched: collections: Dams" in checked.stdout


def test_check_can_be_kept_in_the_history(home: Path) -> None:
    from onrecord.review import list_checks
    from onrecord.settings import Settings

    done = run("check", "-", "--format", "json", "--save", home=home, stdin=ARTICLE)
    assert json.loads(done.stdout)["id"] in {item.id for item in list_checks(settings=Settings(home=home))}


INTERRUPTIBLE = """
import signal
# A shell starts what it runs in the background deaf to Ctrl-C, and that is inherited.
signal.signal(signal.SIGINT, signal.default_int_handler)
from onrecord.cli import main
main()
"""


def test_an_interrupted_update_says_so_and_the_next_one_goes_on(
    tmp_path: Path, small_corpus: tuple[Path, Path]
) -> None:
    from onrecord.corpus import lock
    from onrecord.settings import Settings

    command = [sys.executable, "-c", INTERRUPTIBLE, "corpus", "add", str(small_corpus[1])]
    environment = {**os.environ, "ONRECORD_HOME": str(tmp_path)}
    # While this test holds the indexes the update cannot end, however slow or fast the machine is.
    with lock.writing(Settings(home=tmp_path), "holding up an update", name="index"):
        started = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)  # noqa: S603
        stored_and_opened = tmp_path / "chroma" / "chroma.sqlite3"
        while not stored_and_opened.exists():
            assert started.poll() is None, started.communicate()
            time.sleep(0.05)
        started.send_signal(signal.SIGINT)
        _, reason = started.communicate(timeout=120)
    assert started.returncode == 1, reason
    assert "interrupted" in reason
    assert "Traceback" not in reason
    assert run("corpus", "add", str(small_corpus[1]), home=tmp_path).returncode == 0
    status = run("corpus", "status", home=tmp_path).stdout
    assert "3 sources" in status
    assert "up to date" in status
