"""The same statement in two sources, each with its own figure."""

from __future__ import annotations

import datetime as dt

import pytest

from onrecord.records import Evidence, Stance, VerdictLabel
from onrecord.settings import Settings
from onrecord.stance.between import together
from onrecord.verdict import decide
from tests.record_builders import claim, source
from tests.record_builders import passage as passage_of
from tests.test_between import judged

OFFICIAL = "According to the institute, consumer prices in Türkiye rose by 85.51 per cent in 2022."
THEIRS = "According to ENAG, consumer prices in Türkiye rose by 185.34 per cent in 2022."
PRICES_ROSE = "Prices in Türkiye had gone up by 85.51 per cent in 2022."


def doubted(
    theirs: str,
    wording: str = PRICES_ROSE,
    official: str = OFFICIAL,
    *,
    titles: tuple[str, str] = ("Prices", "What ENAG found"),
) -> list[Evidence]:
    """Return what an official figure and another source's sentence make of a claim that gives the official figure."""
    about, day = claim(wording), dt.date(2022, 11, 3)
    first = passage_of(f"{official} So it said.", of=source("institute", published=day, title=titles[0]))
    other = passage_of(f"{theirs} So they found.", of=source("others", published=day, title=titles[1]))
    asked = [judged(about, first, Stance.SUPPORTS, 0.7), judged(about, other, Stance.NEUTRAL)]
    return together([item for item, _ in asked], [evidence for _, evidence in asked])


def test_two_sources_that_say_the_same_each_with_its_figure_contradict_each_other() -> None:
    first, other = doubted(THEIRS)
    assert (first.stance, first.given_differently) == (Stance.SUPPORTS, False)
    assert (other.stance, other.given_differently) == (Stance.REFUTES, True)
    assert other.findings[0].evidence_span.of(THEIRS) == "185.34 per cent"
    assert not other.note  # the finding says it
    verdict = decide(claim(PRICES_ROSE), [first, other], settings=Settings())
    assert verdict.label is VerdictLabel.CONFLICTING


@pytest.mark.parametrize(
    ("official", "theirs"),
    [
        (  # which estimate it is, is not what it is of
            "According to the first estimate consumer prices in Türkiye rose by 85.51 per cent in 2022.",
            "According to the revised figure consumer prices in Türkiye rose by 125.34 per cent in 2022.",
        ),
        (  # other figures agree
            "Consumer prices in Türkiye rose by 85.51 per cent in 2022, and wages by 40 per cent.",
            "Consumer prices in Türkiye rose by 125.34 per cent in 2022, and wages by 40 per cent, according to the Group.",
        ),
    ],
)
def test_only_who_says_it_may_differ(official: str, theirs: str) -> None:
    assert doubted(theirs, official=official)[1].given_differently


@pytest.mark.parametrize(
    "theirs",
    [
        "According to ENAG, consumer prices in Greece rose by 185.34 per cent in 2022.",  # another place
        "According to ENAG, consumer prices in Türkiye rose by 185.34 per cent in 2021.",  # another year
        "According to ENAG, consumer prices in Türkiye rose by 125.34 per cent in May 2022.",  # a part of it
        "According to ENAG, consumer prices in Türkiye rose by 185.34 per cent.",  # nobody knows when
        "According to ENAG, consumer prices in Türkiye rose by 185.34 per cent since 2022.",  # it grows from day to day
        "According to ENAG, consumer prices in Türkiye rose by 85.5 per cent in 2022.",  # the same, rounded
        "According to ENAG, consumer prices in Türkiye may rise by 185.34 per cent in 2022.",  # a forecast
        "According to ENAG, consumer prices in Türkiye will have risen by 185.34 per cent in 2022.",  # another
        "According to ENAG, consumer prices in Türkiye rose by 385.34 per cent in 2022.",  # too far apart
        "According to ENAG, consumer prices in Türkiye rose by 185.34 lira in 2022.",  # of another kind
        "According to ENAG, consumer credits in Türkiye rose by 185.34 per cent in 2022.",  # of something else
        "According to ENAG, core consumer prices in Türkiye rose by 185.34 per cent in 2022.",  # of a part of it
        "Consumer prices in Türkiye rose by 85.51 per cent in 2022, food by 185.34 per cent.",  # it gives both
        "According to ENAG, consumer prices in Türkiye rose by 185.34 per cent in 2022, after 82.81 per cent.",  # which?
    ],
)
def test_sources_that_speak_of_different_things_do_not_contradict_each_other(theirs: str) -> None:
    assert doubted(theirs)[1].stance is Stance.NEUTRAL


