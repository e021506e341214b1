"""What a claim's passages say together: another said it, the figure was given differently, a figure is corrected elsewhere."""

from __future__ import annotations

import datetime as dt

import pytest

from onrecord.records import Claim, Evidence, Passage, Span, Stance, StanceProbabilities, VerdictLabel
from onrecord.settings import Settings
from onrecord.stance import JudgeItem
from onrecord.stance.between import together
from onrecord.stance.checks import names
from onrecord.stance.questions import GIVEN_TO_ANOTHER
from onrecord.verdict import decide
from tests.record_builders import claim, hit, source
from tests.record_builders import passage as passage_of

DAY = dt.date(2024, 8, 1)


def judged(
    about: Claim, passage: Passage, stance: Stance, probability: float = 0.8, *, question: str = "true"
) -> tuple[JudgeItem, Evidence]:
    """Return a question about a passage, and evidence that answers it by the passage's first sentence."""
    asked = "said" if question == "said" else "true"
    wording = about.standalone if asked == "said" or about.attribution is None else about.proposition
    values = {kind.value: (1 - probability) / 2 for kind in Stance} | {stance.value: probability}
    sentence = passage.sentences[0]
    item = JudgeItem(about, passage, hit(passage.id), asked, wording)
    return item, Evidence(
        passage=passage,
        hit=item.hit,
        question=asked,
        hypothesis=wording,
        own_words=False,
        stance=stance,
        probabilities=StanceProbabilities.model_validate(values),
        rationale=sentence,
        rationale_text=sentence.of(passage.text),
        window=passage.span,
    )


def settle(*pairs: tuple[JudgeItem, Evidence]) -> list[Evidence]:
    return together([item for item, _ in pairs], [evidence for _, evidence in pairs])


# --- another said it


BAILEY = "Andrew Bailey said that the bank needed to be careful. The rate was 5 per cent."


def misattributed(
    text: str = BAILEY, *, standalone: str = "Christine Lagarde said in August 2024 that the bank needed to be careful."
) -> list[Evidence]:
    about = claim("The bank needed to be careful.", speaker="Christine Lagarde").model_copy(
        update={"standalone": standalone}
    )
    passage = passage_of(text, of=source(published=DAY, title="The Bank lowers its rate"))
    return settle(
        judged(about, passage, Stance.NEUTRAL, question="said"),
        judged(about, passage, Stance.SUPPORTS, question="true"),
    )


def test_words_that_another_person_said_that_day_are_misattributed() -> None:
    said, true = misattributed()
    assert said.stance is Stance.REFUTES
    assert said.probabilities.refutes == pytest.approx(0.8)
    (finding,) = said.findings
    assert (finding.claim_value, finding.evidence_value) == ("Christine Lagarde", "Andrew Bailey")
    assert finding.evidence_span.of(BAILEY) == "Andrew Bailey"
    assert finding.claim_span.of(said.hypothesis) == "Christine Lagarde"
    assert finding.message == "In the source Andrew Bailey says this, not Christine Lagarde."
    assert true.stance is Stance.SUPPORTS  # that it is so is another question


def test_a_verdict_of_misattribution_names_who_said_it() -> None:
    about = claim("The bank needed to be careful.", speaker="Christine Lagarde")
    verdict = decide(about, misattributed(), settings=Settings())
    assert verdict.label is VerdictLabel.REFUTED
    assert "Andrew Bailey says this, not Christine Lagarde" in verdict.reasons[0].text


@pytest.mark.parametrize("when", ["in August 2024", "in the summer of 2024", "in 2024", "in May 2024"])
@pytest.mark.parametrize("read_as_said", [True, False])
def test_a_month_or_season_will_do_where_only_the_name_stands_against_it(when: str, read_as_said: bool) -> None:  # noqa: FBT001
    text = "Andrew Bailey said that the bank had to tread with caution. So it was."
    about = claim("The bank needed to be careful.", speaker="Christine Lagarde").model_copy(
        update={"standalone": f"Christine Lagarde said {when} that the bank needed to be careful."}
    )
    held = passage_of(text, of=source(published=DAY))
    item, evidence = judged(about, held, Stance.NEUTRAL, question="said")
    note = f"{GIVEN_TO_ANOTHER}Andrew Bailey, not by Christine Lagarde." if read_as_said else ""
    said, _ = settle(
        (item, evidence.model_copy(update={"note": note})), judged(about, held, Stance.SUPPORTS, question="true")
    )
    known = read_as_said and when in {"in August 2024", "in the summer of 2024"}
    assert said.stance is (Stance.REFUTES if known else Stance.NEUTRAL)


