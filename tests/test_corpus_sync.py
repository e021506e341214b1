"""The registry and ``corpus sync``: what is added, changed, withdrawn, restored or fails, on both databases."""

from __future__ import annotations

import datetime as dt
import json
from typing import TYPE_CHECKING

import pytest

from onrecord.corpus import Registry, Store, load_registry, reports, sync_registry
from onrecord.documents.fetch import Fetched, Validators
from onrecord.errors import CorpusError, FetchError
from onrecord.records import UpdateOutcome, UpdateReport
from onrecord.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Store]:
    with Store.open(Settings(home=tmp_path / "home")) as opened:
        yield opened


def write(tmp_path: Path, text: str) -> Registry:
    path = tmp_path / "sources.toml"
    path.write_text(text, encoding="utf-8")
    return load_registry(path)


def folder(tmp_path: Path, **files: str) -> Registry:
    where = tmp_path / "texts"
    where.mkdir(exist_ok=True)
    for name, text in files.items():
        (where / f"{name}.md").write_text(f"---\nid: {name}\n---\n{text}", encoding="utf-8")
    return write(tmp_path, '[[entries]]\nname = "texts"\npath = "texts"\ntrust_tier = 2\n')


def counts(report: UpdateReport) -> dict[str, int]:
    found = report.model_dump(include={outcome.name.lower() for outcome in UpdateOutcome} | {"near_duplicates"})
    return {name: number for name, number in found.items() if number}


def ids(store: Store) -> list[str]:
    return [source.id for source in store.sources()]


class Web:
    """Pages by address; each answers 304 to its own ETag."""

    def __init__(self, **pages: str | int | None) -> None:
        self.pages = {f"https://example.org/{name}": page for name, page in pages.items()}
        self.sent: list[str] = []

    def fetch(self, address: str, *, known: Validators | None = None) -> Fetched:
        page = self.pages.get(address, 404)
        if isinstance(page, int):
            message = f"{address}: answered HTTP {page}"
            raise FetchError(message, status=page)
        if page is None:
            message = f"{address}: no answer"
            raise FetchError(message, passing=True)
        etag = f'"{hash(page)}"'
        same = known is not None and known.etag == etag
        if not same:
            self.sent.append(address.rpartition("/")[2])
        return Fetched(
            data=b"" if same else page.encode(),
            requested=address,
            address=address,
            status=304 if same else 200,
            media_type="text/plain",
            charset="utf-8",
            retrieved_at=dt.datetime(2026, 1, 2, tzinfo=dt.UTC),
            headers=(("ETag", etag),),
        )


# Folders


def test_the_life_of_a_folder(store: Store, tmp_path: Path) -> None:
    registry = folder(tmp_path, a="One met. Two met.", b="Other words.", c="More words.")
    assert counts(sync_registry(store, registry)) == {"added": 3}
    number = store.state().number
    assert counts(sync_registry(store, registry)) == {"unchanged": 3}
    assert store.state().number == number  # nothing to do for the indexes
    source = store.source("a")
    assert (source.trust_tier, source.added_by) == (2, "Anna Keller")

    folder(tmp_path, a="One met. Four met.")
    (tmp_path / "texts/b.md").unlink()
    report = sync_registry(store, registry)
    assert counts(report) == {"changed": 1, "withdrawn": 1, "unchanged": 1}
    changed, withdrawn = report.items
    assert [line for line in changed.diff.splitlines() if line[:1] in "+-" and line[1:2] not in "+-"] == [
        "-Two met.", "+Four met.",
    ]  # fmt: skip
    assert (withdrawn.source_id, withdrawn.outcome) == ("b", UpdateOutcome.WITHDRAWN)
    assert "'texts'" in store.history("b")[-1].reason
    assert ids(store) == ["a", "c"]
    assert [version.number for version in store.versions("a")] == [1, 2]

    folder(tmp_path, b="Other words.")  # the same bytes again
    assert counts(sync_registry(store, registry)) == {"restored": 1, "unchanged": 3}
    assert ids(store) == ["a", "b", "c"]
    assert counts(sync_registry(store, registry)) == {"unchanged": 3}


