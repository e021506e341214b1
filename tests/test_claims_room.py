"""The labelled articles of the claims room, and how they are scored."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from typing import TYPE_CHECKING

import pytest
import yaml
from pydantic import ValidationError

from evals.data import EvalDataError
from evals.suite import entries
from evals.tasks.claim_room import (
    TASK,
    LabelledArticle,
    LabelledPart,
    LabelledSentence,
    Score,
    _contains,
    _outcome,
    read_articles,
    score_article,
)
from onrecord.records import Attribution, Claim, ClaimSet, Skipped, Span, Unresolved

if TYPE_CHECKING:
    from pathlib import Path

ARTICLES = read_articles(TASK.defaults["claims"])


class TestArticles:
    def test_there_are_enough_of_different_kinds_in_both_halves(self) -> None:
        assert len(ARTICLES) >= 14
        assert len({article.kind for article in ARTICLES.values()}) >= 12
        halves = Counter(article.half for article in ARTICLES.values() for _ in article.sentences)
        assert sum(halves.values()) >= 180
        assert min(halves.values()) >= 80

    @pytest.mark.parametrize("name", ARTICLES)
    def test_the_sentences_make_the_text(self, name: str) -> None:
        text, spans = ARTICLES[name].placed()
        assert [span.of(text) for span in spans] == [sentence.text for sentence in ARTICLES[name].sentences]

    def test_reasons_are_those_that_the_product_gives(self) -> None:
        given = {reason for article in ARTICLES.values() for sentence in article.sentences for reason in sentence.skip}
        assert given <= {
            "heading", "opinion", "question", "prediction", "instruction", "too vague", "no factual content", "not in English",
        }  # fmt: skip

    def test_the_suite_needs_only_the_checkout(self) -> None:
        needed = [entry.inputs for entry in entries() if entry.task == "claim-room"]
        assert needed
        assert not any(needed)


@pytest.mark.parametrize(
    "change",
    [
        {"claims": [{"text": "not there"}]},  # a claim that is not in the sentence
        {"says": {"who": "Roe", "cue": "shouted", "what": ["it rained"]}},  # a cue that is not
        {"unresolved": ["She"]},  # an open word that is not
        {"clams": []},  # an unknown field
        {"text": 5},  # no text
    ],
)
def test_labels_that_do_not_fit_are_refused(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        LabelledSentence.model_validate({"text": "Roe said it rained.", **change})


@pytest.mark.parametrize("content", ["", "kind: [", "kind: news\nhalf: test\n", None])
def test_a_folder_that_cannot_be_used_names_the_file(tmp_path: Path, content: str | None) -> None:
    # empty, not YAML, not the form, and no file at all
    if content is not None:
        (tmp_path / "bad.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(EvalDataError, match=r"bad\.yaml|no labelled articles"):
        read_articles(tmp_path)


def claim(standalone: str, *, text: str = "He left.", start: int = 0, unresolved: str = "", speaker: str = "") -> Claim:
    span = Span(start=start, end=start + len(text))
    return Claim(
        id=f"c1-{start}",
        span=span,
        text=text,
        standalone=standalone,
        proposition=standalone,
        attribution=Attribution(speaker=speaker, speaker_resolved=True, content_spans=(span,)) if speaker else None,
        unresolved=(Unresolved(span=Span(start=0, end=2), text=unresolved, reason="two men"),) if unresolved else (),
        check_worthiness_probability=0.9,
        why="a fact",
    )


@pytest.mark.parametrize(
    ("wording", "found", "outcome"),
    [
        # the words of the article, when nothing is labelled
        ({}, claim("He left."), "exact"),
        # one of the wordings accepted, whatever the marks and the case
        ({"accept": ["Jan Roe left"]}, claim("“Jan Roe left.”"), "exact"),
        # all that is wanted, with other words between
        ({"has": ["Jan Roe left"]}, claim("Jan Roe has quickly left Rome."), "acceptable"),
        # a word too many
        ({"has": ["left"], "lacks": ["Rome"]}, claim("Jan left Rome."), "unclear"),
        # not resolved
        ({"has": ["Jan Roe"]}, claim("He left."), "unclear"),
        # resolved to somebody else
        ({"has": ["Jan Roe"]}, claim("Tom Fox left."), "wrong"),
        # a pronoun that the sentence did not have
        ({}, claim("He left her."), "unclear"),
        # left open, and marked
        ({"unresolved": ["He"]}, claim("He left.", unresolved="He"), "exact"),
        # left open without a mark
        ({"unresolved": ["He"]}, claim("He left."), "unmarked"),
        # guessed where it is open
        ({"unresolved": ["He"], "has": ["left"]}, claim("The man left."), "wrong"),
    ],
)
def test_what_becomes_of_a_wording(wording: dict[str, list[str]], found: Claim, outcome: str) -> None:
    sentence = LabelledSentence.model_validate({"text": "He left.", **wording})
    part = LabelledPart.model_validate({"text": "He left.", **wording})
    assert _outcome(part, sentence, ["Jan Roe", "Tom Fox"], found) == outcome


@pytest.mark.parametrize(
    ("words", "wanted", "found"),
    [
        ("the nine day strike ended", "the strike", True),
        ("the strike that lasted nine days ended", "the strike ended", False),  # too many words between
        ("ended the strike", "strike ended", False),  # in another order
        ("", "strike", False),  # nothing
    ],
)
def test_words_in_order(words: str, wanted: str, *, found: bool) -> None:
    assert _contains(words.split(), wanted, between=3) == found


ARTICLE = LabelledArticle.model_validate(
    {
        "kind": "test",
        "half": "development",
        "published": dt.date(2026, 3, 1),
        "names": ["Jan Roe"],
        "sentences": [
            {"text": "Roe came and Fox left.", "claims": [{"text": "Roe came"}, {"text": "Fox left."}]},
            {"text": "How nice!", "skip": "opinion"},
            {"text": "It rained, Roe said.", "says": {"who": ["Roe", "Jan Roe"], "cue": "said", "what": ["It rained"]}},
        ],
    }
)


def scored(found: ClaimSet, cut: list[Span]) -> dict[str, dict[str, float]]:
    score = Score()
    score_article("test", ARTICLE, found, cut, score)
    return yaml.safe_load(yaml.safe_dump(score.figures()))  # type: ignore[no-any-return]


def test_a_perfect_answer_scores_one() -> None:
    text, spans = ARTICLE.placed()
    said = claim("It rained, Roe said.", text="It rained, Roe said.", start=spans[2].start, speaker="Roe")
    attribution = Attribution(
        speaker="Roe",
        speaker_resolved=True,
        cue_span=Span(start=text.index("said"), end=text.index("said") + 4),
        content_spans=(Span(start=spans[2].start, end=spans[2].start + 9),),
    )
    found = ClaimSet(
        claims=(
            claim("Roe came.", text="Roe came"),
            claim("Fox left.", text="Fox left.", start=text.index("Fox")),
            said.model_copy(update={"attribution": attribution}),
        ),
        skipped=(Skipped(span=spans[1], text="How nice!", reason="opinion", check_worthiness_probability=0.1),),
        language="en",
    )
    figures = scored(found, list(spans))
    assert {figures[name]["f1"] for name in ("segmentation", "selection", "atomic", "attribution")} == {1.0}
    assert figures["reasons"]["accuracy"] == figures["standing_alone"]["right"] == 1.0
    assert {figures["attribution"][name] for name in ("speaker", "cue", "content_exact", "content_partial_f1")} == {1.0}


def test_an_empty_answer_scores_nothing() -> None:
    figures = scored(ClaimSet(claims=(), skipped=(), language="en"), [])
    assert {figures[name]["f1"] for name in ("segmentation", "selection", "atomic", "attribution")} == {0.0}


def test_an_unparted_sentence_and_an_opinion_taken_cost() -> None:
    text, spans = ARTICLE.placed()
    whole = claim(text[: spans[0].end], text=text[: spans[0].end])
    opinion = claim("How nice!", text="How nice!", start=spans[1].start)
    figures = scored(ClaimSet(claims=(whole, opinion), skipped=(), language="en"), list(spans))
    assert figures["atomic"]["recall"] == 0.0  # 2 of 5 words more than "Roe came" is another claim
    assert (figures["selection"]["precision"], figures["selection"]["recall"]) == (0.5, 0.5)
