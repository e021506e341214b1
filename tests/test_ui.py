"""The pages' data, the queue behind them, and the pages themselves in Streamlit's own test runner."""

from __future__ import annotations

import datetime as dt
import json
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from onrecord.documents import ReadFailure
from onrecord.errors import DocumentError, FetchError, LanguageError, NotFoundError
from onrecord.records import (
    Attribution,
    CheckedClaim,
    CorpusState,
    SearchFilters,
    SourceKind,
    Span,
    VerdictLabel,
)
from onrecord.report import render
from onrecord.settings import load_settings
from onrecord.ui import check, frame, present
from onrecord.ui.jobs import UNEXPECTED, Job, Runner, Standing, State
from onrecord.ui.marks import pieces
from onrecord.ui.service import Library, NewSource, described, examples, valid_check_id, web_address
from onrecord.ui.wording import CHECKS, KINDS, OUTCOMES, VERDICTS
from tests.checked_article_factory import (
    ARTICLE,
    HOSTILE,
    ShelfService,
    checked_article,
    claim,
    document,
    hostile_article,
    verdict,
)

ROOT = Path(__file__).parents[1]
UI = ROOT / "src" / "onrecord" / "ui"
WAIT = 20.0


# --- marks ---------------------------------------------------------------------------------------------------------------


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(0, 70), st.integers(0, 70)), max_size=6))
def test_pieces_lose_nothing_and_carry_the_ranges_that_cover_them(text: str, ends: list[tuple[int, int]]) -> None:
    ranges = [(number, Span(start=min(pair), end=max(pair))) for number, pair in enumerate(ends)]
    cut = pieces(text, ranges)
    assert "".join(piece.text for piece in cut) == text
    at = 0
    for piece in cut:
        for offset in range(at, at + len(piece.text)):
            assert piece.names == tuple(name for name, span in ranges if span.start <= offset < span.end)
        at += len(piece.text)


@pytest.mark.parametrize(
    ("within", "expected"),
    [
        pytest.param(Span(start=2, end=4), [("cd", ("x",))], id="inside one range"),
        pytest.param(Span(start=4, end=9), [("e", ("x",)), ("f", ())], id="longer than the text"),
        pytest.param(Span(start=3, end=3), [], id="nothing asked for"),
    ],
)
def test_pieces_within(within: Span, expected: list[tuple[str, tuple[str, ...]]]) -> None:
    assert [(piece.text, piece.names) for piece in pieces("abcdef", [("x", Span(start=1, end=5))], within)] == expected


# --- what the components are given -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "allowed"),
    [
        pytest.param("https://example.org/a?b=c#d", True, id="https"),
        pytest.param("http://example.org", True, id="http"),
        pytest.param("HTTPS://EXAMPLE.ORG", True, id="capitals"),
        pytest.param(None, False, id="missing"),
        pytest.param("", False, id="empty"),
        pytest.param("javascript:alert(1)", False, id="script"),
        pytest.param("javascript://example.org/%0aalert(1)", False, id="script with a host"),
        pytest.param("data:text/html,<script>alert(1)</script>", False, id="data"),
        pytest.param("file:///etc/passwd", False, id="file"),
        pytest.param("//example.org", False, id="no scheme"),
        pytest.param("https:///path", False, id="no host"),
        pytest.param("https://example.org/\njavascript:1", False, id="line break"),
        pytest.param("\x01javascript:alert(1)", False, id="control character in front"),
        pytest.param("https://[::1", False, id="broken address of six"),
        pytest.param("source-12", False, id="no address at all"),
    ],
)
def test_only_web_addresses_become_links(address: str | None, allowed: bool) -> None:  # noqa: FBT001  a table
    assert (present.link(address) == address) is allowed or address is None
    assert (present.link(address) is not None) is allowed


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        pytest.param("A title", "Text.", "A title", id="its title"),
        pytest.param("  ", "First line\nSecond", "First line", id="blank title: the first line"),
        pytest.param(None, "\n\n  First  \n", "First", id="no title: the first line with words"),
        pytest.param(None, "word " * 40, ("word " * 17).strip() + "…", id="long first line, cut at a word"),
        pytest.param(None, "", "Untitled article", id="nothing at all"),
    ],
)
def test_title(title: str | None, text: str, expected: str) -> None:
    assert present.title_of(document(text, title=title)) == expected


