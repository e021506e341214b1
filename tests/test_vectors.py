"""The files of vectors beside a collection: the same answers as comparing everything, under every filter and change."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import pytest

from onrecord.index import vectors as module
from onrecord.index.vectors import Row, Vectors
from onrecord.records import SearchFilters, SourceKind

EVERYTHING = SearchFilters()
DIMENSION = 96


def made(count: int, *, first: int = 0) -> list[Row]:
    """Clouds of vectors, as texts on a few subjects are."""
    drawn = np.random.default_rng(first)
    subjects = np.random.default_rng(7).standard_normal((20, DIMENSION))
    rows = []
    for number in range(first, first + count):
        vector = subjects[number % 20] + drawn.standard_normal(DIMENSION)
        metadata = {
            "kind": "transcript" if number % 2 else "document",
            "primary": number % 3 == 0,
            "publisher": f"p{number % 50}",
            "language": "en" if number % 5 else "fr",
            "published": 20_000_101 + number % 28,
            **({"collection": f"c{number % 3}"} if number % 2 else {}),
            **({"speakers": ["jane roe", f"s{number % 7}"]} if number % 4 == 0 else {}),
        }
        rows.append(Row(f"n{number}@v:0-9", (vector / np.linalg.norm(vector)).astype(np.float32), metadata))
    return rows


def expected(rows: list[Row], query: np.ndarray, limit: int) -> list[str]:
    scored = sorted(rows, key=lambda row: (-float(np.float16(row.vector).astype(np.float32) @ query), row.identity))
    return [row.identity for row in scored[:limit]]


def found(files: Vectors, query: np.ndarray, limit: int = 10, filters: SearchFilters = EVERYTHING) -> list[str]:
    return [item.passage_id for item in files.search(query[None], filters=filters, limit=limit)[0]]


FILTERS = [
    # nothing is filtered
    (EVERYTHING, bool),
    (SearchFilters(kinds=(SourceKind.TRANSCRIPT,)), lambda m: m["kind"] == "transcript"),
    (SearchFilters(publishers=("P7",)), lambda m: m["publisher"] == "p7"),
    # so many values that they are compared as a set
    (SearchFilters(publishers=("p1", "p2", "p3")), lambda m: m["publisher"] in {"p1", "p2", "p3"}),
    (SearchFilters(collections=("C1",)), lambda m: m.get("collection") == "c1"),
    (SearchFilters(speakers=("Jane Roe",)), lambda m: "speakers" in m),
    (SearchFilters(speakers=("s3", "nobody")), lambda m: "s3" in m.get("speakers", ())),
    (SearchFilters(primary_only=True, languages=("fr",)), lambda m: m["primary"] and m["language"] == "fr"),
    (
        SearchFilters(since=dt.date(2000, 1, 5), as_of=dt.date(2000, 1, 6)),
        lambda m: m["published"] in {20_000_105, 20_000_106},
    ),
    # nothing passes
    (SearchFilters(publishers=("nobody",)), lambda m: not m),
]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Vectors:
    files = Vectors(tmp_path_factory.mktemp("vectors"))
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "SEGMENT_ROWS", 1_100)  # several segments
        files.begin()
        files.add(made(4_000))
        files.commit()
    return files


@pytest.mark.parametrize("exact_rows", [0, 10_000])  # by signs first; all compared
@pytest.mark.parametrize(("filters", "admits"), FILTERS)
def test_the_nearest_that_pass_a_filter_are_found(
    shared: Vectors, monkeypatch: pytest.MonkeyPatch, exact_rows: int, filters: SearchFilters, admits: object
) -> None:
    monkeypatch.setattr(module, "EXACT_ROWS", exact_rows)
    monkeypatch.setattr(module, "BLOCK", 500)
    rows = [row for row in made(4_000) if admits(row.metadata)]  # type: ignore[operator]
    for query in [row.vector for row in made(5, first=90_000)]:
        assert found(shared, query, filters=filters) == expected(rows, query, 10)


def test_a_quarter_of_the_rows_finds_the_nearest(shared: Vectors, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EXACT_ROWS", 0)
    monkeypatch.setattr(module, "LEAST_CANDIDATES", 1_000)
    rows, shares = made(4_000), []
    for query in [row.vector for row in made(20, first=90_000)]:
        wanted = expected(rows, query, 10)
        shares.append(len(set(wanted) & set(found(shared, query))) / 10)
    assert np.mean(shares) > 0.97


def test_changes_count_after_commit_and_reach_open_readers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_SEGMENTS", 3)
    writer, reader = Vectors(tmp_path), Vectors(tmp_path)
    assert not reader.usable
    rows = {row.identity: row for row in made(60)}
    writer.begin()
    writer.add(rows.values())
    writer.commit()
    assert (reader.count(), reader.trusted) == (60, True)
    for step in range(8):  # more segments than are kept apart: they are joined
        more = made(3, first=1_000 + 10 * step)
        gone = list(rows)[:4]
        replaced = Row(gone[3], more[0].vector, {"kind": "data"})
        writer.begin()
        writer.remove(gone)
        writer.add([*more, replaced])
        assert not reader.trusted, "another process is writing"
        assert found(reader, rows[gone[0]].vector, 1) == [gone[0]], "what is not committed is not seen"
        writer.commit()
        for identity in gone:
            del rows[identity]
        rows |= {row.identity: row for row in [*more, replaced]}
        assert reader.count() == len(rows)
        query = made(1, first=90_000)[0].vector
        for files in (writer, reader, Vectors(tmp_path)):
            assert found(files, query) == expected(list(rows.values()), query, 10)
    assert len([item for item in tmp_path.iterdir() if item.is_dir()]) <= 4
    data = SearchFilters(kinds=(SourceKind.DATA,))
    assert len(found(reader, query, 50, data)) == sum(row.metadata["kind"] == "data" for row in rows.values())
    speaking = SearchFilters(speakers=("jane roe",))
    assert len(found(reader, query, 90, speaking)) == sum("speakers" in row.metadata for row in rows.values())


def test_a_change_that_did_not_end_is_written_anew(tmp_path: Path) -> None:
    files = Vectors(tmp_path)
    rows = made(10)
    files.begin()
    files.add(rows)
    files.commit()
    files.begin()
    files.remove([rows[0].identity])
    later = Vectors(tmp_path)  # as after a crash
    assert later.usable
    assert not later.trusted
    later.begin()
    assert not later.trusted, "beginning again does not make it whole"
    later.rewrite(rows[1:])
    assert (later.trusted, later.count()) == (True, 9)


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "manifest.json").write_text("{"),
        lambda folder: (folder / "manifest.json").write_text('{"format": 0, "segments": []}'),
        lambda folder: (folder / "manifest.json").unlink(),
        lambda folder: next(folder.glob("segment-*/keys.npy")).unlink(),
        lambda folder: next(folder.glob("segment-*/vectors.npy")).write_bytes(b"junk"),
    ],
    ids=["half a manifest", "another format", "no manifest", "a lost file", "a damaged file"],
)
def test_damaged_files_are_none(tmp_path: Path, damage: object) -> None:
    files = Vectors(tmp_path)
    files.begin()
    files.add(made(5))
    files.commit()
    damage(tmp_path)  # type: ignore[operator]
    assert not Vectors(tmp_path).usable
