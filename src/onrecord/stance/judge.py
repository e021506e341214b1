"""Judge passages against claims: sentence windows, contradiction first, and abstention where little is in common.

One item is one question about one passage. Its windows are judged, not the passage alone: each sentence, and the passage's
sentences together, so that a decisive sentence is not drowned by its neighbours and one that needs them is not cut off.
What decides:

1. A passage that shares no content word with the claim and is known not to be near it is not judged: neutral. Nearness
   alone is never support; it only lets a window be judged.
2. The strongest contradiction is looked at first. It wins when it reaches its threshold and is not weaker than the
   strongest support; then the strongest support, when it reaches its own threshold; else the passage is neutral.
3. A support is then checked: a number, date or quotation that differs turns it into a conflict, another name into an
   abstention, and a window that only repeats a rumour, asks, or reports a denial is not support.
   Nothing here turns anything into support.
4. A passage that search found far from the claim decides nothing.
5. The words of a quotation decide whether it was said, where they are found (``quoted``).

The thresholds are those of the model's calibration.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from onrecord.errors import ModelError
from onrecord.records import Evidence, Finding, ModelUsed, Span, Stance, StanceProbabilities
from onrecord.settings import Settings
from onrecord.stance import nli, quoted
from onrecord.stance.calibrate import NEUTRAL, REFUTES, SUPPORTS, Calibration, Floats
from onrecord.stance.questions import JudgeItem, other_speakers
from onrecord.text import fold

WINDOWS_PER_PASSAGE = 3
"""Single sentences judged besides the passage as a whole, those that share most with the claim first."""
RELATED_COSINE = 0.2
"""A passage at least this near (embedding cosine) is judged even where no content word is shared: other words, same thing.
Of such pairs in six development sets, 0.35 lost 33 to 75 % of the true supports in five; 0.2 loses 0 to 33 %, and keeps 47
to 91 % of random pairs from the network."""
DECIDING_COSINE = 0.5
"""A passage farther than this from the claim (embedding cosine, where search gives one) is related and decides nothing:
among a dozen passages about other meetings or other years the network finds a contradiction too easily."""
TORN_NEUTRAL = 0.4
"""A window on which the network has a view (neutral at most this), but for neither side enough, is held against the checks."""
SURE = 0.7
"""Below it the network is torn when it calls a sentence that repeats the claim to the letter a contradiction."""
RESTATED = 0.95
"""Share of the claim's content words in a window that restates it."""
RATIONALE_SLACK = 0.05
"""A single sentence is named as rationale rather than the whole window when it is at most this much less probable."""

_WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*")
_STOP = frozenset(
    re.findall(
        r"\w+",
        """
    a about above after again all also am an and any are as at be because been before being below between both but
    by can could did do does doing down during each few for from further had has have having he her here hers him
    his how i if in into is it its itself just may me might more most must my no nor not now of off on once only or
    other our out over own said same say says shall she should so some such than that the their them then there
    these they this those through to too under until up very was we were what when where which while who whom why
    will with would you your
    """,
    )
)
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


@dataclass(frozen=True, slots=True)
class _Window:
    """A range of a version's text and its words."""

    span: Span
    text: str
    shared: float
    """Share of the claim's content words that it holds, 0 to 1."""
    single: bool


@dataclass(frozen=True, slots=True)
class _Outcome:
    """A stance on one item, before it becomes a record."""

    stance: Stance
    row: Floats
    window: _Window
    rationale: _Window
    findings: tuple[Finding, ...] = ()
    note: str = ""


def judge(items: Sequence[JudgeItem], *, settings: Settings) -> list[Evidence]:
    """Judge every item and return the evidence in the items' order.

    Equal (window, wording) pairs are judged once, and all pairs of all items go through the network together, sorted by length.

    Raises:
        StanceModelError: the stance model cannot be loaded or fails its golden pairs.
        ModelError: an item has no text to be judged.
    """
    if not items:
        return []
    for item in items:
        if not item.hypothesis.strip() or not item.passage.text.strip():
            empty = "wording" if not item.hypothesis.strip() else "passage"
            message = f"Claim {item.claim.id} cannot be judged against {item.passage.id}: the {empty} is empty."
            raise ModelError(message)
    encoder = nli.load(settings)
    windows = [_windows(item) for item in items]
    numbers: dict[tuple[str, str], int] = {}
    for item, found in zip(items, windows, strict=True):
        for window in found:
            numbers.setdefault((window.text, item.hypothesis), len(numbers))
    table = encoder.probabilities(list(numbers))
    judged: list[Evidence] = []
    for item, found in zip(items, windows, strict=True):
        rows = [table[numbers[window.text, item.hypothesis]] for window in found]
        outcome = _near_enough(item, _decide(item, found, rows, encoder.calibration))
        judged.append(_evidence(item, _quoted(item, outcome)))
    return judged


def models(settings: Settings) -> tuple[ModelUsed, ...]:
    """Return the stance model in force with the hash of its weights; the shipped one is not loaded for it.

    Raises:
        StanceModelError: it is missing or cannot be loaded.
    """
    if settings.stance_model == "fast":
        return (ModelUsed(role="stance", name=nli.FAST_NAME, sha256=nli.shipped_sha256()),)
    encoder = nli.load(settings)
    return (ModelUsed(role="stance", name=encoder.name, sha256=encoder.sha256),)


