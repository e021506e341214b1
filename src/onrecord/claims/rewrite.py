"""Claims in words that stand alone: references resolved, dates made absolute, compound sentences taken apart.

Parts are always cut from the article; what is added (a shared subject, a resolved name) is added in the wording only,
never in the span.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from onrecord.claims.linguistics import agrees, parse_each
from onrecord.claims.resolve import noun_phrase, subject_of
from onrecord.claims.select import REPORTING, is_finite
from onrecord.records import Span, Unresolved

if TYPE_CHECKING:
    from collections.abc import Sequence

    from onrecord.claims.attribute import Report
    from onrecord.claims.linguistics import Doc, ParsedArticle, ParsedSentence, Token
    from onrecord.claims.resolve import Referents, Resolution

_NEVER_SPLIT_WORDS = frozenset("either or nor neither rather only".split())
_QUANTIFIED = frozenset(
    "no few neither none nobody nothing hardly scarcely some most many each every any half several both all".split()
)
_LEADING = frozenset(
    "however furthermore moreover additionally meanwhile also besides therefore thus nevertheless nonetheless but and so"
    " yet still".split()
)
_CLOSING = frozenset({"”", "»", "’", "''"})
_QUOTES = '“”„«»"'
_CONTRASTING = frozenset({"while", "whereas"})
_UNIT = r"(?:per cent|percent|pct|%|[a-z]+)"
_FIGURE_IN_PLACE = re.compile(
    rf"(?P<figure>[£$€]?\d[\d.,]*\s?(?P<unit>{_UNIT}))\s(?:in|for|among|at|on)\s(?:(?!\sand\s)[^,;:“”\"])+"
)
_OF_THEM = re.compile(r",\s(?P<count>(?:about\s|around\s|some\s)?\d[\d.,]*)\sof\sthem(?=\s)")
_OF_PAPERS = frozenset(
    "publish issue sign release date write adopt print record make take paint show broadcast".split()
)
"""What is done to works and papers, not to the persons whose they are."""
_ASKING = frozenset("ask decline refuse wish want prefer insist request speak talk".split())
_PAST = {"say": "said", "tell": "told", "write": "wrote", "find": "found"}


@dataclass(frozen=True, slots=True)
class Part:
    """An atomic piece of a sentence: its range, and the wordings as runs of the article and literal words between them.

    ``whole`` is the wording with its attribution, ``bare`` without; items are ranges of the article or literal strings.
    ``head`` is the verb of the part's clause and ``at`` where it stands in the article. ``aside``: an insertion that the writer
    makes outside the reported words of the sentence.
    """

    span: Span
    whole: tuple[Span | str, ...]
    bare: tuple[Span | str, ...]
    head: Token | None
    at: int = -1
    aside: bool = False


Piece = tuple[Span, tuple["Span | str", ...], Any]
"""A range, the wording made of it, and the verb of its clause."""


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
    text = re.sub(r",(?=[,.;:]|[”»]\.)", "", text)
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

    Parted are clauses that are each complete and finite, joined by "and", "but", "while" or a semicolon; clauses and
    descriptions inserted or hung on between commas ("which …", "founded in …", "the largest …"); and figures for several
    places. Conditions, alternatives, shared negations and quantified subjects keep a sentence whole. Reported speech is parted
    inside its content, and each part keeps the report around it.
    """
    if report is None and len(segments := _segments(sentence)) > 1:
        parts = [part for segment in segments for part in parts_of(article, segment, None)]
        return [replace(parts[0], span=Span(start=sentence.span.start, end=parts[0].span.end)), *parts[1:]]
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
    at = -1 if clause is None else sentence.base + clause.idx
    single = Part(sentence.span, (body,), (core,), clause, at)
    if report is not None and clause is not None and (linked := _small_clause(sentence, clause, core)):
        return [Part(sentence.span, (body,), linked, clause, at)]
    if report is not None and (sum(s.overlaps(body) for s in report.content) > 1 or report.sentence != sentence.index):
        return _around_report(sentence, body, report) or [single]
    parts = [single]
    may_part = not (report is not None and report.negated) and clause is not None and not _unsafe(clause)
    pieces = _pieces(sentence, clause, core) if may_part and clause is not None else []
    if len(pieces) > 1:
        parts = []
        for number, (span, bare, head) in enumerate(pieces):
            first = sentence.span.start if number == 0 else span.start
            last = sentence.span.end if number == len(pieces) - 1 else span.end
            whole = (*((before,) if before else ()), *bare, *((after,) if after else ()))
            verb_at = sentence.base + head.idx
            parts.append(Part(Span(start=first, end=last), whole, bare, head, verb_at))
    for hole, aside in _asides(sentence):
        inside = report is not None and core.contains(aside.span)
        # The comma behind it goes with the words for who says it.
        hole = Span(start=hole.start, end=min(hole.end, core.end)) if inside else hole  # noqa: PLW2901
        if (inside and not may_part) or not all(_can_be_cut(part, hole) for part in parts):
            continue
        parts = [_cut_out(part, hole) for part in parts]
        framed = (*((before,) if before else ()), *aside.whole, *((after,) if after else ())) if inside else aside.whole
        holder = max((n for n, part in enumerate(parts) if part.span.start <= hole.start), default=0)
        parts.insert(holder + 1, replace(aside, whole=framed, aside=report is not None and not inside))
    return parts