@pytest.mark.parametrize(
    ("text", "standalone"),
    [
        (BAILEY, "Christine Lagarde said in May 2024 that the bank needed to be careful."),  # another day
        (BAILEY, "Christine Lagarde said that the bank needed to be careful."),  # no occasion is given
        ("Christine Lagarde said that the bank needed to be careful. So it was.", ""),  # she did
        ("Andrew Bailey, answering Lagarde, said that the bank needed to be careful. So it was.", ""),  # it names her
        (
            "In August 2024 Christine Lagarde spoke. Andrew Bailey heard her. She said that the bank needed to be careful.",
            "",
        ),
        ("The bank needed to be careful. So it was.", ""),  # nobody says it
    ],
)
def test_without_another_speaker_on_that_occasion_nothing_is_misattributed(text: str, standalone: str) -> None:
    default = "Christine Lagarde said in August 2024 that the bank needed to be careful."
    said, _ = misattributed(text, standalone=standalone or default)
    assert said.stance is Stance.NEUTRAL


@pytest.mark.parametrize(
    ("standalone", "proposition", "text", "speaker"),
    [
        # Letters of another word are no place, nor is the country of an office.
        ("Rishi Sunak said in the UK that the war was a mistake.", "The war was a mistake.",
         "Boris Johnson said that the war in Ukraine was a mistake. It was.", None),
        ("Volodymyr Zelensky, Ukraine's president, said that 120 vehicles would come.", "120 vehicles would come.",
         "Boris Johnson said that 120 vehicles would come to Ukraine. They did.", None),
        # In a year, two may say it; in a month too, unless in the same words.
        ("Rishi Sunak said in 2024 that the war was a mistake.", "The war was a mistake.",
         "Boris Johnson said that the war was a mistake. It was.", None),
        ("Rishi Sunak said in August 2024 that nobody had gained from the whole long war.",
         "Nobody had gained from the whole long war.",
         "Boris Johnson said that the war helped none. So it was.", None),
        # A transcript that gives the named one's words.
        ("Rishi Sunak said on 1 August 2024 that the war was a mistake.", "The war was a mistake.",
         "As Rishi Sunak said, the war was a mistake. So it was.", "Boris Johnson"),
    ],
)  # fmt: skip
def test_what_is_no_occasion(standalone: str, proposition: str, text: str, speaker: str | None) -> None:
    name = " ".join(standalone.replace(",", "").split()[:2])
    about = claim(proposition, speaker=name).model_copy(update={"standalone": standalone})
    held = passage_of(text, of=source(published=DAY), speaker=speaker)
    said, _ = settle(
        judged(about, held, Stance.NEUTRAL, question="said"), judged(about, held, Stance.SUPPORTS, question="true")
    )
    assert said.stance is Stance.NEUTRAL


def test_a_transcript_of_that_day_shows_who_said_it() -> None:
    about = claim("The war was a mistake.", speaker="Rishi Sunak").model_copy(
        update={"standalone": "Rishi Sunak said on 1 August 2024 that the war was a mistake."}
    )
    held = passage_of("The war was a mistake. So it was.", of=source(published=DAY), speaker="Boris Johnson")
    said, _ = settle(judged(about, held, Stance.NEUTRAL, question="said"), judged(about, held, Stance.SUPPORTS))
    assert said.stance is Stance.REFUTES
    assert said.findings[0].evidence_span.of(held.text) == said.findings[0].evidence_value == "The war was a mistake."
    assert "Boris Johnson says this" in said.findings[0].message


def test_two_people_may_say_the_same() -> None:
    about = claim("The bank needed to be careful.", speaker="Christine Lagarde").model_copy(
        update={"standalone": "Christine Lagarde said in August 2024 that the bank needed to be careful."}
    )
    bailey = passage_of(BAILEY, of=source("bank", published=DAY))
    lagarde = passage_of("Christine Lagarde said so too. She did.", of=source("ecb", published=DAY))
    said, _, other = settle(
        judged(about, bailey, Stance.NEUTRAL, question="said"),
        judged(about, bailey, Stance.SUPPORTS),
        judged(about, lagarde, Stance.SUPPORTS, question="said"),
    )
    assert (said.stance, other.stance) == (Stance.NEUTRAL, Stance.SUPPORTS)