def article_of(checked: Any) -> dict[str, Any]:  # noqa: ANN401
    return present.article(checked.article, checked.claims, checked.skipped, key=checked.id)


def test_the_article_is_shown_whole_and_in_order() -> None:
    checked = checked_article()
    shown = article_of(checked)
    rows = ["".join(piece["text"] for piece in row) for row in shown["body"]]
    # all paragraphs but the headline, which stands above the article
    assert rows == [line for line in ARTICLE.split("\n") if line][1:]


def test_a_headline_that_is_a_claim_is_not_left_out() -> None:
    checked = checked_article()
    head = CheckedClaim(
        claim=claim(ARTICLE, "Harbour town counts the cost of its new terminal", 9),
        verdict=verdict(VerdictLabel.SUPPORTED, "Because."),
    )
    shown = present.article(checked.article, (head, *checked.claims), (), key="k")
    assert shown["body"][0][0]["claim"] == head.claim.id


def test_every_claim_can_be_chosen_in_the_text_repeated_ones_too() -> None:
    checked = checked_article()
    shown = article_of(checked)
    firsts = [piece["first"] for row in shown["body"] for piece in row if "first" in piece]
    assert firsts == [item.claim.id for item in checked.claims]
    text = {piece["first"]: piece["text"] for row in shown["body"] for piece in row if "first" in piece}
    same = [name for name, words in text.items() if words == "The old quay was closed in 2021."]
    assert len(same) == 2  # two equal sentences, two claims


def test_an_inner_claim_and_the_one_around_it_can_both_be_chosen() -> None:
    text = "Ada said that the quay was closed in 2021 and wept."
    outer = CheckedClaim(claim=claim(text, text, 1), verdict=verdict(VerdictLabel.SUPPORTED, "Because."))
    inner = CheckedClaim(
        claim=claim(text, "the quay was closed in 2021", 2), verdict=verdict(VerdictLabel.REFUTED, "Because.")
    )
    row = present.article(document(text, title=None), (outer, inner), (), key="k")["body"][0]
    assert [(piece["text"], piece["claim"], piece.get("first")) for piece in row] == [
        ("Ada said that ", outer.claim.id, outer.claim.id),
        ("the quay was closed in 2021", inner.claim.id, inner.claim.id),
        (" and wept.", outer.claim.id, None),
    ]
    assert [piece.get("last") for piece in row] == [None, [inner.claim.id], [outer.claim.id]]


@pytest.mark.parametrize(
    ("reported", "label", "so", "expected"),
    [
        pytest.param(False, VerdictLabel.SUPPORTED, None, ["Supported"], id="the article says it"),
        pytest.param(True, VerdictLabel.SUPPORTED, None, ["Said: supported"], id="said, the rest not asked"),
        pytest.param(
            True,
            VerdictLabel.SUPPORTED,
            VerdictLabel.NOT_ENOUGH_EVIDENCE,
            ["Said: supported"],
            id="said, the rest open",
        ),
        pytest.param(
            True,
            VerdictLabel.SUPPORTED,
            VerdictLabel.REFUTED,
            ["Said: supported", "As fact: contradicted"],
            id="said, but not so: both stand in the text",
        ),
        pytest.param(True, VerdictLabel.NOT_CHECKED, None, ["Not checked"], id="not checked is not half an answer"),
    ],
)
def test_what_is_written_behind_a_claim(
    reported: bool,  # noqa: FBT001  a table
    label: VerdictLabel,
    so: VerdictLabel | None,
    expected: list[str],
) -> None:
    attribution = Attribution(speaker="Ada", speaker_resolved=True) if reported else None
    item = CheckedClaim(
        claim=claim("Ada said it.", "Ada said it.", 1, attribution=attribution),
        verdict=verdict(label, "Because.", proposition=so),
    )
    assert [tag["word"] for tag in present.tags(item)] == expected


