"""What a run leaves behind so that it can be gone on with, and judged anew without the networks.

``logits.jsonl`` holds what the stance networks answered, by the product's own key of network and texts: one line an answer,
appended as they come, so that an interrupted run goes on where it stopped. ``checked.jsonl`` holds the checked claims with all
their evidence; ``networks.json`` says whose answers they are and how they are calibrated.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from evals.data import EvalDataError, LabelledClaim
from onrecord.records import CheckedClaim, Span
from onrecord.stance.calibrate import Calibration

Logits = tuple[float, float, float]


class KeptLogits:
    """A cache of a network's answers in a file; what it holds need not be read again."""

    def __init__(self, path: Path) -> None:
        """Read what is there; a last line that was cut short is left out, any other that cannot be read is an error."""
        self._path = path
        self._held: dict[bytes, Logits] = {}
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.exists() else []
        for number, line in enumerate(lines, start=1):
            try:
                key, *logits = json.loads(line)
                supports, refutes, neutral = (float(value) for value in logits)
                self._held[bytes.fromhex(key)] = (supports, refutes, neutral)
            except (ValueError, TypeError) as error:
                if number == len(lines) and not line.endswith("\n"):
                    path.write_text("".join(lines[:-1]), encoding="utf-8")
                    break
                message = f"{path}, line {number} holds no answer of a network. Remove the file to measure anew."
                raise EvalDataError(message) from error

    def __len__(self) -> int:
        """Return how many answers are held."""
        return len(self._held)

    def known(self, keys: Sequence[bytes]) -> dict[bytes, Logits]:
        """Return what is held of ``keys``."""
        return {key: self._held[key] for key in keys if key in self._held}

    def keep(self, judged: Mapping[bytes, Logits]) -> None:
        """Hold more, and write it down at once."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        new = {key: logits for key, logits in judged.items() if key not in self._held}
        with self._path.open("a", encoding="utf-8") as file:
            file.writelines(json.dumps([key.hex(), *logits]) + "\n" for key, logits in new.items())
        self._held.update(new)


class KeptNetwork(BaseModel):
    """A network whose answers were kept."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tier: str
    name: str
    sha256: str
    calibration: Calibration


class KeptClaim(BaseModel):
    """A labelled claim and what became of it: one checked claim, or several where the claims room found several in it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    labelled: LabelledClaim
    parts: tuple[CheckedClaim, ...]
    article_date: str = ""


class KeptRun(BaseModel):
    """Everything of a run that a replay needs besides the answers."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    networks: tuple[KeptNetwork, ...]
    names: Mapping[str, str]
    """Source id → the data set's own document id."""
    sentences: Mapping[str, tuple[Span, ...]]
    """Document → its annotated sentences, for the documents that were judged."""


def write_claims(folder: Path, run: KeptRun, claims: Sequence[KeptClaim]) -> None:
    """Write what a replay needs into the folder of a run."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = "".join(claim.model_dump_json() + "\n" for claim in claims)
    (folder / "checked.jsonl").write_text(lines, encoding="utf-8")
    (folder / "networks.json").write_text(run.model_dump_json() + "\n", encoding="utf-8")


def read_claims_of(folder: Path) -> tuple[KeptRun, list[KeptClaim]]:
    """Read what ``write_claims`` wrote.

    Raises:
        EvalDataError: it is not there or cannot be read.
    """
    try:
        run = KeptRun.model_validate_json((folder / "networks.json").read_text(encoding="utf-8"))
        lines = (folder / "checked.jsonl").read_text(encoding="utf-8").splitlines()
        return run, [KeptClaim.model_validate_json(line) for line in lines]
    except (OSError, UnicodeDecodeError, ValidationError) as error:
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        message = (
            f"{folder} cannot be replayed: {reason}. Give a folder that `python -m evals run end-to-end … --out` wrote."
        )
        raise EvalDataError(message) from error
