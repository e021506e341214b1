"""Write the shipped form of a run: half-precision tensors without word embeddings, with the label order in the configuration.

Command (from the repository root)::

    python -m training.stance.export --run ../run/stance-fast --weights average
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from training.stance.train_fast import BASE_SHA256, WORD_EMBEDDINGS, load_base

SHIPPED = Path("src/onrecord/stance/models/fast")


def export(checkpoint: Path, folder: Path, *, average: bool) -> dict[str, float]:
    """Write ``model.safetensors`` and ``config.json`` of a checkpoint into ``folder``.

    Args:
        checkpoint: A file written by the training run.
        folder: Where the model goes; made if missing.
        average: Take the moving average of the weights rather than the last ones.

    Returns:
        Steps, pairs seen and seconds spent by then.
    """
    saved = torch.load(checkpoint, weights_only=True)
    state = dict(saved["model"])
    if average:
        state.update(saved["average"])
    state.pop(WORD_EMBEDDINGS, None)
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        name: value.to(torch.float16).contiguous() for name, value in sorted(state.items()) if value.is_floating_point()
    }
    part = folder / "model.safetensors.part"
    save_file(tensors, part, metadata={"format": "pt", "base_sha256": BASE_SHA256, "without": WORD_EMBEDDINGS})
    part.chmod(0o644)
    part.replace(folder / "model.safetensors")
    model, _ = load_base()
    config = model.config.to_dict()
    for key in ("_name_or_path", "dtype", "torch_dtype"):
        config.pop(key, None)
    config["architectures"] = [type(model).__name__]
    (folder / "config.json").write_text(json.dumps(config, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return {"step": saved["step"], "seen": saved["seen"], "spent": saved["spent"]}


def main() -> None:
    """Export and print where the run stood."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--folder", type=Path, default=SHIPPED)
    parser.add_argument("--weights", choices=("average", "last"), default="average")
    options = parser.parse_args()
    print(json.dumps(export(options.run / "checkpoint.pt", options.folder, average=options.weights == "average")))


if __name__ == "__main__":
    main()
