"""Finished records → plain data for the page's components.

Everything a component shows is decided here, as JSON-ready data, so that it can be tested without a browser. The texts
are raw; the components put them on the page as text nodes and never as markup. Offsets end here too: a component gets
pieces of text, because a browser counts in UTF-16 units and the records in code points.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from onrecord.records import (
    CheckedArticle,
    CheckedClaim,
    CheckSummary,
    Claim,
    CorpusState,
    Decision,
    Document,
    Evidence,
    Finding,
    QuotationCheck,
    QuotationOutcome,
    Review,
    Revision,
    SearchFilters,
    Skipped,
    Source,
    Span,
    VerdictLabel,
)
from onrecord.report import (
    AS_A_WHOLE,
    count,
    day,
    decision_line,
    how_found,
    is_decided,
    moment,
    quotation_head,
    revision_line,
    where_in,
)
from onrecord.text import paragraphs
from onrecord.ui.marks import pieces
from onrecord.ui.wording import (
    CHECKS,
    CLAIM_KINDS,
    KINDS,
    OUTCOMES,
    QUESTIONS,
    THE_ARTICLE,
    VERDICTS,
    duration,
)

if TYPE_CHECKING:
    from onrecord.workflow import SourceContext

Json = dict[str, Any]


def link(address: str | None) -> str | None:
    """Return ``address`` if a browser may be sent there: http and https with a host, nothing else.

    >>> link("https://example.org/a"), link("javascript:alert(1)"), link("https:///nowhere")
    ('https://example.org/a', None, None)
    """
    if not address or any(character.isspace() or ord(character) < 32 for character in address):  # noqa: PLR2004  controls
        return None
    try:
        parts = urlsplit(address)
    except ValueError:
        return None
    return address if parts.scheme in {"http", "https"} and parts.hostname else None


def title_of(document: Document) -> str:
    """Return what an article is called: its title, or its first line, shortened."""
    if document.title and document.title.strip():
        return document.title.strip()
    first = next((span.of(document.text) for span in paragraphs(document.text)), "Untitled article")
    return first if len(first) <= _TITLE_LENGTH else first[: _TITLE_LENGTH - 1].rsplit(" ", 1)[0] + "…"


_TITLE_LENGTH = 90


def verdict(label: VerdictLabel) -> Json:
    """Return the name, word, icon and meaning of a verdict."""
    words = VERDICTS[label]
    return {"label": label.value, "word": words.word, "icon": words.icon, "meaning": words.meaning}


def legend() -> Json:
    """Return what each verdict looks like and means."""
    return {"rows": [verdict(label) for label in VERDICTS]}


def counts(labels: Mapping[VerdictLabel, int]) -> list[Json]:
    """Return the verdicts with their numbers, in the pages' order; those with none too."""
    return [verdict(label) | {"count": labels.get(label, 0)} for label in VERDICTS]


def heading_of(document: Document, facts: Sequence[str], *, incomplete: str = "") -> Json:
    """Return what stands above an article."""
    return {
        "title": title_of(document),
        "facts": list(facts),
        "address": link(document.address),
        "address_text": document.address or "",
        "incomplete": incomplete,
        "warnings": list(document.warnings),
    }


def heading(checked: CheckedArticle) -> Json:
    """Return what stands above a checked article."""
    seconds = sum(stage.seconds for stage in checked.stages)
    not_checked = sum(item.verdict.label is VerdictLabel.NOT_CHECKED for item in checked.claims)
    return heading_of(
        checked.article,
        [
            checked.article.metadata.get("publisher", ""),
            f"Published {day(checked.article.published)}" if checked.article.published else "No date given",
            f"Checked {moment(checked.created_at)}" + (f", in {duration(seconds)}" if checked.stages else ""),
            f"Against {count(checked.corpus.sources, 'source')}, {count(checked.corpus.passages, 'passage')}",
            *scope(checked.filters),
        ],
        incomplete=(
            f"{count(not_checked, 'claim')} of {len(checked.claims)} could not be checked. "
            "Choose one marked “Not checked” to see why."
            if not_checked
            else ("" if checked.complete else "This check was not finished.")
        ),
    )