def _around_report(sentence: ParsedSentence, body: Span, report: Report) -> list[Part]:
    """Part "A, he said, has B and costs C": the later parts have the report in front."""
    here = [s for s in report.content if s.overlaps(body)]
    clause = report.clause
    if clause is None or len(here) != 2 or report.source is None or report.cue is None:  # noqa: PLR2004
        return []
    if report.negated or _unsafe(clause):
        return []
    hole = Span(start=here[0].end, end=here[1].start)
    if not (hole.contains(report.source) and hole.contains(report.cue)) or any(m in sentence.text for m in _QUOTES):
        return []
    pieces = _pieces(sentence, clause, Span(start=body.start, end=body.end))
    if len(pieces) < 2 or not pieces[0][0].contains(hole):  # noqa: PLR2004
        return []
    parts: list[Part] = []
    for number, (span, bare, head) in enumerate(pieces):
        last = sentence.span.end if number == len(pieces) - 1 else span.end
        part = Part(Span(start=span.start, end=last), (report.source, " ", report.cue, ": ", *bare), bare, head)
        parts.append(replace(part, at=sentence.base + head.idx))
    first = _cut_out(replace(parts[0], whole=parts[0].bare), hole)
    return [replace(first, span=Span(start=sentence.span.start, end=first.span.end), whole=parts[0].bare), *parts[1:]]


def _segments(sentence: ParsedSentence) -> list[ParsedSentence]:
    """Return the clauses between semicolons, each parsed by itself; nothing when one of them is no complete clause."""
    text = sentence.text
    cuts = [m.end() for m in re.finditer(r";\s+", text)]
    if not cuts or any(mark in text for mark in _QUOTES):
        return []
    pieces = [text[a:b].rstrip("; ") for a, b in itertools.pairwise((0, *cuts, len(text.rstrip())))]
    docs = parse_each(pieces)
    segments: list[ParsedSentence] = []
    for start, piece, doc in zip((0, *cuts), pieces, docs, strict=True):
        base = sentence.base + start
        span = Span(start=base, end=base + len(piece))
        segment = replace(sentence, span=span, base=base, doc=doc)
        if len(doc) < 3 or not is_finite(segment.root) or subject_of(segment.root) is None:  # noqa: PLR2004
            return []
        segments.append(segment)
    saying = [segment.root.lemma_ in REPORTING for segment in segments]
    # "He said P; Q": Q may still be what he said.
    return [] if any(saying) and not all(saying) else segments