def test_what_a_person_withdrew_stays_withdrawn(local: Store, tmp_path: Path) -> None:
    registry = folder(tmp_path, a="One.", b="Two.")
    sync_registry(local, registry)
    local.withdraw(["a"], reason="a forgery")
    assert counts(sync_registry(local, registry)) == {"unchanged": 2}
    folder(tmp_path, a="Another text.")
    assert counts(sync_registry(local, registry)) == {"changed": 1, "unchanged": 1}
    assert ids(local) == ["b"]


def test_what_a_person_restored_stays_restored(local: Store, tmp_path: Path) -> None:
    registry = folder(tmp_path, a="One.", b="Two.")
    sync_registry(local, registry)
    (tmp_path / "texts/a.md").unlink()
    sync_registry(local, registry)
    local.restore(["a"], reason="it is needed all the same")
    assert counts(sync_registry(local, registry)) == {"unchanged": 1}
    assert ids(local) == ["a", "b"]


def test_an_unmounted_folder_withdraws_nothing(local: Store, tmp_path: Path) -> None:
    registry = folder(tmp_path, **{f"n{number}": f"Words {number}." for number in range(12)})
    sync_registry(local, registry)
    (tmp_path / "texts").rename(tmp_path / "away")
    report = sync_registry(local, registry)
    assert counts(report) == {"failed": 1}
    assert "there is no" in report.items[0].reason
    (tmp_path / "texts").mkdir()  # the mount point without the disk
    report = sync_registry(local, registry)
    assert "an empty folder" in report.items[0].reason
    assert "12 of its 12 sources" in report.items[1].reason
    assert len(ids(local)) == 12
    folder(tmp_path, n0="Words 0.")
    assert counts(sync_registry(local, registry)) == {"failed": 1, "unchanged": 1}
    assert counts(sync_registry(local, registry, accept_withdrawals=True)) == {"withdrawn": 11, "unchanged": 1}
    assert ids(local) == ["n0"]


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("a.md", b"---\nid: [\n---\nWords.", "not YAML"),  # damaged meanwhile
        ("a.md", b"", "a.md"),  # emptied
        ("a.md", b"---\nid: b\n---\nWords of a.", "its identity 'b' is that of b.md"),  # two with one id
    ],
)
def test_what_fails_stays_as_it_was(local: Store, tmp_path: Path, name: str, data: bytes, reason: str) -> None:
    registry = folder(tmp_path, a="Words of a.", b="Words of b.")
    sync_registry(local, registry)
    good = (tmp_path / "texts" / name).read_bytes()
    (tmp_path / "texts" / name).write_bytes(data)
    for _ in range(2):  # and is not passed over the next time
        report = sync_registry(local, registry)
        assert report.failed == 1
        assert any(reason in item.reason for item in report.items), report.items
        assert report.withdrawn == 0
        assert local.source("a").withdrawn is False
    (tmp_path / "texts" / name).write_bytes(good)
    assert sync_registry(local, registry).failed == 0


def test_ids_are_exchanged_and_files_renamed(local: Store, tmp_path: Path) -> None:
    registry = folder(tmp_path, a="Words of a.", b="Words of b.")
    sync_registry(local, registry)
    where = tmp_path / "texts"
    (where / "a.md").rename(where / "x.md")
    assert counts(sync_registry(local, registry)) == {"changed": 1, "unchanged": 1}  # its origin names the file
    (where / "x.md").write_text("---\nid: b\n---\nWords of b.")
    (where / "b.md").write_text("---\nid: a\n---\nWords of a.")
    assert counts(sync_registry(local, registry)) == {"changed": 2}
    (where / "z.md").write_text("---\nid: a\n---\nWords of a.")  # one document under two names
    for _ in range(2):
        assert counts(sync_registry(local, registry)) == {"failed": 1, "unchanged": 2}
    assert [len(local.versions(id_)) for id_ in "ab"] == [1, 1]
    (where / "b.md").unlink()
    assert counts(sync_registry(local, registry)) == {"changed": 1, "unchanged": 1}  # the other name holds it
    assert ids(local) == ["a", "b"]


