"""The ``onrecord`` command: one function per command, no logic.

Exit codes: 0 done, 1 failed with a one-line reason on stderr, 2 wrong usage. A check that could not be finished says so and
exits 1.
"""

from __future__ import annotations

import datetime as dt
import io
import os
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Self

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as ProgressBar
from rich.table import Table

from onrecord import __version__
from onrecord.errors import OnRecordError
from onrecord.records import (
    Archive,
    CheckedClaim,
    Passage,
    SearchFilters,
    SourceKind,
    Span,
    UpdateOutcome,
    UpdateReport,
)
from onrecord.settings import Settings, load_settings

app = typer.Typer(
    name="onrecord",
    help="Check what an article says against what is on the record.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
corpus_app = typer.Typer(
    help="Keep the corpus of sources: add, list, show, search.", no_args_is_help=True, rich_markup_mode=None
)
app.add_typer(corpus_app, name="corpus")


class Format(StrEnum):
    """The report formats of ``onrecord check``."""

    TEXT = "text"
    JSON = "json"
    HTML = "html"


COPIES_SHOWN = 10
INTERRUPTED = 130
"""Typer's exit code after Ctrl-C."""

Kinds = Annotated[
    list[SourceKind] | None,
    typer.Option("--kind", help="Search only sources of this kind. Repeat for several. Example: --kind transcript"),
]
AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DATE", help="Nothing published after this day. Example: --as-of 2022-04-01"),
]
TopK = Annotated[
    int | None, typer.Option("--top-k", min=1, max=100, help="Passages judged for each claim. Example: --top-k 20")
]
PrimaryOnly = Annotated[bool, typer.Option("--primary-only", help="Search primary sources only.")]
Publishers = Annotated[
    list[str] | None, typer.Option("--publisher", help='Search only this publisher. Example: --publisher "TASS"')
]

Since = Annotated[
    str | None,
    typer.Option("--since", metavar="DATE", help="Nothing published before this day. Example: --since 2020-01-01"),
]
Speakers = Annotated[
    list[str] | None,
    typer.Option("--speaker", help='Search only what this person says. Example: --speaker "Vladimir Putin"'),
]
Languages = Annotated[
    list[str] | None, typer.Option("--language", help="Search only sources in this language. Example: --language en")
]
Collections = Annotated[
    list[str] | None,
    typer.Option(
        "--collection", help="Search only this part of the corpus, by its name. Example: --collection starter"
    ),
]


def _filters(
    kinds: list[SourceKind] | None,
    as_of: str | None,
    publishers: list[str] | None,
    *,
    primary_only: bool,
    since: str | None,
    speakers: list[str] | None,
    languages: list[str] | None,
    collections: list[str] | None,
) -> SearchFilters:
    return SearchFilters(
        kinds=tuple(kinds or ()),
        primary_only=primary_only,
        since=_date(since),
        as_of=_date(as_of),
        publishers=tuple(publishers or ()),
        speakers=tuple(speakers or ()),
        languages=tuple(languages or ()),
        collections=tuple(collections or ()),
    )


def _date(given: str | None) -> dt.date | None:
    if given is None:
        return None
    try:
        return dt.date.fromisoformat(given)
    except ValueError as error:
        message = f"{given!r} is not a date: write YYYY-MM-DD, for example 2022-04-01."
        raise typer.BadParameter(message) from error


class _Bar:
    """A progress bar on stderr with rate and time left; silent when stderr is not a terminal."""

    def __init__(self) -> None:
        self.console = Console(stderr=True)
        self.bar = ProgressBar(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        )
        self.task = self.bar.add_task("starting", total=None, rate="")
        self._stage = ""

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def show(self, progress: object) -> None:
        from onrecord.workflow import Progress  # noqa: PLC0415  the commands' help must not load the models

        if not isinstance(progress, Progress):
            return
        if progress.stage != self._stage:
            self._stage = progress.stage
            self.bar.reset(self.task, description=progress.stage, total=progress.total or None)
        speed = self.bar.tasks[0].speed
        rate = f"{speed:,.0f}/s" if speed else ""
        if progress.seconds_left is not None:
            rate += f", {progress.seconds_left:,.0f} s left"
        self.bar.update(self.task, completed=progress.done, total=progress.total or None, rate=rate)


