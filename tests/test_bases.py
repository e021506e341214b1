"""The packaged networks: found, joined from pieces, verified by hash."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from onrecord.errors import StanceModelError
from onrecord.stance import bases

WEIGHTS = b"weights " * 5000

Pieces = Callable[..., None]


@pytest.fixture
def pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Pieces:
    """Make a zip like the packaged one, cut it into pieces and let the module find those and expect these weights."""

    def made(*, weights: bytes = WEIGHTS, leave_out: str = "", keep: int = 5) -> None:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("net/1_Pooling/config.json", "the wrong one")
            for name in bases._MPNET_FILES:
                if name != leave_out:
                    archive.writestr(f"net/{name}", weights if name == "model.safetensors" else name)
        data = buffer.getvalue()
        size = len(data) // 5 + 1
        paths = []
        for number in range(keep):
            path = tmp_path / f"net.zip.{number + 1:03d}"
            path.write_bytes(data[number * size : (number + 1) * size])
            paths.append(path)
        monkeypatch.setattr(bases, "_pieces", lambda: paths)

    expected = tmp_path / "expected"
    expected.write_bytes(WEIGHTS)
    monkeypatch.setattr(bases, "MPNET_SHA256", bases.file_sha256(expected))
    return made


def test_pieces_are_joined_once_and_verified(pieces: Pieces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pieces()
    folder = bases.mpnet_folder(tmp_path / "models")
    assert (folder / "model.safetensors").read_bytes() == WEIGHTS
    assert (folder / "config.json").read_text(encoding="utf-8") == "config.json"  # not the pooling layer's
    monkeypatch.setattr(bases, "_pieces", lambda: pytest.fail("joined twice"))
    assert bases.mpnet_folder(tmp_path / "models") == folder
    assert [path.name for path in folder.parent.iterdir() if path.is_dir()] == [
        folder.name
    ]  # nothing half-made beside it


@pytest.mark.parametrize(
    "damage",
    [
        lambda folder: (folder / "model.safetensors").write_bytes(b"other"),  # altered
        lambda folder: (folder / "vocab.txt").unlink(),  # incomplete
        lambda folder: (folder / "model.safetensors").write_bytes(WEIGHTS[:-1]),  # cut short
    ],
)
def test_a_damaged_folder_is_joined_again(pieces: Pieces, tmp_path: Path, damage: Callable[[Path], object]) -> None:
    pieces()
    damage(bases.mpnet_folder(tmp_path))
    assert (bases.mpnet_folder(tmp_path) / "model.safetensors").read_bytes() == WEIGHTS


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"weights": b"other weights"}, "sha256"),  # another network in the packages
        ({"leave_out": "tokenizer.json"}, "tokenizer.json"),  # a file missing
        ({"keep": 4}, "cannot be joined"),  # a piece missing
    ],
)
def test_pieces_that_do_not_fit_are_one_clear_error(
    pieces: Pieces, tmp_path: Path, given: dict[str, object], expected: str
) -> None:
    pieces(**given)
    with pytest.raises(StanceModelError, match=expected):
        bases.mpnet_folder(tmp_path)
    assert not [path for path in tmp_path.iterdir() if path.is_dir()]


def test_a_missing_package_names_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bases, "MPNET_PACKAGES", ("no-such-package-anywhere",))
    with pytest.raises(StanceModelError, match="pip install no-such-package-anywhere"):
        bases.mpnet_folder(tmp_path)


def test_the_packages_hold_all_files_and_the_pieces_are_in_order() -> None:
    with zipfile.ZipFile(io.BufferedReader(bases._Pieces(bases._pieces()))) as archive:
        names = {Path(name).name for name in archive.namelist()}
        assert set(bases._MPNET_FILES) <= names
        assert archive.getinfo("all-mpnet-base-v2/model.safetensors").file_size == 437_971_872
        assert archive.read("all-mpnet-base-v2/config.json").startswith(b"{")  # its checksum is verified


def test_a_missing_or_altered_minilm_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bases, "MINILM_SHA256", "0" * 64)
    with pytest.raises(StanceModelError, match="expected 0000"):
        bases.minilm_folder()
    monkeypatch.setattr(bases, "MINILM_PACKAGE", "no_such_package")
    with pytest.raises(StanceModelError, match="pip install"):
        bases.minilm_folder()
