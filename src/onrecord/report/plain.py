"""The report for a terminal: plain text, a hundred columns, nothing that needs colour."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from onrecord.records import (
    CheckedArticle,
    CheckedClaim,
    Decision,
    Evidence,
    QuotationCheck,
    SearchFilters,
    VerdictLabel,
)
from onrecord.report.wording import (
    ICONS,
    STANDS,
    WORDS,
    count,
    counts,
    decision_facts,
    people_line,
    provenance,
    quotation_head,
    ranked,
    revision_line,
    telling,
    where_in,
    who_says,
)

WIDTH = 100
SHOWN = 2
"""Passages shown for each side; the JSON and HTML forms hold all."""


def render_text(checked: CheckedArticle) -> str:
    """Return the whole check as text."""
    title = checked.article.title or "Untitled article"
    blocks = [render_head(title, checked.filters)]
    in_force = checked.in_force
    changed: dict[str, list[str]] = {}
    for revision in checked.revisions:
        changed.setdefault(revision.item.claim.id, []).append(revision_line(revision))
    blocks.extend(
        render_claim(number, item, in_force.get(item.claim.id), changed.get(item.claim.id, ()))
        for number, item in enumerate(checked.claims, 1)
    )
    blocks.append(render_tail(checked))
    return "\n".join(blocks)


def render_head(title: str, filters: SearchFilters) -> str:
    """Return the first lines: the title and what may be found."""
    return f"{printable(title)}\nSearched: {scope(filters)}\n{'═' * WIDTH}\n"


def scope(filters: SearchFilters) -> str:
    """Return in words what may be found.

    >>> scope(SearchFilters(primary_only=True, languages=("en",)))
    'primary sources only; languages: en'
    >>> scope(SearchFilters())
    'the whole corpus'
    """
    limits = [
        f"kinds: {', '.join(filters.kinds)}" if filters.kinds else "",
        "primary sources only" if filters.primary_only else "",
        f"nothing published before {filters.since}" if filters.since else "",
        f"nothing published after {filters.as_of}" if filters.as_of else "",
        f"publishers: {', '.join(filters.publishers)}" if filters.publishers else "",
        f"speakers: {', '.join(filters.speakers)}" if filters.speakers else "",
        f"languages: {', '.join(filters.languages)}" if filters.languages else "",
        f"collections: {', '.join(filters.collections)}" if filters.collections else "",
    ]
    return printable("; ".join(limit for limit in limits if limit)) or "the whole corpus"


def render_claim(number: int, item: CheckedClaim, decision: Decision | None = None, changed: Sequence[str] = ()) -> str:
    """Return one claim with its verdict, what people did about it, and the best passages of each side."""
    claim, verdict = item.claim, item.verdict
    lines = [
        f"{ICONS[verdict.label]} {number}. {WORDS[verdict.label].upper()}"
        + (f"  ({verdict.confidence:.0%} sure)" if verdict.label is not VerdictLabel.NOT_CHECKED else ""),
        *_wrapped(f"“{claim.text}”", "   "),
    ]
    if claim.standalone != claim.text:
        lines += _wrapped(f"Stands alone: {claim.standalone}", "   ")
    if claim.worded_by:
        lines += _wrapped(f"Cut and worded by: {claim.worded_by}", "   ")
    lines += _wrapped(f"Said by: {who_says(item)}", "   ")
    if verdict.proposition_label is not None:
        lines += _wrapped(f"What is asserted: {claim.proposition} — {WORDS[verdict.proposition_label].lower()}", "   ")
    for unresolved in claim.unresolved:
        lines += _wrapped(f"Unresolved: “{unresolved.text}”: {unresolved.reason}", "   ")
    for reason in verdict.reasons:
        lines += _wrapped(f"Why: {reason.text}", "   ")
    for line in changed:
        lines += _wrapped(f"Changed: {line}", "   ")
    for name, told in decision_facts(decision, verdict.label) if decision is not None else ():
        lines += _wrapped(f"{name}: {told}", "   ")
    for check in item.quotations:
        lines += _quotation(check, "   ")
    lines += _side("Supports", item.supporting, decision)
    lines += _side("Conflicts", item.conflicting, decision)
    if not item.supporting and not item.conflicting and item.related:
        lines += _side("Nearest, neither way", item.related[:1], decision)
    return "\n".join(lines) + "\n"


def render_tail(checked: CheckedArticle) -> str:
    """Return the last lines: counts, sentences left out, and what is needed to repeat the check."""
    tally = "  ".join(f"{ICONS[label]} {WORDS[label]}: {n}" for label, n in counts(checked).items())
    spent = ", ".join(f"{stage.name} {stage.seconds:.2f} s" for stage in checked.stages)
    models = ", ".join(f"{model.role} {model.name} ({model.sha256[:12]})" for model in checked.models)
    against = f"{count(checked.corpus.sources, 'source')}, {count(checked.corpus.passages, 'passage')}"
    lines = [
        "─" * WIDTH,
        tally,
        *filter(None, [people_line(checked)]),
        f"Sentences not taken as claims: {len(checked.skipped)}",
        *(_line for skipped in checked.skipped for _line in _wrapped(f"- {skipped.text} [{skipped.reason}]", "  ")),
        *(line for check in checked.quotations for line in _quotation(check, "")),
        *(line for note in checked.notes for line in _wrapped(f"Note: {note}", "")),
        *(
            line
            for dropped in checked.rejected
            for line in _wrapped(f"- dropped: “{dropped.standalone}” [{dropped.reason}]", "  ")
        ),
        f"Corpus state {checked.corpus.number}: {against}",
        f"Time: {spent}",
        *_wrapped(f"Models: {models}", ""),
        f"Check {checked.id}, {checked.created_at:%Y-%m-%d %H:%M} UTC, On Record {checked.package_version}",
    ]
    if not checked.complete:
        lines.append("This check could not be finished: see the claims marked “!”.")
    return "\n".join(lines) + "\n"


def _quotation(check: QuotationCheck, indent: str) -> list[str]:
    """Return what became of one quotation, and where its words stand."""
    lines = _wrapped(f"Quotation “{check.quotation.text}”: {quotation_head(check)}. {check.message}", indent)
    for place in check.places[:SHOWN]:
        source = place.passage.source
        where = where_in(place.passage, place.span)
        known = f"{provenance(source, place.passage.speaker)}{' · ' if where else ''}{where}"
        lines += _wrapped(f"in: {source.title} ({known})", f"{indent}  ")
    return lines


def _side(name: str, evidence: Sequence[Evidence], decision: Decision | None) -> list[str]:
    lines: list[str] = []
    # The best passages of different sources: the second window of one source would only repeat it.
    best: dict[str, tuple[Evidence, str]] = {}
    for item, stand in ranked(evidence, decision):
        best.setdefault(item.passage.source.id, (item, stand))
    for item, stand in list(best.values())[:SHOWN]:
        source = item.passage.source
        stated = {"said": "that it was said", "true": "what is asserted"}[item.question]
        lines += ["", f"   {name} ({stated}): {printable(source.title)}"]
        lines += _wrapped(provenance(source, item.passage.speaker), "     ")
        if stand:
            lines.append(f"     {STANDS[stand]}.")
        if source.address:
            lines.append(f"     {printable(source.address)}")
        lines += _wrapped(f"“{item.rationale_text}”", "     ")
        if where := where_in(item.passage, item.rationale):
            lines.append(f"     {where}")
        lines.append(f"     characters {item.rationale.start}-{item.rationale.end} of {item.passage.version_id}")
        if item.later_than_article:
            lines.append("     Published later than the article.")
        lines += [line for finding in telling(item) for line in _wrapped(finding.message, "     ")]
        if item.note:
            lines += _wrapped(item.note, "     ")
    return lines


def _wrapped(text: str, indent: str) -> list[str]:
    return textwrap.wrap(
        printable(text), WIDTH, initial_indent=indent, subsequent_indent=indent + "  ", break_on_hyphens=False
    )


def printable(text: str) -> str:
    r"""Return ``text`` without control characters, so that a hostile source cannot drive a terminal.

    >>> printable("a\x1b[31mb\nc")
    'a�[31mb c'
    """
    return "".join(
        " " if character.isspace() else character if character.isprintable() else "\N{REPLACEMENT CHARACTER}"
        for character in text
    )