def _read(source: str, settings: Settings, published: str | None) -> object:
    from onrecord import documents  # noqa: PLC0415  as above

    document = documents.read(source, settings=settings, stdin=sys.stdin.buffer if source == "-" else None)
    date = _date(published)
    return document if date is None else document.model_copy(update={"published": date})


def _show_version(*, asked: bool) -> None:
    if asked:
        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(
    *,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Check what an article says against what is on the record."""


@app.command()
def version() -> None:
    """Print the version. Example: onrecord version."""
    typer.echo(__version__)


@app.command()
def check(
    source: Annotated[
        str,
        typer.Argument(help="A file (text, Markdown, HTML, PDF, DOCX, SRT, VTT, EML), an http(s) URL, or - for stdin."),
    ],
    format: Annotated[Format, typer.Option("--format", help="Example: --format json")] = Format.TEXT,  # noqa: A002
    output: Annotated[Path | None, typer.Option("--output", help="Write there. Example: --output report.html")] = None,
    top_k: TopK = None,
    as_of: AsOf = None,
    kind: Kinds = None,
    publisher: Publishers = None,
    primary_only: PrimaryOnly = False,  # noqa: FBT002  a flag of the command line
    since: Since = None,
    speaker: Speakers = None,
    language: Languages = None,
    collection: Collections = None,
    date: Annotated[
        str | None,
        typer.Option("--date", help="When the article appeared, if it does not say. Example: --date 2026-03-05"),
    ] = None,
    save: Annotated[bool, typer.Option("--save", help="Keep the check in the history that the app shows.")] = False,  # noqa: FBT002
) -> None:
    """Check an article. Example: onrecord check article.txt --format html --output report.html."""
    from onrecord import report, review, workflow  # noqa: PLC0415  as above

    settings = load_settings(top_k=top_k)
    filters = _filters(
        kind,
        as_of,
        publisher,
        primary_only=primary_only,
        since=since,
        speakers=speaker,
        languages=language,
        collections=collection,
    )
    document = _read(source, settings, date)
    streaming = format is Format.TEXT and output is None
    shown = 0

    def show(item: CheckedClaim) -> None:
        nonlocal shown
        shown += 1
        if streaming:
            typer.echo(report.render_claim(shown, item))

    if streaming:
        typer.echo(report.render_head(document.title or source, filters))  # type: ignore[attr-defined]
    with _Bar() as bar:
        checked = workflow.check_article(
            document,  # type: ignore[arg-type]
            settings=settings,
            filters=filters,
            progress=bar.show,
            on_claim=show,
        )
    if save:
        review.save_check(checked, settings=settings)
    if streaming:
        typer.echo(report.render_tail(checked), nl=False)
    elif output is None:
        typer.echo(report.render(checked, format.value), nl=False)
    else:
        output.write_text(report.render(checked, format.value), encoding="utf-8")
        typer.echo(f"Wrote {output}", err=True)
    if not checked.complete:
        _fail("the check could not be finished: some claims are NOT_CHECKED, with the reason beside each.")


@corpus_app.command("add")
def corpus_add(
    paths: Annotated[list[Path], typer.Argument(help="Files and folders.")],
    mapping: Annotated[
        Path | None,
        typer.Option(
            "--mapping", help="Which field of a table is what. Example: --mapping corpus/mappings/tass_headlines.toml"
        ),
    ] = None,
    collection: Annotated[
        str | None,
        typer.Option(
            "--collection",
            help="The part of the corpus that they belong to, by its name; or a .toml list of mappings and tables below the "
            "one folder given, see corpus/mappings/. Example: --collection elections-2026",
        ),
    ] = None,
) -> None:
    """Add sources. Adding the same thing twice changes nothing. Example: onrecord corpus add corpus/documents."""
    from onrecord import workflow  # noqa: PLC0415  as above

    settings = load_settings()
    with _Bar() as bar:
        report = workflow.update_corpus(
            paths,
            settings=settings,
            mapping=mapping,
            collection=collection or "",
            progress=bar.show if bar.console.is_terminal else None,
        )
    _tell(report)
    if report.failed:
        _fail(f"{report.failed} of the documents could not be added; the reasons are above.")


@corpus_app.command("sync")
def corpus_sync(
    registry: Annotated[
        Path, typer.Argument(help="The file that says what to keep current; see docs/corpus.md.")
    ] = Path("corpus/sources.toml"),
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Only this entry. Repeat for several. Example: --only starter")
    ] = None,
    again: Annotated[  # noqa: FBT002  as above
        bool, typer.Option("--again", help="Read also what has the same bytes as last time.")
    ] = False,
    accept_withdrawals: Annotated[  # noqa: FBT002  as above
        bool, typer.Option("--accept-withdrawals", help="Withdraw even more than half of an entry.")
    ] = False,
    diffs: Annotated[bool, typer.Option("--diffs", help="Show what changed in each changed text.")] = False,  # noqa: FBT002
) -> None:
    """Bring the corpus up to date with its sources. Example: onrecord corpus sync corpus/sources.toml --diffs."""
    from onrecord import report as reports  # noqa: PLC0415  as above
    from onrecord import workflow  # noqa: PLC0415  as above

    with _Bar() as bar:
        report = workflow.sync_corpus(
            registry,
            settings=load_settings(),
            only=only or (),
            again=again,
            accept_withdrawals=accept_withdrawals,
            progress=bar.show,
        )
    _tell(report)
    for item in report.items if diffs else ():
        for line in item.diff.splitlines():
            typer.echo(reports.printable(line))
    if report.failed:
        _fail(f"{report.failed} could not be brought up to date and stayed as they were; the reasons are above.")


@corpus_app.command("withdraw")
def corpus_withdraw(
    ids: Annotated[list[str], typer.Argument(help="Sources' ids, as `corpus list` prints them.")],
    reason: Annotated[
        str, typer.Option("--reason", help='Example: --reason "retracted by the publisher on 3 May 2026"')
    ],
) -> None:
    """Take sources out of the search; nothing is deleted. Example: onrecord corpus withdraw who-1980 --reason "a forgery"."""
    from onrecord import workflow  # noqa: PLC0415  as above

    with _Bar() as bar:
        done = workflow.withdraw_sources(ids, reason=reason, settings=load_settings(), progress=bar.show)
    typer.echo(f"{len(done):,} withdrawn, {len(set(ids)) - len(done):,} were so already.")


@corpus_app.command("restore")
def corpus_restore(
    ids: Annotated[list[str], typer.Argument(help="Sources' ids.")],
    reason: Annotated[str, typer.Option("--reason", help='Example: --reason "the publisher confirmed it"')],
) -> None:
    """Put withdrawn sources back into the search. Example: onrecord corpus restore who-1980 --reason "it is genuine"."""
    from onrecord import workflow  # noqa: PLC0415  as above

    with _Bar() as bar:
        done = workflow.withdraw_sources(ids, reason=reason, settings=load_settings(), back=True, progress=bar.show)
    typer.echo(f"{len(done):,} restored, {len(set(ids)) - len(done):,} were not withdrawn.")


@corpus_app.command("history")
def corpus_history(
    source_id: Annotated[
        str | None, typer.Argument(help="A source's id; none: the last updates by `corpus sync`.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many updates. Example: --limit 50")] = 10,
) -> None:
    """Say what happened to a source, when, by whom and why. Example: onrecord corpus history who-smallpox-eradication."""
    from onrecord import corpus, report  # noqa: PLC0415  as above

    with corpus.Store.open(load_settings()) as store:
        if source_id is None:
            for began, who, told in corpus.reports(store.database, limit):
                typer.echo(
                    f"{began:%Y-%m-%d %H:%M} UTC, {who or 'not known'}: {_counts(told) if told else 'interrupted'}"
                )
            return
        for change in store.history(source_id):
            typer.echo(
                f"{change.changed_at:%Y-%m-%d %H:%M} UTC, state {change.state}, {change.who or 'not known'}: {change.what}"
                + (f" ({report.printable(change.reason)})" if change.reason else "")
                + f", {change.version_id}"
            )
            for name, value in change.before.items():
                typer.echo(f"  {name} was {report.printable(str(value))}")


@corpus_app.command("diff")
def corpus_diff(
    source_id: Annotated[str, typer.Argument(help="A source's id.")],
    before: Annotated[int, typer.Argument(help="Number of a version, as `corpus show` prints it.")],
    after: Annotated[int, typer.Argument(help="Number of another.")],
) -> None:
    """Show what changed from one version to another. Example: onrecord corpus diff who-smallpox-eradication 1 2."""
    from onrecord import corpus, report  # noqa: PLC0415  as above

    with corpus.Store.open(load_settings()) as store:
        told = store.diff(source_id, before, after)
    for line in told.splitlines():
        typer.echo(report.printable(line))
    if not told:
        typer.echo("The texts are the same.", err=True)


def _tell(report: UpdateReport) -> None:
    """Print what an update did; of copies, which a wire has by the hundred, only the first."""
    copies = 0
    for item in report.items:
        copies += item.outcome is UpdateOutcome.NEAR_DUPLICATE
        if item.outcome is not UpdateOutcome.NEAR_DUPLICATE or copies <= COPIES_SHOWN:
            typer.echo(f"{item.outcome.value}: {item.name}" + (f": {item.reason}" if item.reason else ""))
    if copies > COPIES_SHOWN:
        typer.echo(f"near duplicate: {copies - COPIES_SHOWN:,} more; `corpus show` names the story of each")
    typer.echo(
        f"{_counts(report)}; "
        f"{report.state.sources:,} sources with {report.state.passages:,} passages on the record ({report.seconds:,.1f} s)."
    )
    if report.added + report.changed + report.failed + report.withdrawn + report.restored == 0:
        typer.echo("Nothing has changed.")


def _counts(report: UpdateReport) -> str:
    """Return an update's counts; of those that are rare, the ones that are not zero."""
    told = [
        f"{report.added:,} added",
        f"{report.changed:,} changed",
        f"{report.unchanged:,} unchanged",
        f"{report.failed:,} failed",
    ]
    rare = (("withdrawn", report.withdrawn), ("restored", report.restored), ("near duplicates", report.near_duplicates))
    return ", ".join([*told, *(f"{number:,} {name}" for name, number in rare if number)])


@corpus_app.command("list")
def corpus_list(
    kind: Kinds = None,
    publisher: Publishers = None,
    collection: Collections = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="At most so many. Example: --limit 20")] = 50,
) -> None:
    """List the sources. Example: onrecord corpus list --kind transcript --limit 20."""
    from onrecord import corpus  # noqa: PLC0415  as above

    with corpus.Store.open(load_settings()) as store:
        sources = store.sources(
            kinds=tuple(kind or ()), publishers=tuple(publisher or ()), collections=tuple(collection or ()), limit=limit
        )
        total = store.state().sources
    table = Table(box=None, pad_edge=False)
    for name in ("id", "date", "kind", "collection", "publisher", "title"):
        table.add_column(name, overflow="fold")
    for source in sources:
        table.add_row(
            escape(source.id),
            source.published.isoformat() if source.published else "undated",
            source.kind.value,
            escape(source.collection),
            escape(source.publisher),
            escape(source.title),
        )
    Console(width=None if sys.stdout.isatty() else 200).print(table)
    typer.echo(f"{len(sources):,} of {total:,} sources shown.", err=True)


