"""The front door of the claims room: ``find_claims``.

An article goes in; out come the claims worth checking, each in words that stand alone, with who says it, and every other
sentence with the reason why it was left out.
"""

from __future__ import annotations

import bisect
import re
from dataclasses import replace
from typing import TYPE_CHECKING

from onrecord.claims import attribute, llm, resolve, rewrite, select
from onrecord.claims.linguistics import parse, require_english
from onrecord.claims.quotations import find_quotations
from onrecord.claims.select import Encode, check_worthiness, threshold
from onrecord.errors import DocumentError
from onrecord.grammar import grammar_model
from onrecord.records import Claim, ClaimSet, Document, ModelUsed, Skipped, Span

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from onrecord.claims.attribute import Report
    from onrecord.claims.linguistics import ParsedArticle, ParsedSentence
    from onrecord.records import Quotation
    from onrecord.settings import Settings

__all__ = ["Encode", "check_worthiness", "find_claims", "models", "threshold", "title_of"]

_TITLE_WORDS = 20
"""A first line of more words is text."""


def find_claims(document: Document, *, settings: Settings, encode: Encode, promoted: Collection[Span] = ()) -> ClaimSet:
    """Find the checkable claims of an article.

    Args:
        document: the article; its ``published`` date, if known, makes relative dates absolute, and its title (`title_of`) tells
            whom it is about.
        settings: ``check_worthiness_threshold`` and ``llm`` are used.
        encode: texts to embeddings, float32, shape (n, 384), rows of length one.
        promoted: sentences that a person takes as claims, by the ``span`` with which they were skipped.

    Returns:
        Claims and skipped sentences, each in the order of the text. ``document.text[claim.span] == claim.text``,
        always. An article
        without sentences gives an empty set.

    Raises:
        DocumentError: ``promoted`` names a range that is no sentence of the article.
        LanguageError: the article is not in English.
        ModelError: a model is missing or does not fit.
    """
    language = require_english(document.text)
    article = parse(document.text)
    _are_sentences(promoted, article)
    if not article.sentences:
        return ClaimSet(claims=(), skipped=(), language=language)
    title = title_of(document)
    referents = resolve.resolve(article, title)
    reports = [report for report in attribute.find_reports(article, referents) if not _leaves_open(report)]
    quotations = find_quotations(article.text)
    quoted = [quotation.span for quotation in quotations]
    docs = [sentence.doc for sentence in article.sentences]
    written = select.register_of([sentence.doc for sentence in article.sentences if sentence.turn is None])
    registers = [written if sentence.turn is None else "speech" for sentence in article.sentences]
    judged = select.judge(docs, encode=encode, registers=registers)
    limit = select.threshold(settings)
    near = _by_sentence(article, reports)
    claims: list[Claim] = []
    skipped: list[Skipped] = []
    for sentence, verdict in zip(article.sentences, judged, strict=True):
        here = near[sentence.index]
        main = _main_report(sentence, here)
        reason = _reason_to_skip(sentence, verdict, main, limit)
        if reason in ("too vague", "no factual content") and _heads(sentence, article):
            reason = "heading"
        by_person = bool(reason) and sentence.span in promoted
        if reason and not by_person:
            skipped.append(
                Skipped(
                    span=sentence.span,
                    text=sentence.span.of(article.text),
                    reason=reason,
                    check_worthiness_probability=verdict.probability,
                )
            )
            continue
        for part, report in _parts(article, sentence, main, here):
            standalone = rewrite.compose(part.whole, article, referents, document.published, quoted=quoted)
            proposition = standalone
            if report is not None and _states_a_proposition(report) and not _is_a_title(part, sentence, quoted):
                proposition = _without_that(rewrite.compose(part.bare, article, referents, document.published))
                if _FIRST_PERSON.search(proposition):
                    # "We remain open": without its speaker it says nothing that could be checked.
                    proposition = standalone
            claims.append(
                Claim(
                    id=f"c{len(claims) + 1}-{part.span.start}",
                    span=part.span,
                    text=part.span.of(article.text),
                    standalone=standalone,
                    proposition=proposition,
                    attribution=report.record if report is not None else None,
                    quotations=_within(quotations, part.span),
                    unresolved=(
                        *referents.unresolved_within(part.span),
                        *rewrite.undated(article, part.span, document.published),
                    ),
                    check_worthiness_probability=verdict.probability,
                    why=f"a person takes it as a claim; the rules left it out: {reason}" if by_person else verdict.why,
                )
            )
    found = ClaimSet(claims=tuple(claims), skipped=tuple(skipped), language=language)
    if not settings.llm:
        return found
    return llm.reword(found, article, referents, document.published, title=title, settings=settings)


def title_of(document: Document) -> str:
    r"""Return an article's title; where it brings none, as pasted text does, its first line if that is a heading; else "".

    >>> title_of(Document(text="Talks go on in Paris\n\nThe bank said so.", media_type="text/plain", content_sha256=""))
    'Talks go on in Paris'
    """
    if document.title:
        return document.title
    first, _, rest = document.text.strip().partition("\n")
    heading = (
        bool(rest.strip()) and len(first.split()) <= _TITLE_WORDS and not first.rstrip(" ”\"’'").endswith((".", ":"))
    )
    return first.strip() if heading else ""