def scope(filters: SearchFilters) -> list[str]:
    """Return the limits that were set on the search, each as a phrase."""
    phrases = []
    if filters.kinds:
        phrases.append("only " + ", ".join(KINDS[kind].lower() for kind in filters.kinds))
    if filters.primary_only:
        phrases.append("primary sources only")
    if filters.since:
        phrases.append(f"nothing before {day(filters.since)}")
    if filters.as_of:
        phrases.append(f"nothing after {day(filters.as_of)}")
    if filters.publishers:
        phrases.append("published by " + ", ".join(filters.publishers))
    if filters.speakers:
        phrases.append("said by " + ", ".join(filters.speakers))
    if filters.languages:
        phrases.append("in " + ", ".join(filters.languages))
    if filters.collections:
        phrases.append("only the collections " + ", ".join(filters.collections))
    return [phrase[0].upper() + phrase[1:] for phrase in phrases]


def article(  # noqa: PLR0913  what is shown, and how
    document: Document,
    claims: Sequence[CheckedClaim],
    skipped: Sequence[Skipped],
    *,
    key: str,
    group: str = "",
    live: bool = False,
    may: bool = False,
) -> Json:
    """Return the article in paragraphs of pieces, with the claims that cover each piece.

    Args:
        document: The article.
        claims: The claims decided so far.
        skipped: The sentences not taken as claims.
        key: Changes whenever the rest does: the page is built anew then, and only then.
        group: Stays the same while it is the same check, by which a choice outlives a change; empty: ``key``.
        live: The check is still on its way.
        may: This person may have other sentences checked.

    A claim's word is shown after its last piece. Where claims overlap, a piece belongs to the shortest of them, so that the
    inner one can be chosen too.
    """
    by_id = {item.claim.id: item for item in claims}
    ranges = [
        (item.claim.id, item.claim.span)
        for item in sorted(claims, key=lambda item: item.claim.span.end - item.claim.span.start)
    ]
    text = document.text
    body: list[list[Json]] = []
    starts: list[int] = []
    first: dict[str, Json] = {}
    last: dict[str, Json] = {}
    title = (document.title or "").strip()
    for place, paragraph in enumerate(paragraphs(text)):
        if place == 0 and paragraph.of(text) == title and not any(span.overlaps(paragraph) for _, span in ranges):
            continue  # the headline stands above the article already
        row: list[Json] = []
        for piece in pieces(text, ranges, paragraph):
            shown: Json = {"text": piece.text}
            if piece.names:
                shown |= {"claim": piece.names[0], "also": list(piece.names[1:])}
                for name in piece.names:
                    last[name] = shown
                first.setdefault(piece.names[0], shown)
            row.append(shown)
        body.append(row)
        starts.append(paragraph.start)
    for name, shown in first.items():
        shown["first"] = name
    for name, shown in last.items():
        shown.setdefault("last", []).append(name)
    tally = Counter(item.verdict.label for item in claims)
    return {
        "key": key,
        "group": group or key,
        "live": live,
        "may": may,
        "body": body,
        "starts": starts,
        "claims": {
            name: {
                "label": item.verdict.label.value,
                "text": item.claim.text,
                "tags": tags(item),
                "speaker": item.claim.attribution.speaker if item.claim.attribution else THE_ARTICLE,
                "kinds": kinds_of(item.claim),
            }
            for name, item in by_id.items()
        },
        "order": [item.claim.id for item in claims],
        "counts": counts(tally),
        "speakers": sorted(
            {item.claim.attribution.speaker if item.claim.attribution else THE_ARTICLE for item in claims}
        ),
        "kinds": [
            [kind, words] for kind, words in CLAIM_KINDS.items() if any(kind in kinds_of(item.claim) for item in claims)
        ],
        "skipped": [
            {"text": item.text, "reason": item.reason, "start": item.span.start, "end": item.span.end}
            for item in skipped
        ],
    }


def kinds_of(found_claim: Claim) -> list[str]:
    """Return the kinds of a claim, by which the article can be filtered; names of ``CLAIM_KINDS``."""
    return [
        "reported" if found_claim.attribution else "own",
        *(["quoted"] if found_claim.quotations else []),
        *(["figure"] if any(character.isdigit() for character in found_claim.text) else []),
        *(["added"] if found_claim.id.startswith("a") else []),
    ]


