"""The pages beside the check: record, corpus, history, evaluations, methodology; their data, and in the test runner."""

from __future__ import annotations

import datetime as dt
import json
import os
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import binomtest
from streamlit.testing.v1 import AppTest

from onrecord.errors import CorpusBusyError
from onrecord.records import (
    CheckSummary,
    Decision,
    Hit,
    Locator,
    Passage,
    SearchFilters,
    Span,
    UpdateReport,
    VerdictLabel,
)
from onrecord.settings import load_settings
from onrecord.ui import frame, present, present_evaluations, present_methodology, present_record
from onrecord.ui.desk import changed
from onrecord.ui.history import earlier, fits
from onrecord.ui.jobs import UNEXPECTED, Runner
from onrecord.ui.upkeep import Task, Upkeep
from tests.checked_article_factory import NOW, ShelfService, Step, checked_article, hostile_article
from tests.record_builders import hit, passage

ROOT = Path(__file__).parents[1]
A, B = "a" * 32, "b" * 32


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> ShelfService:
    made = ShelfService(load_settings(home="/nowhere", user="Ada"))
    made.save(checked_article(made.shelf, check_id=A))
    queue, upkeep = Runner(), Upkeep()
    monkeypatch.setattr(frame, "library", lambda: made)
    monkeypatch.setattr(frame, "runner", lambda: queue)
    monkeypatch.setattr(frame, "upkeep", lambda: upkeep)
    return made


def show(path: str, **address: str) -> AppTest:
    """Run one page as the app's navigation would."""
    script = f"""
import streamlit as st
from pathlib import Path
from onrecord.ui import {path}, frame
frame.set_root(Path({str(ROOT)!r}))
other = st.Page(lambda: None, title="Other", url_path="other", default=True)
frame.guard({path}.page, "page")() if {path!r} in ("evaluations", "methodology") else {path}.page(other)
"""
    app = AppTest.from_string(script, default_timeout=30)
    for name, value in address.items():
        app.query_params[name] = value
    return app.run()


def components(app: AppTest) -> list[dict[str, Any]]:
    return [json.loads(element.proto.json) for element in app.get("bidi_component")]


def said(app: AppTest) -> str:
    return "\n".join(str(one.value) for one in [*app.title, *app.text, *app.markdown, *app.caption])


# --- deciding ------------------------------------------------------------------------------------------------------------

BEFORE = Decision(
    check_id=A, claim_id="c1-50", machine_label=VerdictLabel.SUPPORTED, who="Ada", decided_at=NOW, tags=("old",),
    evidence={"p1": "pinned"},
)  # fmt: skip


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        pytest.param({"action": "label", "label": "REFUTED"}, {"label": VerdictLabel.REFUTED}, id="a verdict"),
        pytest.param({"action": "label", "label": "NEEDS_WORK"}, {"label": "NEEDS_WORK"}, id="needs work"),
        pytest.param({"action": "label", "label": "TRUE"}, {}, id="no label"),
        pytest.param({"action": "label", "label": ["REFUTED"]}, {}, id="a list for a label"),
        pytest.param({"action": "note", "note": " x ", "tags": ["a", "a", "b"], "assigned_to": " Bo  K "},
                     {"note": "x", "tags": ("a", "b"), "assigned_to": "Bo K"}, id="a note"),
        pytest.param({"action": "note", "tags": "a"},
                     {"note": "", "tags": ("old",), "assigned_to": ""}, id="tags that are no list"),
        pytest.param({"action": "evidence", "passage": "p2", "as": "rejected"},
                     {"evidence": {"p1": "pinned", "p2": "rejected"}}, id="a passage more"),
        pytest.param({"action": "evidence", "passage": "p1", "as": ""}, {"evidence": {}}, id="not any more"),
        pytest.param({"action": "evidence", "passage": "p9", "as": "pinned"}, {}, id="a passage of another claim"),
        pytest.param({}, {}, id="nothing"),
    ],
)  # fmt: skip
def test_what_the_browser_may_change(asked: dict[str, Any], expected: dict[str, Any]) -> None:
    assert changed(BEFORE, asked, {"p1", "p2"}) == expected