def test_the_rationale_and_the_compared_words_are_marked_in_the_passage() -> None:
    item = checked_article().claims[1]
    cut = present.passage(item.evidence[0])
    assert "".join(piece["text"] for piece in cut) == item.evidence[0].passage.text
    assert [(piece["text"], piece["marks"]) for piece in cut if piece["marks"]] == [
        ("The terminal cost ", ["rationale"]),
        ("14 million euros", ["rationale", "finding-different"]),
        (" in all, two million more than planned.", ["rationale"]),
    ]


def test_of_a_passage_read_as_a_whole_the_nearest_sentence_is_marked_and_it_is_said_so() -> None:
    item = checked_article().claims[1]
    judged = item.evidence[0]
    whole = judged.model_copy(update={"rationale": judged.passage.span, "nearest": judged.rationale, "findings": ()})
    (marked,) = [piece for piece in present.passage(whole) if piece["marks"]]
    assert (marked["text"], marked["marks"]) == (judged.rationale_text, ["nearest"])
    assert "as a whole" in present.card(item, whole, 0)["whole"]
    assert present.card(item, judged, 0)["whole"] == ""
    page = render(
        checked_article().model_copy(update={"claims": (item.model_copy(update={"evidence": (whole,)}),)}), "html"
    )
    assert f'<mark class="nearest">{judged.rationale_text}</mark>' in page
    assert "Read as a whole" in page


def test_reported_speech_gets_two_answers_and_other_claims_one() -> None:
    checked = checked_article()
    said = present.claim(checked.claims, 2)
    assert [(row["question"], row["label"]) for row in said["answers"]] == [
        ("Was it said?", "SUPPORTED"),
        ("Is it so?", "REFUTED"),
    ]
    assert [row["question"] for row in present.claim(checked.claims, 0)["answers"]] == [""]
    assert [card["question"] for card in said["supports"] + said["refutes"]] == ["said", "true"]


def test_an_address_that_is_no_link_is_shown_as_words_only() -> None:
    card = present.claim(checked_article().claims, 5)["neutral"][0]
    assert card["address"] is None
    assert card["address_text"] == "javascript:alert(1)"


@pytest.mark.parametrize(
    ("characters", "before", "after"),
    [
        pytest.param(0, "", "", id="the passage alone"),
        pytest.param(12, "terminal. ", " I expect", id="cut between words"),
        pytest.param(10_000, None, None, id="the whole source"),
    ],
)
def test_a_passage_in_its_source(characters: int, before: str | None, after: str | None) -> None:
    service = shelf_service()
    checked = checked_article(service.shelf)
    item = checked.claims[0].evidence[1]  # "We paid for it from the reserve and from the regional fund."
    version = service.shelf.versions[item.passage.version_id][1]
    shown = present.context(service.context(item, characters), item)  # type: ignore[arg-type]  the same attributes
    text = "".join(piece["text"] for piece in shown["pieces"])
    passage = "".join(piece["text"] for piece in shown["pieces"] if "passage" in piece["marks"])
    assert passage == item.passage.text
    assert "".join(piece["text"] for piece in shown["pieces"] if "rationale" in piece["marks"]) == item.rationale_text
    start, end = (
        int(number.replace(",", "")) for number in re.findall(r"characters ([\d,]+) to ([\d,]+)", shown["version"])[0]
    )
    assert version.text[start:end] == text  # what it says of itself is true
    if before is None:
        assert text == version.text
        assert not shown["cut_before"]
        assert not shown["cut_after"]
    else:
        assert tuple(text.split(passage)) == (before, after)


def test_claims_are_sent_in_fixed_blocks() -> None:
    checked = checked_article()
    many = checked.model_copy(update={"claims": checked.claims * 40})  # 320 claims
    first, again = present.claims_near(many, 0), present.claims_near(many, present.BLOCK - 1)
    assert first == again  # the same data is not sent twice
    assert [present.block(at, 120) for at in (0, 60, 119)] == [0, 0, 0]  # all of it, once
    # the ids repeat here, so count what would be sent by asking for it
    assert len(present.claims_near(checked, 0)["claims"]) == len(checked.claims)


