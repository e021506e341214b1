"""Quotations decide whether something was said: row by row, without the network."""

from __future__ import annotations

import pytest

from onrecord.records import Quotation, Span, Stance
from onrecord.stance import quoted
from onrecord.stance.questions import JudgeItem, family_name
from tests.record_builders import claim, hit, passage, source

WORDS = "the only thing we have to fear is fear itself"
ACCOUNT = f"Franklin D. Roosevelt said at the beginning: “So, let me assert my firm belief that {WORDS}”. He went on."
SPEECH = f"So, first of all, let me assert my firm belief that {WORDS}. It paralyses."


def item(
    quote: str, text: str, *, by: str = "Roosevelt", utters: str | None = None, speakers: tuple[str, ...] = ()
) -> JudgeItem:
    said = f"{by} said: “{quote}”."
    made = claim(said, speaker=by).model_copy(
        update={"quotations": (Quotation(span=Span(start=0, end=len(quote)), text=quote),) if quote else ()}
    )
    held = passage(text, of=source(speakers=speakers), speaker=utters)
    return JudgeItem(made, held, hit(held.id), "said", said)


@pytest.mark.parametrize(
    ("asked", "stance", "words"),
    [
        # verbatim, in an account that names the speaker
        (item(WORDS, ACCOUNT, speakers=("Franklin D. Roosevelt",)), Stance.SUPPORTS, "stand in the source"),
        # verbatim, uttered by the speaker
        (item(WORDS, SPEECH, utters="Franklin D. Roosevelt"), Stance.SUPPORTS, "stand in the source"),
        # verbatim, in a record of the speaker that says "he"
        (item(WORDS, SPEECH, speakers=("Franklin D. Roosevelt",)), Stance.SUPPORTS, "stand in the source"),
        # a changed word is a conflict, and the reader sees which
        (item(WORDS.replace("fear is", "lose is"), ACCOUNT), Stance.REFUTES, "[-fear-] {+lose+}"),
        # the very words, but another's
        (
            item(WORDS, ACCOUNT, by="Kennedy", speakers=("Franklin D. Roosevelt",)),
            Stance.REFUTES,
            "Franklin D. Roosevelt",
        ),
        (item(WORDS, SPEECH, by="Kennedy", utters="Franklin D. Roosevelt"), Stance.REFUTES, "not of Kennedy"),
    ],
)
def test_what_words_show(asked: JudgeItem, stance: Stance, words: str) -> None:
    found = quoted.verify(asked)
    assert found is not None
    assert found.stance is stance
    assert words in found.finding.message
    assert found.finding.evidence_span.of(asked.passage.text) == found.finding.evidence_value


@pytest.mark.parametrize(
    "asked",
    [
        item("", ACCOUNT),  # no quotation
        item("fear is fear itself", ACCOUNT),  # too few words to be one person's
        item("ask not what your country can do for you", ACCOUNT),  # other words
        item(WORDS, SPEECH),  # nobody is named: whose words they are is not known
        item(WORDS.replace("fear is", "lose is"), ACCOUNT, by="Kennedy"),  # other words of somebody else
    ],
)
def test_what_words_do_not_show(asked: JudgeItem) -> None:
    assert quoted.verify(asked) is None


def test_only_the_question_whether_it_was_said_is_answered() -> None:
    asked = item(WORDS, ACCOUNT)
    assert quoted.verify(JudgeItem(asked.claim, asked.passage, asked.hit, "true", asked.hypothesis)) is None


@pytest.mark.parametrize(
    ("name", "family"), [("Putin", "putin"), ("the President", ""), ("", ""), ("Mr. Smith", "smith")]
)
def test_family_name(name: str, family: str) -> None:
    assert family_name(name) == family