@corpus_app.command("show")
def corpus_show(
    source_id: Annotated[str, typer.Argument(help="A source's id, as `corpus list` prints it.")],
) -> None:
    """Show a source: its provenance, versions and text. Example: onrecord corpus show who-smallpox-eradication."""
    from onrecord import corpus, report  # noqa: PLC0415  as above

    with corpus.Store.open(load_settings()) as store:
        source = store.source(source_id)
        versions = store.versions(source_id)
    for name, value in source.model_dump(mode="json").items():
        if value not in (None, "", []):
            typer.echo(f"{name}: {', '.join(value) if isinstance(value, list) else value}")
    for item in versions:
        current = " (current)" if item.id == source.current_version_id else ""
        typer.echo(
            f"version {item.number}: {item.id}, added {item.added_at:%Y-%m-%d}, sha256 {item.text_sha256}{current}"
        )
    current_text = next(item.text for item in versions if item.id == source.current_version_id)
    typer.echo("")
    for line in current_text.splitlines():
        typer.echo(report.printable(line))


@corpus_app.command("status")
def corpus_status() -> None:
    """Say what the corpus holds and whether the indexes are up to date. Example: onrecord corpus status."""
    from onrecord import corpus, index  # noqa: PLC0415  as above

    settings = load_settings()
    with corpus.Store.open(settings) as store:
        state = store.state()
        kinds = store.counts_by_kind()
        indexed = index.applied_state(settings)
    typer.echo(f"home: {settings.home}")
    typer.echo(f"state {state.number}: {state.sources:,} sources, {state.passages:,} passages")
    for kind, number in kinds.items():
        typer.echo(f"  {kind}: {number:,} sources")
    if (writer := corpus.holder(settings)) is not None:
        typer.echo(f"being written by {writer}")
    if indexed == state.number:
        typer.echo("indexes: up to date")
    else:
        typer.echo(f"indexes: at state {indexed}; the next check or `corpus add` brings them to {state.number}")
    kept = corpus.Judgements(settings).count()
    typer.echo(f"judgements kept for the next check: {kept:,} of at most {settings.judgement_cache:,}")