def test_what_is_sent_of_a_card_and_its_source_is_all_of_it_without_repeating() -> None:
    checked = checked_article()
    sent = present.claims_near(checked, 0)
    seen = 0
    for at, item in enumerate(checked.claims):
        whole, lean = present.claim(checked.claims, at), sent["claims"][item.claim.id]
        for side in ("supports", "refutes", "neutral"):
            for card, cut in zip(whole[side], lean[side], strict=True):
                again = sent["sources"][cut["source"]] | cut
                assert cut["index"] == card["index"]  # 0 too
                for name, value in card.items():
                    if name not in {"citation", "record"}:
                        assert again.get(name, value) == value
                        assert name in again or not value
                assert card["citation"].endswith(cut.get("cite", cut.get("citation")))
                seen += 1
    assert seen > 5
    assert {"citation", "record"}.isdisjoint(sent["claims"][checked.claims[1].claim.id]["refutes"][0])


def test_all_that_is_given_to_components_is_plain_data_with_hostile_text_unchanged() -> None:
    checked = hostile_article()
    given_to_page = json.loads(
        json.dumps(
            [
                present.heading(checked),
                article_of(checked),
                present.claims_near(checked, 0),
                present.provenance(checked),
            ]
        )
    )
    texts: list[str] = []

    def collect(value: Any) -> None:  # noqa: ANN401
        if isinstance(value, str):
            texts.append(value)
        elif isinstance(value, dict):
            for part in value.values():
                collect(part)
        elif isinstance(value, list):
            for part in value:
                collect(part)

    collect(given_to_page)
    for attack in HOSTILE:
        assert any(attack in text for text in texts)  # neither escaped here nor dropped: the page shows it as text
    assert not any(text.startswith("javascript:") and key == "address" for key, text in _pairs(given_to_page))


def _pairs(value: Any) -> list[tuple[str, str]]:  # noqa: ANN401
    if isinstance(value, dict):
        own = [(key, part) for key, part in value.items() if isinstance(part, str)]
        return own + [pair for part in value.values() for pair in _pairs(part)]
    if isinstance(value, list):
        return [pair for part in value for pair in _pairs(part)]
    return []


# --- wording and the components' files ------------------------------------------------------------------------------------


def test_every_verdict_kind_check_and_outcome_has_its_words_and_its_drawing() -> None:
    script = (UI / "components" / "shared.js").read_text()
    assert set(VERDICTS) == set(VerdictLabel)
    assert set(KINDS) == set(SourceKind)
    assert set(CHECKS) == {"numbers", "dates", "names", "quotes"}
    assert set(OUTCOMES) == {"equal", "rounded", "different", "not_comparable"}
    icons = [words.icon for words in VERDICTS.values()]
    assert len(set(icons)) == len(icons)  # told apart without colour
    for icon in icons:
        assert re.search(rf"^  {icon}: ", script, re.MULTILINE)


def test_every_verdict_is_underlined_in_a_way_of_its_own() -> None:
    style = (UI / "components" / "article.css").read_text()
    ways = {
        label: re.findall(rf"\.mark\.v-{label}\s\.words \{{ text-decoration(?:-style)?: (\w+)", style)
        for label in VerdictLabel
    }
    assert ways[VerdictLabel.SUPPORTED] == []  # the plain line
    assert ways[VerdictLabel.NOT_CHECKED] == ["none"]  # and nothing like a verdict for what has none
    drawn = [ways[label][0] for label in VerdictLabel if label is not VerdictLabel.SUPPORTED]
    assert len(set(drawn)) == len(drawn)


_HOLES = (
    "unsafe_allow",
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "document.write",
    "eval(",
    "new Function",
    "srcdoc",
)


@pytest.mark.parametrize("path", sorted(UI.rglob("*.py")) + sorted(UI.rglob("*.js")), ids=lambda path: path.name)
def test_no_page_or_component_makes_markup_of_text(path: Path) -> None:
    source = path.read_text()
    assert not [hole for hole in _HOLES if hole in source]