@pytest.mark.parametrize(
    ("wording", "official", "theirs"),
    [
        (  # a place that the claim does not name
            "Prices had gone up by 85.51 per cent in 2022.",
            OFFICIAL,
            "According to the institute, consumer prices in Greece rose by 125.34 per cent in 2022.",
        ),
        (  # another year than the claim's
            "Prices in Türkiye had gone up by 85.51 per cent in 2021.",
            OFFICIAL,
            THEIRS,
        ),
        (  # the claim gives both
            "Prices in Türkiye had gone up by 85.51 per cent in 2022, or by 185.34 per cent.",
            OFFICIAL,
            THEIRS,
        ),
        (  # the claim says whose figure it gives
            "Official prices in Türkiye had gone up by 85.51 per cent in 2022.",
            OFFICIAL,
            THEIRS,
        ),
        (
            "The first figure for prices in Türkiye was one of 85.51 per cent in 2022.",
            "According to the first figure consumer prices in Türkiye rose by 85.51 per cent in 2022.",
            THEIRS,
        ),
        (
            "Female unemployment in Spain stood at 14.8 per cent in 2022.",
            "The unemployment rate for women in Spain was 14.8 per cent in 2022.",
            "The unemployment rate for men in Spain was 11.3 per cent in 2022.",
        ),
        (  # the claim's figure is that of the year before
            "Inflation in Germany was 3.1 per cent in 2021.",
            "Consumer prices in Germany rose by 7.9 per cent in 2022, after 3.1 per cent in 2021.",
            "Consumer prices in Germany rose by 7.9 per cent in 2022, more than in 2021.",
        ),
        (
            "Turnout was 73.7 per cent in April 2022.",
            "Turnout in the first round of the French election in April 2022 was 73.7 per cent of voters.",
            "Turnout in the second round of the French election in April 2022 was 63.2 per cent of voters.",
        ),
        (
            "Turnout among the young was 48 per cent in 2022.",
            "Turnout in Spain among voters aged 18 to 24 was 48 per cent in 2022.",
            "Turnout in Spain among voters aged 65 and over was 70 per cent in 2022.",
        ),
        (  # whose profit it is, the phrase that may differ says
            "The oil company earned 55.7 billion dollars in 2022.",
            "According to ExxonMobil, its net annual profit was 55.7 billion dollars in 2022.",
            "According to Chevron, its net annual profit was 35.5 billion dollars in 2022.",
        ),
        (  # one after the other
            "The Fed's rate reached 4 per cent in November 2022.",
            "The Federal Reserve raised its key rate to 4 per cent in 2022.",
            "The Federal Reserve raised its key rate to 4.5 per cent in 2022.",
        ),
        (  # one of them has a figure more
            PRICES_ROSE,
            "Consumer prices in Türkiye rose by 85.51 per cent in 2022, after 40 per cent.",
            "Consumer prices in Türkiye rose by 125.34 per cent in 2022.",
        ),
        (  # another of them differs too
            PRICES_ROSE,
            "Consumer prices in Türkiye rose by 85.51 per cent in 2022, after 40 per cent.",
            "Consumer prices in Türkiye rose by 125.34 per cent in 2022, after 60 per cent.",
        ),
        (  # what it was not
            PRICES_ROSE,
            "Consumer prices in Türkiye were 85.51 per cent higher in 2022.",
            "Consumer prices in Türkiye were not 125.34 per cent higher in 2022.",
        ),
        (  # nobody knows when
            "Prices in Türkiye had gone up by 85.51 per cent.",
            OFFICIAL.replace(" in 2022", ""),
            THEIRS.replace(" in 2022", ""),
        ),
        (  # few words
            "The inflation of Türkiye was one of 85.51 per cent in 2022.",
            "In Türkiye they rose by 85.51 per cent in 2022.",
            "In Türkiye they rose by 125.34 per cent in 2022.",
        ),
        (  # a place in a row
            "In May 2022 prices in Türkiye rose for the 85th month.",
            "May 2022 was the 85th month of rising consumer prices in Türkiye.",
            "May 2022 was the 84th month of rising consumer prices in Türkiye.",
        ),
    ],
)
def test_no_counterpart(wording: str, official: str, theirs: str) -> None:
    assert doubted(theirs, wording, official)[1].stance is Stance.NEUTRAL


