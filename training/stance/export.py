"""Write the shipped form of a run, with the label order in the configuration.

Fast: half-precision tensors without word embeddings. Accurate: adapters and head, in half precision, as PEFT reads them.

Command (from the repository root)::

    python -m training.stance.export --tier accurate --run ../run/stance-accurate --weights average
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from safetensors.torch import save_file

from onrecord.stance import bases
from training.stance.tiers import TIERS, WORD_EMBEDDINGS, Tier, load_tier

if TYPE_CHECKING:
    from collections.abc import Mapping


def export(checkpoint: Path, tier: Tier, *, average: bool, cache: Path) -> dict[str, float]:
    """Write a checkpoint into the folder that its tier is shipped from.

    Args:
        checkpoint: A file written by the training run.
        tier: The tier that it was trained for.
        average: Take the moving average of the weights rather than the last ones.
        cache: Where the base network is joined.

    Returns:
        Steps, pairs seen and seconds spent by then.

    Raises:
        ValueError: the checkpoint is of another tier.
    """
    saved = torch.load(checkpoint, weights_only=True)
    if saved["tier"] != tier.name:
        msg = f"{checkpoint} is of the {saved['tier']} tier, not {tier.name}"
        raise ValueError(msg)
    state = {**saved["model"], **(saved["average"] if average else {})}
    model: Any
    model, _ = load_tier(tier, shipped=False, cache=cache)
    model.load_state_dict(state, strict=False)
    tier.shipped.mkdir(parents=True, exist_ok=True)
    if tier.name == "fast":
        _write(
            model.state_dict(), tier.shipped / "model.safetensors", base=bases.MINILM_SHA256, without=WORD_EMBEDDINGS
        )
    else:
        from peft import get_peft_model_state_dict  # noqa: PLC0415 - heavy

        _write(get_peft_model_state_dict(model), tier.shipped / "adapter_model.safetensors", base=bases.MPNET_SHA256)
        model.peft_config["default"].save_pretrained(tier.shipped)
        adapter = json.loads((tier.shipped / "adapter_config.json").read_text(encoding="utf-8"))
        adapter |= {"base_model_name_or_path": f"sentence-transformers/{bases.MPNET_NAME}", "inference_mode": True}
        _write_json(adapter, tier.shipped / "adapter_config.json")
    config = model.config.to_dict()
    for key in ("_name_or_path", "dtype", "torch_dtype"):
        config.pop(key, None)
    config["architectures"] = [
        "BertForSequenceClassification" if tier.name == "fast" else "MPNetForSequenceClassification"
    ]
    _write_json(config, tier.shipped / "config.json")
    return {"step": saved["step"], "seen": saved["seen"], "spent": saved["spent"]}


def _write(state: Mapping[str, torch.Tensor], path: Path, *, base: str, without: str = "") -> None:
    tensors = {
        name: value.to(torch.float16).contiguous()
        for name, value in sorted(state.items())
        if value.is_floating_point() and name != without
    }
    part = path.with_suffix(".part")
    save_file(
        tensors, part, metadata={"format": "pt", "base_sha256": base, **({"without": without} if without else {})}
    )
    part.chmod(0o644)
    part.replace(path)


def _write_json(value: Mapping[str, Any], path: Path) -> None:
    path.write_text(json.dumps(value, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def main() -> None:
    """Export and print where the run stood."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--tier", choices=tuple(TIERS), default="fast")
    parser.add_argument("--weights", choices=("average", "last"), default="average")
    parser.add_argument("--cache", type=Path, default=Path("../run/models"), help="where the base network is joined")
    options = parser.parse_args()
    average = options.weights == "average"
    print(json.dumps(export(options.run / "checkpoint.pt", TIERS[options.tier], average=average, cache=options.cache)))


if __name__ == "__main__":
    main()
