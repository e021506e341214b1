"""How the adapters of claims are trained: the loss by hand, the order, the strength."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
import torch

from training.search import train
from training.search.train import Asked, Searched


def test_the_loss_is_how_little_of_all_decides_by_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(train, "SCALE", 1.0)
    cosines = torch.log(torch.tensor([[1.0, 2.0, 4.0, 8.0]]))
    # the third passage lies in the document that decides and does not decide: it counts for nothing
    loss = train.loss_of(cosines, [Asked("", gold=(1,), same=(1, 2))])
    assert float(loss) == pytest.approx(math.log((1 + 2 + 8) / 2))
    both = train.loss_of(cosines, [Asked("", gold=(1, 2), same=(1, 2))])
    assert float(both) == pytest.approx(math.log(15 / 6))


def test_an_epoch_is_the_same_for_the_same_seed_and_holds_every_claim() -> None:
    claims = tuple(Asked(str(number), (0,), (0,)) for number in range(50))
    nothing = np.zeros((1, 2), dtype=np.float32)
    sets = {
        "scifact": Searched(nothing, (0,), claims, ()),
        "feverous": Searched(nothing, (0,), claims[:10], ()),
    }
    first, again, other = (train.batches(sets, 32, random.Random(seed)) for seed in (3, 3, 4))  # noqa: S311  an order
    assert first == again
    assert other != first
    seen = [asked.claim for name, part in first if name == "scifact" for asked in part]
    assert sorted(seen) == sorted([one.claim for one in claims] * train.TIMES["scifact"])
    assert sum(len(part) for name, part in first if name == "feverous") == 10


@pytest.mark.filterwarnings("ignore:.is_gradient_checkpointing.:FutureWarning")
def test_adapters_of_no_strength_change_nothing() -> None:
    torch.manual_seed(5)
    model, tokenizer = train.adapted()
    model.eval()
    texts = ["Wheat exports rose by 5 %.", "Talks failed."]
    with torch.inference_mode():
        before = train.vectors_of(model, tokenizer, texts)
        for name, value in model.named_parameters():
            if "lora_B" in name:
                value.data.normal_(std=0.05)
        train.strengthened(model, 1.0)
        changed = train.vectors_of(model, tokenizer, texts)
        train.strengthened(model, 0.0)
        after = train.vectors_of(model, tokenizer, texts)
    assert not torch.allclose(before, changed, atol=0.05)
    assert torch.allclose(before, after, atol=1e-3)