@pytest.mark.parametrize(
    "path",
    [*sorted(UI.rglob("*.js")), *sorted(UI.rglob("*.css")), ROOT / ".streamlit" / "config.toml"],
    ids=lambda path: path.name,
)
def test_nothing_is_fetched_from_elsewhere(path: Path) -> None:
    source = path.read_text().replace("http://www.w3.org/2000/svg", "")  # a name, not an address
    assert not re.findall(r"https?://[\w.]+|url\(|@import", source)


def test_the_pages_load_no_neural_network() -> None:
    code = (
        "import onrecord.ui.check, onrecord.ui.history, sys;"
        "print([name for name in ('torch', 'spacy', 'chromadb') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)  # noqa: S603
    assert done.stdout.strip() == "[]"


# --- service and queue ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given_id",
    [
        pytest.param("", id="empty"),
        pytest.param("../../etc/passwd", id="path"),
        pytest.param("A" * 32, id="capitals"),
        pytest.param("a" * 31, id="short"),
        pytest.param("a" * 32 + "\n", id="line break behind"),
        pytest.param("' or 1=1 --", id="sql"),
    ],
)
def test_an_id_of_another_form_is_refused(given_id: str) -> None:
    with pytest.raises(NotFoundError, match="32 hexadecimal"):
        valid_check_id(given_id)
    assert valid_check_id("0123456789abcdef" * 2) == "0123456789abcdef" * 2


def test_examples_are_the_articles_of_the_folder(tmp_path: Path) -> None:
    for name in ("b.md", "a.md", "README.md", "notes.txt"):
        (tmp_path / name).write_text("x")
    (tmp_path / "c.md").mkdir()  # a folder with the ending of a file
    assert [path.name for path in examples(tmp_path)] == ["a.md", "b.md"]
    assert examples(tmp_path / "missing") == []


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param((None, "", ""), {}, id="nothing: all as the file has it"),
        pytest.param((dt.date(2020, 1, 2), " ", " "), {"published": dt.date(2020, 1, 2)}, id="another day"),
        pytest.param((None, " The  Courier ", ""), {"metadata": {"publisher": "The Courier"}}, id="who published it"),
        pytest.param((None, "", " https://a.example/x "), {"address": "https://a.example/x"}, id="where"),
    ],
)
def test_what_a_person_says_of_an_article_wins_over_the_file(
    given: tuple[dt.date | None, str, str], expected: dict[str, object]
) -> None:
    article = document().model_copy(update={"metadata": {"publisher": "From the file"}})
    assert described(article, *given) == article.model_copy(update=expected)


_NO_PAGES = [
    pytest.param("/etc/passwd", id="a path on the server"),
    pytest.param("-", id="standard input"),
    pytest.param("~/.ssh/id_rsa", id="a home folder"),
    pytest.param("file:///etc/passwd", id="a file"),
    pytest.param("javascript:alert(1)", id="a script"),
    pytest.param("ftp://example.org/x", id="another protocol"),
    pytest.param("example.org/news", id="without its beginning"),
]


@pytest.mark.parametrize("address", _NO_PAGES)
def test_only_pages_of_the_web_are_read_by_their_address(address: str, tmp_path: Path) -> None:
    library = Library(load_settings(home=tmp_path))
    with pytest.raises(DocumentError, match="no address of a page"):
        library.fetch(address)
    with pytest.raises(DocumentError, match="no address of a page"):
        described(document(), None, "", address)
    failed = library._described(NewSource(name=address, address=address), {})
    assert isinstance(failed, ReadFailure)
    assert "no address of a page" in failed.reason
    assert web_address("  HTTPS://example.org ") == "HTTPS://example.org"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "169.254.169.254", "[::1]"])
def test_an_address_inside_the_house_is_not_fetched(host: str, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="not a public address"):
        Library(load_settings(home=tmp_path)).fetch(f"http://{host}/secret")


def wait(job: Job) -> Standing:
    for _ in range(int(WAIT / 0.02)):
        now = job.standing()
        if now.state not in {State.WAITING, State.RUNNING}:
            return now
        threading.Event().wait(0.02)
    pytest.fail("the job did not end")