def tags(item: CheckedClaim) -> list[Json]:
    """Return what is written behind a claim in the text.

    Of reported speech it is said what was looked at: "said" alone must not read as if what was said were so.
    """
    main = verdict(item.verdict.label)
    so = item.verdict.proposition_label
    if item.claim.attribution is None or item.verdict.label is VerdictLabel.NOT_CHECKED:
        return [main]
    first = main | {"word": f"Said: {main['word'][0].lower()}{main['word'][1:]}"}
    if so is None or so is VerdictLabel.NOT_ENOUGH_EVIDENCE:
        return [first]
    second = verdict(so)
    return [first, second | {"word": f"As fact: {second['word'][0].lower()}{second['word'][1:]}"}]


def decisions(review: Review, *, may: bool) -> Json:
    """Return what people decided about the claims of a check, for the article and the claim to show beside the verdicts."""
    from onrecord.review import undoable  # noqa: PLC0415  heavy

    claims: Json = {}
    says = {item.claim.id: item.verdict.label for item in review.checked.claims}
    for claim_id, now in review.in_force.items():
        claims[claim_id] = {
            "number": now.number,
            "undoable": bool(undoable([made for made in review.decisions if made.claim_id == claim_id])),
            "label": now.label,
            "note": now.note,
            "tags": list(now.tags),
            "assigned_to": now.assigned_to,
            "evidence": dict(now.evidence),
            "line": decision_line(now, says.get(claim_id, now.machine_label)),
            "short": _decided_short(now, says.get(claim_id, now.machine_label)),
        }
    done = sum(is_decided(now) for now in review.in_force.values())
    total = len(review.checked.claims)
    return {
        "check": review.checked.id,
        "may": may,
        "claims": claims,
        "blank": {
            "number": 0,
            "undoable": False,
            "label": "UNDECIDED",
            "note": "",
            "tags": [],
            "assigned_to": "",
            "evidence": {},
            "line": "",
        },
        "words": {
            label.value: {"word": words.word, "icon": words.icon, "short": SHORT.get(label, words.word)}
            for label, words in VERDICTS.items()
        },
        "people": sorted({name for now in review.decisions for name in (now.who, now.assigned_to) if name}),
        "tags": sorted({tag for now in review.decisions for tag in now.tags}),
        "progress": f"{done} of {count(total, 'claim')} decided",
    }


def _decided_short(now: Decision, says: VerdictLabel) -> str:
    if now.label == "UNDECIDED":
        return f"For {now.assigned_to}" if now.assigned_to else ""
    if now.label == "NEEDS_WORK":
        return "Needs work"
    # Agreed is only who decided for what the software says now.
    return "Agreed" if now.label == now.machine_label == says else VERDICTS[VerdictLabel(now.label)].word


SHORT = {VerdictLabel.CONFLICTING: "Conflicting", VerdictLabel.NOT_ENOUGH_EVIDENCE: "Not enough"}
"""Words of a verdict where there is little room."""

ALL = 120
"""Claims up to which those of an article are sent to the browser together, so that each can be chosen at once: 2.4 MB."""
BLOCK = 20
"""Of more, claims sent together: with the neighbouring blocks 60 of them, 1.2 MB."""


def block(number: int, total: int) -> int:
    """Return the first claim of the block that claim ``number`` of ``total`` belongs to.

    >>> block(119, 120), block(119, 121)
    (0, 100)
    """
    return 0 if total <= ALL else number // BLOCK * BLOCK


def claims_near(checked: CheckedArticle, number: int, revisions: Sequence[Revision] = ()) -> Json:
    """Return the claims around position ``number``, so that choosing one needs no answer from the server.

    All claims of most articles; of a long one the claim's block and its neighbours. The blocks are fixed, so that what was
    sent once is the same when the next claim of the block is chosen, and is not sent again.
    """
    total = len(checked.claims)
    at_first = block(number, total)
    first, last = (0, total) if total <= ALL else (max(0, at_first - BLOCK), min(total, at_first + 2 * BLOCK))
    sources: dict[str, Json] = {}
    claims = {}
    for at in range(first, last):
        shown = claim(checked.claims, at, revisions)
        for side in ("supports", "refutes", "neutral"):
            shown[side] = [_lean(card, sources) for card in shown[side]]
        claims[checked.claims[at].claim.id] = shown
    return {"check": checked.id, "key": f"{checked.id} {len(revisions)}", "claims": claims, "sources": sources}


_OF_SOURCE = frozenset(
    {
        "title",
        "kind",
        "primary",
        "primary_word",
        "publisher",
        "origin",
        "speakers",
        "address",
        "address_text",
        "withdrawn",
    }
)