def _are_sentences(promoted: Collection[Span], article: ParsedArticle) -> None:
    unknown = set(promoted) - {sentence.span for sentence in article.sentences}
    if unknown:
        ranges = ", ".join(sorted(f"{span.start}-{span.end}" for span in unknown))
        message = f"No sentence of the article stands at characters {ranges}: give the spans of skipped sentences."
        raise DocumentError(message)


_FIRST_PERSON = re.compile(r"\b(?:I|[Ww]e|[Mm]y|[Oo]ur|us|me|ours|mine)\b")


def _parts(
    article: ParsedArticle, sentence: ParsedSentence, main: Report | None, reports: Sequence[Report]
) -> Iterator[tuple[rewrite.Part, Report | None]]:
    """Yield the atomic parts of a sentence, each with the report that it makes."""
    if main is not None and sentence.turn is not None and main.source == sentence.turn:
        for part in rewrite.parts_of(article, sentence, None):
            marked = article.text[sentence.base] in '“"«'
            yield rewrite.continued(part, main, quoted=marked), main
        return
    apart = rewrite.parts_of(article, sentence, None)
    clauses = [part for part in apart if part.head is not None and not _inserted(part, sentence)]
    several = len(clauses) > 1 and all(p.head is not None and p.head.lemma_ in select.REPORTING for p in clauses[1:])
    # Also "He noted that P, but he warned that Q", "She thanked them and said that Q": each part with its own report.
    own_parts = (
        main is not None and main.sentence == sentence.index and _made_by(main, sentence) in {p.at for p in clauses}
    )
    # "Police asked them to leave, and 900 have done so": what stands beside a request is the writer's own.
    beside = (
        main is not None and own_parts and main.clause is not None and main.clause.dep_ == "xcomp" and len(clauses) > 1
    )
    if main is None or (own_parts and (several or beside)):
        for part in apart:
            report = _report_of(part, sentence, reports)
            yield (part if report is None else rewrite.reported_part(part, report)), report
        return
    away = main.sentence != sentence.index and main.speaker
    for part in rewrite.parts_of(article, sentence, main):
        report = _report_of(part, sentence, reports) if part.aside else main
        if part.aside and report is not None:
            part = rewrite.reported_part(part, report)  # noqa: PLW2901
        yield (rewrite.continued(part, main) if away else part), report


def _inserted(part: rewrite.Part, sentence: ParsedSentence) -> bool:
    """Tell whether a part is an insertion into the sentence rather than one of its clauses."""
    verb = part.head
    return (
        verb is not None
        and verb.dep_ in ("relcl", "acl", "appos", "advcl")
        and part.at != sentence.base + sentence.root.idx
    )


def _made_by(report: Report, sentence: ParsedSentence) -> int:
    """Return where the verb of a report stands in the article, -1 where it has none."""
    return -1 if report.verb is None else sentence.base + report.verb.idx


def _by_sentence(article: ParsedArticle, reports: Sequence[Report]) -> list[list[Report]]:
    """Return for each sentence the reports made in it or reaching into it."""
    near: list[list[Report]] = [[] for _ in article.sentences]
    starts = [sentence.span.start for sentence in article.sentences]
    for report in reports:
        touched = {report.sentence}
        for span in report.content:
            first = max(0, bisect.bisect_right(starts, span.start) - 1)
            touched.update(range(first, bisect.bisect_left(starts, span.end)))
        for index in sorted(touched):
            near[index].append(report)
    return near


def _main_report(sentence: ParsedSentence, reports: Sequence[Report]) -> Report | None:
    """Return the report that the sentence as a whole makes, if it makes one."""
    here = [
        r
        for r in reports
        if r.kind != "attitude"
        and any(s.overlaps(sentence.span) for s in r.content)
        and (r.sentence == sentence.index or _fills(r, sentence))
    ]
    for report in here:
        if report.verb is not None and report.sentence == sentence.index and _is_main(report, sentence):
            return report
        beside = report.verb is not None and report.verb.dep_ in ("relcl", "acl", "pcomp")
        if report.verb is None or (_fills(report, sentence) and not beside):
            return report
    return None


def _leaves_open(report: Report) -> bool:
    """Tell "did not say whether P" and "it is not known who did it": nobody is said to say anything."""
    if report.verb is None or not any(c.dep_ == "neg" for c in report.verb.children):
        return False
    return report.source is None or (
        report.verb.lemma_ in ("say", "tell", "specify") and not _states_a_proposition(replace(report, negated=False))
    )


def _report_of(part: rewrite.Part, sentence: ParsedSentence, reports: Sequence[Report]) -> Report | None:
    """Return the report that the verb of one part makes, if what it reports stands in that part.

    "The Vatican denied the claims and described it as “a slight illness”": the first part reports nothing.
    """
    made = [r for r in reports if r.sentence == sentence.index and r.kind != "attitude" and r.verb is not None]
    return next(
        (
            r
            for r in made
            if _made_by(r, sentence) == part.at and any(content.overlaps(part.span) for content in r.content)
        ),
        None,
    )


