"""Kept checks and decisions: nothing is overwritten, nothing is found under a wrong id."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from onrecord import review
from onrecord.errors import CorpusError, NotFoundError
from onrecord.records import CheckedArticle, Decision, Reason, Verdict, VerdictLabel
from onrecord.settings import Settings
from tests.record_builders import NOW, checked_article, claim, evidence


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path)


def check(number: int = 0, text: str = "The talks went on.") -> CheckedArticle:
    verdict = Verdict(label=VerdictLabel.SUPPORTED, confidence=0.9, reasons=(Reason(code="x", text="Because."),))
    made = checked_article(text, [(claim(text), verdict, (evidence(),))])
    return made.model_copy(update={"id": f"{number:032x}", "created_at": NOW + dt.timedelta(hours=number)})


def decision(label: VerdictLabel, claim_id: str = "c1-0") -> Decision:
    return Decision(
        check_id=f"{0:032x}",
        claim_id=claim_id,
        label=label,
        machine_label=VerdictLabel.SUPPORTED,
        note="read it",
        who="me",
        decided_at=NOW,
    )


def test_a_kept_check_comes_back_equal(settings: Settings) -> None:
    review.save_check(check(), settings=settings)
    assert review.load_check(check().id, settings=settings) == check()


def test_the_list_has_the_newest_first_with_counts(settings: Settings) -> None:
    assert review.list_checks(settings=settings) == []
    for number in (1, 3, 2):
        review.save_check(check(number), settings=settings)
    listed = review.list_checks(settings=settings)
    assert [item.id for item in listed] == [f"{number:032x}" for number in (3, 2, 1)]
    assert listed[0].counts[VerdictLabel.SUPPORTED] == 1
    assert listed[0].counts[VerdictLabel.REFUTED] == 0


def test_keeping_twice_changes_nothing_and_another_check_is_not_overwritten(settings: Settings) -> None:
    review.save_check(check(), settings=settings)
    review.save_check(check(), settings=settings)
    assert len(review.list_checks(settings=settings)) == 1
    with pytest.raises(CorpusError, match="another check"):
        review.save_check(check(text="Other words."), settings=settings)
    assert review.load_check(check().id, settings=settings) == check()


@pytest.mark.parametrize("check_id", ["", "0" * 31, "../../etc/passwd", "x" * 32, "0" * 32, "' OR 1=1 --"])
def test_unknown_and_hostile_ids_are_not_found(check_id: str, settings: Settings) -> None:
    with pytest.raises(NotFoundError):
        review.load_check(check_id, settings=settings)


def test_decisions_are_appended_and_kept_in_order(settings: Settings) -> None:
    review.save_check(check(), settings=settings)
    for label in (VerdictLabel.REFUTED, VerdictLabel.SUPPORTED):
        review.append_decision(decision(label), settings=settings)
    made = review.decisions(check().id, settings=settings)
    assert [item.label for item in made] == [VerdictLabel.REFUTED, VerdictLabel.SUPPORTED]
    assert made[0] == decision(VerdictLabel.REFUTED)


def test_a_decision_needs_its_check_and_its_claim(settings: Settings) -> None:
    with pytest.raises(NotFoundError):
        review.append_decision(decision(VerdictLabel.REFUTED), settings=settings)
    review.save_check(check(), settings=settings)
    with pytest.raises(NotFoundError, match="no claim 'c9-9'"):
        review.append_decision(decision(VerdictLabel.REFUTED, "c9-9"), settings=settings)


@pytest.mark.parametrize(
    ("text", "name"),
    [("", "Untitled"), ("\n\n", "Untitled"), ("A\nB", "A"), ("word " * 40, "word " * 15 + "word …")],
)
def test_first_words(text: str, name: str) -> None:
    assert review.first_words(text) == name