@pytest.mark.parametrize(
    ("standalone", "text", "stance"),
    [
        ("Christine Lagarde said in Antalya that the bank needed to be careful.",
         "Andrew Bailey said in Antalya that the bank needed to be careful. So it was.", Stance.REFUTES),
        # in other words: the month and the place, not the month alone
        ("Christine Lagarde said in Antalya in August 2024 that the bank needed to be careful.",
         "Andrew Bailey warned in Antalya of haste. He left.", Stance.REFUTES),
        ("After the Antalya meeting of August 2024 Christine Lagarde said that the bank needed to be careful.",
         "Andrew Bailey warned in Antalya of haste. He left.", Stance.REFUTES),
        ("Christine Lagarde said in Antalya in August 2024 that the bank needed to be careful.",
         "Andrew Bailey warned in London of haste. He left.", Stance.NEUTRAL),
        ("Christine Lagarde said in Antalya in May 2024 that the bank needed to be careful.",
         "Andrew Bailey warned in Antalya of haste. He left.", Stance.NEUTRAL),
        ("Christine Lagarde said in Antalya in 2024 that the bank needed to be careful.",
         "Andrew Bailey warned in Antalya of haste. He left.", Stance.NEUTRAL),
    ],
)  # fmt: skip
def test_a_place_is_an_occasion(standalone: str, text: str, stance: Stance) -> None:
    said, _ = misattributed(text, standalone=standalone)
    assert said.stance is stance


def test_whoever_he_is_was_named_before() -> None:
    text = "Andrew Bailey voted for the cut. He said that the bank needed to be careful."
    ((name, span),) = names.sayers(text, Span(start=33, end=len(text)))
    assert (name, span.of(text)) == ("Andrew Bailey", "Andrew Bailey")
    assert len(names.sayers("Andrew Bailey said so, and Megan Greene said so too.")) == 2
    office = "The Governor of the Bank, Andrew Bailey, said so."
    assert [name for name, _ in names.sayers(office)] == ["Andrew Bailey"]


# --- the figure was given differently


FLASH = passage_of("Inflation in the euro area was 10.7 per cent in October 2022. It rose.", of=source("flash"))
FINAL_TEXT = "Inflation in the euro area was 10.6 per cent in October 2022. The flash estimate had been 10.7 per cent."


def revised(
    wording: str = "Inflation in the euro area was 10.7 per cent in October 2022.",
    text: str = FINAL_TEXT,
    *,
    of: str = "final",
) -> Evidence:
    about = claim(wording)
    final = passage_of(text, of=source(of, published=dt.date(2022, 11, 17)))
    first = FLASH if "10.7" in wording else passage_of(f"{wording} So it was.", of=source("flash"))
    return settle(judged(about, first, Stance.SUPPORTS, 0.7), judged(about, final, Stance.NEUTRAL))[1]


def test_a_source_that_calls_the_figure_a_flash_estimate_contradicts_it() -> None:
    found = revised()
    assert found.stance is Stance.REFUTES
    assert found.probabilities.refutes == pytest.approx(0.7)  # as sure as what it contradicts
    (finding,) = found.findings
    assert (finding.claim_value, finding.evidence_value) == ("10.7 per cent", "10.6 per cent")
    assert finding.evidence_span.of(FINAL_TEXT) == "10.6 per cent"
    assert found.rationale_text == FINAL_TEXT  # both sentences: where it is named, and what stands in its place


@pytest.mark.parametrize(
    "text",
    [
        "The flash estimate had been 10.7 per cent. The final figure is 0.1 percentage points lower.",
        "The official rate of 10.7 per cent is disputed. Others gave 18.5 per cent.",
        "The rate was revised from 10.7 per cent to 10.6 per cent in October 2022. Nobody was surprised.",
    ],
)
def test_ways_in_which_another_figure_is_given(text: str) -> None:
    assert revised(text=f"In the euro area inflation was counted anew. {text}").stance is Stance.REFUTES