def _lean(card: Json, sources: dict[str, Json]) -> Json:
    """Return a card without what ``full`` of ``claim.js`` can put back: empty parts, its source, and words it has already.

    A long article has thousands of cards, and the server packs all that it sends anew for every click: of 32 KB for a claim
    with twelve passages, 20 are left (307 claims on the starter corpus, 26 November 2026).
    """
    sources.setdefault(card["source"], {name: card[name] for name in _OF_SOURCE})
    # Compared one by one: the first card's index is 0, which equals False.
    lean = {
        name: value
        for name, value in card.items()
        if name not in _OF_SOURCE and not (value is False or value is None or value in ("", []))
    }
    decides = (piece["text"] for piece in card["pieces"] if card["whole"] or "rationale" in piece["marks"])
    words = f"“{''.join(decides).strip()}” "
    if card["citation"].startswith(words):
        lean["cite"] = lean.pop("citation").removeprefix(words)
    version, _, at = card["passage"].rpartition(":")
    if card["record"] == "record?" + urlencode({"source": card["source"], "version": version, "at": at}):
        del lean["record"]
    return lean


def claim(claims: Sequence[CheckedClaim], number: int, revisions: Sequence[Revision] = ()) -> Json:
    """Return everything about the claim at position ``number`` of ``claims``."""
    item = claims[number]
    numbered = list(enumerate(item.evidence))
    sides: dict[str, list[Json]] = {"supports": [], "refutes": [], "neutral": []}
    for index, evidence in numbered:
        sides[evidence.stance.value].append(card(item, evidence, index))
    reported = item.claim.attribution is not None
    return {
        "id": item.claim.id,
        "number": number + 1,
        "total": len(claims),
        "previous": claims[number - 1].claim.id if number else None,
        "next": claims[number + 1].claim.id if number + 1 < len(claims) else None,
        "original": quoted(item.claim),
        "standalone": item.claim.standalone if item.claim.standalone.strip() != item.claim.text.strip() else "",
        "speaker": speaker(item.claim),
        "unresolved": [{"text": part.text, "reason": part.reason} for part in item.claim.unresolved],
        "why": item.claim.why,
        "verdict": verdict(item.verdict.label),
        "answers": answers(item),
        "reasons": [reason.text for reason in item.verdict.reasons],
        "quotations": [quotation_check(check) for check in item.quotations],
        "reported": reported,
        "searched": len(item.evidence),
        "revised": [revision_line(revision) for revision in revisions if revision.item.claim.id == item.claim.id],
        "stories": {
            name: len({evidence.passage.source.origin_id for evidence in of})
            for name, of in (("supports", item.supporting), ("refutes", item.conflicting))
        },
        **sides,
    }


def quotation_check(check: QuotationCheck) -> Json:
    """Return what became of a quotation; an altered one in steps, marked by signs and not by colour alone."""
    altered = check.outcome is QuotationOutcome.ALTERED
    return {
        "text": check.quotation.text,
        "head": quotation_head(check),
        "message": "Against the source, {+put in+} and [−left out−]:" if altered else check.message,
        "steps": [
            {"kind": kind, "text": words if kind == "equal" else mark.format(words)}
            for change in check.changes
            for kind, mark, words in (
                ("equal" if change.kind == "equal" else "delete", "[−{}−]", change.source),
                ("insert", "{{+{}+}}", "" if change.kind == "equal" else change.quotation),
            )
            if altered and words
        ],
        "places": [
            " · ".join(
                part
                for part in (
                    place.passage.source.title,
                    place.passage.speaker or "",
                    day(place.passage.source.published),
                    f"in the source: {place.before} “{place.text}” {place.after}".strip(),
                )
                if part
            )
            for place in check.places[:2]
        ],
    }


def quoted(found_claim: Claim) -> list[Json]:
    """Return the claim's own words in pieces, its quotations marked."""
    ranges = [("quotation", quotation.span) for quotation in found_claim.quotations]
    start = found_claim.span.start
    moved = [
        (name, Span(start=span.start - start, end=span.end - start)) for name, span in ranges if span.start >= start
    ]
    return [
        {"text": piece.text, "mark": piece.names[0] if piece.names else ""} for piece in pieces(found_claim.text, moved)
    ]


