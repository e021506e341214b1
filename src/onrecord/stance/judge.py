"""Judge passages against claims: contradiction first, abstention where little is in common, and the sentence that shows it.

One item is one question about one passage. The passage decides as a whole, a few sentences that belong together: the network
was taught on such. That one sentence of it looks like a support or a contradiction decides nothing: taking the strongest of a
passage and its sentences made a verdict of every sentence torn from what qualifies it (200 of SciFact's development pairs,
accurate network, 25 November 2026: macro-F1 0.616 so, 0.735 by the whole). Only one that holds all the claim's words speaks for
its passage. What decides:

1. A passage that shares no content word with the claim and is known not to be near it is not judged: neutral. Nearness
   alone is never support; it only lets a passage be judged.
2. Contradiction is looked at first. It wins when it reaches its threshold and is not weaker than support; then support, when
   it reaches its own threshold; else the passage is neutral.
3. The rationale is the sentence that says the same alone, or else the whole passage. A support is checked at the rationale's
   sentence that is nearest to the claim: a number, date or quotation that differs turns it into a conflict, another name into
   an abstention, and a sentence that only repeats a rumour, asks, or reports a denial is not support. Nothing here turns
   anything into support, but that days are counted for a network that cannot: how long after the other of two days it was.
4. A passage that search found far from the claim decides only where the network is sure.
5. The words of a quotation decide whether it was said, where they are found (``quoted``).
6. In a cascade only passages that the accurate network has read decide (``cascade``).
7. At the end the passages of a claim are looked at together (``between``).

The thresholds are those of the deciding model's calibration.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from onrecord.errors import ModelError
from onrecord.records import Evidence, Finding, ModelUsed, Span, Stance, StanceProbabilities
from onrecord.settings import Settings
from onrecord.stance import between, cascade, nli, quoted
from onrecord.stance.calibrate import NEUTRAL, REFUTES, SUPPORTS, Calibration, Floats, load_calibration
from onrecord.stance.questions import GIVEN_TO_ANOTHER, JudgeItem, family_name, other_speakers, same_person
from onrecord.stance.windows import RESTATED, SURE_OF_FAR, Window, content_words, far, windows_of
from onrecord.text import fold

if TYPE_CHECKING:
    from onrecord.stance.checks import Pair

TORN_NEUTRAL = 0.4
"""A window on which the network has a view (neutral at most this), but for neither side enough, is held against the checks."""
SURE = 0.7
"""Below it the network is torn when it calls a sentence that repeats the claim to the letter a contradiction."""
RATIONALE_SLACK = 0.05
"""A single sentence is named as rationale rather than the whole window when it is at most this much less probable."""
HALF_SAID = 0.5
"""Where the whole passage is the rationale, the checks look at the sentence nearest to the claim if it holds so much of it."""

TOO_FAR = "Far from the claim, and not sure enough to decide it."

_RUMOUR = re.compile(
    r"\b(?:rumou?rs?|unconfirmed|unverified|allegations?|alleged(?:ly)?|hoax|asked (?:whether|if)|whether or not|"
    r"(?:not|un)known whether|no information (?:on|about) whether|declin(?:ed|es) to comment)\b",
    re.IGNORECASE,
)
_DENIAL = re.compile(
    r"\b(?:den(?:y|ies|ied|ying)|dismiss(?:ed|es)? (?:the |these |such )?(?:reports?|claims?|allegations?)|"
    r"refut(?:ed|es) (?:the |these )?(?:reports?|claims?)|debunk(?:ed|s)?|false(?:ly)? claim\w*|no truth (?:in|to)|"
    r"(?:reports?|claims?) (?:that|of|about)\b.{0,120}\b(?:are|is|were|was) (?:false|untrue|baseless|wrong|fake))\b",
    re.IGNORECASE,
)
_DENIES = re.compile(
    r"\b(?:not|no|never|none|nobody|neither|cannot|without|reject\w*|rebut\w*|contradict\w*|false|untrue|unfounded)\b|n['’]t\b",
    re.IGNORECASE,
)
"""A claim with one of these may be the very denial that the passage reports."""


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A stance on one item, before it becomes a record."""

    stance: Stance
    row: Floats
    window: Window
    rationale: Window
    findings: tuple[Finding, ...] = ()
    note: str = ""