def content_words(text: str) -> frozenset[str]:
    """Return the content words of a text, cut to crude stems so that inflections meet.

    >>> sorted(content_words("The ministries were accepting 1,200 offers"))
    ['1200', 'accept', 'ministry', 'offer']
    """
    return frozenset(_stem(word) for word in (m.group().casefold() for m in _WORD.finditer(text)) if word not in _STOP)


def _stem(word: str) -> str:
    if word[0].isdigit():
        return word.replace(",", "")
    for ending, kept in (("ies", "y"), ("ied", "y"), ("sses", "ss"), ("ing", ""), ("ed", ""), ("es", ""), ("s", "")):
        if word.endswith(ending) and len(word) - len(ending) > 2 and not word.endswith("ss"):  # noqa: PLR2004  "is", "red"
            return (word[: -len(ending)] + kept).rstrip("e")
    return word.rstrip("e") if len(word) > 3 else word  # noqa: PLR2004  "the same" for accept/accepts, close/closed


def _windows(item: JudgeItem) -> list[_Window]:
    """Return the windows of an item that are worth judging; empty when nothing in the passage is related to the wording."""
    passage, words = item.passage, content_words(item.hypothesis)
    # Without a known cosine only the network can tell: 5 to 25 % of the true pairs of the scientific and colloquial development
    # sets share no content word ("ovine", "sheep").
    near = item.hit.dense_score is None or item.hit.dense_score >= RELATED_COSINE

    def window(span: Span, *, single: bool) -> _Window:
        text = span.shifted(-passage.span.start).of(passage.text)
        shared = len(words & content_words(text)) / len(words) if words else 1.0
        return _Window(span, text, shared, single)

    whole = window(passage.span, single=len(passage.sentences) <= 1)
    if not near and whole.shared == 0.0:
        return []
    if whole.single:
        return [whole]
    singles = [window(span, single=True) for span in passage.sentences]
    ranked = sorted((w for w in singles if near or w.shared > 0.0), key=lambda w: -w.shared)[:WINDOWS_PER_PASSAGE]
    return [whole, *sorted(ranked, key=lambda w: w.span.start)]


def _decide(item: JudgeItem, windows: Sequence[_Window], rows: Sequence[Floats], limits: Calibration) -> _Outcome:
    if not windows:
        span = item.passage.sentences[0] if item.passage.sentences else item.passage.span
        nothing = _Window(span, span.shifted(-item.passage.span.start).of(item.passage.text), 0.0, single=True)
        row = np.array([0.0, 0.0, 1.0])
        return _Outcome(
            Stance.NEUTRAL, row, nothing, nothing, note="Not judged: it has nothing in common with the claim."
        )
    table = np.stack(rows)
    against, for_it = int(table[:, REFUTES].argmax()), int(table[:, SUPPORTS].argmax())
    refutes, supports = float(table[against, REFUTES]), float(table[for_it, SUPPORTS])
    if (
        refutes >= limits.refute_threshold
        and refutes >= supports
        and not (refutes < SURE and _repeats(item, windows[against]))
    ):
        note = "Another sentence of the passage points the other way." if supports >= limits.support_threshold else ""
        chosen = _Outcome(
            Stance.REFUTES, table[against], windows[against], _rationale(windows, table, against, REFUTES), note=note
        )
        return replace(chosen, findings=_findings(item, chosen.window))
    if supports >= limits.support_threshold:
        note = "Another sentence of the passage points the other way." if refutes >= limits.refute_threshold else ""
        rationale = _rationale(windows, table, for_it, SUPPORTS)
        return _checked(item, _Outcome(Stance.SUPPORTS, table[for_it], windows[for_it], rationale, note=note))
    # Neutral: shown by the window in which the network saw most, so that a reader can disagree.
    best = int((1.0 - table[:, NEUTRAL]).argmax())
    undecided = _Outcome(Stance.NEUTRAL, table[best], windows[best], _rationale(windows, table, best, None))
    # Related, and torn between the two sides: a figure, date or quotation that differs is what tore it.
    return _settled(item, _checked(item, undecided)) if table[best, NEUTRAL] <= TORN_NEUTRAL else undecided


def _repeats(item: JudgeItem, window: _Window) -> bool:
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
        or (outcome.row[SUPPORTS] <= outcome.row[REFUTES] and not _repeats(item, outcome.window))
        or outcome.window.shared < RESTATED
        or not compared
        or not set(compared) <= {"equal", "rounded"}
    ):
        return outcome
    row = outcome.row.copy()
    row[SUPPORTS], row[REFUTES] = row[SUPPORTS] + row[REFUTES], 0.0
    return replace(
        outcome, stance=Stance.SUPPORTS, row=row, note="The wording is the same, and its figures and dates agree."
    )