@corpus_app.command("search")
def corpus_search(
    query: Annotated[str, typer.Argument(help="Free text; words in double quotation marks must stand there so.")],
    top_k: TopK = None,
    as_of: AsOf = None,
    kind: Kinds = None,
    publisher: Publishers = None,
    primary_only: PrimaryOnly = False,  # noqa: FBT002  as above
    since: Since = None,
    speaker: Speakers = None,
    language: Languages = None,
    collection: Collections = None,
) -> None:
    """Search the record. Example: onrecord corpus search "Istanbul talks 2022" --kind transcript."""
    from onrecord import index, report, workflow  # noqa: PLC0415  as above

    settings = load_settings()
    filters = _filters(
        kind,
        as_of,
        publisher,
        primary_only=primary_only,
        since=since,
        speakers=speaker,
        languages=language,
        collections=collection,
    )
    with _Bar() as bar, workflow.Checker.open(settings, progress=bar.show) as checker:
        found = checker.find(query, filters=filters, top_k=top_k or 10)
    typer.echo(f"Searched: {report.scope(filters)}", err=True)
    for number, (hit, passage) in enumerate(found, 1):
        typer.echo(f"{number}. {report.printable(passage.source.title)}")
        typer.echo(f"   {report.provenance(passage.source, passage.speaker)}")
        typer.echo(f"   {report.printable(report.how_found(hit, scores=True))}")
        typer.echo(f"   {_snippet(index.highlights(query, passage.text), passage)}")
        typer.echo(f"   {passage.id}\n")
    if not found:
        typer.echo("Nothing found. Use other words, or fewer filters.", err=True)