def _asides(sentence: ParsedSentence) -> list[tuple[Span, Part]]:
    """Return what stands between commas and states something of the noun before it, with the range to cut it out."""
    found: list[tuple[Span, Part]] = []
    for token in sentence.doc:
        tokens = sorted(token.subtree, key=lambda t: t.i)
        first, last = tokens[0], tokens[-1]
        if last.text in (",", ".") and last.i > token.i:
            last = sentence.doc[last.i - 1]
        if (
            first.i == 0
            or sentence.doc[first.i - 1].text != ","
            or last.i - first.i + 1 != len({t.i for t in tokens if t.i <= last.i})
        ):
            continue
        behind = sentence.doc[last.i + 1] if last.i + 1 < len(sentence.doc) else None
        if behind is not None and behind.text not in {",", ".", "!"}:
            continue
        items = _aside(sentence, token, first, last)
        start = sentence.base + sentence.doc[first.i - 1].idx
        opened = token.head.left_edge.i > 0 and sentence.doc[token.head.left_edge.i - 1].text == ","
        through = behind if behind is not None and behind.text == "," and not opened else last
        end = sentence.base + through.idx + len(through)
        ahead = sentence.doc.text[: first.idx]
        if not items or ahead.count("“") > ahead.count("”") or ahead.count('"') % 2:
            continue
        inner = next(item for item in reversed(items) if isinstance(item, Span))
        if not found or found[-1][0].end <= start:
            found.append((Span(start=start, end=end), Part(inner, items, items, token, sentence.base + token.idx)))
    return found


def _aside(sentence: ParsedSentence, token: Token, first: Token, last: Token) -> tuple[Span | str, ...]:  # noqa: PLR0911  one kind after another
    """Return the wording of an insertion as a sentence of its own, () when it states nothing that could be checked."""
    if token.dep_ == "advcl" and token.tag_ == "VBG" and first.i == token.i and token.lemma_ in REPORTING:
        # "…, the service said, adding that P"
        who = subject_of(token.head)
        if who is None or token.head.lemma_ not in REPORTING or not any(c.dep_ == "ccomp" for c in token.children):
            return ()
        said = _PAST.get(token.lemma_, token.lemma_ + ("d" if token.lemma_.endswith("e") else "ed"))
        return (sentence.span_of(noun_phrase(who, full=False)), f" {said} ", _between(sentence, first.i + 1, last.i))
    noun = token.head
    if token.dep_ in ("relcl", "acl") and first.lower_ == "who" and noun.ent_type_ in ("ORG", "GPE", "FAC", "LOC"):
        while noun.dep_ in ("pobj", "prep", "compound", "conj") and noun.head.i != noun.i:
            noun = noun.head  # "Okafor of Northgate Hospital, who …"
    if token.dep_ == "acl" and noun.ent_type_ == "PERSON" and noun.dep_ == "pobj" and token.lemma_ in _OF_PAPERS:
        noun = noun.head.head  # "a decree of Zelensky, published on …"
    day = noun.ent_type_ in ("DATE", "TIME")  # "slowed to 3 per cent in May, its lowest since 2021": not the month was
    if (
        day
        or noun.pos_ not in ("NOUN", "PROPN")
        or noun.i >= first.i
        or any(t.lower_ in _QUANTIFIED for t in noun.children)
    ):
        return ()
    described = [t for t in noun_phrase(noun, full=False) if t.i < first.i and not (t.is_punct and t.i == first.i - 1)]
    lead = sentence.span_of(described or [noun])
    if token.dep_ == "relcl" and (is_finite(token) or token.tag_ == "VBD"):
        return _relative(sentence, token, first, last, lead)
    plural = noun.tag_ in ("NNS", "NNPS") and not noun.ent_type_
    if token.dep_ == "acl" and token.tag_ == "VBN" and first.i == token.i:
        return (lead, " were " if plural else " was ", _between(sentence, first.i, last.i))
    telling = any(t.tag_ in ("JJS", "RBS") or t.ent_type_ in ("ORDINAL", "PERCENT", "MONEY") for t in token.subtree)
    telling |= any(t.dep_ == "relcl" and is_finite(t) for t in token.subtree)
    if token.dep_ == "appos" and telling and first.dep_ in ("det", "poss") and last.i - first.i >= 2:  # noqa: PLR2004
        present = any(t.tag_ in ("VBZ", "VBP") for t in (sentence.root, *sentence.root.children))
        verb = (" are " if plural else " is ") if present else (" were " if plural else " was ")
        return (lead, verb, _between(sentence, first.i, last.i))
    return ()