@pytest.mark.parametrize(
    ("wording", "text", "of"),
    [
        # The claim says which of them it means.
        (
            "According to the flash estimate, inflation in the euro area was 10.7 per cent in October 2022.",
            FINAL_TEXT,
            "final",
        ),
        # The same source may not outvote itself.
        ("Inflation in the euro area was 10.7 per cent in October 2022.", FINAL_TEXT, "flash"),
        # Nothing calls the figure an earlier one: the other is that of another month.
        (
            "Inflation in the euro area was 10.7 per cent in October 2022.",
            "Inflation in the euro area was 10.7 per cent in October 2022. In September 2022 it was 9.9 per cent.",
            "final",
        ),
        # Another month's, beside an earlier estimate.
        (
            "Inflation in the euro area was 10.7 per cent in October 2022.",
            "The flash estimate of inflation in the euro area had been 10.7 per cent. In September 2022 it was 9.9 per cent.",
            "final",
        ),
        # The words stand behind the figure, and the other is of the month before: what a release of that day says.
        (
            "Inflation in the euro area was 10.7 per cent in October 2022.",
            "Inflation in the euro area is 10.7 per cent in October 2022, up from 9.9, by the flash estimate. So be it.",
            "final",
        ),
        # The claim itself gives both.
        (
            "Inflation in the euro area was 10.7 per cent in October 2022, up from 9.9 per cent.",
            "The flash estimate of inflation in the euro area had been 10.7 per cent in October 2022, up from 9.9. So be it.",
            "final",
        ),
        # Imports are no exports, and what is disputed is a region.
        (
            "Exports of the euro area rose 5 per cent in 2023.",
            "Exports of the euro area rose 5 per cent in 2023, while imports rose 7 per cent for the same period. So be it.",
            "final",
        ),
        (
            "In clashes of 2020 there were 120 soldiers killed on one side.",
            "In clashes of 2020 in the disputed region 120 soldiers were killed. On the other side 170 soldiers were killed.",
            "final",
        ),
        # A place that the claim does not name.
        (
            "Growth in the country was 0.3 per cent.",
            "Growth in the country had by the first estimate of 0.3 per cent been slow. In Italy it was 0.4 per cent.",
            "final",
        ),
        # The figure rounded is no other figure.
        (
            "About 1.2 million people of the country were displaced.",
            "The earlier figure of 1.2 million people displaced in the country was confirmed. There are 1,198,432 people.",
            "final",
        ),
        # Of something else.
        (
            "Inflation in the euro area was 10.7 per cent in October 2022.",
            "The strawberry harvest grew 10.6 per cent. The first estimate was 10.7 per cent.",
            "final",
        ),
        # Too far apart to be two counts of one thing.
        (
            "Inflation in the euro area was 10.7 per cent in October 2022.",
            "The flash estimate of inflation in the euro area was 10.7 per cent. Energy rose 41.5 per cent in October 2022.",
            "final",
        ),
    ],
)
def test_one_figure_does_not_make_two(wording: str, text: str, of: str) -> None:
    assert revised(wording, text, of=of).stance is Stance.NEUTRAL


def test_a_figure_of_the_same_name_is_of_the_same_subject_though_the_passage_says_little_of_it() -> None:
    wording = "In 2020 and 2021 the coronavirus brought the countries of the world 18.2 million excess deaths."
    sentence = (
        "The estimate of 14.9 million is lower than the 18.2 million excess deaths estimated for the same period."
    )
    found = revised(wording, f"{sentence} So be it.")
    assert (found.stance, found.given_differently) == (Stance.REFUTES, True)
    assert found.findings[0].evidence_span.of(sentence) == "14.9 million"


@pytest.mark.parametrize(
    ("wording", "text"),
    [
        (
            "Smoking caused 20,000 deaths a year in Poland.",
            "The toll of 20,000 deaths in the earthquake is disputed, others put it at 35,000. So be it.",
        ),
        (
            "Smoking caused 20,000 early deaths a year in Poland.",
            "The number of 20,000 early deaths in the quake is disputed. The flood brought 35,000 deaths.",
        ),
        (
            "Smoking caused 20,000 early deaths a year in Poland.",
            "The number of 20,000 stray dogs in town is disputed, others put it at 35,000. So be it.",
        ),
    ],
)
def test_a_name_of_one_word_or_a_figure_beside_it_is_not_the_same_subject(wording: str, text: str) -> None:
    assert revised(wording, text).stance is Stance.NEUTRAL