def test_decisions_are_shown_with_what_the_software_said(service: ShelfService) -> None:
    made = service.load(A)
    claim = made.checked.claims[0]
    agreed = BEFORE.model_copy(update={"number": 1, "label": VerdictLabel.SUPPORTED, "claim_id": claim.claim.id})
    shown = present.decisions(made.model_copy(update={"decisions": (agreed,)}), may=True)
    assert shown["claims"][claim.claim.id]["short"] == "Agreed"
    assert shown["progress"] == "1 of 8 claims decided"
    assert shown["claims"][claim.claim.id]["undoable"]
    back = agreed.model_copy(update={"number": 2, "label": "UNDECIDED", "undoes": 1})
    shown = present.decisions(made.model_copy(update={"decisions": (agreed, back)}), may=True)
    assert not shown["claims"][claim.claim.id]["undoable"]  # nothing is left to take back
    # read in other words, the software says otherwise: then he agreed to something else
    service.reword(made.checked, claim.claim.id, "Other words.", "")
    shown = present.decisions(service.load(A).model_copy(update={"decisions": (agreed,)}), may=True)
    assert shown["claims"][claim.claim.id]["short"] == "Supported"
    assert "The software said then: supported" in shown["claims"][claim.claim.id]["line"]


# --- record --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        pytest.param("terminals", ["terminal"], id="another ending"),
        pytest.param("TERMINAL cost", ["terminal", "cost"], id="case"),
        pytest.param("the of", [], id="short words stand everywhere"),
        pytest.param("14", ["14"], id="a number"),
        pytest.param("*** (", [], id="no words"),
        pytest.param('"terminal cost" million', ["terminal cost", "million"], id="a phrase is one"),
        pytest.param('"cost terminal"', [], id="a phrase that is not there, though its words are"),
        pytest.param("“Terminal Cost”", ["terminal cost"], id="printers’ marks"),
        pytest.param('"', [], id="a mark alone"),
    ],
)
def test_the_words_of_a_query_are_marked(query: str, expected: list[str]) -> None:
    text = "The terminal cost 14 million of euros."
    assert [span.of(text) for span in present_record.marked(text, query)] == expected