def _relative(sentence: ParsedSentence, verb: Token, first: Token, last: Token, lead: Span) -> tuple[Span | str, ...]:
    """Return a relative clause with its noun in the place of "which", "who", "whose", "where" or "of which"."""
    unnamed = verb.lemma_ in _ASKING and any(t.lower_ in ("named", "identified", "anonymity") for t in verb.subtree)
    if first.i + 1 > last.i or unnamed:
        return ()  # "a diplomat, who asked not to be named": how the writer came by it
    rest = _between(sentence, first.i + 1, last.i)
    if first.lower_ in ("which", "who") and first.dep_ in ("nsubj", "nsubjpass") and first.head.i == verb.i:
        return (lead, " ", rest)
    if first.lower_ == "whose":
        return (lead, "’s ", rest)
    if first.lower_ == "where":
        return ("In ", lead, ", ", rest)
    if first.lower_ == "of" and sentence.doc[first.i + 1].lower_ == "which" and first.i + 2 <= last.i:
        return ("Of ", lead, ", ", _between(sentence, first.i + 2, last.i))
    return ()


def _between(sentence: ParsedSentence, first: int, last: int) -> Span:
    return sentence.span_of([sentence.doc[first], sentence.doc[last]])


def _can_be_cut(part: Part, hole: Span) -> bool:
    """Tell whether every range of the wording either holds all of ``hole``, but for a last mark, or none of it."""
    spans = [item for item in (*part.whole, *part.bare) if isinstance(item, Span)]
    return all(
        not item.overlaps(hole) or (item.start <= hole.start and item.end >= hole.end - 1) for item in spans
    ) and not any(hole.contains(item) for item in spans)


def _cut_out(part: Part, hole: Span) -> Part:
    """Return ``part`` without ``hole``; its span shrinks only where the hole is its end."""

    def without(items: tuple[Span | str, ...]) -> tuple[Span | str, ...]:
        kept: list[Span | str] = []
        for item in items:
            if isinstance(item, str) or not item.overlaps(hole):
                kept.append(item)
                continue
            kept.append(Span(start=item.start, end=hole.start))
            if hole.end < item.end:
                kept.append(Span(start=hole.end, end=item.end))
        return tuple(kept)

    span = part.span
    if span.start < hole.start < span.end <= hole.end + 1:
        span = Span(start=span.start, end=hole.start)
    return replace(part, span=span, whole=without(part.whole), bare=without(part.bare))


def continued(part: Part, report: Report, *, quoted: bool = False) -> Part:
    """Return ``part`` as said by the speaker of a quotation that began in another sentence, or of a turn.

    ``quoted``: the words bring their marks with them.
    """
    opening, closing = ("", "") if quoted else ("“", "”")
    return replace(part, whole=(f"{report.speaker} said: {opening}", *part.bare, closing))


def reported_part(part: Part, report: Report) -> Part:
    """Return ``part`` with the content of a report that its own verb makes, and that stands in it, as its bare wording."""
    content = [s for s in report.content if s.overlaps(part.span)]
    core = Span(start=content[0].start, end=min(content[-1].end, part.span.end))
    return replace(part, bare=(core,))


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


