"""Claims in words that stand alone: references resolved, dates made absolute, compound sentences taken apart.

Parts are always cut from the article; what is added (a shared subject, a resolved name) is added in the wording only,
never in the span.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from onrecord.claims.resolve import noun_phrase, subject_of
from onrecord.claims.select import is_finite
from onrecord.records import Span, Unresolved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onrecord.claims.attribute import Report
    from onrecord.claims.linguistics import ParsedArticle, ParsedSentence, Token
    from onrecord.claims.resolve import Referents, Resolution

_NEVER_SPLIT_MARKS = frozenset(
    "if unless whether while although though when until because since as once lest whereas before after than".split()
)
_NEVER_SPLIT_WORDS = frozenset("either or nor neither rather only".split())
_QUANTIFIED = frozenset(
    "no few neither none nobody nothing hardly scarcely some most many each every any half several both all".split()
)
_LEADING = frozenset(
    "however furthermore moreover additionally meanwhile also besides therefore thus nevertheless nonetheless but and so"
    " yet still".split()
)
_QUOTES = '“”„«»"'


@dataclass(frozen=True, slots=True)
class Part:
    """An atomic piece of a sentence: its range, and the wordings as runs of the article and literal words between them.

    ``whole`` is the wording with its attribution, ``bare`` without; items are ranges of the article or literal strings.
    ``head`` is the verb of the part's clause.
    """

    span: Span
    whole: tuple[Span | str, ...]
    bare: tuple[Span | str, ...]
    head: Token | None


Piece = tuple[Span, tuple["Span | str", ...], Any]
"""A range, what to put before it, and the verb of its clause."""


def compose(
    items: Sequence[Span | str],
    article: ParsedArticle,
    referents: Referents,
    published: dt.date | None,
    *,
    quoted: Sequence[Span] = (),
) -> str:
    """Return the wording of ``items`` with everything resolvable resolved, as a sentence.

    A name is written in full once; a pronoun whose antecedent already stands in the wording is left. What is changed inside the
    ranges ``quoted`` stands in square brackets.
    """
    written = ""
    for item in items:
        if isinstance(item, str):
            written += item
            continue
        at = item.start
        for resolution in _outermost(referents.within(item)):
            if resolution.span.start < at:
                continue
            written += _after_mark(written, article.text[at : resolution.span.start])
            words = _written(resolution, article.text, written)
            changed = words != resolution.span.of(article.text)
            inside = changed and any(range_.contains(resolution.span) for range_ in quoted)
            written += f"[{words}]" if inside else words
            at = resolution.span.end
        written += _after_mark(written, article.text[at : item.end])
    return as_sentence(absolute_dates(written, published))


def _after_mark(before: str, words: str) -> str:
    """Give a quotation that now begins here its capital."""
    return words[:1].upper() + words[1:] if before.endswith(" said: “") else words


def _outermost(found: Sequence[Resolution]) -> list[Resolution]:
    return [r for r in found if not any(o is not r and o.span.contains(r.span) and o.span != r.span for o in found)]


def _written(resolution: Resolution, text: str, before: str) -> str:
    words = resolution.span.of(text)
    if resolution.person and resolution.person in before:
        # Named already in this wording: "Putin" and "he" are clear.
        return words
    if resolution.in_sentence and not resolution.person and resolution.replacement.lower() in before.lower():
        return words
    return resolution.replacement


def as_sentence(words: str) -> str:
    """Return ``words`` with one space between words, a capital first and a full stop last."""
    text = re.sub(r"\s+", " ", words).strip().strip(",;:").strip()
    text = re.sub(r"\s+([,.;:!?])", r"\1", text)
    text = re.sub(r",(?=[,.;:])", "", text)
    # A mark whose partner was cut away says nothing any more.
    for opening, closing in (("“", "”"), ("«", "»")):
        if text.count(opening) != text.count(closing):
            text = text.replace(opening, "").replace(closing, "")
    if text.count('"') % 2:
        text = text.replace('"', "")
    if not text:
        return text
    text = text[0].upper() + text[1:]
    return text if text.rstrip("”»\"')").endswith((".", "!", "?", "…")) else text + "."


# Parts.


def parts_of(article: ParsedArticle, sentence: ParsedSentence, report: Report | None) -> list[Part]:
    """Return the atomic parts of a sentence in order; one part when it cannot safely be taken apart.

    Only clauses that are each complete and finite are parted, joined by "and", "but" or a semicolon, or hung on at the end by
    ", which" or ", who". Conditions, alternatives, shared auxiliaries and negations, and quantified subjects keep a
    sentence whole.
    Reported speech is parted inside its content, and each part keeps the report around it.
    """
    start = sentence.base
    for token in sentence.doc[:2]:
        # "However, …" joins a sentence to its neighbours; standing alone it says nothing.
        if token.lower_ in _LEADING and token.dep_ in ("advmod", "cc") and token.i == 0 and len(sentence.doc) > 3:  # noqa: PLR2004
            following = sentence.doc[2] if sentence.doc[1].text == "," else sentence.doc[1]
            comma_or_conjunction = sentence.doc[1].text == "," or token.dep_ == "cc"
            start = sentence.base + following.idx if comma_or_conjunction else start
    body = Span(start=start, end=sentence.base + len(sentence.text.rstrip()))
    before, core, after = _frame(article.text, body, report)
    clause = sentence.root if report is None else report.clause
    single = Part(sentence.span, (body,), (core,), clause)
    if report is not None and clause is not None and (linked := _small_clause(sentence, clause, core)):
        return [Part(sentence.span, (body,), linked, clause)]
    if report is not None and (
        report.negated or sum(s.overlaps(body) for s in report.content) > 1 or report.sentence != sentence.index
    ):
        return [single]
    if clause is None or _unsafe(clause):
        return [single]
    pieces = _pieces(sentence, clause, core)
    if len(pieces) < 2:  # noqa: PLR2004
        return [single]
    parts: list[Part] = []
    for number, (span, lead, head) in enumerate(pieces):
        first = sentence.span.start if number == 0 else span.start
        last = sentence.span.end if number == len(pieces) - 1 else span.end
        bare = (*lead, span)
        whole = (*((before,) if before else ()), *bare, *((after,) if after else ()))
        parts.append(Part(Span(start=first, end=last), whole, bare, head))
    return parts


def continued(part: Part, report: Report) -> Part:
    """Return ``part`` as said by the speaker of a quotation that began in another sentence."""
    core = part.bare[-1]
    return Part(part.span, (f"{report.speaker} said: “", core, "”"), (core,), part.head)


def reported_part(part: Part, sentence: ParsedSentence, report: Report) -> Part:
    """Return ``part`` with the content of a report that its own verb makes as its bare wording."""
    content = [s for s in report.content if sentence.span.overlaps(s)]
    if not content:
        return part
    core = Span(start=content[0].start, end=min(content[-1].end, part.span.end))
    return Part(part.span, part.whole, (core,), part.head)


def _small_clause(sentence: ParsedSentence, clause: Token, core: Span) -> tuple[Span | str, ...]:
    """Return "these understandings are a suitable foundation" for "considers these understandings a suitable foundation"."""
    subject = next((c for c in clause.children if c.dep_ in ("nsubj", "nsubjpass")), None)
    if (
        subject is None
        or clause.pos_ not in ("NOUN", "ADJ", "PROPN")
        or any(c.dep_ in ("cop", "aux", "mark") for c in clause.children)
    ):
        return ()
    last = max(t.i for t in subject.subtree)
    if last >= clause.i or last + 1 >= len(sentence.doc):
        return ()
    rest = sentence.doc[last + 1]
    plural = (
        subject.tag_ in ("NNS", "NNPS")
        or subject.lower_ in ("these", "those", "they")
        or any(c.dep_ == "conj" for c in subject.children)
    )
    verb = " are " if plural else " is "
    first = sentence.span_of(list(subject.subtree))
    second_start = sentence.base + rest.idx
    if not core.start <= first.start < second_start < core.end:
        return ()
    return (first, verb, Span(start=second_start, end=core.end))


def _frame(text: str, body: Span, report: Report | None) -> tuple[Span | None, Span, Span | None]:
    """Return what stands before the content, the content, and what stands after it."""
    if report is None or not report.content:
        return None, body, None
    here = [s for s in report.content if s.overlaps(body)]
    if not here:
        return None, body, None
    content = Span(start=here[0].start, end=here[-1].end)
    core = Span(start=max(body.start, content.start), end=min(body.end, content.end))
    if text[core.start : core.start + 5].lower() == "that " and core.end - core.start > 5:  # noqa: PLR2004  "that "
        core = Span(start=core.start + 5, end=core.end)
    before = Span(start=body.start, end=core.start) if core.start > body.start else None
    after = Span(start=core.end, end=body.end) if core.end < body.end else None
    return before, core, after


def _unsafe(clause: Token) -> bool:
    """Tell whether parting ``clause`` could change what it says."""
    tokens = list(clause.subtree)
    if any(
        t.lower_ in _NEVER_SPLIT_WORDS and t.dep_ in ("cc", "preconj", "advmod") and t.lower_ != "only" for t in tokens
    ):
        return True
    return any(
        t.dep_ in ("mark", "advmod") and t.lower_ in ("if", "unless", "whether", "when", "until") for t in tokens
    )


def _pieces(sentence: ParsedSentence, clause: Token, core: Span) -> list[Piece]:
    """Return the ranges of the parts with what has to be put before each."""
    verbs = [clause, *_coordinated(clause)]
    if len(verbs) < 2:  # noqa: PLR2004
        return _with_relative(sentence, clause, core)
    subject = subject_of(clause)
    if subject is None or any(t.lower_ in _QUANTIFIED for t in subject.subtree):
        return []
    fronted = _fronted(sentence, clause, subject)
    if _date_may_be_shared(verbs):
        return []
    cuts: list[tuple[int, int]] = []
    leads: list[tuple[Span | str, ...]] = []
    for verb in verbs[1:]:
        own = next((c for c in verb.children if c.dep_ in ("nsubj", "nsubjpass", "expl")), None)
        left = min(t.i for t in verb.subtree)
        gap = left - 1
        while gap > 0 and (sentence.doc[gap].dep_ in ("cc", "punct") or sentence.doc[gap].lower_ in ("and", "but")):
            gap -= 1
        cuts.append(
            (sentence.base + sentence.doc[gap].idx + len(sentence.doc[gap]), sentence.base + sentence.doc[left].idx)
        )
        if own is None:
            leads.append((*fronted, sentence.span_of(noun_phrase(subject, full=True)), " "))
        else:
            leads.append((*fronted,))
    pieces: list[Piece] = []
    start = core.start
    for (end, following), lead, verb in zip(cuts, [(), *leads[:-1]], verbs[:-1], strict=True):
        if not core.start < end <= following < core.end or end <= start:
            return []
        pieces.append((Span(start=start, end=end), lead, verb))
        start = following
    pieces.append((Span(start=start, end=core.end), leads[-1], verbs[-1]))
    return pieces


def _date_may_be_shared(verbs: Sequence[Token]) -> bool:
    """Tell whether only the last clause has a date: "A fell and B rose in 2022" may mean both."""
    own = [{t.i for t in verb.subtree} for verb in verbs]
    dated = [
        any(t.ent_type_ == "DATE" and t.i in tokens and not (later and t.i in later) for t in verbs[0].doc)
        for tokens, later in zip(own, [*own[1:], set()], strict=True)
    ]
    return dated[-1] and not any(dated[:-1])


def _coordinated(clause: Token) -> list[Token]:
    """Return the verbs coordinated with ``clause`` that are complete clauses by themselves, in order."""
    found: list[Token] = []
    head = clause
    while True:
        following = [c for c in head.children if c.dep_ == "conj" and c.pos_ in ("VERB", "AUX")]
        if len(following) != 1:
            break
        verb = following[0]
        joined = {c.lower_ for c in head.children if c.dep_ == "cc"}
        if joined - {"and", "but", ";"} or not is_finite(verb) or not is_finite(clause):
            return []
        own_subject = any(c.dep_ in ("nsubj", "nsubjpass", "expl") for c in verb.children)
        own_auxiliary = any(c.dep_ in ("aux", "auxpass") for c in verb.children)
        shared = any(c.dep_ in ("aux", "auxpass", "neg") for c in head.children)
        if not own_subject and shared and not own_auxiliary and verb.tag_ not in ("VBZ", "VBP") and verb.lemma_ != "be":
            return []  # "has visited and praised", "did not call or write": one auxiliary for both
        if own_subject and any(c.lower_ in _QUANTIFIED for c in verb.children):
            pass
        if verb.head.lemma_ in ("say", "tell") and not own_subject:
            return []
        found.append(verb)
        head = verb
    return found


def _fronted(sentence: ParsedSentence, clause: Token, subject: Token) -> tuple[Span | str, ...]:
    """Return a time or place in front of the clause, which holds for all its parts."""
    first = min(t.i for t in subject.subtree)
    ahead = [c for c in clause.children if c.dep_ in ("prep", "npadvmod") and c.i < first]
    for child in ahead:
        tokens = list(child.subtree)
        if any(t.ent_type_ in ("DATE", "TIME", "GPE", "LOC") for t in tokens) and tokens[0].i < first:
            return (sentence.span_of(tokens), ", ")
    return ()


def _with_relative(sentence: ParsedSentence, clause: Token, core: Span) -> list[Piece]:
    """Part a non-restrictive relative clause from the end: "…, which has lasted four years"."""
    for token in clause.subtree:
        if token.dep_ != "relcl" or not is_finite(token):
            continue
        subject = next(
            (c for c in token.children if c.dep_ in ("nsubj", "nsubjpass") and c.lower_ in ("which", "who")), None
        )
        tokens = sorted(token.subtree, key=lambda t: t.i)
        if subject is None or tokens[0].i != subject.i or subject.i == 0 or sentence.doc[subject.i - 1].text != ",":
            continue
        end = sentence.base + tokens[-1].idx + len(tokens[-1])
        if any(c.isalnum() for c in sentence.doc.text[end - sentence.base : core.end - sentence.base]):
            continue
        noun = token.head
        if (
            noun.pos_ not in ("NOUN", "PROPN")
            or noun.dep_ == "conj"
            or any(t.lower_ in ("no", "any") for t in noun.children)
        ):
            continue
        after_subject = sentence.doc[subject.i + 1]
        comma = sentence.doc[subject.i - 1]
        first = Span(start=core.start, end=sentence.base + comma.idx)
        lead_noun = sentence.span_of(noun_phrase(noun, full=False))
        return [
            (first, (), clause),
            (Span(start=sentence.base + after_subject.idx, end=core.end), (lead_noun, " "), token),
        ]
    return []


# Dates.

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_COUNTS = {
    "a": 1,
    "an": 1,
    "one": 1,
    "two": 2,
    "three": 3,
    "four": 4,
    "five": 5,
    "six": 6,
    "seven": 7,
    "eight": 8,
    "nine": 9,
    "ten": 10,
}
_RELATIVE = re.compile(
    r"\b(?:(?P<day>yesterday|today|tonight|tomorrow)"
    r"|(?P<which>last|this|next)\s(?P<unit>week|month|year|" + "|".join(_WEEKDAYS) + r")"
    r"|on\s(?P<weekday>"
    + "|".join(_WEEKDAYS)
    + r")(?!,?\s(?:\d|January|February|March|April|May|June|July|August|September|October|November|December))"
    r"|(?P<count>\d{1,3}|" + "|".join(_COUNTS) + r")\s(?P<what>day|week|month|year)s?\sago)\b",
    re.IGNORECASE,
)


def absolute_dates(text: str, published: dt.date | None) -> str:
    """Return ``text`` with what each relative date means written after it.

    >>> absolute_dates("He left yesterday.", dt.date(2026, 3, 1))
    'He left yesterday (28 February 2026).'
    >>> absolute_dates("He left last year.", dt.date(2026, 3, 1))
    'He left last year (2025).'
    """
    if published is None:
        return text
    return _RELATIVE.sub(lambda match: f"{match.group()} ({_meaning(match, published)})", text)


def undated(article: ParsedArticle, span: Span, published: dt.date | None) -> tuple[Unresolved, ...]:
    """Return the relative dates in ``span`` that an undated article leaves open."""
    if published is not None:
        return ()
    reason = "the article has no date, so this cannot be placed in time"
    return tuple(
        Unresolved(span=Span(start=m.start(), end=m.end()), text=m.group(), reason=reason)
        for m in _RELATIVE.finditer(article.text, span.start, span.end)
    )


def _meaning(match: re.Match[str], published: dt.date) -> str:  # noqa: C901, PLR0911  one line per kind of date
    day = (match.group("day") or "").lower()
    if day:
        return _written_day(published + dt.timedelta({"yesterday": -1, "tomorrow": 1}.get(day, 0)))
    weekday = (match.group("weekday") or "").lower()
    if weekday:
        back = (published.weekday() - _WEEKDAYS.index(weekday)) % 7
        return _written_day(published - dt.timedelta(back))
    which, unit = (match.group("which") or "").lower(), (match.group("unit") or "").lower()
    step = {"last": -1, "this": 0, "next": 1}.get(which, 0)
    if unit == "year":
        return str(published.year + step)
    if unit == "month":
        return _written_month(_months_on(published, step))
    if unit == "week":
        monday = published - dt.timedelta(published.weekday()) + dt.timedelta(7 * step)
        return f"the week of {_written_day(monday)}"
    if unit:
        back = (published.weekday() - _WEEKDAYS.index(unit)) % 7
        if which == "next":
            return _written_day(published + dt.timedelta(7 - back))
        return _written_day(published - dt.timedelta(back or (7 if which == "last" else 0)))
    count_words = match.group("count").lower()
    count = _COUNTS.get(count_words) or int(count_words)
    what = match.group("what").lower()
    if what == "day":
        return _written_day(published - dt.timedelta(count))
    if what == "week":
        return f"about {_written_day(published - dt.timedelta(7 * count))}"
    if what == "month":
        return f"about {_written_month(_months_on(published, -count))}"
    return f"about {published.year - count}"


def _months_on(day: dt.date, months: int) -> dt.date:
    number = day.year * 12 + day.month - 1 + months
    return dt.date(number // 12, number % 12 + 1, 1)


def _written_day(day: dt.date) -> str:
    return f"{day.day} {day:%B %Y}"


def _written_month(day: dt.date) -> str:
    return f"{day:%B %Y}"
