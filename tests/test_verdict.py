"""The table of ``onrecord.verdict``, row by row."""

from __future__ import annotations

import pytest

from onrecord.records import Evidence, Finding, Span, Stance, VerdictLabel
from onrecord.settings import Settings
from onrecord.verdict import decide
from tests.record_builders import claim, evidence, source

S, R, N = Stance.SUPPORTS, Stance.REFUTES, Stance.NEUTRAL
A, B = source("a"), source("b")


@pytest.fixture
def settings(tmp_path: object) -> Settings:
    return Settings(home=tmp_path)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        # nothing found at all
        ([], VerdictLabel.NOT_ENOUGH_EVIDENCE),
        # only neutral: however similar, similarity is no support
        ([evidence(N, 0.99)], VerdictLabel.NOT_ENOUGH_EVIDENCE),
        ([evidence(S, 0.9)], VerdictLabel.SUPPORTED),
        ([evidence(R, 0.9)], VerdictLabel.REFUTED),
        # a weaker support of another source does not hide a strong conflict
        ([evidence(S, 0.7, of=A), evidence(R, 0.95, of=B, text="No talks.")], VerdictLabel.REFUTED),
        # many weak supports do not outvote one strong conflict
        (
            [*(evidence(S, 0.6, of=source(f"s{n}")) for n in range(9)), evidence(R, 0.9, of=B, text="No talks.")],
            VerdictLabel.REFUTED,
        ),
        ([evidence(S, 0.95, of=A), evidence(R, 0.7, of=B, text="No talks.")], VerdictLabel.SUPPORTED),
        # both strong, independent sources
        ([evidence(S, 0.9, of=A), evidence(R, 0.85, of=B, text="No talks.")], VerdictLabel.CONFLICTING),
        # both found and close, but the weaker is no voice of its own: the stronger decides
        ([evidence(S, 0.72, of=A), evidence(R, 0.59, of=B, text="No talks.")], VerdictLabel.SUPPORTED),
        ([evidence(S, 0.59, of=A), evidence(R, 0.72, of=B, text="No talks.")], VerdictLabel.REFUTED),
        ([evidence(S, 0.72, of=A), evidence(R, 0.6, of=B, text="No talks.")], VerdictLabel.CONFLICTING),
        # both strong, but one source only: the conflict is named first and wins a tie
        ([evidence(S, 0.9, of=A), evidence(R, 0.9, of=A, text="No talks.")], VerdictLabel.REFUTED),
        # two sources with the very same words are copies, not two voices
        ([evidence(S, 0.9, of=A), evidence(R, 0.9, of=B)], VerdictLabel.REFUTED),
    ],
)
def test_table(found: list[Evidence], expected: VerdictLabel, settings: Settings) -> None:
    assert decide(claim(), found, settings=settings).label is expected
    # the order of the evidence must not matter
    assert decide(claim(), found[::-1], settings=settings).label is expected


@pytest.mark.parametrize(
    ("cosine", "expected"),
    [
        (0.8, VerdictLabel.REFUTED),  # as near as the support: the stronger decides
        (0.5, VerdictLabel.SUPPORTED),  # farther off: more likely about something else
        (None, VerdictLabel.REFUTED),  # found by its words alone: nothing says that it is far
    ],
)
def test_a_farther_passage_counts_for_less(cosine: float | None, expected: VerdictLabel, settings: Settings) -> None:
    support, conflict = evidence(S, 0.75, of=A), evidence(R, 0.95, of=B, text="No talks.")
    support = support.model_copy(update={"hit": support.hit.model_copy(update={"dense_score": 0.8})})
    conflict = conflict.model_copy(update={"hit": conflict.hit.model_copy(update={"dense_score": cosine})})
    assert decide(claim(), [support, conflict], settings=settings).label is expected


