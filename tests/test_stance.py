"""The judge: label order, golden pairs, windows, contradiction first, checks that only hold back, calibration."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from onrecord import stance
from onrecord.errors import ModelError, StanceModelError
from onrecord.records import Attribution, Claim, Hit, Passage, Source, SourceKind, Span, Stance
from onrecord.settings import Settings
from onrecord.stance import nli
from onrecord.stance.calibrate import (
    Calibration,
    expected_calibration_error,
    fit,
    load_calibration,
    probabilities,
    threshold_for_precision,
)
from onrecord.stance.windows import content_words
from onrecord.text import sentences

SUPPORT, REFUTE, NEITHER = [6.0, 0.0, 0.0], [0.0, 6.0, 0.0], [0.0, 0.0, 6.0]
Rule = Callable[[str, str], Sequence[float]]


def passage(
    text: str, *, offset: int = 0, speaker: str | None = None, published: dt.date | None = None, title: str = ""
) -> Passage:
    source = Source(
        id="s1",
        title=title,
        kind=SourceKind.TRANSCRIPT,
        publisher="P",
        primary=True,
        retrieved_at=dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
        current_version_id="s1@0",
        published=published,
    )
    span = Span(start=offset, end=offset + len(text))
    return Passage(
        id=f"s1@0:{span.start}-{span.end}",
        source=source,
        version_id="s1@0",
        span=span,
        text=text,
        sentences=tuple(sentence.shifted(offset) for sentence in sentences(text)),
        speaker=speaker,
    )


def claim(text: str, *, speaker: str | None = None, proposition: str | None = None) -> Claim:
    return Claim(
        id="c1-0",
        span=Span(start=0, end=len(text)),
        text=text,
        standalone=text,
        proposition=proposition or text,
        attribution=Attribution(speaker=speaker, speaker_resolved=True) if speaker else None,
        check_worthiness_probability=0.9,
        why="test",
    )


def item(wording: str, evidence: Passage, *, cosine: float | None = 0.6) -> stance.JudgeItem:
    hit = Hit(passage_id=evidence.id, query=wording, dense_score=cosine, fused_score=1.0)
    return stance.JudgeItem(claim(wording), evidence, hit, "true", wording)


class Scripted:
    """Stands for a loaded network: a rule gives the logits, and the pairs it was asked are kept."""

    name, sha256 = "scripted", "0" * 64

    def __init__(self, rule: Rule, calibration: Calibration) -> None:
        self.rule, self.calibration = rule, calibration
        self.asked: list[tuple[str, str]] = []

    def logits(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        self.asked.extend(pairs)
        return np.array([self.rule(evidence, wording) for evidence, wording in pairs])


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> Callable[[Rule], Scripted]:
    def install(rule: Rule) -> Scripted:
        made = Scripted(rule, Calibration(support_threshold=0.6, refute_threshold=0.6))
        monkeypatch.setattr(nli, "load", lambda _settings: made)
        return made

    return install


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    return Settings(home=tmp_path_factory.mktemp("home"), threads=1)


# --- label order ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        ({0: "entailment", 1: "neutral", 2: "contradiction"}, (0, 2, 1)),  # the shipped order
        ({0: "contradiction", 1: "entailment", 2: "neutral"}, (1, 0, 2)),  # nli-deberta-v3
        ({"0": "ENTAILMENT", "1": "Neutral", "2": "CONTRADICTION"}, (0, 2, 1)),  # other case, keys as JSON has them
        ({0: "SUPPORTS", 1: "REFUTES", 2: "NOT ENOUGH INFO"}, (0, 1, 2)),  # FEVER's names
        ({2: "supports", 0: "refutes", 1: "neutral"}, (2, 0, 1)),  # keys out of order
    ],
)
def test_label_order_is_read_from_the_configuration(labels: dict[object, str], expected: tuple[int, int, int]) -> None:
    assert nli.label_columns(labels, name="x") == expected


@pytest.mark.parametrize(
    "labels",
    [
        {0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2"},  # no meaning given: never guessed
        {0: "entailment", 1: "not_entailment"},  # two-way
        {0: "entailment", 1: "supports", 2: "neutral"},  # two names for one stance
        {0: "entailment", 1: "neutral", 5: "contradiction"},  # a column that is not there
        {},  # nothing at all
    ],
)
def test_uncertain_labels_are_refused(labels: dict[object, str]) -> None:
    with pytest.raises(StanceModelError, match="id2label"):
        nli.label_columns(labels, name="some-model")


def test_a_model_with_swapped_labels_fails_the_golden_pairs(settings: Settings) -> None:
    right = nli.load(settings)
    swapped = nli.CrossEncoder(
        name="swapped",
        sha256=right.sha256,
        calibration=right.calibration,
        columns=(right.columns[1], right.columns[0], right.columns[2]),
        max_tokens=right.max_tokens,
        _tokenizer=right._tokenizer,
        _model=right._model,
        _lock=threading.Lock(),
    )
    with pytest.raises(StanceModelError, match="golden"):
        nli.check_golden(swapped)


@pytest.mark.parametrize(
    "name",
    ["no/such-model-anywhere", "", "/nonexistent/folder"],  # a name not in the cache, nothing, a missing folder
)
def test_a_model_that_cannot_be_loaded_is_one_clear_error(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(StanceModelError, match="cannot be loaded"):
        nli._load_named(name)


@pytest.mark.parametrize("tier", ["fast", "accurate"])
def test_missing_shipped_weights_say_so(tier: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    name, _, weights = nli._SHIPPED[tier]
    monkeypatch.setitem(nli._SHIPPED, tier, (name, tmp_path, weights))
    with pytest.raises(StanceModelError, match="missing"):
        nli.shipped_sha256(tier)


# --- windows and decision ---------------------------------------------------------------------------------------------


def test_no_items_no_model(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nli, "load", lambda _settings: pytest.fail("loaded a model for nothing"))
    assert stance.judge([], settings=settings) == []


@pytest.mark.parametrize(("wording", "text"), [("  ", "Prices rose."), ("Prices rose.", " \n ")])
def test_empty_text_is_an_error_not_a_stance(
    wording: str, text: str, settings: Settings, scripted: Callable[[Rule], Scripted]
) -> None:
    scripted(lambda _e, _c: SUPPORT)
    with pytest.raises(ModelError, match="empty"):
        stance.judge([item(wording, passage(text))], settings=settings)


def test_the_passage_decides_and_a_sentence_shows_it(settings: Settings, scripted: Callable[[Rule], Scripted]) -> None:
    # A sentence torn from the one that qualifies it decides nothing; the sentence that says the same alone is the rationale.
    text = "Prices went up in May. By June they had fallen below the level of April."
    scripted(lambda e, _c: REFUTE if "June" in e else SUPPORT)
    (found,) = stance.judge([item("Prices rose this summer.", passage(text))], settings=settings)
    assert found.stance is Stance.REFUTES
    assert found.rationale_text == "By June they had fallen below the level of April."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # What another sentence calls alleged is not the claim.
        ("In Bucha they counted 73 killings. More are alleged. The office goes on.", Stance.SUPPORTS),
        ("In Bucha they counted 73 alleged killings. More are known. The office goes on.", Stance.NEUTRAL),
        # Another sentence's figure is that of something else; that of the sentence which says the rest is not.
        ("In Bucha they counted 73 killings. In Irpin it was 12. The office goes on.", Stance.SUPPORTS),
        ("In Bucha they counted 37 killings. In Irpin it was 73. The office goes on.", Stance.REFUTES),
    ],
)
def test_where_the_whole_decides_the_sentence_nearest_to_the_claim_is_checked(
    settings: Settings, scripted: Callable[[Rule], Scripted], text: str, expected: Stance
) -> None:
    scripted(lambda e, _c: SUPPORT if e == text else NEITHER)
    (found,) = stance.judge([item("They counted 73 killings in Bucha in all.", passage(text))], settings=settings)
    assert found.stance is expected


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        ("Prices rose.", Stance.SUPPORTS),  # a sentence says all of it
        ("Prices rose steeply.", Stance.NEUTRAL),  # a word is lacking
    ],
)
def test_a_sentence_that_restates_the_claim_speaks_for_its_passage(
    settings: Settings, scripted: Callable[[Rule], Scripted], claim: str, expected: Stance
) -> None:
    scripted(lambda e, _c: SUPPORT if e == "Prices rose in May." else NEITHER)
    text = "The bureau has moved to a new building. Prices rose in May. Its head thanked all who had helped."
    (found,) = stance.judge([item(claim, passage(text))], settings=settings)
    assert found.stance is expected


@pytest.mark.parametrize(
    ("logits", "expected"),
    [
        (SUPPORT, Stance.SUPPORTS),
        (REFUTE, Stance.REFUTES),
        (NEITHER, Stance.NEUTRAL),
        ([1.0, 0.8, 0.0], Stance.NEUTRAL),  # supports is the most probable, but not enough: abstain
        ([0.8, 1.0, 0.0], Stance.NEUTRAL),
        ([0.0, 0.0, 0.0], Stance.NEUTRAL),
    ],
)
def test_a_stance_needs_its_threshold(
    logits: list[float], expected: Stance, settings: Settings, scripted: Callable[[Rule], Scripted]
) -> None:
    scripted(lambda _e, _c: logits)
    (found,) = stance.judge([item("Prices rose.", passage("Prices rose."))], settings=settings)
    assert found.stance is expected
    assert found.probabilities.supports + found.probabilities.refutes + found.probabilities.neutral == pytest.approx(
        1.0
    )


def test_unrelated_text_is_neutral_without_the_network(
    settings: Settings, scripted: Callable[[Rule], Scripted]
) -> None:
    network = scripted(lambda _e, _c: REFUTE)
    (found,) = stance.judge(
        [item("The ministry raised taxes.", passage("Whales feed on krill."), cosine=0.05)], settings=settings
    )
    assert found.stance is Stance.NEUTRAL
    assert found.probabilities.neutral == 1.0
    assert network.asked == []


@pytest.mark.parametrize(
    ("cosine", "logits", "expected"),
    [
        (
            0.2,
            [1.6, 0.0, 0.0],
            Stance.NEUTRAL,
        ),  # enough of one that is near, but search found the passage far from the claim
        (0.2, [0.0, 1.6, 0.0], Stance.NEUTRAL),
        (0.2, SUPPORT, Stance.SUPPORTS),  # sure
        (0.7, [0.0, 1.6, 0.0], Stance.REFUTES),
        (None, [1.6, 0.0, 0.0], Stance.SUPPORTS),  # not known: the network decides
    ],
)
def test_a_far_passage_decides_only_where_the_network_is_sure(
    cosine: float | None,
    logits: list[float],
    expected: Stance,
    settings: Settings,
    scripted: Callable[[Rule], Scripted],
) -> None:
    scripted(lambda _e, _c: logits)
    (found,) = stance.judge([item("Prices rose.", passage("Prices climbed."), cosine=cosine)], settings=settings)
    assert found.stance is expected
    assert ("Far from" in found.note) is (expected is Stance.NEUTRAL)


@pytest.mark.parametrize(
    ("words", "logits", "expected"),
    [
        # torn, leaning to support, the same words and figures: it restates the claim
        ("Prices rose by 5 per cent.", [1.1, 1.0, -3.0], Stance.SUPPORTS),
        # torn, leaning to a contradiction: a sentence does not contradict itself
        ("Prices rose by 5 per cent.", [1.0, 1.1, -3.0], Stance.SUPPORTS),
        # … but one in other words may: left undecided
        ("By 5 per cent prices rose.", [1.0, 1.1, -3.0], Stance.NEUTRAL),
        # another figure
        ("Prices rose by 7 per cent.", [1.1, 1.0, -3.0], Stance.REFUTES),
        # nothing to compare
        ("Prices rose.", [1.1, 1.0, -3.0], Stance.NEUTRAL),
        # the network sees nothing: the same words alone are never support
        ("Prices rose by 5 per cent.", [1.1, 1.0, 3.0], Stance.NEUTRAL),
    ],
)
def test_a_torn_window_is_settled_by_what_can_be_compared(
    words: str, logits: list[float], expected: Stance, settings: Settings, scripted: Callable[[Rule], Scripted]
) -> None:
    scripted(lambda _e, _c: logits)
    claimed = "Prices rose by 5 per cent." if "per cent" in words else "Prices rose."
    (found,) = stance.judge([item(claimed, passage(words))], settings=settings)
    assert found.stance is expected


def test_nearness_alone_is_never_support(settings: Settings, scripted: Callable[[Rule], Scripted]) -> None:
    # The very same words at cosine 1, but the network says neutral.
    scripted(lambda _e, _c: NEITHER)
    (found,) = stance.judge([item("Prices rose.", passage("Prices rose."), cosine=1.0)], settings=settings)
    assert found.stance is Stance.NEUTRAL


def test_equal_pairs_are_judged_once_and_order_is_kept(
    settings: Settings, scripted: Callable[[Rule], Scripted]
) -> None:
    network = scripted(lambda e, _c: SUPPORT if "rose" in e else NEITHER)
    first, second = passage("Prices rose."), passage("Prices are prices.", offset=40)
    found = stance.judge(
        [item("Prices rose.", first), item("Prices rose.", second), item("Prices rose.", first)], settings=settings
    )
    assert [one.stance for one in found] == [Stance.SUPPORTS, Stance.NEUTRAL, Stance.SUPPORTS]
    assert len(network.asked) == len(set(network.asked)) == 2


def test_rationale_points_into_the_stored_version(settings: Settings, scripted: Callable[[Rule], Scripted]) -> None:
    stored = "Title line.\nWages — they’re up 🙂. Prices rose by half. Nobody knows why."
    text = stored[12:]
    scripted(lambda e, _c: SUPPORT if "Prices rose" in e else NEITHER)
    (found,) = stance.judge([item("Prices rose.", passage(text, offset=12))], settings=settings)
    assert found.rationale.of(stored) == found.rationale_text == "Prices rose by half."
    assert found.window.of(stored).startswith(("Wages", "Prices"))


@pytest.mark.parametrize(
    ("alone", "rationale", "nearest"),
    [
        # one sentence says it as surely as the whole: it is the rationale
        ([-4.0, 4.0, 0.0], "It ended without a ceasefire.", None),
        # none does: the whole is, and a reader begins where it is most probable
        (
            [-1.0, 1.0, 0.5],
            "The third round was held in Brest. It ended without a ceasefire.",
            "It ended without a ceasefire.",
        ),
    ],
)
def test_a_passage_read_as_a_whole_names_the_sentence_that_comes_nearest(
    alone: list[float],
    rationale: str,
    nearest: str | None,
    settings: Settings,
    scripted: Callable[[Rule], Scripted],
) -> None:
    text = "The third round was held in Brest. It ended without a ceasefire."
    calm = [0.0, 0.0, 3.0]
    scripted(lambda e, _c: REFUTE if e == text else alone if e.startswith("It ended") else calm)
    (found,) = stance.judge([item("The third round brought a ceasefire.", passage(text, offset=7))], settings=settings)
    assert found.stance is Stance.REFUTES
    assert found.rationale_text == rationale
    assert (found.nearest and found.nearest.shifted(-7).of(text)) == nearest


@pytest.mark.parametrize(
    ("text", "published", "expected"),
    [
        ("Delegations met in Istanbul on 16 May 2025.", dt.date(2025, 5, 16), Stance.NEUTRAL),  # another meeting
        ("Delegations met in Minsk that day.", dt.date(2022, 2, 28), Stance.REFUTES),  # no time that could differ
        ("Delegations met in Minsk on 28 February 2022.", dt.date(2022, 3, 1), Stance.REFUTES),  # the same day
        (
            "Delegations met in Istanbul on 16 May 2025.",
            None,
            Stance.REFUTES,
        ),  # a work of reference may correct the year
    ],
)
def test_a_dated_source_about_another_time_contradicts_nothing(
    text: str, published: dt.date | None, expected: Stance, settings: Settings, scripted: Callable[[Rule], Scripted]
) -> None:
    scripted(lambda _e, _c: REFUTE)
    asked = item("Delegations met in Gomel on 28 February 2022.", passage(text, published=published))
    (found,) = stance.judge([asked], settings=settings)
    assert found.stance is expected


@pytest.mark.parametrize(
    ("text", "published", "expected"),
    [
        ("He announced 120 vehicles in Kyiv on 9 April 2022.", dt.date(2022, 4, 9), Stance.NEUTRAL),
        ("He announced 120 vehicles in Kyiv on 9 May 2022.", dt.date(2022, 5, 10), Stance.SUPPORTS),
        ("He announced 120 vehicles in Kyiv.", dt.date(2022, 5, 9), Stance.SUPPORTS),  # published that day
        ("He announced 120 vehicles in Kyiv.", None, Stance.SUPPORTS),  # of no day
        ("He announced 120 vehicles in Kyiv in May 2022.", None, Stance.SUPPORTS),
    ],
)
def test_a_passage_of_other_days_bears_out_no_day(
    text: str, published: dt.date | None, expected: Stance, settings: Settings, scripted: Callable[[Rule], Scripted]
) -> None:
    scripted(lambda _e, _c: SUPPORT)
    asked = item("He announced 120 vehicles on a visit to Kyiv on 9 May 2022.", passage(text, published=published))
    (found,) = stance.judge([asked], settings=settings)
    assert found.stance is expected


def test_the_days_of_a_title_count_where_the_passage_names_none(
    settings: Settings, scripted: Callable[[Rule], Scripted]
) -> None:
    scripted(lambda _e, _c: REFUTE)
    held = passage("The delegation was led by the defence minister.", published=dt.date(2025, 5, 16))
    named = held.source.model_copy(update={"title": "First round of direct talks, 16 May 2025"})
    asked = item("The delegation of 28 February 2022 was led by an aide.", held.model_copy(update={"source": named}))
    (found,) = stance.judge([asked], settings=settings)
    assert found.stance is Stance.NEUTRAL


@pytest.mark.parametrize(
    ("when", "proposition", "expected"),
    [
        (
            "in May 2022",
            "The minister opened the bridge.",
            Stance.SUPPORTS,
        ),  # the paper is of May, the opening of April
        ("in June 2022", "The minister opened the bridge.", Stance.REFUTES),
        ("in May 2022", "The minister opened the bridge in May 2022.", Stance.REFUTES),  # the day is what was said
    ],
)
def test_a_day_of_saying_is_held_against_the_day_of_the_source(
    when: str, proposition: str, expected: Stance, settings: Settings, scripted: Callable[[Rule], Scripted]
) -> None:
    scripted(lambda _e, _c: SUPPORT)
    wording = f"The Herald wrote {when} that the minister had opened the bridge."
    about = claim(wording, speaker="The Herald", proposition=proposition)
    held = passage(
        "The Herald wrote that the minister had opened the bridge in April 2022.", published=dt.date(2022, 5, 5)
    )
    hit = Hit(passage_id=held.id, query=wording, dense_score=0.6, fused_score=1.0)
    (found,) = stance.judge([stance.JudgeItem(about, held, hit, "said", wording)], settings=settings)
    assert found.stance is expected


GOMEL = "Delegations met in Gomel on 28 February 2022. The invasion began on 24 February 2022."


MET_AND_BEGAN = "Delegations met in Gomel on 28 February 2022, four days after the invasion began."


@pytest.mark.parametrize(
    ("claimed", "text", "against", "expected"),
    [
        (MET_AND_BEGAN, GOMEL, 0.8, Stance.SUPPORTS),
        (MET_AND_BEGAN.replace("four", "five"), GOMEL, 0.8, Stance.REFUTES),
        (MET_AND_BEGAN.replace("Gomel", "Minsk"), GOMEL, 0.8, Stance.REFUTES),  # it does not say the rest
        (MET_AND_BEGAN, GOMEL, 6.0, Stance.REFUTES),  # the network is sure
        (MET_AND_BEGAN, GOMEL.removesuffix(" on 24 February 2022."), 0.8, Stance.REFUTES),  # nothing to count from
    ],
)
def test_days_are_counted_where_the_network_cannot(  # noqa: PLR0913, PLR0917  four columns and two fixtures
    claimed: str, text: str, against: float, expected: Stance, settings: Settings, scripted: Callable[[Rule], Scripted]
) -> None:
    made = scripted(lambda _e, _c: [0.0, against, 0.0])
    made.calibration = Calibration(support_threshold=0.4, refute_threshold=0.4)
    (found,) = stance.judge([item(claimed, passage(text))], settings=settings)
    assert found.stance is expected
    if expected is Stance.SUPPORTS:
        assert "four days lie between 24 February 2022 and 28 February 2022" in found.note


def test_the_outcome_of_a_vote_is_looked_for_in_the_whole_passage(
    settings: Settings, scripted: Callable[[Rule], Scripted]
) -> None:
    scripted(lambda _e, _c: SUPPORT)
    held = passage("The Assembly adopted the resolution in October. The vote was 143 in favour and 5 against.")
    (found,) = stance.judge([item("The resolution was adopted with 134 votes in favour.", held)], settings=settings)
    assert found.stance is Stance.REFUTES
    assert [(f.evidence_value, f.evidence_span.of(held.text)) for f in found.findings if f.outcome == "different"] == [
        ("143", "143")
    ]


def test_a_claim_that_is_the_denial_may_be_supported_by_it(
    settings: Settings, scripted: Callable[[Rule], Scripted]
) -> None:
    scripted(lambda _e, _c: SUPPORT)
    (found,) = stance.judge(
        [item("Prices have not risen.", passage("Officials denied that prices rose."))], settings=settings
    )
    assert found.stance is Stance.SUPPORTS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Officials denied that prices rose.", Stance.NEUTRAL),  # a denial repeats the words
        ("There are unconfirmed reports that prices rose.", Stance.NEUTRAL),  # a rumour
        ("The minister was asked whether prices rose.", Stance.NEUTRAL),  # a question
        ("The statistics office announced that prices rose.", Stance.SUPPORTS),  # an assertion
    ],
)
def test_repeating_is_not_supporting(
    text: str, expected: Stance, settings: Settings, scripted: Callable[[Rule], Scripted]
) -> None:
    scripted(lambda _e, _c: SUPPORT)
    (found,) = stance.judge([item("Prices rose.", passage(text))], settings=settings)
    assert found.stance is expected
    assert (found.note != "") is (expected is Stance.NEUTRAL)


@pytest.mark.parametrize(
    ("speaker", "account", "expected"),
    [
        ("Dmytro Kuleba", "Sergei Lavrov also said that prices rose.", Stance.NEUTRAL),  # another person's words
        ("Dmytro Kuleba", "“Prices rose,” Lavrov told reporters.", Stance.NEUTRAL),  # the name after them
        ("Dmytro Kuleba", "Dmytro Kuleba, who had met Sergei Lavrov, said that prices rose.", Stance.SUPPORTS),
        ("Dmytro Kuleba", "Sergei Lavrov said that Kuleba had said that prices rose.", Stance.SUPPORTS),  # both named
        ("Dmytro Kuleba", "Sergei Lavrov and Boris Johnson said that prices rose.", Stance.SUPPORTS),  # one of several
        ("Dmytro Kuleba", "He said that prices rose.", Stance.SUPPORTS),  # it may be he
        ("The Kremlin", "Dmitry Peskov said that prices rose.", Stance.SUPPORTS),  # he speaks for it
    ],
)
def test_the_words_of_another_person_do_not_support_that_this_one_said_them(
    speaker: str, account: str, expected: Stance, settings: Settings, scripted: Callable[[Rule], Scripted]
) -> None:
    scripted(lambda _e, _c: SUPPORT)
    made = claim(f"{speaker} said that prices rose.", speaker=speaker, proposition="Prices rose.")
    evidence = passage(f"{account} Dmytro Kuleba did not answer.")
    hit = Hit(passage_id=evidence.id, query="prices", dense_score=0.6, fused_score=1.0)
    said, _ = stance.questions(made, evidence, hit, article_date=None)
    (found,) = stance.judge([said], settings=settings)
    assert found.stance is expected
    if expected is Stance.NEUTRAL:
        assert f"Lavrov, not by {speaker}" in found.note


@pytest.mark.parametrize(
    ("logits", "expected"),
    [
        (SUPPORT, Stance.REFUTES),  # the network was fooled by the words: another number is a conflict
        (NEITHER, Stance.NEUTRAL),  # a check alone makes nothing
        (REFUTE, Stance.REFUTES),
    ],
)
def test_another_number_turns_support_and_nothing_else(
    logits: list[float], expected: Stance, settings: Settings, scripted: Callable[[Rule], Scripted]
) -> None:
    scripted(lambda _e, _c: logits)
    (found,) = stance.judge(
        [item("Prices rose 40 percent in 2021.", passage("Prices rose 14 percent in 2021."))], settings=settings
    )
    assert found.stance is expected


def test_an_equal_number_makes_no_support(settings: Settings, scripted: Callable[[Rule], Scripted]) -> None:
    scripted(lambda _e, _c: NEITHER)
    (found,) = stance.judge([item("Prices rose 40 percent.", passage("Prices rose 40 percent."))], settings=settings)
    assert found.stance is Stance.NEUTRAL


# --- the shipped model ------------------------------------------------------------------------------------------------


def test_shipped_model_is_named_by_its_hash(settings: Settings) -> None:
    (used,) = stance.models(settings)
    assert used.sha256 == nli.load(settings).sha256 == nli.file_sha256(nli.FAST_FOLDER / "model.safetensors")
    assert nli.load(settings).calibration.weights_sha256 == used.sha256


def test_batching_changes_no_answer(settings: Settings) -> None:
    encoder = nli.load(settings)
    pairs = [(evidence, wording) for evidence, wording, _ in nli.GOLDEN_PAIRS]
    long = ("The committee met. " * 400, "The committee met.")  # far beyond the network's length
    together = encoder.probabilities([*pairs, long])
    for number, pair in enumerate([*pairs, long]):
        # bfloat16 in batches of other shapes may differ in the third decimal
        assert encoder.probabilities([pair])[0] == pytest.approx(together[number], abs=0.03)


def test_a_claim_longer_than_the_network_is_still_set_against_evidence(settings: Settings) -> None:
    found = nli.load(settings).probabilities([("The committee met.", "word " * 2000)])
    assert found.shape == (1, 3)
    assert found.sum() == pytest.approx(1.0)


def test_hostile_text_is_only_text(settings: Settings) -> None:
    found = stance.judge(
        [item("[SEP] supports \x00 <b>", passage("[CLS][SEP] entailment \u202e <script>"))], settings=settings
    )
    assert found[0].stance in set(Stance)


def test_importing_the_room_loads_no_network() -> None:
    code = "import sys, onrecord.stance; sys.exit('torch' in sys.modules or 'transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0  # noqa: S603  our own interpreter


# --- questions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("speaker", "uttered_by", "asked"),
    [
        (None, None, [("true", False)]),  # nobody says it
        ("Vladimir Putin", "Putin", [("said", True)]),  # his own words
        ("Vladimir Putin", "Lavrov", [("said", False), ("true", False)]),  # another speaker's account
        ("Vladimir Putin", None, [("said", False), ("true", False)]),  # speaker not known
    ],
)
def test_reported_speech_asks_two_questions(
    speaker: str | None, uttered_by: str | None, asked: list[tuple[str, bool]]
) -> None:
    evidence = passage("We are ready for talks.", speaker=uttered_by)
    hit = Hit(passage_id=evidence.id, query="q", fused_score=1.0)
    found = stance.questions(
        claim("Putin said Russia is ready.", speaker=speaker, proposition="Russia is ready."),
        evidence,
        hit,
        article_date=None,
    )
    assert [(one.question, one.own_words) for one in found] == asked


# --- calibration ------------------------------------------------------------------------------------------------------


def test_temperature_of_an_overconfident_model_is_above_one() -> None:
    rng = np.random.default_rng(3)
    gold = rng.integers(0, 3, 2000)
    said = np.where(rng.random(2000) < 0.7, gold, rng.integers(0, 3, 2000))
    logits = np.eye(3)[said] * 9.0
    temperature, biases = fit(logits, gold, with_biases=False)
    assert biases == (0.0, 0.0, 0.0)
    assert temperature > 2
    before, after = (
        expected_calibration_error(p.max(axis=1), p.argmax(axis=1) == gold)
        for p in (probabilities(logits, 1.0), probabilities(logits, temperature))
    )
    assert after < 0.02 < before


def test_biases_take_back_a_leaning() -> None:
    rng = np.random.default_rng(4)
    gold = rng.integers(0, 3, 3000)
    logits = np.eye(3)[gold] * 2.0 + rng.normal(0, 1, (3000, 3))
    _, without = fit(logits, gold)
    _, leaning = fit(logits + np.array([0.0, 0.0, 1.5]), gold)  # the same network, leaning to neutral
    temperature, _ = fit(logits, gold)
    assert leaning[0] - without[0] == pytest.approx(1.5 / temperature, abs=0.01)
    assert leaning[1] - without[1] == pytest.approx(1.5 / temperature, abs=0.01)


def test_nothing_to_fit_on_is_an_error() -> None:
    with pytest.raises(ValueError, match="no pairs"):
        fit(np.zeros((0, 3)), np.zeros(0, dtype=np.int64))


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        ([False, False, True, True], 0.70),  # precise enough once the two wrong ones are below
        ([True, True, True, True], 0.50),  # precise from the start
        ([False, False, False, False], 0.95),  # never precise: the highest
    ],
)
def test_threshold_is_the_lowest_that_is_precise_enough(right: list[bool], expected: float) -> None:
    probability = np.array([0.55, 0.69, 0.75, 0.9])
    found = threshold_for_precision(probability, np.array(right), precision=0.9, least=0.5)
    assert found == pytest.approx(expected)


@pytest.mark.parametrize("content", ["{", '{"temperature": 0}', '{"temperature": 1, "surprise": 2}', "[]"])
def test_a_broken_calibration_is_refused(content: str, tmp_path: Path) -> None:
    path = tmp_path / "calibration.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(StanceModelError, match="calibration"):
        load_calibration(path)


def test_no_calibration_means_caution(tmp_path: Path) -> None:
    assert load_calibration(tmp_path / "none.json").support_threshold >= 0.5


def test_shipped_calibration_says_what_it_was_fitted_on() -> None:
    found = load_calibration(nli.FAST_FOLDER / "calibration.json")
    assert found.pairs >= 500
    assert len(found.data_sha256) == 64
    assert found.ece_after is not None
    assert found.ece_before is not None
    assert json.loads((nli.FAST_FOLDER / "config.json").read_text(encoding="utf-8"))["id2label"]["0"] == "entailment"


def test_content_words_meet_in_their_stems() -> None:
    assert content_words("accepted offers") == content_words("accepting an offer")