def judge(items: Sequence[JudgeItem], *, settings: Settings, cache: cascade.Cache | None = None) -> list[Evidence]:
    """Judge every item and return the evidence in the items' order.

    Equal (window, wording) pairs are judged once, and all pairs of all items go through the network together, sorted by length.

    Args:
        items: The questions.
        settings: ``stance_model`` names the network or the cascade.
        cache: What was judged before; None: everything is judged anew.

    Raises:
        StanceModelError: a stance model cannot be loaded or fails its golden pairs.
        ModelError: an item has no text to be judged.
    """
    return judge_with(cascade.load(settings), items, settings=settings, cache=cache) if items else []


def judge_with(
    networks: cascade.Networks, items: Sequence[JudgeItem], *, settings: Settings, cache: cascade.Cache | None = None
) -> list[Evidence]:
    """Judge with these networks; else as ``judge``."""
    for item in items:
        if not item.hypothesis.strip() or not item.passage.text.strip():
            empty = "wording" if not item.hypothesis.strip() else "passage"
            message = f"Claim {item.claim.id} cannot be judged against {item.passage.id}: the {empty} is empty."
            raise ModelError(message)
    windows = [windows_of(item) for item in items]
    read = cascade.read(networks, items, windows, settings=settings, cache=cache)
    judged: list[Evidence] = []
    for item, found, readings in zip(items, windows, read, strict=True):
        outcome = _near_enough(item, _decide(item, found, readings, networks.deciding.calibration))
        outcome = _quoted(item, outcome)
        judged.append(_evidence(item, outcome, _nearest(outcome, found, readings)))
    return between.together(items, judged)


def models(settings: Settings) -> tuple[ModelUsed, ...]:
    """Return the stance models in force with the hashes of their weights, the deciding one last; shipped ones are not loaded.

    Raises:
        StanceModelError: one is missing or cannot be loaded.
    """
    tiers = ("fast", "accurate") if settings.stance_model == cascade.CASCADE else (settings.stance_model,)
    return tuple(_model(tier, settings) for tier in tiers)


def calibrations(settings: Settings) -> tuple[tuple[str, Calibration], ...]:
    """Return the stance networks in force with their calibration and thresholds, the deciding one last.

    Raises:
        StanceModelError: a calibration cannot be read, or a network that is not shipped cannot be loaded.
    """
    tiers = ("fast", "accurate") if settings.stance_model == cascade.CASCADE else (settings.stance_model,)
    return tuple(
        (tier, load_calibration(nli.FAST_FOLDER.with_name(tier) / "calibration.json"))
        if tier in ("fast", "accurate")
        else (tier, nli.load(settings).calibration)
        for tier in tiers
    )


def _model(tier: str, settings: Settings) -> ModelUsed:
    shipped = {"fast": nli.FAST_NAME, "accurate": nli.ACCURATE_NAME}.get(tier)
    if shipped is not None:
        return ModelUsed(role="stance", name=shipped, sha256=nli.shipped_sha256(tier))
    encoder = nli.load(settings)
    return ModelUsed(role="stance", name=encoder.name, sha256=encoder.sha256)