def found_at(spans: list[tuple[int, int]], *, version: str = "talks@0123456789ab") -> list[tuple[Hit, Passage]]:
    """Return windows of one text of numbers, found in this order."""
    text = " ".join(f"{number:03}" for number in range(1500))
    return [
        (hit(f"{version}:{start}-{end}"), passage(text[start:end]).model_copy(
            update={"id": f"{version}:{start}-{end}", "version_id": version, "span": Span(start=start, end=end),
                    "locators": (Locator(span=Span(start=start, end=end), page=start // 100 + 1),)}))
        for start, end in spans
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([(0, 100)], [(0, 100, 1)], id="one"),
        pytest.param([(0, 100), (100, 200)], [(0, 100, 1), (100, 200, 1)], id="side by side: no sentence twice"),
        pytest.param([(60, 160), (0, 100), (120, 220)], [(0, 220, 3)], id="both neighbours of the best"),
        pytest.param([(0, 300), (100, 200)], [(0, 300, 2)], id="one inside the other"),
        pytest.param([(0, 100), (400, 500), (60, 160)], [(0, 160, 2), (400, 500, 1)], id="the best of each keeps its place"),
        pytest.param([(0, 1000), (900, 1900)], [(0, 1000, 2)], id="too long together: the better one stands for both"),
        pytest.param([(0, 100), (180, 280), (80, 200)], [(0, 100, 2), (180, 280, 1)], id="a bridge counts for the better one"),
    ],
)  # fmt: skip
def test_overlapping_passages_of_a_source_are_one_place(
    spans: list[tuple[int, int]], expected: list[tuple[int, int, int]]
) -> None:
    text = " ".join(f"{number:03}" for number in range(1500))
    places = present_record.places(found_at(spans))
    assert [(one.passage.span.start, one.passage.span.end, len(one.hits)) for one in places] == expected
    assert all(one.passage.text == one.passage.span.of(text) for one in places)
    shown = [place.passage.span for place in places]
    assert not any(one.overlaps(other) for at, one in enumerate(shown) for other in shown[:at])


def test_passages_of_two_versions_are_two_places_and_a_place_knows_its_pages() -> None:
    one, other = found_at([(0, 120), (100, 220)]), found_at([(50, 150)], version="other@0123456789ab")
    assert len(present_record.places([*one, *other])) == 2
    row = present_record.results(present_record.places(one), "005")["rows"][0]
    assert row["meta"] == ["pages 1–2"]
    assert row["key"]["at"] == "0-120"  # the better of the two


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        pytest.param("third", "… Third it is. …", id="in the middle"),
        pytest.param("first", "First it is. …", id="at the beginning"),
        pytest.param("seventh", "… Seventh it is.", id="at the end"),
        pytest.param("first fourth", "First it is. … Fourth it is. …", id="a gap between"),
        pytest.param("second third", "… Second it is. Third it is. …", id="side by side"),
        pytest.param(
            "zeppelin", "First it is. Second it is. Third it is. Fourth it is. …", id="found by meaning alone"
        ),
    ],
)
def test_of_a_place_found_the_sentences_with_the_words_are_shown(words: str, expected: str) -> None:
    text = "First it is. Second it is.\n\nThird it is. Fourth it is. Fifth it is. Sixth it is. Seventh it is."
    shown = present_record.excerpt(text, present_record.marked(text, words))
    assert "".join(piece["text"] for piece in shown) == expected
    assert [piece["text"].casefold() for piece in shown if piece["marks"]] == [
        w for w in words.split() if w != "zeppelin"
    ]


def test_the_record_lists_finds_and_shows_a_source(service: ShelfService) -> None:
    app = show("record")
    assert len(components(app)[0]["rows"]) == len(service.shelf.versions)
    app.text_input(key="record_query").set_value("reserve").run()
    rows = components(app)[0]["rows"]
    assert {piece["text"] for row in rows for piece in row["pieces"] if piece["marks"]} >= {"reserve"}
    app.text_input(key="record_query").set_value("zeppelin").run()
    assert "Nothing on record has these words" in said(app)
    version = next(version for source, version in service.shelf.versions.values() if source.id == "source-1")
    app = show("record", source="source-1", version=version.id, at="0-13")
    text = next(data for data in components(app) if "pieces" in data)
    assert [piece["text"] for piece in text["pieces"] if piece["marks"]] == ["Budget report"]
    assert any(data.get("caption") == "Checks that looked at it" for data in components(app))
    assert not app.exception


def test_an_unknown_source_is_told(service: ShelfService) -> None:  # noqa: ARG001  in place
    app = show("record", source="<b>none</b>")
    assert "no source '<b>none</b>'" in said(app)


def test_limits_reach_the_search(service: ShelfService, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[SearchFilters] = []
    monkeypatch.setattr(ShelfService, "find", lambda _, __, filters, ___: asked.append(filters) or [])
    app = show("record")
    app.text_input(key="record_speaker").set_value(" Ada Lind ")
    app.multiselect(key="record_publishers").set_value(["Coast Courier"])
    app.toggle(key="record_primary").set_value(True)
    app.date_input(key="record_as_of").set_value(dt.date(2025, 1, 1))
    app.text_input(key="record_query").set_value("loan").run()
    assert asked[-1] == SearchFilters(
        speakers=("Ada Lind",), publishers=("Coast Courier",), primary_only=True, as_of=dt.date(2025, 1, 1)
    )
    assert service.kept


# --- corpus --------------------------------------------------------------------------------------------------------------


def wait(upkeep: Upkeep) -> Task:
    for _ in range(1000):
        task = upkeep.last()
        if task is not None and not task.running:
            return task
        threading.Event().wait(0.02)
    pytest.fail("the work did not end")


def test_one_work_at_a_time_with_its_progress_and_its_end() -> None:
    reached, go_on = threading.Event(), threading.Event()

    def work(progress: Any) -> str:  # noqa: ANN401
        progress(Step("reading and storing", 3, 9, 12.0))
        reached.set()
        assert go_on.wait(20)
        return "done"

    upkeep = Upkeep()
    upkeep.start("Adding", "Ada", work)
    assert reached.wait(20)
    task = upkeep.last()
    assert task is not None
    assert (task.stage, task.done, task.total, task.seconds_left, task.running) == (
        "reading and storing",
        3,
        9,
        12.0,
        True,
    )
    with pytest.raises(CorpusBusyError, match="Adding by Ada is going on"):
        upkeep.start("Verifying", "Bo", work)
    go_on.set()
    assert wait(upkeep).outcome == "done"


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        pytest.param(CorpusBusyError("Another process writes."), "Another process writes.", id="foreseen"),
        pytest.param(RuntimeError("/root/secret"), UNEXPECTED, id="not foreseen: told without its details"),
    ],
)
def test_work_that_fails_says_why_and_the_next_may_begin(failure: Exception, message: str) -> None:
    def work(_: object) -> str:
        raise failure

    upkeep = Upkeep()
    upkeep.start("Adding", "Ada", work)
    assert wait(upkeep).error == message
    upkeep.start("Adding", "Ada", lambda _: "done")
    assert wait(upkeep).outcome == "done"


def test_the_corpus_page_shows_what_it_holds_and_what_failed(service: ShelfService) -> None:  # noqa: ARG001
    made = components(show("corpus"))
    assert {"number": "57", "name": "sources"} in made[0]["facts"]
    assert any(["page.pdf", "<b>no text</b> in it"] in data.get("rows", []) for data in made)


def test_a_source_is_added_with_what_is_known_of_it(service: ShelfService) -> None:
    app = show("corpus")
    app.segmented_control(key="corpus_part").set_value("Add a source").run()
    app.segmented_control(key="add_way").set_value("A text").run()
    app.button[-1].click().run()
    assert "nothing to add yet" in said(app)
    app.text_area(key="add_text").set_value("We have never taken a loan.")
    app.text_input(key="add_publisher").set_value("Northport council")
    app.toggle(key="add_primary").set_value(True)
    app.button[-1].click().run()
    task = wait(frame.upkeep())
    assert isinstance(task.outcome, UpdateReport)
    ((given, details),) = service.added
    assert given[0].data == b"We have never taken a loan."
    assert (details["publisher"], details["primary"], details["kind"]) == ("Northport council", "true", "document")
    app.run()
    assert "1 added" in said(app)


def test_a_verification_names_the_differences(service: ShelfService) -> None:  # noqa: ARG001
    app = show("corpus")
    app.segmented_control(key="corpus_part").set_value("Verify").run()
    app.button(key="verify").click().run()
    wait(frame.upkeep())
    app.run()
    assert "1 difference" in said(app)
    assert any(["words", "p1", "is not in the index", ""] in data.get("rows", []) for data in components(app))


# --- history -------------------------------------------------------------------------------------------------------------


def summary(number: int, sha: str = "", title: str = "T", **given: Any) -> CheckSummary:  # noqa: ANN401
    base = {"counts": {VerdictLabel.SUPPORTED: 2}, "complete": True, "decided": 0}
    return CheckSummary(
        id=f"{number:032x}",
        created_at=NOW + dt.timedelta(days=number),
        title=title,
        article_sha256=sha,
        **(base | given),
    )


@pytest.mark.parametrize(
    ("kept", "expected"),
    [
        pytest.param([], {}, id="none"),
        pytest.param([(1, "x", "A"), (2, "y", "B")], {}, id="two articles"),
        pytest.param(
            [(1, "x", "A"), (3, "x", "B"), (2, "x", "A")], {2: 1, 3: 2}, id="the same bytes, in the order of time"
        ),
        pytest.param([(1, "x", "A"), (2, "y", "a")], {2: 1}, id="edited: the same title"),
        pytest.param([(1, "x", ""), (2, "y", "")], {}, id="no title says nothing"),
    ],
)
def test_the_check_before_of_the_same_article(kept: list[tuple[int, str, str]], expected: dict[int, int]) -> None:
    found = earlier([summary(number, sha, title) for number, sha, title in kept])
    assert found == {f"{one:032x}": f"{other:032x}" for one, other in expected.items()}


@pytest.mark.parametrize(
    ("state", "row", "expected"),
    [
        ("All", summary(1), True),
        ("Every claim decided", summary(1), False),
        ("Every claim decided", summary(1, decided=2), True),
        ("Not all decided", summary(1, decided=1), True),
        ("Not complete", summary(1, complete=False), True),
        ("Not complete", summary(1), False),
        ("Checked more than once", summary(1), False),
    ],
)
def test_states_of_a_check(state: str, row: CheckSummary, *, expected: bool) -> None:
    assert fits(row, state, checked_again=False) is expected


def test_two_checks_are_compared(service: ShelfService) -> None:
    service.save(hostile_article(service.shelf, check_id=B))
    app = show("history", before=A, after=B)
    made = next(data for data in components(app) if "circumstances" in data)
    assert made["groups"][0]["title"] == "13 verdicts changed"
    assert not app.exception
    app = show("history", before=A, after="f" * 32)
    assert "There is no check" in said(app)


# --- evaluations and methodology -------------------------------------------------------------------------------------------

RESULT = {
    "name": "stance-x", "task": "stance", "date": "2026-11-24", "n": 304,
    "metrics": {"accuracy": 0.5, "per_class": {"a": {"f1": 1}}},
    "intervals": {"accuracy": [0.4, 0.6]}, "baselines": {"majority": {"accuracy": 0.3}},
    "models": [{"role": "stance", "name": "fast", "sha256": "ab12" + "0" * 60}],
}  # fmt: skip


def test_results_are_read_and_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "good.json").write_text(json.dumps(RESULT))
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "wrong.json").write_text(json.dumps(RESULT | {"models": [{}]}))
    (tmp_path / "other.json").write_text("[]")
    runs, trouble = present_evaluations.load(tmp_path)
    (run,) = runs
    assert (run.name, run.headline, run.metrics["accuracy"]) == ("stance-x", "accuracy", 0.5)
    assert (run.intervals["accuracy"], present_evaluations.majority(run)) == ((0.4, 0.6), 0.3)
    assert [line.split()[0] for line in trouble] == ["broken.json", "wrong.json"]
    assert present_evaluations.load(tmp_path / "missing") == ([], [])


