"""A passage that bears the claim out but for its figure: what counts as another figure in its place, and what does not."""

from __future__ import annotations

import datetime as dt

import pytest

from onrecord.records import Stance
from onrecord.stance import JudgeItem
from onrecord.stance.between import together
from onrecord.stance.figures import Held, Instead
from tests.record_builders import claim, evidence, hit, source
from tests.record_builders import passage as passage_of


def other(wording: str, text: str, *beside: str, title: str = "A report") -> Instead | None:
    passages = [
        passage_of(one, of=source(f"s{n}", published=dt.date(2022, 7, 13), title=title))
        for n, one in enumerate((text, *beside))
    ]
    about = claim(wording)
    item = JudgeItem(about, passages[0], hit(passages[0].id), "true", wording)
    return Held.of(item, passages).instead(passages[0])


@pytest.mark.parametrize(
    ("wording", "text", "figure"),
    [
        # Another subject by name, the same by sense.
        ("Prices in the United States were 6.9 per cent higher in February 2022 than a year before.",
         "Inflation in the United States had been 7.9 per cent in the twelve months to February 2022. So it was.",
         "7.9 per cent"),
        # People who work are employees.
        ("Some 45,000 people worked for the bank when it failed.", "The bank failed. It had about 25,000 employees.",
         "25,000"),
        # Limits of one kind.
        ("They demanded a truce of no less than 60 days.", "They demanded a truce of at least 30 days. So be it.", "30 days"),
        # Of several, the figure of the sentence that says most of the claim.
        ("Food cost 14.6 per cent more in October 2022 than in October 2021.",
         "Food cost 16.4 per cent more in October 2022. Energy rose 18.6 per cent.", "16.4 per cent"),
    ],
)  # fmt: skip
def test_another_figure_stands_in_its_place(wording: str, text: str, figure: str) -> None:
    found = other(wording, text)
    assert found is not None
    assert found.finding.evidence_span.of(text) == found.finding.evidence_value == figure
    assert found.finding.claim_span.of(wording) == found.finding.claim_value
    assert found.span.contains(found.finding.evidence_span)


@pytest.mark.parametrize(
    ("wording", "text", "beside"),
    [
        # The same figure, exactly, rounded, or as a limit that it meets.
        ("Prices rose 6.9 per cent.", "Prices rose 6.9 per cent. Rents rose 5.1 per cent.", ""),
        ("About 1.3 million people of the country fled.", "1,270,000 people of the country fled. So be it.", ""),
        ("More than 10 people of the town died.", "In the town 12 people died. So be it.", ""),
        ("Ten per cent of cancers are due to it.", "10 per cent or more of cancers, 41 per cent of one, are due to it.", ""),
        # Another passage gives it in a sentence as near to the claim.
        ("Prices rose 5.9 per cent in June.", "All prices rose 9.1 per cent. So be it.", "Prices rose 5.9 per cent in June."),
        # The other figure is another figure of the claim.
        ("Prices rose 6.9 per cent, after 7.9 per cent.", "Prices rose, after 7.9 per cent. So be it.", ""),
        # Of another time, or of other things.
        ("Prices rose 6.9 per cent in May 2022.", "Prices rose 7.9 per cent in June 2021. So be it.", ""),
        ("The town has 40 schools.", "The town has 60 bridges. So be it.", ""),
        # Too far in size, another dimension, no figure at all, a magnitude.
        ("The band has 9 members.", "The band has 500 members. So be it.", ""),
        ("The truce holds for 60 days.", "The truce holds for 60 kilometres. So be it.", ""),
        ("Prices rose 6.9 per cent.", "Prices rose. So be it.", ""),
        ("Prices rose.", "Prices rose 6.9 per cent. So be it.", ""),
        ("Hundreds of people of the town died.", "In the town 40 people died. So be it.", ""),
        # An article or a label, and a rank.
        ("Terminal 2 was the base.", "Terminal 1 was the base. So be it.", ""),
        ("It was its seventh rise.", "It was its tenth rise. So be it.", ""),
        # Nothing to do with the claim.
        ("Prices in the city of Antwerp rose 6.9 per cent.", "Wages elsewhere grew 7.9 per cent. So be it.", ""),
    ],
)  # fmt: skip
def test_no_other_figure(wording: str, text: str, beside: str) -> None:
    assert other(wording, text, *filter(None, [beside])) is None


def test_what_gives_another_figure_contradicts_and_what_gives_none_no_longer_supports() -> None:
    about = claim("Prices in the United States were 6.9 per cent higher in February 2022 than a year before.")
    texts = (
        "Inflation in the United States had been 7.9 per cent in the twelve months to February 2022. So it was.",
        "Prices in the United States were much higher in February 2022. So it was.",
    )
    found = [evidence(Stance.SUPPORTS, 0.6, text=text, of=source(f"s{n}")) for n, text in enumerate(texts)]
    items = [JudgeItem(about, one.passage, one.hit, "true", about.standalone) for one in found]
    other, silent = together(items, found)
    assert other.stance is Stance.REFUTES
    assert other.probabilities.refutes == pytest.approx(0.6)
    assert other.findings[0].message == "6.9 per cent in the claim, 7.9 per cent in the source."
    assert not other.note  # a reader would see it twice
    assert silent.stance is Stance.NEUTRAL
    assert "6.9 per cent" in silent.note