def _pieces(sentence: ParsedSentence, clause: Token, core: Span) -> list[Piece]:  # noqa: C901, PLR0911  one way after another
    """Return the ranges of the parts with what has to be put before each."""
    if contrast := _contrasted(sentence, clause, core):
        return contrast
    if figures := _distributed(sentence, clause, core):
        return figures
    verbs = [clause, *_coordinated(clause)]
    if len(verbs) < 2:  # noqa: PLR2004
        return []
    subject = subject_of(clause)
    shared = any(_own_subject(verb) is None for verb in verbs[1:])
    if subject is None or (shared and any(t.lower_ in _QUANTIFIED for t in subject.subtree)):
        return []
    fronted = _fronted(sentence, clause, subject)
    if _date_may_be_shared(verbs):
        return []
    cuts: list[tuple[int, int]] = []
    leads: list[tuple[Span | str, ...]] = []
    for verb in verbs[1:]:
        own = _own_subject(verb)
        left = min(t.i for t in (*verb.subtree, *(own.subtree if own is not None else ())))
        marks = {c.i for c in verb.children if c.dep_ == "mark" and c.lower_ == "that"}
        if left in marks and left + 1 < len(sentence.doc):
            left += 1  # "said that P and that Q": each part has its "that" before it already
        gap = _last_before(sentence.doc, left, marks)
        cuts.append(
            (sentence.base + sentence.doc[gap].idx + len(sentence.doc[gap]), sentence.base + sentence.doc[left].idx)
        )
        if own is None:
            carried = "".join(f"{t.text} " for t in _carried_auxiliaries(clause, verb) or ())
            leads.append((*fronted, sentence.span_of(_shared(subject)), f" {carried}"))
        else:
            leads.append((*fronted,))
    pieces: list[Piece] = []
    start = core.start
    for (end, following), lead, verb in zip(cuts, [(), *leads[:-1]], verbs[:-1], strict=True):
        if not core.start < end <= following < core.end or end <= start:
            return []
        pieces.append((span := Span(start=start, end=end), (*lead, span), verb))
        start = following
    pieces.append((span := Span(start=start, end=core.end), (*leads[-1], span), verbs[-1]))
    return pieces


def _date_may_be_shared(verbs: Sequence[Token]) -> bool:
    """Tell whether only the last clause has a date: "A fell and B rose in 2022" may mean both."""
    if _tense(verbs[0]) != _tense(verbs[-1]):
        return False
    own = [{t.i for t in verb.subtree} for verb in verbs]
    dated = [
        any(t.ent_type_ == "DATE" and t.i in tokens and not (later and t.i in later) for t in verbs[0].doc)
        for tokens, later in zip(own, [*own[1:], set()], strict=True)
    ]
    return dated[-1] and not any(dated[:-1])


def _shared(subject: Token) -> list[Token]:
    """Return the words for a subject that a later part shares: of "the leader, Paulo Mendes," the name."""
    name = next(
        (c for c in subject.children if c.dep_ == "appos" and c.ent_type_ == "PERSON" and c.i > subject.i), None
    )
    return noun_phrase(subject, full=True) if name is None else noun_phrase(name, full=False)


def _last_before(doc: Doc, left: int, marks: set[int]) -> int:
    """Return the last token of the part that ends before ``left``: conjunctions and commas between two parts are of neither."""
    gap = left - 1
    while gap > 0 and (doc[gap].dep_ in ("cc", "punct") or doc[gap].i in marks or doc[gap].lower_ in ("and", "but")):
        gap -= 1
    while gap + 1 < left and doc[gap + 1].text in _CLOSING:
        gap += 1  # "called it “fairy tales” and …": the mark closes what stands before it
    return gap