def shelf_service(**given: Any) -> ShelfService:  # noqa: ANN401
    return ShelfService(load_settings(home="/nowhere"), **given)


def work_of(service: ShelfService) -> Any:  # noqa: ANN401
    def work(job: Job) -> Any:  # noqa: ANN401
        return service.check(
            document(), filters=SearchFilters(), passages=5, progress=job.progress, on_claim=job.decided
        )

    return work


def test_a_job_ends_with_the_id_of_its_check_and_all_its_claims() -> None:
    now = wait(Runner().submit(document(), work_of(shelf_service())))
    assert now.state is State.DONE
    assert re.fullmatch("[0-9a-f]{32}", now.check_id)
    assert (now.done, now.total, len(now.claims)) == (8, 8, 8)


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        pytest.param(
            LanguageError("The text is German; only English."), "The text is German; only English.", id="foreseen"
        ),
        pytest.param(RuntimeError("secret path /root/x"), UNEXPECTED, id="not foreseen: told without its details"),
    ],
)
def test_a_failed_job_has_a_message_and_no_check(failure: Exception, message: str) -> None:
    now = wait(Runner().submit(document(), work_of(shelf_service(failure=failure))))
    assert (now.state, now.error, now.check_id) == (State.FAILED, message, "")


def test_a_stopped_job_keeps_nothing_and_the_next_one_runs() -> None:
    reached, go_on = threading.Event(), threading.Event()

    def pause() -> None:
        reached.set()
        assert go_on.wait(WAIT)

    runner = Runner()
    first = runner.submit(document(), work_of(shelf_service(pause=pause)))
    second = runner.submit(document(), work_of(shelf_service()))
    third = runner.submit(document(), work_of(shelf_service()))
    assert reached.wait(WAIT)
    assert runner.standing(second).before == 1
    third.stop()  # while it waits
    first.stop()
    go_on.set()
    assert wait(first).state is State.STOPPED
    assert wait(second).state is State.DONE
    assert wait(third).state is State.STOPPED
    assert runner.find(first.id) is first
    assert runner.find("unknown") is None


def test_what_cannot_be_got_ready_does_not_stop_the_queue() -> None:
    def broken() -> None:
        message = "no models"
        raise RuntimeError(message)

    runner = Runner()
    runner.prepare(broken)
    assert wait(runner.submit(document(), work_of(shelf_service()))).state is State.DONE


def standing(**given: Any) -> Standing:  # noqa: ANN401
    base = {"state": State.RUNNING, "stage": "judging", "done": 0, "total": 0, "seconds_left": None, "before": 0}
    return Standing(**(base | {"claims": (), "check_id": "", "error": ""} | given))


@pytest.mark.parametrize(
    ("now", "fraction", "words"),
    [
        pytest.param(standing(state=State.WAITING, before=2), 0.0, "Waiting: 2 checks before this one", id="queued"),
        pytest.param(standing(state=State.WAITING), 0.0, "Loading the models", id="first in the queue"),
        pytest.param(standing(stage="finding claims"), 0.02, "Finding claims", id="number of claims not known yet"),
        pytest.param(standing(stage="opening the corpus"), 0.02, "Getting ready", id="opening"),
        pytest.param(standing(done=1, total=4), 0.25, "1 of 4 claims decided", id="time not known yet"),
        pytest.param(
            standing(done=3, total=4, seconds_left=31.0),
            0.75,
            "3 of 4 claims decided, about 30 seconds left",
            id="time known",
        ),
        pytest.param(standing(done=4, total=4, seconds_left=0.0), 1.0, "4 of 4 claims decided", id="all decided"),
    ],
)
def test_progress_in_words(now: Standing, fraction: float, words: str) -> None:
    assert check.progress_words(now) == (fraction, words)


# --- the pages, in Streamlit's test runner --------------------------------------------------------------------------------


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> ShelfService:
    made = shelf_service()
    queue = Runner()
    monkeypatch.setattr(frame, "library", lambda: made)
    monkeypatch.setattr(frame, "runner", lambda: queue)
    return made