def _rationale(windows: Sequence[_Window], table: Floats, chosen: int, column: int | None) -> _Window:
    """Return the narrowest window that says the same: a single sentence nearly as probable as the chosen window."""
    if windows[chosen].single:
        return windows[chosen]
    singles = [number for number, window in enumerate(windows) if window.single]
    if not singles:
        return windows[chosen]
    if column is None:
        return windows[max(singles, key=lambda number: windows[number].shared)]
    best = max(singles, key=lambda number: float(table[number, column]))
    return windows[best] if table[best, column] >= table[chosen, column] - RATIONALE_SLACK else windows[chosen]


def _checked(item: JudgeItem, outcome: _Outcome) -> _Outcome:
    """Hold a supposed support, or a window that tears the network, against the checks beside it."""
    findings = _findings(item, outcome.window)
    different = next((finding for finding in findings if finding.outcome == "different"), None)
    if different is not None:
        # Another day with another figure is another event; another day with the same figure is the same event misdated.
        other_figure = any(f.check == "numbers" and f.outcome in {"different", "not_comparable"} for f in findings)
        elsewhere = different.check == "names" or (different.check == "dates" and other_figure)
        stance = Stance.NEUTRAL if elsewhere else Stance.REFUTES
        column = NEUTRAL if stance is Stance.NEUTRAL else REFUTES
        row = outcome.row.copy()
        row[SUPPORTS], row[column] = 0.0, row[column] + row[SUPPORTS]
        note = f"The subject agrees, but not the {different.check}: {different.message}"
        return replace(outcome, stance=stance, row=row, findings=findings, note=note)
    if outcome.stance is not Stance.SUPPORTS:
        return replace(outcome, findings=findings)
    hedge = _hedge(outcome.window.text, item.hypothesis) or _of_another(item)
    if hedge:
        row = outcome.row.copy()
        row[SUPPORTS], row[NEUTRAL] = 0.0, row[NEUTRAL] + row[SUPPORTS]
        return replace(outcome, stance=Stance.NEUTRAL, row=row, findings=findings, note=hedge)
    return replace(outcome, findings=findings)


def _near_enough(item: JudgeItem, outcome: _Outcome) -> _Outcome:
    """Let a passage that is far from the claim decide nothing."""
    cosine = item.hit.dense_score
    if outcome.stance is Stance.NEUTRAL or cosine is None or cosine >= DECIDING_COSINE:
        return outcome
    column = SUPPORTS if outcome.stance is Stance.SUPPORTS else REFUTES
    row = outcome.row.copy()
    row[column], row[NEUTRAL] = 0.0, row[NEUTRAL] + row[column]
    return replace(outcome, stance=Stance.NEUTRAL, row=row, note="Too far from the claim to decide it.")


def _quoted(item: JudgeItem, outcome: _Outcome) -> _Outcome:
    """Let the words of a quotation decide where they are found; figures, dates and names are held against it all the same."""
    found = quoted.verify(item)
    if found is None:
        return outcome
    sentences = [span for span in item.passage.sentences if span.overlaps(found.span)] or [item.passage.span]
    span = Span(start=sentences[0].start, end=sentences[-1].end)
    window = _Window(
        span, span.shifted(-item.passage.span.start).of(item.passage.text), 1.0, single=len(sentences) == 1
    )
    row = np.full(3, (1.0 - quoted.PROBABILITY) / 2)
    row[SUPPORTS if found.stance is Stance.SUPPORTS else REFUTES] = quoted.PROBABILITY
    settled = replace(outcome, stance=found.stance, row=row, window=window, rationale=window, findings=(), note="")
    if found.stance is Stance.SUPPORTS:
        settled = _checked(item, settled)
    others = tuple(finding for finding in settled.findings if finding.check != "quotes")
    return replace(settled, findings=(found.finding, *others))


def _hedge(window: str, hypothesis: str) -> str:
    """Say why a window that repeats the claim is no support for it; empty if it is not of that kind."""
    for pattern, what in ((_DENIAL, "a denial"), (_RUMOUR, "a rumour, an allegation or a question")):
        cue = pattern.search(window)
        if cue and not pattern.search(hypothesis):
            return f"Not support: the passage reports {what} (“{cue.group()}”), it does not assert this."
    return ""


def _of_another(item: JudgeItem) -> str:
    """Say why an account is no support that the speaker said so: it gives the words as somebody else's; else empty."""
    attribution = item.claim.attribution
    if item.question != "said" or item.own_words or attribution is None:
        return ""
    others = other_speakers(item.passage, attribution.speaker)
    return f"Not support: the source gives this as said by {others}, not by {attribution.speaker}." if others else ""


def _findings(item: JudgeItem, window: _Window) -> tuple[Finding, ...]:
    """Run the catalogue of checks on a window; findings point into the version's text."""
    from onrecord.stance import checks  # noqa: PLC0415  its libraries for quantities are heavy

    return checks.run_checks(
        item.hypothesis,
        window.text,
        evidence_offset=window.span.start,
        claim_date=item.article_date,
        source_date=item.passage.source.published,
    )


def _evidence(item: JudgeItem, outcome: _Outcome) -> Evidence:
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
        window=outcome.window.span,
        findings=outcome.findings,
        later_than_article=bool(item.article_date and published and published > item.article_date),
        note=outcome.note,
    )