def _tense(verb: Token) -> str:
    """Return "future", "present" or "past": "A is the first, and B left on 8 May" gives no day to A."""
    tokens = [verb, *(c for c in verb.children if c.dep_ in ("aux", "auxpass"))]
    if any(t.lower_ in ("will", "shall", "’ll", "'ll") for t in tokens):
        return "future"
    return "present" if any(t.tag_ in ("VBZ", "VBP") for t in tokens) else "past"


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
        if joined - {"and", "but", ";"} or not is_finite(clause) or not _finite_beside(verb, clause):
            return []
        own_subject = _own_subject(verb) is not None
        if not own_subject and (_carried_auxiliaries(clause, verb) is None or not agrees(verb, clause)):
            return []
        reports = verb.lemma_ in REPORTING and any(c.dep_ == "ccomp" for c in verb.children)
        if verb.head.lemma_ in ("say", "tell") and not own_subject and not reports:
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


def _own_subject(verb: Token) -> Token | None:
    own = next((c for c in verb.children if c.dep_ in ("nsubj", "nsubjpass", "expl")), None)
    before = verb.doc[verb.i - 1] if verb.i else verb
    if own is None and verb.dep_ == "conj" and before.dep_ == "conj" and before.pos_ in ("NOUN", "PROPN"):
        # "received the spray and the other half received water": the parser joins the subject to the object before it.
        return before if before.head.dep_ == "dobj" and before.head.head.i == verb.head.i else None
    return own


def _finite_beside(verb: Token, clause: Token) -> bool:
    """Tell whether a coordinated verb is finite, allowing for the tagger: "contain" as VB, "retreated" as VBN."""
    if is_finite(verb):
        return True
    bare = not any(c.dep_ in ("aux", "auxpass") for c in verb.children)
    if verb.pos_ != "VERB" or not bare:
        return False
    if verb.tag_ == "VBN":
        return _own_subject(verb) is not None or _carried_auxiliaries(clause, verb) not in (None, [])
    return verb.tag_ == "VB" and not any(c.dep_ == "aux" for c in clause.children) and clause.tag_ in ("VBP", "VBZ")


def _carried_auxiliaries(clause: Token, verb: Token) -> list[Token] | None:
    """Return the auxiliaries that a verb without a subject shares with the first one; ``None`` when parting is not safe.

    "has visited Paris and praised Rome" shares "has"; "did not call or write", and "signed and ratified it", stay whole.
    """
    if any(c.dep_ == "neg" for c in clause.children):
        own = any(c.dep_ in ("aux", "auxpass") for c in verb.children)
        did = any(c.lemma_ == "do" for c in clause.children if c.dep_ == "aux")
        return [] if own or verb.tag_ in ("VBZ", "VBP") or (did and verb.tag_ == "VBD") else None
    auxiliaries = [c for c in clause.children if c.dep_ in ("aux", "auxpass") and c.i < clause.i]
    if not auxiliaries or any(c.dep_ in ("aux", "auxpass") for c in verb.children) or verb.tag_ in ("VBZ", "VBP"):
        return []
    complete = all(
        any(c.dep_ in ("dobj", "prep", "agent", "xcomp") and c.i > v.i for c in v.children) for v in (clause, verb)
    )
    if not complete or (clause.dep_ == "ROOT" and verb.lemma_ == "be"):
        return [] if verb.lemma_ == "be" else None
    return [] if verb.tag_ == "VBD" else auxiliaries


def _contrasted(sentence: ParsedSentence, clause: Token, core: Span) -> list[Piece]:
    """Part "A rose, while B fell"."""
    for verb in clause.children:
        mark = next((c for c in verb.children if c.lower_ in _CONTRASTING and c.i < verb.i), None)
        if verb.dep_ != "advcl" or mark is None or mark.i == 0 or sentence.doc[mark.i - 1].text != ",":
            continue
        opening = min(verb.subtree, key=lambda t: t.i)
        if verb.i < clause.i or opening.i != mark.i or _own_subject(verb) is None or not is_finite(verb):
            continue
        comma, following = sentence.doc[mark.i - 1], sentence.doc[mark.i + 1]
        first = Span(start=core.start, end=max(core.start, sentence.base + comma.idx))
        if core.start < first.end < sentence.base + following.idx < core.end:
            second = Span(start=sentence.base + following.idx, end=core.end)
            return [(first, (first,), clause), (second, (second,), verb)]
    return []