def speaker(found_claim: Claim) -> Json | None:
    """Return who is said to say it, or ``None`` when the article says it itself."""
    attribution = found_claim.attribution
    if attribution is None:
        return None
    return {
        "name": attribution.speaker,
        "note": "" if attribution.speaker_resolved else "the article does not make clear who this is",
        "proposition": found_claim.proposition,
    }


def answers(item: CheckedClaim) -> list[Json]:
    """Return the answer; for reported speech the two answers: was it said, and is it so."""
    said = VERDICTS[item.verdict.label]
    if item.claim.attribution is None:
        return [{"question": "", **verdict(item.verdict.label), "answer": said.meaning}]
    rows = [{"question": QUESTIONS["said"], **verdict(item.verdict.label), "answer": said.said}]
    so = item.verdict.proposition_label
    if so is not None:
        rows.append({"question": QUESTIONS["true"], **verdict(so), "answer": VERDICTS[so].meaning})
    else:
        rows.append(
            {"question": QUESTIONS["true"], **verdict(VerdictLabel.NOT_CHECKED), "answer": "This was not asked."}
        )
    return rows


def card(item: CheckedClaim, evidence: Evidence, index: int) -> Json:
    """Return one piece of evidence; ``index`` is its place in ``item.evidence``."""
    reported = item.claim.attribution is not None
    different = any(finding.outcome == "different" for finding in evidence.findings)
    return {
        "index": index,
        "passage": evidence.passage.id,
        "source": evidence.passage.source.id,
        "record": record_address(evidence),
        "copies": (
            f"The same words stand in {count(len(evidence.copies), 'other source')}; all count as one."
            if evidence.copies
            else ""
        ),
        "pieces": passage(evidence),
        "whole": AS_A_WHOLE if evidence.nearest else "",
        "question": evidence.question if reported else "",
        "question_word": QUESTIONS[evidence.question] if reported else "",
        "hypothesis": evidence.hypothesis,
        "findings": [finding(part) for part in evidence.findings],
        "different": different,
        "own_words": evidence.own_words,
        "later": evidence.later_than_article,
        "spoken_by": evidence.passage.speaker or "",
        "note": evidence.note,
        "found": how_found(evidence.hit),
        "citation": citation(evidence),
        **source(evidence.passage.source),
        "date": " · ".join(
            part
            for part in (
                day(evidence.passage.source.published),
                where_in(evidence.passage, evidence.rationale),
            )
            if part
        ),
    }


def record_address(evidence: Evidence) -> str:
    """Return where the Record page shows a passage, from the app's own address."""
    held = evidence.passage
    return "record?" + urlencode(
        {"source": held.source.id, "version": held.version_id, "at": f"{held.span.start}-{held.span.end}"}
    )


def citation(evidence: Evidence) -> str:
    """Return the words that decide with all that is needed to find them again."""
    record, span = evidence.passage.source, evidence.rationale
    parts = [
        evidence.passage.speaker or "",
        record.title,
        record.publisher,
        day(record.published),
        record.address or "",
    ]
    stands = where_in(evidence.passage, span)
    where = (
        f"{stands}{', ' if stands else ''}version {evidence.passage.version_id}, characters {span.start} to {span.end}"
    )
    return f"“{evidence.rationale_text.strip()}” " + ", ".join([part for part in parts if part] + [where]) + "."


def source(record: Source) -> Json:
    """Return what a reader needs to know about a source."""
    return {
        "title": record.title,
        "kind": KINDS[record.kind],
        "primary": record.primary,
        "primary_word": "primary source" if record.primary else "not a primary source",
        "publisher": record.publisher,
        "date": day(record.published),
        "origin": record.origin,
        "speakers": list(record.speakers),
        "address": link(record.address),
        "address_text": record.address or "",
        "withdrawn": record.withdrawn,
    }


def passage(evidence: Evidence) -> list[Json]:
    """Return the passage in pieces: the rationale, and within it the words that the findings are about.

    Where the passage decides only as a whole, the sentence that comes nearest is marked, so that a reader knows where to begin.
    """
    ranges: list[tuple[str, Span]] = [_decides(evidence)]
    ranges += [(f"finding-{part.outcome}", part.evidence_span) for part in evidence.findings]
    start = evidence.passage.span.start
    moved = [(name, _moved(span, start, len(evidence.passage.text))) for name, span in ranges]
    return [{"text": piece.text, "marks": list(piece.names)} for piece in pieces(evidence.passage.text, moved)]