def test_measurements_over_time_and_their_differences(tmp_path: Path) -> None:
    lines = [
        {
            "time": f"2026-11-2{day}T10:00:00",
            "name": "x",
            "task": "t",
            "n": 9,
            "metrics": {"f1": f1},
            "models": {"m": "ab"},
        }
        for day, f1 in ((4, 0.5), (3, 0.25))
    ]
    (tmp_path / "history.jsonl").write_text("\n".join([*map(json.dumps, lines), "", "no json"]))
    runs, trouble = present_evaluations.load_history(tmp_path)
    assert [run.metrics["f1"] for run in runs] == [0.25, 0.5]  # the earliest first
    assert len(trouble) == 1
    assert present_evaluations.difference(*runs)["rows"] == [
        ["F1", {"text": "0.250"}, {"text": "0.500"}, {"text": "+0.250"}]
    ]
    assert [point["value"] for point in present_evaluations.course(runs, "f1")["points"]] == [0.25, 0.5]


def test_the_evaluations_of_this_repository_are_shown(service: ShelfService) -> None:  # noqa: ARG001
    app = show("evaluations")
    assert not app.exception
    assert components(app)[0]["rows"]


def keep_run(folder: Path, answers: dict[str, tuple[str, str]], *, sha256: str = "d") -> None:
    """Write a run as ``evals`` keeps it: id → right answer and the one given."""
    folder.mkdir(parents=True, exist_ok=True)
    result = {"task": "stance", "data": {"path": "p", "sha256": sha256, "n": len(answers)}}
    (folder / "result.json").write_text(json.dumps(result))
    lines = [
        {"id": name, "claim": f"Claim {name}.", "gold": gold, "predicted": given, "right": gold == given,
         "details": {"kind": "date"}}
        for name, (gold, given) in answers.items()
    ]  # fmt: skip
    (folder / "items.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))


def kept_runs(folder: Path) -> None:
    """Two runs of one entry, one of other data, and one that was interrupted."""
    s, r, n = "supports", "refutes", "neutral"
    keep_run(folder / "items/stance-x/earlier/1", {"a": (s, s), "b": (s, r), "c": (r, s), "d": (r, s), "e": (n, n)})
    keep_run(folder / "items/stance-x", {"a": (s, r), "b": (s, s), "c": (r, r), "d": (r, n), "e": (n, n)})
    os.utime(folder / "items/stance-x/earlier/1/result.json", (1_700_000_000, 1_700_000_000))  # when it was written
    keep_run(folder / "items/stance-y", {"a": (s, s)}, sha256="e")
    (folder / "items/stance-z").mkdir()
    (folder / "items/stance-z/result.json").write_text("{")


def test_two_kept_runs_are_walked_through_claim_by_claim(tmp_path: Path) -> None:
    kept_runs(tmp_path)
    kept = {run.name: run for run in present_evaluations.load_kept(tmp_path)}
    assert kept.keys() == {"stance-x", "stance-x/earlier/1", "stance-y"}
    after, before, other = kept["stance-x"], kept["stance-x/earlier/1"], kept["stance-y"]
    assert after.comparable(before)
    assert not after.comparable(other)
    assert not after.comparable(after)
    found = present_evaluations.changes(before, after)
    assert [(item.id, item.change) for item in found] == [
        ("a", "became wrong"),
        ("b", "became right"),
        ("c", "became right"),
        ("d", "wrong in both, otherwise"),
    ]
    assert present_evaluations.walk(found, "became wrong")["rows"] == [
        [{"text": "Claim a.", "note": "a · date"}, "supports", "supports", "refutes"]
    ]
    assert [len(present_evaluations.walk(found, change)["rows"]) for change in present_evaluations.CHANGES] == [2, 1, 1]
    with pytest.raises(ValueError, match="did not answer the same items"):
        present_evaluations.changes(other, after)


def test_the_chance_of_a_split_is_scipy_s() -> None:
    for gained, lost in ((3, 9), (9, 3), (1, 0), (40, 22)):
        assert present_evaluations.chance(gained, lost) == pytest.approx(binomtest(gained, gained + lost).pvalue)


def test_the_page_walks_through_two_runs(
    service: ShelfService,  # noqa: ARG001
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kept_runs(tmp_path / "evals" / "results")
    monkeypatch.setattr(frame, "root", lambda: tmp_path)
    app = show("evaluations")
    assert not app.exception
    assert any("Of 5 items 2 became right and 1 became wrong" in text.value for text in app.markdown)
    assert "Claim b." in json.dumps(components(app)[-1])
    app.radio(key="walk_change").set_value("became wrong").run()
    assert not app.exception
    assert [row[0]["text"] for row in components(app)[-1]["rows"]] == ["Claim a."]


def test_a_page_without_kept_runs_says_how_to_get_them(
    service: ShelfService,  # noqa: ARG001
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(frame, "root", lambda: tmp_path)
    app = show("evaluations")
    assert not app.exception
    assert any("make eval" in text.value for text in app.caption)


@pytest.mark.parametrize(("model", "told"), [("fast", False), ("cascade", True)])
def test_the_methodology_tells_of_two_networks_where_two_judge(
    service: ShelfService, model: str, *, told: bool
) -> None:
    running = service.configuration()
    settings = {**running.settings, "stance_model": model, "stance_passages": "7"}
    lines = present_methodology.steps(replace(running, settings=settings))["lines"]
    assert any("picks 7 for an accurate one" in line for line in lines) is told


def test_the_methodology_says_what_runs(service: ShelfService) -> None:  # noqa: ARG001
    made = components(show("methodology"))
    words = json.dumps(made)
    assert "57 sources" in words
    assert "53aa5117" in words  # the hash of a model
    assert "0.710" in words  # a threshold
    assert "less than 0.15 apart" in words
    assert any(data.get("title") == "Known limits" and len(data["lines"]) > 3 for data in made)


@pytest.mark.parametrize("at", ["", "9-3", "0-999999", "a-b", "1-2-3", "-1-4"])
def test_a_place_in_an_address_that_is_none_marks_nothing(service: ShelfService, at: str) -> None:
    version = next(version for _, version in service.shelf.versions.values())
    assert present_record.span_of(at, version) is None
    assert present_record.span_of("0-3", version) == Span(start=0, end=3)
