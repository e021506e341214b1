"""The cascade and what it keeps: who reads which window, who decides, what is read again, and what a failure does."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from onrecord import stance
from onrecord.corpus import Judgements
from onrecord.errors import StanceModelError
from onrecord.records import SearchFilters, Stance, VerdictLabel
from onrecord.settings import Settings
from onrecord.stance import cascade, nli
from onrecord.stance.calibrate import Calibration
from onrecord.stance.judge import judge_with
from onrecord.stance.questions import JudgeItem
from onrecord.stance.windows import heading_of
from onrecord.workflow import Checker, pasted
from tests.record_builders import claim, hit, passage, source
from training.stance.choose_cascade import Metered

SUPPORT, REFUTE, NEITHER = [6.0, 0.0, 0.0], [0.0, 6.0, 0.0], [0.0, 0.0, 6.0]
Rule = Callable[[str, str], Sequence[float]]


class Network:
    """A small stand-in: a rule gives the logits; the pairs it was asked are kept."""

    def __init__(self, name: str, rule: Rule, calibration: Calibration | None = None) -> None:
        self.name, self.sha256 = name, name.ljust(64, "0")
        self.rule = rule
        self.calibration = calibration or Calibration(support_threshold=0.6, refute_threshold=0.6)
        self.asked: list[tuple[str, str]] = []

    def logits(self, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        self.asked.extend(pairs)
        return np.array([self.rule(evidence, wording) for evidence, wording in pairs])


class Kept(dict[bytes, tuple[float, float, float]]):
    """A cache in memory."""

    def known(self, keys: Sequence[bytes]) -> Mapping[bytes, tuple[float, float, float]]:
        return {key: self[key] for key in keys if key in self}

    def keep(self, judged: Mapping[bytes, tuple[float, float, float]]) -> None:
        self.update(judged)


def item(  # noqa: PLR0913  each test names what it is about
    wording: str, text: str, *, cosine: float | None = 0.6, name: str = "s1", claim_id: str = "c1", title: str = ""
) -> JudgeItem:
    held = passage(text, of=source(name, title=title))
    made = claim(wording).model_copy(update={"id": claim_id})
    return JudgeItem(made, held, hit(held.id).model_copy(update={"dense_score": cosine}), "true", wording)


def settings(**given: object) -> Settings:
    return Settings(home=Path("/nonexistent"), **given)  # type: ignore[arg-type]


def both(fast: Rule, accurate: Rule) -> tuple[cascade.Networks, Network, Network]:
    choosing, deciding = Network("fast", fast), Network("accurate", accurate)
    return cascade.Networks(deciding, choosing), choosing, deciding


# Who decides


@pytest.mark.parametrize(
    ("fast", "accurate", "expected"),
    [
        (SUPPORT, REFUTE, Stance.REFUTES),  # the fast one is sure and overruled
        (REFUTE, SUPPORT, Stance.SUPPORTS),
        (SUPPORT, NEITHER, Stance.NEUTRAL),
        (NEITHER, SUPPORT, Stance.SUPPORTS),  # saw nothing, but the budget was not used up
    ],
)
def test_the_accurate_network_decides(fast: list[float], accurate: list[float], expected: Stance) -> None:
    networks, _, _ = both(lambda _e, _c: fast, lambda _e, _c: accurate)
    (found,) = judge_with(networks, [item("Prices rose.", "Prices rose.")], settings=settings())
    assert found.stance is expected


@pytest.mark.parametrize("sure", [SUPPORT, REFUTE])
def test_what_it_has_not_read_decides_nothing_however_sure_the_fast_one_is(sure: list[float]) -> None:
    networks, choosing, deciding = both(lambda _e, _c: sure, lambda _e, _c: NEITHER)
    items = [item("Prices rose.", f"Prices rose by {n} per cent.", name=f"s{n}") for n in range(5)]
    found = judge_with(networks, items, settings=settings(stance_passages=2))
    assert (len(choosing.asked), len(deciding.asked)) == (5, 2)
    assert {one.stance for one in found} == {Stance.NEUTRAL}
    unread = [one for one in found if one.note]
    assert len(unread) == 3
    for one in unread:
        assert "other passages bear more" in one.note
        assert max(one.probabilities.supports, one.probabilities.refutes) <= cascade.UNREAD_SIDE + 1e-9
        assert one.probabilities.neutral > 1 / 3


def test_an_unread_sentence_of_a_read_passage_does_not_decide() -> None:
    # The fast network finds contradictions everywhere; the accurate one is given the passage as a whole and nothing else.
    networks, _, deciding = both(lambda _e, _c: REFUTE, lambda _e, _c: SUPPORT)
    text = "Prices rose. Prices fell later."
    (found,) = judge_with(networks, [item("Prices rose sharply.", text)], settings=settings(stance_passages=1))
    assert [evidence for evidence, _ in deciding.asked] == [text]
    assert found.stance is Stance.SUPPORTS


def test_a_sentence_that_restates_the_claim_is_read_too() -> None:
    networks, _, deciding = both(lambda _e, _c: NEITHER, lambda e, _c: SUPPORT if e == "Prices rose." else NEITHER)
    text = "Prices rose. The bureau has moved."
    (found,) = judge_with(networks, [item("Prices rose.", text)], settings=settings(stance_passages=1))
    assert {evidence for evidence, _ in deciding.asked} == {text, "Prices rose."}
    assert found.stance is Stance.SUPPORTS


def test_what_decides_is_read_under_its_heading_and_what_shows_it_is_not() -> None:
    # Torn from its page the passage does not say of what draft it speaks; its title does.
    headed = "Draft treaty of April (29 March 2022). It had 18 articles. It was not signed."
    networks, choosing, deciding = both(
        lambda e, _c: SUPPORT if e == "It had 18 articles." else NEITHER,
        lambda e, _c: SUPPORT if e == headed else NEITHER,
    )
    asked = item("The draft had 18 articles.", "It had 18 articles. It was not signed.", title="Draft treaty of April")
    (found,) = judge_with(networks, [asked], settings=settings())
    assert [evidence for evidence, _ in deciding.asked] == [headed]
    assert [evidence for evidence, _ in choosing.asked] == [headed, "It had 18 articles.", "It was not signed."]
    assert (found.stance, found.rationale_text) == (Stance.SUPPORTS, "It had 18 articles.")


@pytest.mark.parametrize(
    ("title", "text", "published", "expected"),
    [
        ("Talks  in\nGomel.", "They met.", dt.date(2022, 2, 28), "Talks in Gomel (28 February 2022). "),
        ("Talks in Gomel", "They met.", None, "Talks in Gomel. "),  # no date
        ("", "They met.", dt.date(2022, 2, 28), ""),  # no title
        ("They met", "They met in Gomel.", None, ""),  # a headline that is its own text
        ("a" * 500, "They met.", None, "a" * 150 + ". "),  # leaves room for the passage
    ],
)
def test_the_heading_of_a_passage(title: str, text: str, published: dt.date | None, expected: str) -> None:
    assert heading_of(passage(text, of=source(title=title, published=published))) == expected


# Which windows are read


def test_those_of_which_the_fast_one_has_most_of_a_view_are_read() -> None:
    views = {"One prices.": 0.0, "Two prices.": 4.0, "Three prices.": 2.0, "Four prices.": 3.0}
    networks, _, deciding = both(lambda e, _c: [views[e], 0.0, 2.0], lambda _e, _c: NEITHER)
    items = [item("Prices rose.", text, name=f"s{n}") for n, text in enumerate(views)]
    judge_with(networks, items, settings=settings(stance_passages=2))
    assert [evidence for evidence, _ in deciding.asked] == ["Two prices.", "Four prices."]


@pytest.mark.parametrize(("passages", "expected"), [(12, 2), (2, 2), (1, 1)])
def test_passages_are_read_as_a_whole_and_no_more_than_the_limit(passages: int, expected: int) -> None:
    networks, _, deciding = both(lambda _e, _c: SUPPORT, lambda _e, _c: NEITHER)
    items = [item("Prices rose sharply.", f"Prices {n} rose. Prices {n} fell.", name=f"s{n}") for n in "ab"]
    judge_with(networks, items, settings=settings(stance_passages=passages))
    assert [len(evidence.split(".")) - 1 for evidence, _ in deciding.asked] == [2] * expected


def test_a_decisive_sentence_has_its_passage_read() -> None:
    # Among others the fast network sees nothing in the passage, and much in one sentence of it.
    networks, _, deciding = both(lambda e, _c: REFUTE if e == "Prices fell." else NEITHER, lambda _e, _c: REFUTE)
    items = [
        item("Prices rose.", "Prices are published monthly. Prices are read.", name="a"),
        item("Prices rose.", "The bureau reports. Prices fell.", name="b"),
    ]
    found = judge_with(networks, items, settings=settings(stance_passages=1))
    assert [evidence for evidence, _ in deciding.asked] == ["The bureau reports. Prices fell."]
    assert [one.stance for one in found] == [Stance.NEUTRAL, Stance.REFUTES]
    assert found[1].rationale_text == "Prices fell."


@pytest.mark.parametrize(
    ("first", "second", "read"),
    [
        (2.0, 2.0, "One prices."),  # as much of a view: the first of search
        (2.0, 2.1, "One prices."),  # a little more
        (2.0, 4.0, "Two prices."),  # much more
    ],
)
def test_the_first_of_search_is_read_before_a_later_one_that_says_little_more(
    first: float, second: float, read: str
) -> None:
    views = {"One prices.": first, "Two prices.": second}
    networks, _, deciding = both(lambda e, _c: [views[e], 0.0, 2.0], lambda _e, _c: NEITHER)
    items = [item("Prices rose.", text, name=f"s{n}") for n, text in enumerate(views)]
    judge_with(networks, items, settings=settings(stance_passages=1))
    assert [evidence for evidence, _ in deciding.asked] == [read]


def test_one_network_reads_sentences_only_where_their_passage_takes_a_side() -> None:
    network = Network("n", lambda e, _c: REFUTE if "fell" in e else NEITHER)
    texts = ["The bureau reports. Prices fell.", "Prices are published. Prices are read."]
    items = [item("Prices rose.", text, name=name) for name, text in zip("ab", texts, strict=True)]
    found = judge_with(cascade.Networks(network), items, settings=settings())
    assert [evidence for evidence, _ in network.asked] == [*texts, "The bureau reports.", "Prices fell."]
    assert [one.stance for one in found] == [Stance.REFUTES, Stance.NEUTRAL]
    assert found[0].rationale_text == "Prices fell."


def test_copies_use_up_one_place_and_each_claim_has_its_own_places() -> None:
    networks, choosing, deciding = both(lambda _e, _c: SUPPORT, lambda _e, _c: SUPPORT)
    copies = [item("Prices rose.", "Prices rose by a tenth.", name=f"s{n}") for n in range(6)]
    others = [item("Wages rose.", "Wages rose by a tenth.", name="w", claim_id="c2")]
    found = judge_with(networks, [*copies, *others], settings=settings(stance_passages=1))
    assert len(choosing.asked) == len(deciding.asked) == 2
    assert {one.stance for one in found} == {Stance.SUPPORTS}


@pytest.mark.parametrize(
    ("cosine", "read"),
    [
        (0.2, "Wages rose."),  # far: the other one comes first
        (0.6, "Prices rose."),
        (None, "Prices rose."),  # not known
    ],
)
def test_far_passages_are_read_last(cosine: float | None, read: str) -> None:
    networks, _, deciding = both(lambda e, _c: [0.0, 9.0 if "Prices" in e else 1.0, 0.0], lambda _e, _c: REFUTE)
    items = [
        item("Prices fell.", "Prices rose.", name="a", cosine=cosine),
        item("Prices fell.", "Wages rose.", name="b"),
    ]
    judge_with(networks, items, settings=settings(stance_passages=1))
    assert [evidence for evidence, _ in deciding.asked] == [read]


def test_nothing_related_asks_nobody() -> None:
    networks, choosing, deciding = both(lambda _e, _c: REFUTE, lambda _e, _c: REFUTE)
    (found,) = judge_with(networks, [item("Prices rose.", "Whales feed on krill.", cosine=0.1)], settings=settings())
    assert (choosing.asked, deciding.asked, found.stance) == ([], [], Stance.NEUTRAL)


# Loading


def test_the_setting_names_both_tiers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nli, "load_tier", lambda _settings, name: Network(name, lambda _e, _c: NEITHER))
    networks = cascade.load(settings(stance_model="cascade"))
    assert networks.choosing is not None
    assert (networks.choosing.name, networks.deciding.name) == ("fast", "accurate")
    assert cascade.load(settings(stance_model="accurate")).choosing is None


@pytest.mark.parametrize("model", ["accurate", "cascade"])
def test_an_accurate_tier_that_is_not_there_is_an_error_not_the_fast_one(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, _, weights = nli._SHIPPED["accurate"]
    monkeypatch.setitem(nli._SHIPPED, "accurate", (name, tmp_path, weights))
    nli._load_once.cache_clear()
    chosen = Settings(home=tmp_path, stance_model=model)
    with pytest.raises(StanceModelError, match="missing"):
        stance.judge([item("Prices rose.", "Prices rose.")], settings=chosen)
    with pytest.raises(StanceModelError, match="missing"):
        stance.models(chosen)


def test_models_name_both_the_deciding_one_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nli, "shipped_sha256", lambda tier: tier.ljust(64, "0"))
    found = stance.models(settings(stance_model="cascade"))
    assert [(model.role, model.name) for model in found] == [
        ("stance", nli.FAST_NAME),
        ("stance", nli.ACCURATE_NAME),
    ]


# What a setting costs


def test_a_metered_network_reads_once_and_charges_each_time() -> None:
    network = Network("n", lambda e, _c: [float(len(e)), 0.0, 0.0])
    metered = Metered(network)  # type: ignore[arg-type]  a stand-in
    assert metered.logits([("a", "x"), ("aaa", "x")])[:, 0].tolist() == [1.0, 3.0]
    once = metered.charged
    assert metered.logits([("aaa", "x"), ("a", "x"), ("aa", "x")])[:, 0].tolist() == [3.0, 1.0, 2.0]
    assert len(network.asked) == 3
    assert metered.charged > 2 * once - 1e-12 > 0
    metered.reset()
    assert (metered.charged, metered.asked, metered.read) == (0.0, 0, set())


# What is kept


def test_equal_pairs_are_read_once_and_never_again() -> None:
    networks, choosing, deciding = both(lambda _e, _c: SUPPORT, lambda _e, _c: SUPPORT)
    kept = Kept()
    items = [item("Prices rose.", "Prices rose by a tenth.", name=f"s{n}") for n in range(3)]
    first = judge_with(networks, items, settings=settings(), cache=kept)
    second = judge_with(networks, items, settings=settings(), cache=kept)
    assert first == second
    assert (len(choosing.asked), len(deciding.asked), len(kept)) == (1, 1, 2)


@pytest.mark.parametrize(
    ("wording", "text", "sha256", "again"),
    [
        ("Prices rose.", "Prices rose by a tenth.", "a", False),  # the same
        ("Prices fell.", "Prices rose by a tenth.", "a", True),  # another wording
        ("Prices rose.", "Prices rose by a fifth.", "a", True),  # another window
        ("Prices rose.", "Prices rose by a tenth.", "b", True),  # another network
        ('Prices rose."', "Prices rose by a tenth.", "a", True),  # a quotation mark more
    ],
)
def test_what_is_read_again(wording: str, text: str, sha256: str, again: bool) -> None:  # noqa: FBT001
    kept = Kept()
    network = Network("n", lambda _e, _c: SUPPORT)
    network.sha256 = "a"
    before = item("Prices rose.", "Prices rose by a tenth.")
    judge_with(cascade.Networks(network), [before], settings=settings(), cache=kept)
    network.asked.clear()
    network.sha256 = sha256
    judge_with(cascade.Networks(network), [item(wording, text)], settings=settings(), cache=kept)
    assert bool(network.asked) is again


def test_texts_cannot_be_shifted_into_each_other() -> None:
    network = Network("n", lambda _e, _c: NEITHER)
    pairs = [("a", 'b", "c'), ('a", "b', "c"), ("ab", "c"), ("a", "bc"), ("a\x00", "b"), ("a", "\x00b"), ("\ud800", "")]
    assert len({cascade._key(network, pair) for pair in pairs}) == len(pairs)


def test_another_calibration_uses_what_was_kept() -> None:
    kept = Kept()
    network = Network("n", lambda _e, _c: [1.0, 0.0, 0.0])
    asked = [item("Prices rose.", "Prices rose by a tenth.")]
    (cautious,) = judge_with(cascade.Networks(network), asked, settings=settings(), cache=kept)
    network.calibration = network.calibration.model_copy(update={"temperature": 0.2})
    (bold,) = judge_with(cascade.Networks(network), asked, settings=settings(), cache=kept)
    assert (cautious.stance, bold.stance, len(network.asked)) == (Stance.NEUTRAL, Stance.SUPPORTS, 1)


def test_an_edited_article_is_judged_only_where_it_changed(
    small_corpus: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[str, str]] = []
    real = nli.CrossEncoder.logits

    def counted(self: nli.CrossEncoder, pairs: Sequence[tuple[str, str]]) -> np.ndarray:
        asked.extend(pairs)
        return real(self, pairs)

    article = (
        "The Federal Reserve raised the target range to 5.25 to 5.50 per cent on 26 July 2023. "
        "Smallpox was declared eradicated in 1980."
    )
    edited = article.replace("in 1980", "in 1990")
    chosen = Settings(home=small_corpus[0], judgement_cache=5000)
    nli.load(chosen)  # its golden pairs are not part of a check
    monkeypatch.setattr(nli.CrossEncoder, "logits", counted)
    with Checker.open(chosen) as checker:
        before = checker.check_article(pasted(article), filters=SearchFilters())
        asked.clear()
        again = checker.check_article(pasted(article), filters=SearchFilters())
        assert asked == [], "nothing changed, nothing is read"
        assert [one.evidence for one in again.claims] == [one.evidence for one in before.claims]
        changed = checker.check_article(pasted(edited), filters=SearchFilters())
    wordings = {wording for _, wording in asked}
    assert wordings
    assert all("1990" in wording for wording in wordings)
    assert changed.claims[0].evidence == before.claims[0].evidence
    assert changed.complete


def test_a_broken_cache_does_not_break_a_check(small_corpus: tuple[Path, Path], tmp_path: Path) -> None:
    with Checker.open(Settings(home=small_corpus[0])) as checker:
        (tmp_path / "onrecord.db").write_bytes(b"no database " * 500)
        checker.judgements = Judgements(Settings(home=tmp_path))
        checked = checker.check_article(pasted("Smallpox was declared eradicated in 1980."), filters=SearchFilters())
    assert checked.complete
    assert checked.claims[0].verdict.label is not VerdictLabel.NOT_CHECKED