def _decide(
    item: JudgeItem, windows: Sequence[Window], readings: Sequence[cascade.Reading], limits: Calibration
) -> _Outcome:
    if not windows:
        return _unrelated(item)
    whole = windows[0]
    closest = max(windows[1:], key=lambda window: window.shared, default=whole)
    if not readings[0].decides:
        note = "Not judged closely: other passages bear more on the claim."
        return _Outcome(Stance.NEUTRAL, readings[0].row, whole, closest, note=note)
    # The passage, or a sentence of it that says all the claim does and is surer.
    speaking = [0, *(n for n, reading in enumerate(readings) if reading.decides and windows[n].shared >= RESTATED)]
    row = readings[max(speaking, key=lambda n: float(readings[n].row[[SUPPORTS, REFUTES]].max()))].row
    against = _rationale(windows, readings, REFUTES)
    if row[REFUTES] >= limits.refute_threshold:
        row = _of_its_time(item, against, row)
    refutes, supports = float(row[REFUTES]), float(row[SUPPORTS])
    repeated = refutes < SURE and any(_repeats(item, window) for window in windows)
    if refutes >= limits.refute_threshold and refutes >= supports and not repeated:
        return _counted(item, _Outcome(Stance.REFUTES, row, whole, against, _findings(item, against)))
    if supports >= limits.support_threshold:
        rationale = _rationale(windows, readings, SUPPORTS)
        return _checked(item, _Outcome(Stance.SUPPORTS, row, whole, rationale), _said_in(windows, rationale))
    undecided = _Outcome(Stance.NEUTRAL, row, whole, closest)
    # Related, and torn between the two sides: a figure, date or quotation that differs is what tore it.
    return _settled(item, _checked(item, undecided, closest)) if row[NEUTRAL] <= TORN_NEUTRAL else undecided


def _unrelated(item: JudgeItem) -> _Outcome:
    span = item.passage.sentences[0] if item.passage.sentences else item.passage.span
    nothing = Window(span, item.passage.text_in(span), 0.0, single=True)
    note = "Not judged: it has nothing in common with the claim."
    return _Outcome(Stance.NEUTRAL, np.array([0.0, 0.0, 1.0]), nothing, nothing, note=note)


def _of_its_time(item: JudgeItem, window: Window, row: Floats) -> Floats:
    """Let a sentence that speaks of another time than the claim contradict nothing.

    The network takes the round of another month, or the figure of another year, for a contradiction. That the same event is
    misdated is for the check of dates to say, which holds the rest of the sentence against the claim's.
    """
    from onrecord.stance import checks  # noqa: PLC0415  its libraries for quantities are heavy

    if not _of_another_time(item, window):
        return row
    if any(found.outcome == "different" for found in checks.DATES.compare(_pair(item, window))):
        return row
    held = row.copy()
    held[NEUTRAL], held[REFUTES] = row[NEUTRAL] + row[REFUTES], 0.0
    return held


def _of_another_time(item: JudgeItem, window: Window) -> bool:
    """Tell whether the claim names a time and the window, or else its passage or its title, names times but not that one.

    Only of a dated source: an undated one is a work of reference, where another year is as likely a correction. Measured with
    the cascade on 25 November 2026: starter claims end to end 0.640 before, 0.691 after; applied to undated evidence too, it
    cost 0.025 on FEVER-symmetric and 0.010 on edited Wikipedia pairs.
    """
    from onrecord.quantities import read_days, times_meet  # noqa: PLC0415  its tables are heavy

    source = item.passage.source
    if source.published is None:
        return False
    claimed = read_days(item.hypothesis, item.article_date)
    texts = (window.text, item.passage.text, source.title)
    given = next((days for text in texts if (days := read_days(text, source.published))), [])
    return not times_meet(claimed, given)


def _on_other_days(item: JudgeItem) -> str:
    """Say why a passage is no support for a claim that says on which day or in which month: it names others; else empty.

    Only what was done "on" a day counts, not what is "since" one or is called by a year; the day on which the source was
    published is as good as one that it names. Kept runs judged again, 26 November 2026: Check-COVID +0.007, four other sets 0.
    """
    from onrecord.quantities import days_meet, read_dates, read_days  # noqa: PLC0415  its tables are heavy

    source = item.passage.source
    given = read_days(f"{source.title}\n{item.passage.text}", source.published)
    if given and source.published:
        slack = dt.timedelta(days=quoted.DAYS_OFF)
        given.append((source.published - slack, source.published + slack))
    for date in read_dates(item.hypothesis, item.article_date) if given else ():
        fixed = date.precision in {"day", "month"} and date.role == "on" and not date.relative
        if fixed and date.start and date.end and not days_meet((date.start, date.end), given):
            return f"Not support: it is of other days than {date.span.of(item.hypothesis)}."
    return ""


def _repeats(item: JudgeItem, window: Window) -> bool:
    """Tell whether a window is the claim to the letter: a sentence does not contradict itself."""
    claim, words = (fold(text).text.casefold().strip(" .") for text in (item.hypothesis, window.text))
    return claim == words