@pytest.mark.parametrize(
    ("found", "confidence"),
    [
        # the rest of 0.1 is shared by the other two stances: a lead of 0.85
        ([evidence(S, 0.9)], 0.925),
        ([evidence(R, 0.9)], 0.925),
        # another passage the other way takes the lead away, as strong as the first may be
        ([evidence(S, 0.9, of=A), evidence(R, 0.7, of=B, text="No talks.")], 0.6),
        ([evidence(R, 0.9, of=A), evidence(S, 0.7, of=B, text="No talks.")], 0.6),
        # many of one kind are no surer than the strongest
        ([evidence(S, 0.9), *(evidence(S, 0.8, of=source(f"s{n}")) for n in range(5))], 0.9),
        # what decides nothing takes nothing away
        ([evidence(S, 0.9), evidence(N, 0.4, of=B)], 0.925),
        # as good as evenly torn, within one source
        ([evidence(S, 0.9, of=A), evidence(R, 0.9, of=A, text="No talks.")], 0.5),
        # both at once
        ([evidence(S, 0.9, of=A), evidence(R, 0.8, of=B, text="No talks.")], 0.72),
        ([evidence(N, 0.8)], 0.9),
        ([], 1.0),
    ],
)
def test_confidence(found: list[Evidence], confidence: float, settings: Settings) -> None:
    assert decide(claim(), found, settings=settings).confidence == pytest.approx(confidence)
    assert decide(claim(), found[::-1], settings=settings).confidence == pytest.approx(confidence)


def test_distance_counts_twice_in_what_the_other_side_takes_away(settings: Settings) -> None:
    support, conflict = evidence(S, 0.9, of=A), evidence(R, 0.9, of=B, text="No talks.")
    support = support.model_copy(update={"hit": support.hit.model_copy(update={"dense_score": 0.8})})
    conflict = conflict.model_copy(update={"hit": conflict.hit.model_copy(update={"dense_score": 0.4})})
    verdict = decide(claim(), [support, conflict], settings=settings)
    assert verdict.label is VerdictLabel.SUPPORTED
    assert verdict.confidence == pytest.approx((1 + 0.9 - 0.225) / 2)  # half as near: a quarter of 0.9


@pytest.mark.parametrize("found", [[], [evidence(S, 0.99)], [evidence(R, 0.99)]])
def test_failure_is_never_a_verdict(found: list[Evidence], settings: Settings) -> None:
    verdict = decide(claim(), found, settings=settings, failure="the model could not be loaded")
    assert verdict.label is VerdictLabel.NOT_CHECKED
    assert verdict.confidence == 0
    assert "the model could not be loaded" in verdict.reasons[0].text


@pytest.mark.parametrize(
    ("found", "said", "proposition"),
    [
        # it was said, and it is not so: the two are kept apart
        (
            [evidence(S, 0.9, of=A, question="said", own_words=True), evidence(R, 0.9, of=B)],
            VerdictLabel.SUPPORTED,
            VerdictLabel.REFUTED,
        ),
        # the speaker's own words come before an account
        (
            [evidence(R, 0.7, of=A, question="said", own_words=True), evidence(S, 0.95, of=B, question="said")],
            VerdictLabel.REFUTED,
            VerdictLabel.NOT_ENOUGH_EVIDENCE,
        ),
        # without own words that decide, an account counts
        (
            [evidence(N, 0.9, of=A, question="said", own_words=True), evidence(S, 0.9, of=B, question="said")],
            VerdictLabel.SUPPORTED,
            VerdictLabel.NOT_ENOUGH_EVIDENCE,
        ),
        # that it is so does not show that it was said
        ([evidence(S, 0.9, of=A)], VerdictLabel.NOT_ENOUGH_EVIDENCE, VerdictLabel.SUPPORTED),
    ],
)
def test_reported_speech(
    found: list[Evidence], said: VerdictLabel, proposition: VerdictLabel, settings: Settings
) -> None:
    verdict = decide(claim(speaker="Jane Roe"), found, settings=settings)
    assert (verdict.label, verdict.proposition_label) == (said, proposition)


def test_reasons_name_the_source_and_the_finding(settings: Settings) -> None:
    finding = Finding(
        check="numbers",
        outcome="different",
        claim_value="40 %",
        evidence_value="14 %",
        claim_span=Span(start=0, end=4),
        evidence_span=Span(start=0, end=4),
        message="40 % in the article, 14 % in the source.",
    )
    verdict = decide(claim(), [evidence(R, 0.9, findings=(finding,))], settings=settings)
    assert "Title of talks" in verdict.reasons[0].text
    assert "40 % in the article, 14 % in the source." in verdict.reasons[0].text
