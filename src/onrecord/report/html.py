"""The report as one self-contained page: no script, no request, every text escaped."""

from __future__ import annotations

from functools import cache
from itertools import pairwise

from jinja2 import Environment, PackageLoader, StrictUndefined, Template, select_autoescape

from onrecord.records import CheckedArticle, Evidence, Span
from onrecord.report.wording import (
    AS_A_WHOLE,
    ICONS,
    STANDS,
    WORDS,
    count,
    counts,
    decision_facts,
    decision_line,
    is_decided,
    moment,
    people_line,
    provenance,
    quotation_head,
    ranked,
    revision_line,
    safe_address,
    telling,
    where_in,
    who_says,
)
from onrecord.text import day


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("onrecord.report", "templates"),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        icons=ICONS,
        words=WORDS,
        count=count,
        day=day,
        moment=moment,
        as_a_whole=AS_A_WHOLE,
        stands=STANDS,
        decision_facts=decision_facts,
        decision_line=decision_line,
        is_decided=is_decided,
        ranked=ranked,
        revision_line=revision_line,
        where_in=where_in,
        provenance=provenance,
        safe_address=safe_address,
        telling=telling,
        who_says=who_says,
        quotation_head=quotation_head,
    )
    return environment.get_template("report.html")


def render_html(checked: CheckedArticle) -> str:
    """Return the check as a page that can be kept, mailed and printed."""
    return _template().render(
        checked=checked,
        counts=counts(checked),
        people=people_line(checked),
        in_force=checked.in_force,
        says={item.claim.id: item.verdict.label for item in checked.claims},
        pieces=marked(checked),
        passage_pieces=passage_pieces,
    )


def marked(checked: CheckedArticle) -> list[tuple[str, tuple[int, ...]]]:
    """Cut the article into pieces, each with the numbers of the claims that cover it (from 0).

    The pieces joined are the article's text, however claims overlap or repeat.
    """
    text = checked.article.text
    spans = [item.claim.span for item in checked.claims]
    edges = sorted({0, len(text), *(s.start for s in spans), *(s.end for s in spans)})
    return [
        (text[left:right], tuple(n for n, s in enumerate(spans) if s.start <= left and right <= s.end))
        for left, right in pairwise(edges)
    ]


def passage_pieces(evidence: Evidence) -> list[tuple[str, bool]]:
    """Cut a passage into pieces, each with whether it is marked: the rationale, or what comes nearest to it."""
    passage, marks = evidence.passage, evidence.nearest or evidence.rationale
    text, offset = passage.text, passage.span.start
    start = max(0, marks.start - offset)
    end = min(len(text), max(start, marks.end - offset))
    inside = Span(start=min(start, len(text)), end=end) if start <= len(text) else Span(start=0, end=0)
    pieces = [(text[: inside.start], False), (inside.of(text), True), (text[inside.end :], False)]
    return [(piece, marked) for piece, marked in pieces if piece]
