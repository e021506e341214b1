"""Kept checks and decisions: nothing is overwritten, nothing is found under a wrong id."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from onrecord import review
from onrecord.errors import CorpusError, DecidedMeanwhileError, NotAllowedError, NotFoundError
from onrecord.records import (
    CheckedArticle,
    CheckedClaim,
    CorpusState,
    Decision,
    Reason,
    Revision,
    Skipped,
    Span,
    Stance,
    Verdict,
    VerdictLabel,
)
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
    assert made[0] == decision(VerdictLabel.REFUTED).model_copy(update={"number": made[0].number})
    assert 0 < made[0].number < made[1].number


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


def test_a_decision_carries_all_that_holds_from_then_on(settings: Settings) -> None:
    review.save_check(check(), settings=settings)
    given = decision(VerdictLabel.REFUTED).model_copy(
        update={"tags": ("budget", "call back"), "assigned_to": "Ada", "evidence": {"p1": "pinned", "p2": "rejected"}}
    )
    kept = review.append_decision(given, settings=settings)
    (read,) = review.decisions(check().id, settings=settings)
    assert read == kept == given.model_copy(update={"number": kept.number})


def test_taking_back_goes_decision_by_decision_to_where_none_was_made(settings: Settings) -> None:
    review.save_check(check(), settings=settings)
    labels = (VerdictLabel.REFUTED, VerdictLabel.CONFLICTING, VerdictLabel.SUPPORTED)
    for label in labels:
        review.append_decision(decision(label), settings=settings)
    seen = [review.undo(check().id, "c1-0", settings=settings).label for _ in labels]
    assert seen == [VerdictLabel.CONFLICTING, VerdictLabel.REFUTED, "UNDECIDED"]
    with pytest.raises(NotFoundError, match="no decision"):
        review.undo(check().id, "c1-0", settings=settings)
    assert len(review.decisions(check().id, settings=settings)) == 6  # nothing was removed
    # what is decided after that counts again
    review.append_decision(decision(VerdictLabel.REFUTED), settings=settings)
    assert review.load(check().id, settings=settings).in_force["c1-0"].label is VerdictLabel.REFUTED
    assert review.undo(check().id, "c1-0", settings=settings).label == "UNDECIDED"


def test_of_two_who_decide_at_once_the_second_is_told(settings: Settings) -> None:
    review.save_check(check(), settings=settings)
    first = review.append_decision(decision(VerdictLabel.REFUTED), settings=settings, seen=0)
    with pytest.raises(DecidedMeanwhileError, match="me decided about this claim meanwhile"):
        review.append_decision(decision(VerdictLabel.SUPPORTED), settings=settings, seen=0)
    assert [item.label for item in review.decisions(check().id, settings=settings)] == [VerdictLabel.REFUTED]
    review.append_decision(decision(VerdictLabel.SUPPORTED), settings=settings, seen=first.number)
    with pytest.raises(DecidedMeanwhileError):
        review.undo(check().id, "c1-0", settings=settings, seen=first.number)


def test_who_may_only_read_changes_nothing(settings: Settings) -> None:
    review.save_check(check(), settings=settings)
    reader = settings.model_copy(update={"role": "viewer", "user": "Vera"})
    assert review.load(check().id, settings=reader).checked == check()
    for refused in (
        lambda: review.save_check(check(1), settings=reader),
        lambda: review.append_decision(decision(VerdictLabel.REFUTED), settings=reader),
        lambda: review.append_revision(revision(), settings=reader),
    ):
        with pytest.raises(NotAllowedError, match="for a checker; Vera is a viewer"):
            refused()
    assert [item.id for item in review.list_checks(settings=settings)] == [check().id]
    assert not review.decisions(check().id, settings=settings)


def test_the_list_says_how_many_claims_were_decided(settings: Settings) -> None:
    review.save_check(check(), settings=settings)
    for label, expected in (
        ("NEEDS_WORK", 0),
        (VerdictLabel.REFUTED, 1),
        ("UNDECIDED", 0),
        (VerdictLabel.SUPPORTED, 1),
    ):
        review.append_decision(decision(label), settings=settings)  # type: ignore[arg-type]
        assert review.list_checks(settings=settings)[0].decided == expected


# --- claims checked by themselves ----------------------------------------------------------------------------------------

TWO = "The talks went on. Nobody spoke."


def revision(
    claim_id: str = "c1-0", what: str = "reworded", words: str = "The talks went on.", start: int = 0
) -> Revision:
    verdict = Verdict(label=VerdictLabel.REFUTED, confidence=0.9, reasons=(Reason(code="x", text="Because."),))
    made = claim(words).model_copy(
        update={"id": claim_id, "standalone": "Other words.", "span": Span(start=start, end=start + len(words))}
    )
    return Revision(
        check_id=f"{0:032x}",
        what=what,  # type: ignore[arg-type]
        item=CheckedClaim(claim=made, verdict=verdict),
        corpus=CorpusState(number=1, sources=1, passages=1),
        models=(),
        settings={},
        package_version="0",
        who="me",
        made_at=NOW,
    )


def test_a_check_is_read_with_its_newest_readings_and_added_claims(settings: Settings) -> None:
    silent = Skipped(
        span=Span(start=19, end=32), text="Nobody spoke.", reason="vague", check_worthiness_probability=0.1
    )
    original = check().model_copy(update={"skipped": (silent,), "article": checked_article(TWO, []).article})
    review.save_check(original, settings=settings)
    assert review.last_revision(original.id, settings=settings) == 0
    review.append_revision(revision("a1-19", "added", "Nobody spoke.", 19), settings=settings)
    review.append_revision(revision(), settings=settings)
    read = review.load(original.id, settings=settings)
    assert review.last_revision(original.id, settings=settings) == read.revisions[-1].number
    assert [(item.claim.id, item.claim.standalone) for item in read.checked.claims] == [
        ("c1-0", "Other words."),
        ("a1-19", "Other words."),
    ]
    assert read.checked.skipped == ()  # it is a claim now
    assert review.load_check(original.id, settings=settings) == original  # what was kept stays as it was
    review.append_decision(decision(VerdictLabel.REFUTED, "a1-19"), settings=settings)  # and can be decided
    with pytest.raises(NotFoundError):
        review.append_revision(revision("c9-9"), settings=settings)


# --- comparing -----------------------------------------------------------------------------------------------------------


def checked(number: int, *claims: tuple[str, VerdictLabel, Stance | None]) -> CheckedArticle:
    text = " ".join(words for words, _, _ in claims)
    items = []
    for words, label, stance in claims:
        verdict = Verdict(label=label, confidence=0.9, reasons=(Reason(code="x", text="Because."),))
        items.append((claim(words), verdict, () if stance is None else (evidence(stance=stance),)))
    return checked_article(text, items).model_copy(update={"id": f"{number:032x}"})


YES, NO, OPEN = VerdictLabel.SUPPORTED, VerdictLabel.REFUTED, VerdictLabel.NOT_ENOUGH_EVIDENCE


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        pytest.param([("The talks went on.", YES, Stance.SUPPORTS)], [("The talks went on.", YES, Stance.SUPPORTS)],
                     [(False, "")], id="nothing changed"),
        pytest.param([("The talks went on.", OPEN, None)], [("The talks went on.", YES, Stance.SUPPORTS)],
                     [(True, "New: “")], id="evidence came"),
        pytest.param([("The talks went on.", YES, Stance.SUPPORTS)], [("The talks went on.", OPEN, None)],
                     [(True, "No longer: “")], id="evidence went"),
        pytest.param([("The talks went on.", YES, Stance.SUPPORTS)], [("The talks went on.", NO, Stance.REFUTES)],
                     [(True, "supports it before, and now conflicts")], id="the same source says otherwise"),
        pytest.param([("The talks went on.", OPEN, None)], [("The talks went on.", YES, None)],
                     [(True, "weighed otherwise")], id="nothing but the rules changed"),
        pytest.param([("The talks went on.", YES, None)], [("The talks soon went on.", YES, None)],
                     [(False, "The article said: “The talks went on.”")], id="the article was edited"),
        pytest.param([("The talks went on.", YES, None)], [("Bread became dear in May.", YES, None)],
                     [(True, "not in the earlier"), (True, "not in the later")], id="another claim"),
        pytest.param([("It rose.", YES, None), ("It rose.", NO, None)], [("It rose.", YES, None), ("It rose.", NO, None)],
                     [(False, ""), (False, "")], id="equal sentences keep their order"),
        pytest.param([], [], [], id="no claims"),
    ],
)  # fmt: skip
def test_what_changed_between_two_checks(before: list, after: list, expected: list) -> None:  # type: ignore[type-arg]
    made = review.compare(checked(1, *before), checked(2, *after))
    assert len(made.changes) == len(expected)
    for change, (turned, why) in zip(made.changes, expected, strict=True):
        assert change.turned is turned
        assert why in " ".join(change.reasons)
        assert bool(change.reasons) is bool(why)


def test_what_was_different_about_the_whole_check() -> None:
    before = checked(1, ("The talks went on.", YES, None))
    after = before.model_copy(
        update={
            "corpus": CorpusState(number=before.corpus.number + 1, sources=1234, passages=9),
            "filters": before.filters.model_copy(update={"primary_only": True}),
            "settings": {**before.settings, "top_k": "20"},
            "package_version": "9.9",
        }
    )
    told = "\n".join(review.compare(before, after).circumstances)
    for words in ("The corpus changed", "primary only", "top k was", "On Record was"):
        assert words in told
    assert review.compare(before, before).circumstances == ()