def provisional(final: str, *, published: dt.date = dt.date(2022, 12, 22)) -> list[Evidence]:
    about = claim("Life expectancy of American men was 73.2 years in 2021.")
    first = passage_of(
        "The provisional estimate for American men in 2021 was 73.2 years, and for women 79.1 years. So they wrote.",
        of=source("first", published=dt.date(2022, 8, 31)),
    )
    last = passage_of(final, of=source("last", published=published, title="Final life expectancy of Americans in 2021"))
    return settle(judged(about, first, Stance.SUPPORTS, 0.6), judged(about, last, Stance.NEUTRAL))


def test_a_final_figure_stands_beside_a_provisional_one_that_it_does_not_name() -> None:
    first, last = provisional("Life expectancy in 2021 was 73.5 years for men and 79.3 years for women. So it is.")
    assert (first.stance, first.given_differently) == (Stance.SUPPORTS, False)  # 79.1 is of women
    assert (last.stance, last.given_differently) == (Stance.REFUTES, True)
    assert last.findings[0].evidence_value == "73.5 years"  # the nearest to the claim's


@pytest.mark.parametrize(
    ("final", "published"),
    [
        # The source came out before the one that it would correct.
        ("Life expectancy in 2021 was 73.5 years for men. So it is.", dt.date(2022, 1, 1)),
        # Of another year.
        ("Life expectancy in 2019 was 76.3 years for men. So it was.", dt.date(2022, 12, 22)),
        # Too far away to be a correction.
        ("Life expectancy in 2021 was 95.1 years for men. So it is.", dt.date(2022, 12, 22)),
    ],
)
def test_what_is_no_final_figure_of_the_same(final: str, published: dt.date) -> None:
    assert provisional(final, published=published)[1].stance is Stance.NEUTRAL


def test_two_figures_of_two_sources_are_a_conflict_however_near_each_is() -> None:
    about = claim("Inflation in the euro area was 10.7 per cent in October 2022.")
    final = passage_of(FINAL_TEXT, of=source("final", published=dt.date(2022, 11, 17)))
    far = [
        evidence.model_copy(update={"hit": evidence.hit.model_copy(update={"dense_score": score})})
        for evidence, score in zip(
            settle(judged(about, FLASH, Stance.SUPPORTS, 0.9), judged(about, final, Stance.NEUTRAL)),
            (0.8, 0.4),
            strict=True,
        )
    ]
    verdict = decide(about, far, settings=Settings())
    assert verdict.label is VerdictLabel.CONFLICTING
    assert any("one of two figures" in reason.text for reason in verdict.reasons)


# --- corrected elsewhere


def test_no_passage_bears_out_a_figure_that_it_lacks_and_another_gives_differently() -> None:
    about = claim("The rate reached 4.50 per cent in September 2023.")
    item, corrects = judged(about, passage_of("The rate was 4.00 per cent. So it stayed."), Stance.REFUTES)
    finding = (
        revised().findings[0].model_copy(update={"claim_value": "4.50 per cent", "evidence_value": "4.00 per cent"})
    )
    corrects = corrects.model_copy(update={"findings": (finding,)})
    lacking = judged(about, passage_of("The rate rose to a peak. It stayed."), Stance.SUPPORTS)
    asked, holds = judged(about, passage_of("The rate was 4.50 per cent. It stayed."), Stance.SUPPORTS)
    holds = holds.model_copy(update={"findings": (finding.model_copy(update={"outcome": "equal"}),)})
    first, second, third = settle((item, corrects), lacking, (asked, holds))
    assert [first.stance, second.stance, third.stance] == [Stance.REFUTES, Stance.NEUTRAL, Stance.SUPPORTS]
    assert second.probabilities.supports == 0.0
    assert "4.50 per cent" in second.note


@pytest.mark.parametrize(
    "second", [claim("The rate was 4.50 per cent.", number=2), claim("The rate was 4.50 per cent in May.")]
)
def test_claims_are_settled_apart(second: Claim) -> None:
    first = claim("The rate was 4.50 per cent.")  # the second has another id, or the same in another article
    item, corrects = judged(first, passage_of("The rate was 4.00 per cent. So it stayed."), Stance.REFUTES)
    finding = revised().findings[0].model_copy(update={"claim_value": "4.50 per cent"})
    other = judged(second, passage_of("The rate rose to a peak. It stayed."), Stance.SUPPORTS)
    assert settle((item, corrects.model_copy(update={"findings": (finding,)})), other)[1].stance is Stance.SUPPORTS