def test_a_table_is_one_piece(local: Store, tmp_path: Path) -> None:
    rows = [{"n": number, "t": f"Words of row {number}."} for number in range(9)]
    table = tmp_path / "rows.jsonl"
    (tmp_path / "rows.toml").write_text(
        'name = "rows"\nid = "row-{n}"\ntitle = "Row {n}"\nkind = "data"\npublisher = "Example"\norigin = "test"\n'
        '[text]\n[[text.parts]]\nfield = "t"\n'
    )
    registry = write(tmp_path, '[[entries]]\nname = "rows"\npath = "rows.jsonl"\nmapping = "rows.toml"\n')

    def put() -> None:
        table.write_text("".join(json.dumps(row) + "\n" for row in rows))

    put()
    assert counts(sync_registry(local, registry)) == {"added": 9}
    assert counts(sync_registry(local, registry)) == {"unchanged": 9}
    rows[0]["t"] = "Other words."
    del rows[8]
    put()
    assert counts(sync_registry(local, registry)) == {"changed": 1, "withdrawn": 1, "unchanged": 7}
    (tmp_path / "rows.toml").write_text((tmp_path / "rows.toml").read_text().replace("Example", "Other"))
    assert counts(sync_registry(local, registry)) == {"changed": 8}  # the mapping is part of how it is read


def test_two_entries_keep_one_source(local: Store, tmp_path: Path) -> None:
    folder(tmp_path, a="Words.")
    other = tmp_path / "more"
    other.mkdir()
    (other / "copy.md").write_text("---\nid: a\n---\nWords.")
    registry = write(
        tmp_path,
        '[[entries]]\nname = "one"\npath = "texts"\ntrust_tier = 1\n'
        '[[entries]]\nname = "two"\npath = "more"\ntrust_tier = 3\n',
    )
    sync_registry(local, registry)
    assert local.source("a").trust_tier == 1  # the first in the file
    (tmp_path / "texts/a.md").unlink()
    sync_registry(local, registry)
    assert ids(local) == ["a"]  # the other has it still
    (other / "copy.md").unlink()
    sync_registry(local, registry, only=("two",))
    assert ids(local) == []


def test_trust_tier_changes_without_reading(local: Store, tmp_path: Path) -> None:
    registry = folder(tmp_path, a="Words.")
    sync_registry(local, registry)
    registry = write(tmp_path, '[[entries]]\nname = "texts"\npath = "texts"\n')
    number = local.state().number
    assert counts(sync_registry(local, registry)) == {"unchanged": 1}
    assert local.source("a").trust_tier is None
    assert local.state().number == number
    last = local.history("a")[-1]
    assert (last.what, dict(last.before)) == ("trust tier", {"trust_tier": 2})


def test_the_document_speaks_first(local: Store, tmp_path: Path) -> None:
    folder(tmp_path, a="Words.", b="Words too.")
    (tmp_path / "texts/b.md").write_text("---\nid: b\npublisher: Own\nlanguage: de\n---\nWords too.")
    registry = write(
        tmp_path,
        '[[entries]]\nname = "texts"\npath = "texts"\n'
        'provenance = { kind = "transcript", publisher = "Office", primary = true, licence = "CC0", language = "en" }\n',
    )
    sync_registry(local, registry)
    a, b = local.source("a"), local.source("b")
    assert (a.kind, a.publisher, a.primary, a.licence, a.language) == ("transcript", "Office", True, "CC0", "en")
    assert (b.publisher, b.language, b.licence) == ("Own", "de", "CC0")