def _settled(item: JudgeItem, outcome: _Outcome) -> _Outcome:
    """Settle a torn window that says the claim's own words, if the network leans to support and all figures and dates agree.

    The network has learnt that a changed figure contradicts, and doubts even a sentence that repeats the claim to the letter.
    """
    compared = [finding.outcome for finding in outcome.findings if finding.check in {"numbers", "dates"}]
    if (
        outcome.stance is not Stance.NEUTRAL
        or (outcome.row[SUPPORTS] <= outcome.row[REFUTES] and not _repeats(item, outcome.rationale))
        or outcome.rationale.shared < RESTATED
        or not compared
        or not set(compared) <= {"equal", "rounded"}
    ):
        return outcome
    row = outcome.row.copy()
    row[SUPPORTS], row[REFUTES] = row[SUPPORTS] + row[REFUTES], 0.0
    return replace(
        outcome, stance=Stance.SUPPORTS, row=row, note="The wording is the same, and its figures and dates agree."
    )


def _counted(item: JudgeItem, outcome: _Outcome) -> _Outcome:
    """Settle a contradiction that only counting days could have borne out: the passage says the rest, and the days agree.

    "Four days after the invasion began" of a source that dates both: the network cannot count, and doubts it.
    """
    from onrecord.stance import checks  # noqa: PLC0415  its libraries for quantities are heavy

    others = any(finding.outcome == "different" for finding in outcome.findings)
    if others or outcome.row[REFUTES] >= SURE or item.question != "true":
        return outcome
    whole = outcome.window
    found = checks.interval(_pair(item, whole))
    if found is None:
        return outcome
    length = found.claim_span
    rest = content_words(item.hypothesis[: length.start] + item.hypothesis[length.end :])
    if len(rest & content_words(whole.text)) < RESTATED * len(rest):
        return outcome
    row, held = outcome.row.copy(), outcome.row.copy()
    row[SUPPORTS], row[REFUTES] = row[SUPPORTS] + row[REFUTES], 0.0
    held[NEUTRAL], held[REFUTES] = row[NEUTRAL] + held[REFUTES], 0.0
    counted = checks.shifted(found, whole.span.start)
    settled = _Outcome(Stance.SUPPORTS, row, whole, whole, (counted,), f"It says the rest, and {found.message}.")
    hedge = _hedge(whole.text, item.hypothesis)
    return replace(settled, stance=Stance.NEUTRAL, row=held, note=hedge) if hedge else settled


def _rationale(windows: Sequence[Window], readings: Sequence[cascade.Reading], column: int) -> Window:
    """Return the narrowest window that says the same: a single sentence nearly as probable as the whole passage, both alone."""
    whole = windows[0]
    best = _most_probable(windows, readings, column)
    enough = readings[0].alone[column] - RATIONALE_SLACK
    return windows[best] if best and readings[best].alone[column] >= enough else whole


def _most_probable(windows: Sequence[Window], readings: Sequence[cascade.Reading], column: int) -> int:
    """Return the number of the sentence most probable alone; 0, the whole passage, where there is no other."""
    return max(range(1, len(windows)), key=lambda number: float(readings[number].alone[column]), default=0)


def _nearest(outcome: _Outcome, windows: Sequence[Window], readings: Sequence[cascade.Reading]) -> Span | None:
    """Return where a reader looks first in a passage that decides only as a whole: the sentence most probable alone.

    Of a support it is the one that was checked.
    """
    if outcome.stance is Stance.NEUTRAL or len(windows) == 1 or outcome.rationale != windows[0]:
        return None
    if outcome.stance is Stance.SUPPORTS and (checked := _said_in(windows, outcome.rationale)).single:
        return checked.span
    column = SUPPORTS if outcome.stance is Stance.SUPPORTS else REFUTES
    return windows[_most_probable(windows, readings, column)].span


