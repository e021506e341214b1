"""The networks that are trained: MiniLM-L6 as a whole, and MPNet by low-rank adapters in every layer."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from onrecord.stance import bases, nli

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedTokenizerBase

ID2LABEL = {0: "entailment", 1: "neutral", 2: "contradiction"}
WORD_EMBEDDINGS = "bert.embeddings.word_embeddings.weight"
RANK, ALPHA = 32, 64
LAYERS = tuple(range(4, 12))
"""The upper eight of twelve: the backward pass ends there. Base in bfloat16 and no dropout in the adapters: 16.8 pairs/s on one
core for all layers and 20.7 for these, against 6.8 with a base in full precision and dropout (16 pairs of 35 word pieces)."""
TARGETS = ("q", "k", "v", "o", "intermediate.dense", "output.dense")
"""Every matrix of an MPNet layer: its four of the attention and its two of the feed-forward part."""


@dataclass(frozen=True, slots=True)
class Tier:
    """One of the two stance models."""

    name: str
    shipped: Path


TIERS = {"fast": Tier("fast", nli.FAST_FOLDER), "accurate": Tier("accurate", nli.ACCURATE_FOLDER)}


def load_tier(tier: Tier, *, shipped: bool, cache: Path) -> tuple[torch.nn.Module, PreTrainedTokenizerBase]:
    """Return a tier's network, ready to be trained, and its tokenizer.

    Args:
        tier: Which network.
        shipped: Start from the weights in the package rather than from the base with a fresh head.
        cache: Where a base that comes in pieces is joined.
    """
    return _load_fast(shipped=shipped) if tier.name == "fast" else _load_accurate(shipped=shipped, cache=cache)


def trained_state(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return what is trained, by parameter name."""
    return {name: value.detach() for name, value in model.named_parameters() if value.requires_grad}


def _labels() -> dict[str, Any]:
    return {"num_labels": 3, "id2label": ID2LABEL, "label2id": {name: i for i, name in ID2LABEL.items()}}


def _load_fast(*, shipped: bool) -> tuple[torch.nn.Module, PreTrainedTokenizerBase]:
    from transformers import AutoTokenizer, BertForSequenceClassification  # noqa: PLC0415 - heavy

    folder = bases.minilm_folder()
    model = BertForSequenceClassification.from_pretrained(folder, use_safetensors=True, **_labels())
    if shipped:
        from safetensors.torch import load_file  # noqa: PLC0415 - heavy

        state = {name: value.float() for name, value in load_file(nli.FAST_FOLDER / "model.safetensors").items()}
        model.load_state_dict(state, strict=False)
    model.get_parameter(WORD_EMBEDDINGS).requires_grad_(requires_grad=False)
    return model, AutoTokenizer.from_pretrained(folder)


def _load_accurate(*, shipped: bool, cache: Path) -> tuple[torch.nn.Module, PreTrainedTokenizerBase]:
    import torch  # noqa: PLC0415 - heavy
    from peft import LoraConfig, PeftModel, TaskType, get_peft_model  # noqa: PLC0415 - heavy
    from transformers import AutoTokenizer, MPNetForSequenceClassification  # noqa: PLC0415 - heavy

    folder = bases.mpnet_folder(cache)
    model = MPNetForSequenceClassification.from_pretrained(folder, use_safetensors=True, **_labels()).to(torch.bfloat16)
    model.classifier.float()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    if shipped:
        return PeftModel.from_pretrained(model, nli.ACCURATE_FOLDER, is_trainable=True), tokenizer
    made = LoraConfig(
        task_type=TaskType.SEQ_CLS,
        r=RANK,
        lora_alpha=ALPHA,
        layers_to_transform=list(LAYERS),
        layers_pattern="layer",
        target_modules=list(TARGETS),
        modules_to_save=["classifier"],
    )
    return get_peft_model(model, made), tokenizer