def _snippet(words: Sequence[Span], passage: Passage) -> str:
    """Return the sentences of a passage that hold words of the query, these set bold on a terminal; all when none does."""
    from onrecord import report  # noqa: PLC0415  as above

    pieces: list[str] = []
    left_out = False
    for sentence in passage.sentences:
        span = sentence.shifted(-passage.span.start)
        inside = [word for word in words if span.contains(word)]
        if words and not inside:
            left_out = True
            continue
        told, at = "… " if left_out else "", span.start
        left_out = False
        for word in inside:
            told += report.printable(passage.text[at : word.start])
            told += typer.style(report.printable(word.of(passage.text)), bold=True)
            at = word.end
        pieces.append(told + report.printable(passage.text[at : span.end]))
    return " ".join([*pieces, "…"] if left_out else pieces)


@corpus_app.command("verify")
def corpus_verify(
    repair: Annotated[bool, typer.Option("--repair", help="Mend what can be mended.")] = False,  # noqa: FBT002  as above
    backup: Annotated[
        Path | None,
        typer.Option("--backup", help="With --repair: take lost bytes from this backup. Example: --backup monday.zip"),
    ] = None,
) -> None:
    """Compare store, snapshots and both indexes, and name every difference. Example: onrecord corpus verify --repair."""
    from onrecord import workflow  # noqa: PLC0415  as above

    with _Bar() as bar:
        found = workflow.verify_corpus(settings=load_settings(), repair=repair, backup=backup, progress=bar.show)
    for line in found.finished:
        typer.echo(f"finished: {line}")
    for word, differences in (("mended", found.mended), ("differs", found.differences)):
        for item in differences:
            advice = "" if word == "mended" or item.mendable else " [needs a backup]"
            typer.echo(f"{word}: {item.part}: {item.subject}: {item.what}{advice}")
    typer.echo(
        f"State {found.state.number}: {found.state.sources:,} sources, {found.state.passages:,} passages, "
        f"{found.snapshots:,} snapshots compared with both indexes in {found.seconds:,.1f} s: "
        f"{len(found.differences):,} differences, {len(found.mended):,} mended."
    )
    if any(item.mendable for item in found.differences) and not repair:
        _fail("the corpus does not agree with itself; run the command with --repair.")
    if found.differences:
        _fail("the corpus does not agree with itself: give --repair --backup FILE, or use `corpus restore-backup`.")