def _said_in(windows: Sequence[Window], rationale: Window) -> Window:
    """Return the sentence of the rationale that says most of the claim, or all of it where none says half.

    Another sentence's figure is that of something else, and what it calls alleged is not the claim.
    """
    if rationale.single or len(windows) == 1:
        return rationale
    most = max(windows[1:], key=lambda window: window.shared)
    return most if most.shared >= HALF_SAID else rationale


def _checked(item: JudgeItem, outcome: _Outcome, looked_at: Window, *, verbatim: bool = False) -> _Outcome:
    """Hold a supposed support, or a window that tears the network, against the checks beside it.

    ``verbatim``: its words were found as a quotation, whose days `quoted` has compared.
    """
    findings = _findings(item, looked_at) + _votes(item, outcome.window)
    different = next((f for f in findings if f.outcome == "different" and not _day_of_saying(item, f)), None)
    if different is not None:
        # Another day with another figure is another event; another day with the same figure is the same event misdated.
        other_figure = any(f.check == "numbers" and f.outcome in {"different", "not_comparable"} for f in findings)
        elsewhere = different.check == "names" or (different.check == "dates" and other_figure)
        stance = Stance.NEUTRAL if elsewhere else Stance.REFUTES
        column = NEUTRAL if stance is Stance.NEUTRAL else REFUTES
        row = outcome.row.copy()
        row[SUPPORTS], row[column] = 0.0, row[column] + row[SUPPORTS]
        note = f"The subject agrees, but not the {different.check}: {different.message}"
        shows = looked_at if different.evidence_span.overlaps(looked_at.span) else outcome.window
        return replace(outcome, stance=stance, row=row, rationale=shows, findings=findings, note=note)
    if outcome.stance is not Stance.SUPPORTS:
        return replace(outcome, findings=findings)
    hedge = _hedge(looked_at.text, item.hypothesis) or _of_another(item, looked_at)
    hedge = hedge or ("" if verbatim else _on_other_days(item))
    if hedge:
        row = outcome.row.copy()
        row[SUPPORTS], row[NEUTRAL] = 0.0, row[NEUTRAL] + row[SUPPORTS]
        return replace(outcome, stance=Stance.NEUTRAL, row=row, findings=findings, note=hedge)
    return replace(outcome, findings=findings)


def _day_of_saying(item: JudgeItem, found: Finding) -> bool:
    """Tell whether a date that differs says when it was said, and the source is of that day: its own dates are of what was.

    "The paper wrote in May that he had come in April", of the paper of 5 May that says "he came on 9 April".
    """
    from onrecord.quantities import days_meet, read_days  # noqa: PLC0415  its tables are heavy

    published = item.passage.source.published
    return (
        item.question == "said"
        and found.check == "dates"
        and published is not None
        and found.claim_value.casefold() not in item.claim.proposition.casefold()
        and any(days_meet(days, [(published, published)]) for days in read_days(found.claim_value, item.article_date))
    )


def _near_enough(item: JudgeItem, outcome: _Outcome) -> _Outcome:
    """Let a passage that is far from the claim decide nothing unless it is sure."""
    column = SUPPORTS if outcome.stance is Stance.SUPPORTS else REFUTES
    if outcome.stance is Stance.NEUTRAL or not far(item) or outcome.row[column] >= SURE_OF_FAR * outcome.row.sum():
        return outcome
    row = outcome.row.copy()
    row[column], row[NEUTRAL] = 0.0, row[NEUTRAL] + row[column]
    return replace(outcome, stance=Stance.NEUTRAL, row=row, note=TOO_FAR)


def _quoted(item: JudgeItem, outcome: _Outcome) -> _Outcome:
    """Let the words of a quotation decide where they are found; figures, dates and names are held against it all the same."""
    found = quoted.verify(item)
    if found is None:
        return outcome
    sentences = [span for span in item.passage.sentences if span.overlaps(found.span)] or [item.passage.span]
    span = Span(start=sentences[0].start, end=sentences[-1].end)
    window = Window(span, item.passage.text_in(span), 1.0, single=len(sentences) == 1)
    row = np.full(3, (1.0 - quoted.PROBABILITY) / 2)
    row[SUPPORTS if found.stance is Stance.SUPPORTS else REFUTES] = quoted.PROBABILITY
    settled = replace(outcome, stance=found.stance, row=row, window=window, rationale=window, findings=(), note="")
    if found.stance is Stance.SUPPORTS:
        settled = _checked(item, settled, window, verbatim=True)
    others = tuple(finding for finding in settled.findings if finding.check != "quotes")
    return replace(settled, findings=(found.finding, *others))