def test_the_publisher_may_be_named() -> None:
    about, day = claim(PRICES_ROSE), dt.date(2022, 11, 3)
    rose = "Consumer prices in Türkiye, the TurkStat magazine wrote, rose by 85.51 per cent in 2022. So it was."
    theirs = rose.replace("TurkStat", "ENAG").replace("85.51", "125.34")
    first = passage_of(rose, of=source("institute", published=day, title="Prices", publisher="TurkStat"))
    for publisher in ("ENAG", "Another"):
        other = passage_of(theirs, of=source("others", published=day, title="Prices", publisher=publisher))
        asked = [judged(about, first, Stance.SUPPORTS, 0.7), judged(about, other, Stance.NEUTRAL)]
        _, found = together([item for item, _ in asked], [evidence for _, evidence in asked])
        assert found.given_differently is (publisher == "ENAG")


def test_a_place_may_stand_in_the_title_alone() -> None:
    official, theirs = (
        f"Consumer prices of the Nordic Council's members rose by {figure} per cent in 2022."
        for figure in ("8.3", "10.9")
    )
    wording = "Prices rose by 8.3 per cent in 2022."
    assert doubted(theirs, wording, official)[1].given_differently
    titles = ("Consumer prices in Finland", "Consumer prices in Sweden")
    assert not doubted(theirs, wording, official, titles=titles)[1].given_differently


def test_a_claim_that_names_whose_figure_it_gives_is_not_contradicted_by_others() -> None:
    wording = "ENAG found that prices in Türkiye had gone up by 185.34 per cent in 2022."
    ours = "Consumer prices in Türkiye rose by 85.51 per cent in 2022, the institute said."
    theirs = "Consumer prices in Türkiye rose by 185.34 per cent in 2022, ENAG said."
    assert doubted(ours, wording, theirs)[1].stance is Stance.NEUTRAL


def test_a_verdict_names_the_support_that_has_the_figure() -> None:
    first, other = doubted(THEIRS)
    equal = other.findings[0].model_copy(update={"outcome": "equal", "message": "85.51 per cent in claim and source"})
    first = first.model_copy(update={"findings": (equal,)})
    third = passage_of("Prices in Türkiye went up and up in 2022. So they did.", of=source("third", title="Up and up"))
    _, vague = judged(claim(PRICES_ROSE), third, Stance.SUPPORTS, 0.9)
    _, same = judged(claim(PRICES_ROSE), other.passage, Stance.SUPPORTS, 0.9)
    same = same.model_copy(update={"findings": (equal,)})
    verdict = decide(claim(PRICES_ROSE), [same, vague, first, other], settings=Settings())
    assert verdict.label is VerdictLabel.CONFLICTING
    assert "“Prices”" in verdict.reasons[1].text