@corpus_app.command("rebuild")
def corpus_rebuild() -> None:
    """Build both indexes anew from the store, while searches go on in the old ones. Example: onrecord corpus rebuild."""
    from onrecord import workflow  # noqa: PLC0415  as above

    with _Bar() as bar:
        state = workflow.rebuild_indexes(settings=load_settings(), progress=bar.show)
    typer.echo(f"Both indexes were built anew: state {state.number}, {state.passages:,} passages.")


@corpus_app.command("backup")
def corpus_backup(
    file: Annotated[Path, typer.Argument(help="A file that does not exist yet.")],
) -> None:
    """Write everything, checks included, to one file; work goes on meanwhile. Example: onrecord corpus backup monday.zip."""
    from onrecord import corpus  # noqa: PLC0415  as above

    settings = load_settings()
    corpus.Store.open(settings).close()
    _told("Wrote", corpus.back_up(settings, file))


@corpus_app.command("restore-backup")
def corpus_restore_backup(
    file: Annotated[Path, typer.Argument(help="A file that `corpus backup` wrote.")],
    replace: Annotated[  # noqa: FBT002  as above
        bool, typer.Option("--replace", help="Replace a corpus that is not empty; it is backed up into the home first.")
    ] = False,
) -> None:
    """Put the corpus of a backup in the place of this one. Example: onrecord corpus restore-backup monday.zip --replace."""
    from onrecord import workflow  # noqa: PLC0415  as above

    with _Bar() as bar:
        archive = workflow.restore_backup(file, settings=load_settings(), replace=replace, progress=bar.show)
    _told("Restored", archive)


@corpus_app.command("export")
def corpus_export(
    folder: Annotated[Path, typer.Argument(help="A folder that does not exist yet.")],
) -> None:
    """Write the sources with versions, provenance and bytes to a folder. Example: onrecord corpus export out."""
    from onrecord import corpus  # noqa: PLC0415  as above

    settings = load_settings()
    corpus.Store.open(settings).close()
    _told("Wrote", corpus.export_corpus(settings, folder))


@corpus_app.command("import")
def corpus_import(
    folder: Annotated[Path, typer.Argument(help="A folder that `corpus export` wrote.")],
) -> None:
    """Read an exported corpus into an empty one; it arrives identical. Example: onrecord corpus import out."""
    from onrecord import workflow  # noqa: PLC0415  as above

    with _Bar() as bar:
        archive = workflow.import_corpus(folder, settings=load_settings(), progress=bar.show)
    _told("Read", archive)


def _told(verb: str, archive: Archive) -> None:
    typer.echo(
        f"{verb} {archive.path}: state {archive.state.number} of {archive.created_at:%Y-%m-%d %H:%M} UTC, "
        f"{archive.state.sources:,} sources, {archive.snapshots:,} snapshots, {archive.size:,} bytes."
    )


def _fail(message: str) -> None:
    typer.echo(f"onrecord: {message}", err=True)
    raise typer.Exit(1)


def main() -> None:
    """Run the command; an error of the library becomes one line and exit code 1."""
    # Reports hold typographic characters; a terminal without UTF-8 shows a substitute and does not fail.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        app()
    except OnRecordError as error:
        typer.echo(f"onrecord: {error}", err=True)
        sys.exit(1)
    except SystemExit as stop:
        if stop.code != INTERRUPTED:
            raise
        typer.echo(
            "onrecord: interrupted; what was stored is complete, and the same command goes on from there.", err=True
        )
        sys.exit(1)
    except BrokenPipeError:
        # The reader of a pipe went away (`| head`); point stdout elsewhere so that the exit does not complain again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except OSError as error:
        typer.echo(f"onrecord: {error.strerror or error}: {error.filename or ''}".rstrip(": "), err=True)
        sys.exit(1)