def test_a_source_belongs_to_a_collection(local: Store, tmp_path: Path) -> None:
    registry = folder(tmp_path, a="Words.")
    (tmp_path / "texts/b.md").write_text("---\nid: b\ncollection: Letters\n---\nWords too.")
    sync_registry(local, registry)
    # the entry's name, and what the document says itself
    assert [source.collection for source in local.sources()] == ["texts", "Letters"]
    assert local.collections() == ["Letters", "texts"]
    assert [source.id for source in local.sources(collections=("texts",))] == ["a"]
    registry = write(
        tmp_path,
        '[[entries]]\nname = "texts"\npath = "texts"\ntrust_tier = 2\nprovenance = { collection = "Speeches" }\n',
    )
    assert counts(sync_registry(local, registry)) == {"changed": 1, "unchanged": 1}
    assert local.collections() == ["Letters", "Speeches"]
    assert local.history("a")[-1].before == {"collection": "texts"}


def test_again_reads_everything(local: Store, tmp_path: Path) -> None:
    registry = folder(tmp_path, a="Words.", b="Other words.")
    sync_registry(local, registry)
    assert counts(sync_registry(local, registry, again=True)) == {"unchanged": 2}


def test_interrupted_and_gone_on(store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = folder(tmp_path, a="Words.", b="Other words.")

    def broken(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("onrecord.corpus.sync_rows.remember", broken)
        with pytest.raises(KeyboardInterrupt):
            sync_registry(store, registry)
    assert ids(store) == ["a", "b"]  # stored, but not yet known to come from the entry
    assert counts(sync_registry(store, registry)) == {"unchanged": 2}
    (tmp_path / "texts/a.md").unlink()
    assert counts(sync_registry(store, registry)) == {"withdrawn": 1, "unchanged": 1}
    told = reports(store.database, 10)
    assert [report is not None for _, _, report in told] == [True, True, False]
    assert {who for _, who, _ in told} == {"Anna Keller"}


# Addresses

LIST = '[[entries]]\nname = "pages"\naddresses = ["https://example.org/a", "https://example.org/b"]\ntrust_tier = 1\n'


def test_the_life_of_a_list(store: Store, tmp_path: Path) -> None:
    registry = write(tmp_path, LIST)
    web = Web(a="The first page. It is long.", b="The second page, quite another.")
    assert counts(sync_registry(store, registry, fetch=web.fetch)) == {"added": 2}
    assert {source.address for source in store.sources()} == {"https://example.org/a", "https://example.org/b"}
    web.sent.clear()
    assert counts(sync_registry(store, registry, fetch=web.fetch)) == {"unchanged": 2}
    assert web.sent == []  # asked only whether it changed
    web.pages["https://example.org/a"] = "The first page. It is short."
    web.pages["https://example.org/b"] = None  # no answer: it may be there still
    report = sync_registry(store, registry, fetch=web.fetch)
    assert counts(report) == {"changed": 1, "failed": 1}
    assert len(ids(store)) == 2
    web.pages["https://example.org/b"] = 410
    report = sync_registry(store, registry, fetch=web.fetch)
    assert counts(report) == {"withdrawn": 1, "unchanged": 1}
    assert "HTTP 410" in report.items[-1].reason
    web.pages["https://example.org/b"] = "The second page, quite another."
    assert counts(sync_registry(store, registry, fetch=web.fetch)) == {"restored": 1, "unchanged": 2}


@pytest.mark.parametrize("status", [403, 429, 500, 503])
def test_a_refusal_is_no_disappearance(local: Store, tmp_path: Path, status: int) -> None:
    registry = write(tmp_path, LIST)
    web = Web(a="The first page.", b="The second page.")
    sync_registry(local, registry, fetch=web.fetch)
    web.pages["https://example.org/a"] = status
    assert counts(sync_registry(local, registry, fetch=web.fetch)) == {"failed": 1, "unchanged": 1}
    assert len(ids(local)) == 2


def test_what_leaves_a_feed_stays(local: Store, tmp_path: Path) -> None:
    def feed(*names: str) -> str:
        items = "".join(
            f"<item><link>https://example.org/{name}</link><title>On {name}</title>"
            "<pubDate>Fri, 29 Mar 2024 10:00:00 GMT</pubDate></item>"
            for name in names
        )
        return f'<?xml version="1.0"?><rss version="2.0"><channel><title>News</title>{items}</channel></rss>'

    registry = write(tmp_path, '[[entries]]\nname = "news"\nfeed = "https://example.org/feed"\nonly = "/p"\n')
    web = Web(feed=feed("p1", "p2", "q"), p1="The first item of news.", p2="A second one, about rain.", q="Not taken.")
    assert counts(sync_registry(local, registry, fetch=web.fetch)) == {"added": 2}
    assert {source.published for source in local.sources()} == {dt.date(2024, 3, 29)}
    web.pages["https://example.org/feed"] = feed("p2")
    assert counts(sync_registry(local, registry, fetch=web.fetch)) == {"unchanged": 1}
    assert len(ids(local)) == 2
    web.pages["https://example.org/p2"] = 404  # but what says that it is gone is gone
    assert counts(sync_registry(local, registry, fetch=web.fetch)) == {"withdrawn": 1}
    web.pages["https://example.org/feed"] = 500
    assert counts(sync_registry(local, registry, fetch=web.fetch)) == {"failed": 1}
    assert len(ids(local)) == 1


def test_a_list_in_a_file(local: Store, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("# pages\nhttps://example.org/a\n")
    registry = write(tmp_path, '[[entries]]\nname = "pages"\nlist = "list.txt"\n')
    assert counts(sync_registry(local, registry, fetch=Web(a="The first page.").fetch)) == {"added": 1}


# The registry file


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "entries: Field required"),  # empty
        ("entries = 1", "entries"),
        ("not toml", "sources.toml"),
        ('[[entries]]\nname = "a"\n', "0 of path, addresses, list, feed and sitemap are given"),
        ('[[entries]]\nname = "a"\npath = "x"\nfeed = "y"\n', "2 of path"),
        ('[[entries]]\nname = "a"\nfeed = "y"\nmapping = "m.toml"\n', "a mapping goes with a path"),
        ('[[entries]]\nname = "a"\npath = "y"\nonly = "m"\n', "only selects addresses"),
        ('[[entries]]\nname = "a"\nfeed = "y"\nonly = "("\n', "no regular expression"),
        ('[[entries]]\nname = "a"\npath = "x"\ntrust_tier = 4\n', "less than or equal to 3"),
        ('[[entries]]\nname = "a"\npath = "x"\ntrust = 1\n', "Extra inputs"),  # a slip is no silence
        ('[[entries]]\nname = "a b"\npath = "x"\n', "name"),
        ('[[entries]]\nname = "a"\npath = "x"\n[[entries]]\nname = "a"\npath = "y"\n', "'a' is given to more than one"),
        ('[[entries]]\nname = "a"\npath = "x"\nprovenance = { kind = "rumour" }\n', "kind"),
    ],
)
def test_unusable_registries(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(CorpusError, match=r"registry") as failed:
        write(tmp_path, text)
    assert message in str(failed.value)


def test_missing_registry_and_unknown_entry(local: Store, tmp_path: Path) -> None:
    with pytest.raises(CorpusError, match=r"nowhere\.toml"):
        load_registry(tmp_path / "nowhere.toml")
    registry = folder(tmp_path, a="Words.")
    with pytest.raises(CorpusError, match=r"no entry 'other'.*there are texts"):
        sync_registry(local, registry, only=("other",))


def test_an_unusable_entry_fails_alone(local: Store, tmp_path: Path) -> None:
    folder(tmp_path, a="Words.")
    registry = write(
        tmp_path,
        '[[entries]]\nname = "bad"\npath = "texts"\nmapping = "missing.toml"\n[[entries]]\nname = "texts"\npath = "texts"\n',
    )
    assert counts(sync_registry(local, registry)) == {"failed": 1, "added": 1}


def test_the_registry_in_the_checkout_is_right() -> None:
    from pathlib import Path

    registry = load_registry(Path(__file__).parents[1] / "corpus" / "sources.toml")
    for entry in registry.entries:
        assert entry.path is None or registry.below(entry.path).exists()