@pytest.fixture
def app(service: ShelfService) -> AppTest:  # noqa: ARG001  in place before the app starts
    return AppTest.from_file(str(ROOT / "app.py"), default_timeout=WAIT)


def said(app: AppTest) -> str:
    """Return all words that Streamlit itself puts on the page."""
    shown = [*app.title, *app.text, *app.markdown, *app.caption, *app.subheader]
    return "\n".join(str(element.value) for element in shown)


def components(app: AppTest) -> list[dict[str, Any]]:
    return [json.loads(element.proto.json) for element in app.get("bidi_component")]


def finish(app: AppTest) -> None:
    """Let the queue's check end, then run the page again as its own timer would."""
    if "job" in app.session_state:  # else it ended within the run that began it
        job = frame.runner().find(app.session_state["job"])
        assert job is not None
        wait(job)
        app.run()


def test_an_empty_text_is_refused_with_the_next_step(app: AppTest, service: ShelfService) -> None:
    app.run()
    app.button(key="run").click().run()
    assert "There is no text yet. Paste the article" in said(app)
    assert not service.asked
    assert not app.exception


def test_a_pasted_article_is_checked_kept_and_shown(app: AppTest, service: ShelfService) -> None:
    app.run()
    app.text_area(key="text").set_value(ARTICLE)
    app.date_input(key="published").set_value(dt.date(2026, 2, 10))
    app.multiselect(key="kinds").set_value([SourceKind.TRANSCRIPT])
    app.toggle(key="primary").set_value(True)
    app.date_input(key="as_of").set_value(dt.date(2026, 1, 1))
    app.slider(key="passages").set_value(7)
    app.button(key="run").click().run()
    finish(app)
    asked, filters, passages = service.asked[0]
    assert (asked.text, asked.published, passages) == (ARTICLE, dt.date(2026, 2, 10), 7)
    assert filters == SearchFilters(kinds=(SourceKind.TRANSCRIPT,), primary_only=True, as_of=dt.date(2026, 1, 1))
    (check_id,) = service.kept
    assert app.query_params["check"] in (check_id, [check_id])  # a list only where it was given by the test
    shown = components(app)
    assert any("Only transcript" in data.get("facts", []) for data in shown)
    assert any(data.get("chosen", "").startswith("c2-") for data in shown)  # the first that something speaks against
    assert not app.exception


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        pytest.param(
            LanguageError("“**Text**” is :red[not] English; give an English text."),
            "“**Text**” is :red[not] English; give an English text.",
            id="foreseen: its own message, not read as Markdown",
        ),
        pytest.param(RuntimeError("Traceback /root/secret"), UNEXPECTED, id="not foreseen"),
    ],
)
def test_a_failed_check_leads_back_to_the_form_with_one_message(
    app: AppTest, service: ShelfService, failure: Exception, message: str
) -> None:
    service.failure = failure
    app.run()
    app.text_area(key="text").set_value(ARTICLE)
    app.button(key="run").click().run()
    finish(app)
    assert message in [element.value for element in app.text]
    assert "secret" not in said(app)
    assert app.text_area(key="text").value == ARTICLE  # nothing typed is lost
    assert not app.exception


def test_an_article_is_checked_by_its_address_and_keeps_where_it_came_from(app: AppTest, service: ShelfService) -> None:
    app.run()
    app.segmented_control(key="way").set_value("Give an address").run()
    app.button(key="run").click().run()
    assert "There is no address yet" in said(app)
    app.text_input(key="address").set_value("https://news.example/gone")
    app.button(key="run").click().run()
    assert "answered HTTP 404" in said(app)
    app.text_input(key="address").set_value("/etc/passwd")
    app.button(key="run").click().run()
    assert "no address of a page" in said(app)
    assert not service.asked
    app.text_input(key="address").set_value("https://news.example/harbour")
    app.date_input(key="published").set_value(dt.date(2026, 2, 11))
    app.button(key="run").click().run()
    finish(app)
    ((asked, _, _),) = service.asked
    assert (asked.address, asked.published, asked.metadata) == (
        "https://news.example/harbour",
        dt.date(2026, 2, 11),
        {"publisher": "Coast Courier"},  # as the page says
    )
    assert not app.exception