def _decides(evidence: Evidence) -> tuple[str, Span]:
    return ("rationale", evidence.rationale) if evidence.nearest is None else ("nearest", evidence.nearest)


def _moved(span: Span, start: int, length: int) -> Span:
    """Return a range of a version's text as a range of the passage that begins at ``start``."""
    begin = min(max(span.start - start, 0), length)
    return Span(start=begin, end=max(begin, min(span.end - start, length)))


def finding(part: Finding) -> Json:
    """Return one comparison of a rule beside the network."""
    return {
        "check": CHECKS[part.check],
        "outcome": part.outcome,
        "outcome_word": OUTCOMES[part.outcome],
        "claim": part.claim_value,
        "evidence": part.evidence_value,
        "message": sentence(part.message),
    }


def sentence(text: str) -> str:
    """Return ``text`` as a sentence of its own.

    >>> sentence("40 % in the article, 14 % in the source"), sentence("")
    ('40 % in the article, 14 % in the source.', '')
    """
    text = text.strip()
    return text and text[0].upper() + text[1:] + ("" if text[-1] in ".!?…”" else ".")


def context(surroundings: SourceContext, evidence: Evidence) -> Json:
    """Return the source's text around a passage, the passage and its rationale marked; cut between words, not in one."""
    before, after = surroundings.before, surroundings.after
    if surroundings.cut_before:
        before = before[_first_gap(before) :]
    if surroundings.cut_after:
        after = after[: len(after) - _first_gap(after[::-1])]
    text = before + surroundings.passage + after
    start = surroundings.span.start + len(surroundings.before) - len(before)
    ranges: list[tuple[str, Span]] = [
        ("passage", _moved(evidence.passage.span, start, len(text))),
        (_decides(evidence)[0], _moved(_decides(evidence)[1], start, len(text))),
    ]
    version = surroundings.version
    return {
        "pieces": [{"text": piece.text, "marks": list(piece.names)} for piece in pieces(text, ranges)],
        "cut_before": surroundings.cut_before,
        "cut_after": surroundings.cut_after,
        "version": (
            f"Version {version.number}, kept since {day(version.added_at.date())}; "
            f"characters {start:,} to {start + len(text):,}"
        ),
        "sha256": version.text_sha256,
        "where": where_in(evidence.passage, evidence.rationale),
        "record": record_address(evidence),
        "whole": AS_A_WHOLE if evidence.nearest else "",
        "later": evidence.later_than_article,
        **source(surroundings.source),
    }


def _first_gap(text: str) -> int:
    """Return where the first space of ``text`` ends, or 0 where there is none near: the words of some scripts have none."""
    for offset, character in enumerate(text[:_LONGEST_WORD]):
        if character.isspace():
            return offset + 1
    return 0


_LONGEST_WORD = 60


def provenance(checked: CheckedArticle) -> Json:
    """Return how the check was made: corpus, models, settings and times."""
    return {
        "label": "How this was checked: corpus, models, settings, times",
        "open": False,
        "rows": [
            ["Check", checked.id],
            ["On Record", checked.package_version],
            ["Corpus", f"state {checked.corpus.number}: {_corpus(checked.corpus)}"],
            *(
                [f"Model, {model.role}", f"{model.name} · sha256 {model.sha256[:12]}…" if model.sha256 else model.name]
                for model in checked.models
            ),
            *([f"Time, {stage.name}", f"{stage.seconds:.2f} s"] for stage in checked.stages),
            *([name.replace("_", " "), value] for name, value in sorted(checked.settings.items())),
        ],
    }


def _corpus(state: CorpusState) -> str:
    return f"{count(state.sources, 'source')}, {count(state.passages, 'passage')}"


def history(summaries: Sequence[CheckSummary], earlier: Mapping[str, str]) -> list[Json]:
    """Return the rows of the history list; ``earlier`` names the check before of the same article."""
    return [
        {
            "id": row.id,
            "title": row.title or "Untitled article",
            "created": moment(row.created_at),
            "complete": row.complete,
            "claims": count(sum(row.counts.values()), "claim"),
            "decided": f"{row.decided:,} decided",
            "before": earlier.get(row.id, ""),
            "counts": [entry for entry in counts(row.counts) if entry["count"]],
        }
        for row in summaries
    ]