def _distributed(sentence: ParsedSentence, clause: Token, core: Span) -> list[Piece]:
    """Part figures of one kind given for several places: "rose by 3 per cent in A and 2 per cent in B"."""
    text = sentence.text
    start, end = core.start - sentence.base, core.end - sentence.base
    end -= len(text[start:end]) - len(text[start:end].rstrip(' .!”"'))
    subject = subject_of(clause)
    if subject is None or any(c.dep_ == "neg" for c in clause.children):
        return []
    if (them := _OF_THEM.search(text, start, end)) and clause.i + 1 < len(sentence.doc):
        # "employs 6,200 people in nine countries, 4,100 of them in Sweden"
        thing = next(
            (c for c in clause.children if c.dep_ == "dobj" and any(g.dep_ == "nummod" for g in c.children)), None
        )
        if thing is not None and thing.idx < them.start():
            lead = Span(start=core.start, end=sentence.base + clause.idx + len(clause))
            count = Span(start=sentence.base + them.start("count"), end=sentence.base + them.end("count"))
            rest = Span(start=sentence.base + them.end(), end=core.end)
            first = Span(start=core.start, end=sentence.base + them.start())
            second = (lead, " ", count, f" {thing.text}", rest)
            return [(first, (first,), clause), (Span(start=count.start, end=core.end), second, clause)]
    found = [m for m in _FIGURE_IN_PLACE.finditer(text, start, end) if m.start() > clause.idx]
    joints = [text[a.end() : b.start()].strip() for a, b in itertools.pairwise(found)]
    if (
        len(found) < 2  # noqa: PLR2004
        or found[-1].end() < end
        or len({m.group("unit") for m in found}) > 1
        or not all(joint in {",", "and", ", and"} for joint in joints)
        or text[: found[0].start()].split()[-1].lower() in ("between", "from")
    ):
        return []
    lead = Span(start=core.start, end=sentence.base + found[0].start())
    first = Span(start=core.start, end=sentence.base + found[0].end())
    pieces: list[Piece] = [(first, (first,), clause)]
    for match in found[1:]:
        last = core.end if match is found[-1] else sentence.base + match.end()
        span = Span(start=sentence.base + match.start(), end=last)
        pieces.append((span, (lead, span), clause))
    return pieces


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
    r"\b(?:(?P<day>yesterday|today|tonight|tomorrow|this\s(?:morning|afternoon|evening)|last\snight)"
    r"|(?P<which>last|this|next)\s(?P<unit>week|month|year|" + "|".join(_WEEKDAYS) + r")"
    r"|on\s(?P<weekday>"
    + "|".join(_WEEKDAYS)
    + r")(?!,?\s(?:\d|January|February|March|April|May|June|July|August|September|October|November|December))"
    r"|(?P<count>\d{1,3}|" + "|".join(_COUNTS) + r")\s(?P<what>day|week|month|year)s?\sago)\b",
    re.IGNORECASE,
)


_FUTURE = re.compile(
    r"\b(?:(?:will|would|shall|may|could)\s[a-z]+|to\s(?:re)?(?:open|close|start|begin|meet|visit|vote|hold|launch|resume|end|sign"
    r"|appear|travel|turn|decide|speak))\b[^.;]*$"
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
    return _RELATIVE.sub(
        lambda match: match.group() if _ahead(match) else f"{match.group()} ({_meaning(match, published)})", text
    )


def _ahead(match: re.Match[str]) -> bool:
    """Tell whether "on Monday" may lie ahead ("to reopen on Monday", "will meet on Monday"): which one is then open."""
    before = match.string[: match.start()]
    return bool(match.group("weekday")) and bool(_FUTURE.search(before[-60:]))


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
        return _written_day(published + dt.timedelta({"yesterday": -1, "last night": -1, "tomorrow": 1}.get(day, 0)))
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