def test_publisher_and_address_of_a_pasted_article_are_kept(app: AppTest, service: ShelfService) -> None:
    app.run()
    app.text_area(key="text").set_value(ARTICLE)
    app.text_input(key="published_by").set_value("<b>Courier</b>")
    app.text_input(key="published_at").set_value("javascript:alert(1)")
    app.button(key="run").click().run()
    assert "no address of a page" in said(app)
    app.text_input(key="published_at").set_value("https://courier.example/1")
    app.button(key="run").click().run()
    finish(app)
    ((asked, _, _),) = service.asked
    assert (asked.address, asked.metadata["publisher"]) == ("https://courier.example/1", "<b>Courier</b>")
    assert present.heading(checked_article().model_copy(update={"article": asked}))["facts"][0] == "<b>Courier</b>"


@pytest.mark.parametrize(
    ("llm", "way", "expected"),
    [
        pytest.param("", "Paste text", "Nothing is sent anywhere.", id="as a rule"),
        pytest.param("", "Give an address", "Only the address itself", id="an address is asked for"),
        pytest.param("acme:m", "Paste text", "sent to the language model acme:m", id="a language model is named"),
    ],
)
def test_what_leaves_the_machine_is_said(service: ShelfService, llm: str, way: str, expected: str) -> None:
    service.settings = service.settings.model_copy(update={"llm": llm})
    assert expected in check.sent(way)


def test_a_kept_check_opens_by_its_address(app: AppTest, service: ShelfService) -> None:
    service.save(checked_article(service.shelf, check_id="c" * 32))
    app.query_params["check"] = "c" * 32
    app.query_params["claim"] = "c5-426"
    app.run()
    article = next(data for data in components(app) if "body" in data)
    assert article["chosen"] == "c5-426"
    app.button(key="new").click().run()
    assert app.text_area(key="text")
    assert "check" not in app.query_params


@pytest.mark.parametrize("claim_id", [pytest.param("c99-1", id="unknown"), pytest.param("<b>", id="hostile")])
def test_an_unknown_claim_in_the_address_opens_the_first_worth_a_look(
    app: AppTest, service: ShelfService, claim_id: str
) -> None:
    service.save(checked_article(service.shelf, check_id="c" * 32))
    app.query_params["check"] = "c" * 32
    app.query_params["claim"] = claim_id
    app.run()
    assert next(data for data in components(app) if "body" in data)["chosen"].startswith("c2-")


def test_an_unknown_check_is_told_and_a_new_one_offered(app: AppTest) -> None:
    app.query_params["check"] = "f" * 32
    app.run()
    assert "There is no check" in said(app)
    app.button(key="new").click().run()
    assert app.text_area(key="text")
    assert not app.exception


def test_an_empty_corpus_says_what_to_do(app: AppTest, service: ShelfService) -> None:
    service.corpus = CorpusState(number=0, sources=0, passages=0)
    app.run()
    assert "no record yet" in said(app)
    assert "onrecord corpus add" in app.code[0].value
    assert not [button for button in app.button if button.key == "run"]


def test_history_lists_the_kept_checks_and_finds_by_title(service: ShelfService) -> None:
    def page() -> None:
        import streamlit

        from onrecord.ui import history as shown

        shown.page(streamlit.Page(lambda: None, title="Check", url_path="check", default=True))

    alone = AppTest.from_function(page, default_timeout=WAIT).run()
    assert "No article has been checked yet" in said(alone)
    service.save(checked_article(service.shelf, check_id="d" * 32))
    service.save(hostile_article(service.shelf, check_id="e" * 32))
    alone = AppTest.from_function(page, default_timeout=WAIT).run()
    assert [row["id"] for row in components(alone)[0]["rows"]] == ["e" * 32, "d" * 32]
    alone.text_input(key="history_search").set_value("HARBOUR").run()
    assert [row["id"] for row in components(alone)[0]["rows"]] == ["d" * 32]
    alone.text_input(key="history_search").set_value("no such title").run()
    assert "No check fits these words" in said(alone)
