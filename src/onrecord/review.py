"""Kept checks, and what people did about them. All of it is only ever added to; nothing is overwritten.

A check is kept as it was made. Beside it stand the decisions about its claims and the claims that were checked by themselves
later (``Revision``); ``load`` puts them together. Whoever may only read is refused here, whatever a page shows.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from pydantic import ValidationError
from sqlalchemy import Connection, Engine, func, insert, select
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from onrecord.corpus.database import engine
from onrecord.corpus.schema import CheckRow, DecisionRow, RevisionRow
from onrecord.errors import CorpusError, DecidedMeanwhileError, NotFoundError
from onrecord.records import (
    CheckedArticle,
    CheckedClaim,
    CheckSummary,
    ClaimChange,
    Comparison,
    Decision,
    Evidence,
    Review,
    Revision,
    SearchFilters,
    Stance,
    VerdictLabel,
)
from onrecord.settings import Settings, require

_CHECK_ID = re.compile(r"[0-9a-f]{32}")


def save_check(checked: CheckedArticle, *, settings: Settings) -> None:
    """Keep a finished check. Keeping the same one twice changes nothing.

    Raises:
        CorpusError: the database could not be written, or holds another check under this id.
        NotAllowedError: this person may only read.
    """
    require("checker", "keeping a check", settings=settings)
    counts = {label.value: 0 for label in VerdictLabel}
    for item in checked.claims:
        counts[item.verdict.label.value] += 1
    row = {
        "id": checked.id,
        "created_at": checked.created_at,
        "title": checked.article.title or first_words(checked.article.text),
        "article_sha256": checked.article.content_sha256,
        "complete": checked.complete,
        "counts": counts,
        "body": checked.model_dump_json(),
    }
    try:
        with engine(settings).execution_options(onrecord_write=True).begin() as connection:
            connection.execute(CheckRow.__table__.insert(), [row])  # type: ignore[attr-defined]
    except IntegrityError as error:
        if load_check(checked.id, settings=settings) != checked:
            message = f"There is another check with the id {checked.id} already; it was kept and this one was not."
            raise CorpusError(message) from error
    except SQLAlchemyError as error:
        message = f"The check could not be kept: {error}. Is the disk full, or the folder read-only?"
        raise CorpusError(message) from error


def load_check(check_id: str, *, settings: Settings) -> CheckedArticle:
    """Return a kept check.

    Raises:
        NotFoundError: there is none with this id, or the id has not the form of one.
        CorpusError: it is there but cannot be read by this version.
    """
    if not _CHECK_ID.fullmatch(check_id):
        message = (
            f"{check_id[:40]!r} is not the id of a check: those are 32 hexadecimal digits. See the history for all."
        )
        raise NotFoundError(message)
    try:
        return CheckedArticle.model_validate_json(_body(engine(settings), check_id))
    except ValidationError as error:
        message = f"The check {check_id} was kept in a form that this version cannot read: {error.errors()[0]['msg']}."
        raise CorpusError(message) from error


def checks_that_used(source_id: str, *, settings: Settings, limit: int = 50) -> list[CheckSummary]:
    """Return the kept checks that judged a passage of a source, the newest first, at most ``limit``."""
    # The id of a source as JSON, in its field: every passage of the check's evidence carries its source.
    written = '"source":{"id":' + json.dumps(source_id, ensure_ascii=False)
    query = (
        select(CheckRow.id).where(CheckRow.body.contains(written, autoescape=True))
        .order_by(CheckRow.created_at.desc()).limit(limit)
    )  # fmt: skip
    with engine(settings).connect() as connection:
        found = set(connection.execute(query).scalars())
    return [summary for summary in list_checks(settings=settings, limit=10_000) if summary.id in found]


_VERDICTS = frozenset(label.value for label in VerdictLabel)


def list_checks(*, settings: Settings, limit: int = 200) -> list[CheckSummary]:
    """Return the kept checks, the newest first, at most ``limit``."""
    columns = (
        CheckRow.id, CheckRow.created_at, CheckRow.title, CheckRow.complete, CheckRow.counts, CheckRow.article_sha256,
    )  # fmt: skip
    with engine(settings).connect() as connection:
        rows = connection.execute(select(*columns).order_by(CheckRow.created_at.desc(), CheckRow.id).limit(limit)).all()
        made = select(DecisionRow.check_id, DecisionRow.claim_id, DecisionRow.label).order_by(DecisionRow.id)
        last = {(row.check_id, row.claim_id): row.label for row in connection.execute(made)}
    decided: dict[str, int] = {}
    for (check_id, _), label in last.items():
        decided[check_id] = decided.get(check_id, 0) + (label in _VERDICTS)
    return [
        CheckSummary(
            id=row.id,
            created_at=row.created_at,
            title=row.title,
            complete=row.complete,
            counts={label: row.counts.get(label.value, 0) for label in VerdictLabel},
            article_sha256=row.article_sha256,
            decided=decided.get(row.id, 0),
        )
        for row in rows
    ]


# --- decisions -----------------------------------------------------------------------------------------------------------


def _body(database: Engine, check_id: str) -> str:
    with database.connect() as connection:
        body = connection.execute(select(CheckRow.body).where(CheckRow.id == check_id)).scalar_one_or_none()
    if body is None:
        message = f"There is no check {check_id} in this database. See the history for those that are kept."
        raise NotFoundError(message)
    return str(body)


@lru_cache(maxsize=256)
def _claims_of(database: Engine, check_id: str) -> frozenset[str]:
    """Return the claims of a kept check, which never changes: to read a long one for every decision took half a second."""
    return frozenset(item["claim"]["id"] for item in json.loads(_body(database, check_id))["claims"])


def append_decision(decision: Decision, *, settings: Settings, seen: int | None = None) -> Decision:
    """Add a person's decision about a claim of a kept check; return it with its number.

    Args:
        decision: What holds from now on.
        settings: The settings in force.
        seen: The number of the claim's decision that the person had before him, 0 for none; ``None``: not compared.

    Raises:
        NotFoundError: there is no such check, or it has no such claim.
        DecidedMeanwhileError: somebody decided after ``seen``.
        NotAllowedError: this person may only read.
    """
    require("checker", "deciding about claims", settings=settings)
    _claim_exists(decision.check_id, decision.claim_id, settings)
    row = decision.model_dump(mode="python", exclude={"number"}) | {"tags": list(decision.tags)}
    with engine(settings).execution_options(onrecord_write=True).begin() as connection:
        # Locked, so that of two people who decide at once the second is told.
        connection.execute(select(CheckRow.id).where(CheckRow.id == decision.check_id).with_for_update())
        if seen is not None:
            last = _about(connection, decision.check_id, decision.claim_id)
            if (last[-1].number if last else 0) != seen:
                message = (
                    f"{last[-1].who} decided about this claim meanwhile. Nothing was overwritten: "
                    "look at the new state, and decide again if you see it otherwise."
                )
                raise DecidedMeanwhileError(message)
        number = connection.execute(insert(DecisionRow).values(row).returning(DecisionRow.id)).scalar_one()
    return decision.model_copy(update={"number": number})


def undo(check_id: str, claim_id: str, *, settings: Settings, seen: int | None = None) -> Decision:
    """Take back the decision in force about a claim, by adding what held before it; return that.

    Taken back again and again, it goes back decision by decision to where none was made.

    Raises:
        NotFoundError: there is nothing to take back.
        DecidedMeanwhileError, NotAllowedError: as ``append_decision``.
    """
    with engine(settings).connect() as connection:
        made = _about(connection, check_id, claim_id)
    standing = undoable(made)
    if not standing:
        message = (
            "There is no decision about this claim to take back: all that was decided has been taken back already."
        )
        raise NotFoundError(message)
    taken_back = standing[-1]
    before = standing[-2] if len(standing) > 1 else None
    blank = Decision(
        check_id=check_id,
        claim_id=claim_id,
        machine_label=taken_back.machine_label,
        who=settings.editor,
        decided_at=dt.datetime.now(dt.UTC),
    )
    restored = (before or blank).model_copy(
        update={
            "number": 0,
            "who": settings.editor,
            "decided_at": dt.datetime.now(dt.UTC),
            "undoes": taken_back.number,
        }
    )
    return append_decision(restored, settings=settings, seen=seen)


def undoable(made: Sequence[Decision]) -> list[Decision]:
    """Return the decisions about one claim that were not taken back, the earliest first."""
    standing: dict[int, Decision] = {}
    for decision in made:
        if decision.undoes is None:
            standing[decision.number] = decision
        else:
            standing.pop(decision.undoes, None)
    return list(standing.values())


def decisions(check_id: str, *, settings: Settings) -> Sequence[Decision]:
    """Return all decisions about a check, in the order in which they were made; the last of a claim is in force."""
    with engine(settings).connect() as connection:
        return _about(connection, check_id)


def _about(connection: Connection, check_id: str, claim_id: str | None = None) -> list[Decision]:
    query = select(DecisionRow.__table__).where(DecisionRow.check_id == check_id).order_by(DecisionRow.id)
    if claim_id is not None:
        query = query.where(DecisionRow.claim_id == claim_id)
    fields = set(Decision.model_fields) - {"number"}
    return [
        Decision.model_validate({name: getattr(row, name) for name in fields} | {"number": row.id})
        for row in connection.execute(query)
    ]


def _claim_exists(check_id: str, claim_id: str, settings: Settings) -> None:
    """Raise ``NotFoundError`` where a check, or a claim of it, is not kept."""
    if claim_id not in _claims_of(engine(settings), check_id) and claim_id not in {
        item.item.claim.id for item in revisions(check_id, settings=settings)
    }:
        message = f"The check {check_id} has no claim {claim_id!r}: nothing was decided."
        raise NotFoundError(message)


# --- claims checked by themselves ----------------------------------------------------------------------------------------


def append_revision(revision: Revision, *, settings: Settings) -> Revision:
    """Keep a claim of a check that was added, or read in other words; return it with its number.

    Raises:
        NotFoundError: there is no such check; or a claim is reworded that it does not have.
        NotAllowedError: this person may only read.
    """
    require("checker", "adding to a check", settings=settings)
    claim_id = revision.item.claim.id
    if revision.what == "reworded":
        _claim_exists(revision.check_id, claim_id, settings)
    else:
        load_check(revision.check_id, settings=settings)
    row = {"check_id": revision.check_id, "claim_id": claim_id, "body": revision.model_dump_json(exclude={"number"})}
    with engine(settings).execution_options(onrecord_write=True).begin() as connection:
        number = connection.execute(insert(RevisionRow).values(row).returning(RevisionRow.id)).scalar_one()
    return revision.model_copy(update={"number": number})


def revisions(check_id: str, *, settings: Settings) -> Sequence[Revision]:
    """Return the claims of a check that were checked by themselves, in the order in which that was done."""
    query = select(RevisionRow.id, RevisionRow.body).where(RevisionRow.check_id == check_id).order_by(RevisionRow.id)
    with engine(settings).connect() as connection:
        rows = connection.execute(query).all()
    return [Revision.model_validate_json(row.body).model_copy(update={"number": row.id}) for row in rows]


def last_revision(check_id: str, *, settings: Settings) -> int:
    """Return the number of the newest revision of a check; 0 where it has none."""
    with engine(settings).connect() as connection:
        newest = connection.execute(select(func.max(RevisionRow.id)).where(RevisionRow.check_id == check_id)).scalar()
    return newest or 0


def load(check_id: str, *, settings: Settings) -> Review:
    """Return a kept check as it stands, with what people did about it.

    Raises:
        NotFoundError, CorpusError: as ``load_check``.
    """
    made = tuple(revisions(check_id, settings=settings))
    return Review(
        checked=revised(load_check(check_id, settings=settings), made),
        revisions=made,
        decisions=tuple(decisions(check_id, settings=settings)),
    )


def revised(checked: CheckedArticle, made: Sequence[Revision]) -> CheckedArticle:
    """Return a check with the newest reading of each claim, and with those that were added, in the order of the text."""
    if not made:
        return checked
    items = {item.claim.id: item for item in checked.claims} | {
        revision.item.claim.id: revision.item for revision in made
    }
    claims = tuple(sorted(items.values(), key=lambda item: (item.claim.span.start, item.claim.span.end)))
    added = [revision.item.claim.span for revision in made if revision.what == "added"]
    return checked.model_copy(
        update={
            "claims": claims,
            "skipped": tuple(item for item in checked.skipped if not any(item.span.overlaps(span) for span in added)),
            "complete": all(item.verdict.label is not VerdictLabel.NOT_CHECKED for item in claims),
        }
    )


# --- one check beside another --------------------------------------------------------------------------------------------


def compare(before: CheckedArticle, after: CheckedArticle) -> Comparison:
    """Say what changed from one check of an article to a later one, claim by claim, and why."""
    pairs, gone = _paired(before.claims, after.claims)
    return Comparison(
        before=before.id,
        after=after.id,
        circumstances=tuple(_circumstances(before, after)),
        changes=tuple(
            ClaimChange(
                before=old, after=new, reasons=tuple(_why(old, new) if old else ("Was not in the earlier check.",))
            )
            for old, new in pairs
        )
        + tuple(ClaimChange(before=old, after=None, reasons=("Is not in the later check.",)) for old in gone),
    )


_ALIKE = 0.6
"""Share of equal words from which two sentences of an edited article are one claim; not tuned: what is less alike is shown as
one that went and one that came, which loses nothing."""


def _paired(
    before: Sequence[CheckedClaim], after: Sequence[CheckedClaim]
) -> tuple[list[tuple[CheckedClaim | None, CheckedClaim]], list[CheckedClaim]]:
    """Pair the claims of two checks: first those of the same words in their order, then those of nearly the same."""
    left: dict[str, list[CheckedClaim]] = {}
    for old in before:
        left.setdefault(_key(old), []).append(old)
    found: dict[int, CheckedClaim] = {}
    for place, new in enumerate(after):
        if same := left.get(_key(new)):
            found[place] = same.pop(0)
    rest = [old for olds in left.values() for old in olds]
    for place, new in enumerate(after):
        if place in found or not rest:
            continue
        words = new.claim.text.casefold().split()
        likeness = [SequenceMatcher(None, old.claim.text.casefold().split(), words).ratio() for old in rest]
        best = max(range(len(rest)), key=likeness.__getitem__)
        if likeness[best] >= _ALIKE:
            found[place] = rest.pop(best)
    return [(found.get(place), new) for place, new in enumerate(after)], rest


def _key(item: CheckedClaim) -> str:
    return " ".join(item.claim.text.casefold().split())


def _circumstances(before: CheckedArticle, after: CheckedArticle) -> list[str]:
    told = []
    if before.article.text != after.article.text:
        told.append("The article's text is another.")
    if before.article.published != after.article.published:
        told.append(f"The article's date was {before.article.published or 'not given'}, now {after.article.published}.")
    if before.corpus.number != after.corpus.number:
        told.append(
            f"The corpus changed: from {before.corpus.sources:,} sources (state {before.corpus.number}) "
            f"to {after.corpus.sources:,} (state {after.corpus.number})."
        )
    if before.filters != after.filters:
        names = [
            name for name in SearchFilters.model_fields if getattr(before.filters, name) != getattr(after.filters, name)
        ]
        told.append(f"The search was limited otherwise: {', '.join(name.replace('_', ' ') for name in names)}.")
    old, new = ({(m.role, m.name): m.sha256 for m in check.models} for check in (before, after))
    told += [
        f"The {role} model is another: {name}."
        for (role, name), sha256 in new.items()
        if old.get((role, name)) != sha256
    ]
    if before.package_version != after.package_version:
        told.append(f"On Record was {before.package_version}, now {after.package_version}.")
    return told + _settings(before.settings, after.settings)


def _settings(before: Mapping[str, str], after: Mapping[str, str]) -> list[str]:
    return [
        f"{name.replace('_', ' ')} was {before.get(name, 'not set')}, now {after.get(name, 'not set')}."
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    ]


def _why(before: CheckedClaim, after: CheckedClaim) -> list[str]:
    """Say what is different between two readings of a claim, the evidence that decides first."""
    told = []
    if before.claim.text != after.claim.text:
        told.append(f"The article said: “{before.claim.text}”")
    elif before.claim.standalone != after.claim.standalone:
        told.append(f"It was read as: “{before.claim.standalone}”")
    old, new = _deciding(before), _deciding(after)
    told += [f"New: {_named(item)} {_SIDES[item.stance]}." for key, item in new.items() if key not in old]
    told += [f"No longer: {_named(item)} {_SIDES[item.stance]}." for key, item in old.items() if key not in new]
    for key in old.keys() & new.keys():
        one, other = old[key], new[key]
        if one.stance is not other.stance:
            told.append(f"{_named(other)} {_SIDES[one.stance]} before, and now {_SIDES[other.stance]}.")
        elif one.passage.version_id != other.passage.version_id:
            told.append(f"{_named(other)} has a new version.")
    if not told and before.verdict.label is not after.verdict.label:
        told.append("The same passages were weighed otherwise: a model, a threshold or a setting is another.")
    return told


_SIDES = {Stance.SUPPORTS: "supports it", Stance.REFUTES: "conflicts with it", Stance.NEUTRAL: "decides nothing"}


def _deciding(item: CheckedClaim) -> dict[tuple[str, str], Evidence]:
    """Return the strongest deciding evidence of each source, by source and question."""
    found: dict[tuple[str, str], Evidence] = {}
    for evidence in (*item.supporting, *item.conflicting):
        found.setdefault((evidence.passage.source.id, evidence.question), evidence)
    return found


def _named(evidence: Evidence) -> str:
    return f"“{evidence.passage.source.title}” ({evidence.passage.source.publisher})"


def first_words(text: str, characters: int = 80) -> str:
    r"""Return the first line of a text as its name, cut at a word.

    >>> first_words("Talks resume\nThey met.")
    'Talks resume'
    """
    line = next((line.strip() for line in text.splitlines() if line.strip()), "Untitled")
    return line if len(line) <= characters else line[:characters].rsplit(" ", 1)[0] + " …"