def _hedge(window: str, hypothesis: str) -> str:
    """Say why a window that repeats the claim is no support for it; empty if it is not of that kind."""
    for pattern, what, answers in (
        (_DENIAL, "a denial", _DENIES),
        (_RUMOUR, "a rumour, an allegation or a question", _RUMOUR),
    ):
        cue = pattern.search(window)
        if cue and not pattern.search(hypothesis) and not answers.search(hypothesis):
            return f"Not support: the passage reports {what} (“{cue.group()}”), it does not assert this."
    return ""


def _of_another(item: JudgeItem, looked_at: Window) -> str:
    """Say why an account is no support that the speaker said so: it gives the words as somebody else's; else empty."""
    attribution = item.claim.attribution
    if item.question != "said" or item.own_words or attribution is None:
        return ""
    others = other_speakers(item.passage, attribution.speaker) or _says_instead(
        item, attribution.speaker, looked_at.text
    )
    return f"{GIVEN_TO_ANOTHER}{others}, not by {attribution.speaker}." if others else ""


def _says_instead(item: JudgeItem, speaker: str, sentence: str) -> str:
    """Return which other person says it in a sentence that does not name the speaker, a person; else empty."""
    from onrecord.stance.checks import names  # noqa: PLC0415  it parses

    family = family_name(speaker)
    if not family or family in sentence.casefold() or not names.is_person(item.claim.standalone, family):
        return ""
    if any(same_person(speaker, name) for name, _ in names.sayers(item.passage.text)):
        return ""  # which of them says it, the words of one sentence do not tell
    return next((name for name, _ in names.sayers(sentence) if not same_person(speaker, name)), "")


def _findings(item: JudgeItem, window: Window) -> tuple[Finding, ...]:
    """Run the catalogue of checks on a window; findings point into the version's text."""
    from onrecord.stance import checks  # noqa: PLC0415  its libraries for quantities are heavy

    return checks.run_checks(
        item.hypothesis,
        window.text,
        evidence_offset=window.span.start,
        claim_date=item.article_date,
        source_date=item.passage.source.published,
        heading=item.passage.source.title,
    )


def _votes(item: JudgeItem, window: Window) -> tuple[Finding, ...]:
    """Hold the outcome of a vote against that in a whole passage, whose other sentences name what was voted on."""
    from onrecord.stance import checks  # noqa: PLC0415  its libraries for quantities are heavy

    if not checks.tally(item.hypothesis):
        return ()
    return tuple(checks.shifted(found, window.span.start) for found in checks.VOTES.compare(_pair(item, window)))


def _pair(item: JudgeItem, window: Window) -> Pair:
    """Return the wording beside a window, for a check."""
    from onrecord.stance import checks  # noqa: PLC0415  its libraries for quantities are heavy

    source = item.passage.source
    return checks.Pair.of(
        item.hypothesis,
        window.text,
        claim_date=item.article_date,
        source_date=source.published,
        heading=source.title,
    )


def _evidence(item: JudgeItem, outcome: _Outcome, nearest: Span | None) -> Evidence:
    row = outcome.row / outcome.row.sum()
    supports, refutes = float(row[SUPPORTS]), float(row[REFUTES])
    published = item.passage.source.published
    return Evidence(
        passage=item.passage,
        hit=item.hit,
        question=item.question,
        hypothesis=item.hypothesis,
        own_words=item.own_words,
        stance=outcome.stance,
        probabilities=StanceProbabilities(
            supports=supports, refutes=refutes, neutral=max(0.0, 1.0 - supports - refutes)
        ),
        rationale=outcome.rationale.span,
        rationale_text=outcome.rationale.text,
        nearest=nearest,
        window=outcome.window.span,
        findings=outcome.findings,
        later_than_article=bool(item.article_date and published and published > item.article_date),
        note=outcome.note,
    )