def _is_main(report: Report, sentence: ParsedSentence) -> bool:
    verb = report.verb
    cited = verb is not None and verb.dep_ == "pcomp" and verb.head.head.i == sentence.root.i  # "was cited as saying"
    return verb is not None and (verb.i == sentence.root.i or verb.dep_ == "ROOT" or cited)


def _fills(report: Report, sentence: ParsedSentence) -> bool:
    """Tell whether the content is most of the sentence."""
    inside = sum(max(0, min(s.end, sentence.span.end) - max(s.start, sentence.span.start)) for s in report.content)
    return inside >= 0.6 * (sentence.span.end - sentence.span.start)


def _states_a_proposition(report: Report) -> bool:
    """Tell whether the content is a clause that can be true or false by itself."""
    if report.negated:
        return False
    if report.clause is not None:
        opening = [t.lower_ for t in report.clause.subtree][:1]
        own_subject = any(c.dep_ in ("nsubj", "nsubjpass", "expl", "csubj") for c in report.clause.children)
        question = opening and opening[0] in ("whether", "if", "who", "what", "why", "how", "where", "when")
        small_clause = report.clause.pos_ in ("NOUN", "ADJ", "PROPN") and report.kind == "belief"
        return bool((select.is_finite(report.clause) or small_clause) and own_subject and not question)
    return report.verb is None or report.verb.pos_ == "VERB"


def _is_a_title(part: rewrite.Part, sentence: ParsedSentence, quoted: Sequence[Span]) -> bool:
    """Tell whether what is reported is words in quotation marks without a verb: "ruled on “Brown v. Board”" asserts nothing."""
    spans = [item for item in part.bare if isinstance(item, Span)]
    if len(spans) < len(part.bare) or not all(any(mark.contains(span) for mark in quoted) for span in spans):
        return False
    inside = [t for t in sentence.doc if any(span.start <= sentence.base + t.idx < span.end for span in spans)]
    return bool(inside) and not any(t.pos_ in ("VERB", "AUX") for t in inside)


def _reason_to_skip(  # noqa: PLR0911  one rule after another
    sentence: ParsedSentence, judged: select.Judged, report: Report | None, limit: float
) -> str:
    if sentence.heading and report is None and not any(select.is_finite(token) for token in sentence.doc):
        return "" if select.states_in_headline(sentence.doc) else "heading"
    if sentence.turn is not None and report is not None and report.source == sentence.turn:
        # Speech as it was spoken, which the classifier was trained on: that somebody says it makes no claim of it.
        return judged.against or ("" if judged.probability >= limit else "no factual content")
    own_voice = report is not None and report.speaker.lower() in ("i", "we", "you")
    if judged.against and (report is None or own_voice):
        return judged.against
    going_on = report is not None and report.sentence != sentence.index
    if judged.against in ("not in English", "question", "instruction") or (going_on and judged.against == "too vague"):
        return judged.against
    if (
        report is not None
        and report.clause is not None
        and _quoted(report, sentence)
        and select.is_judgement(report.clause)
    ):
        return "opinion"
    if judged.probability >= limit or (report is not None and _states_a_proposition(report)):
        return ""
    return judged.against or "no factual content"


def _heads(sentence: ParsedSentence, article: ParsedArticle) -> bool:
    """Tell whether a line stands over what follows: a heading, or "What we know so far:"."""
    alone = not any(
        s.paragraph == sentence.paragraph
        for s in article.sentences[max(0, sentence.index - 1) : sentence.index + 2]
        if s is not sentence
    )
    words = sentence.text.split()
    return sentence.heading or (alone and len(words) <= 8 and words[-1].endswith(":"))  # noqa: PLR2004  as short as headings


def _quoted(report: Report, sentence: ParsedSentence) -> bool:
    """Tell whether the content of a report is a direct quotation at the start of the sentence."""
    return sentence.text[:1] in '“"«' and report.clause is not None and report.content[0].start <= sentence.base + 1


def _without_that(proposition: str) -> str:
    """Cut the conjunction in front of a reported clause."""
    for opening in ("That, ", "That ", "“That "):
        if proposition.startswith(opening):
            return rewrite.as_sentence(proposition[len(opening) :])
    return proposition


def _within(quotations: Sequence[Quotation], span: Span) -> tuple[Quotation, ...]:
    last = bisect.bisect_left(quotations, span.end, key=lambda item: item.span.start)
    # Quotations are capped in length, so only the nearest before can reach in.
    return tuple(item for item in quotations[max(0, last - 200) : last] if span.overlaps(item.span))


def models(settings: Settings) -> tuple[ModelUsed, ...]:
    """Return the models that take part in finding claims, with the hash of their weights where these are at hand.

    Raises:
        ModelError: one of them is missing.
    """
    classifier = select.load_classifier()
    name, sha256 = grammar_model()
    return (
        ModelUsed(role="check-worthiness", name="check-worthiness", sha256=classifier.sha256),
        ModelUsed(role="linguistics", name=name, sha256=sha256),
        *((ModelUsed(role="llm", name=settings.llm, sha256=""),) if settings.llm else ()),
    )
