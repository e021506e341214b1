"""What training takes from search: adapters of claims (the loss by hand, the order, the strength), passages beside claims."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
import torch

from evals.ablation import Replay
from evals.data import CorpusDocument, Gold, LabelledClaim
from onrecord.settings import load_settings
from training.search import train
from training.search.train import Asked, Searched
from training.stance import searched


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


def test_claims_are_set_beside_what_search_finds_for_them() -> None:
    documents = [
        CorpusDocument(id="gold", title="Cats", sentences=("Cats purr.", "They sleep.", "They hunt.")),
        *(CorpusDocument(id=f"other-{n}", title="Dogs", sentences=(f"Dogs bark {n}.",)) for n in range(6)),
    ]
    places = [(0, 0, 10), (0, 11, 33), *((n, 0, len(documents[n].text)) for n in range(1, 7))]
    found = [(place, 1.0 - place / 10) for place in range(len(places))]
    vectors = np.eye(len(places), 3, dtype=np.float32)
    made = [
        LabelledClaim(
            id="1", claim="Cats purr.", gold=Gold.SUPPORTS, gold_documents=("gold",), rationales={"gold": ((0,),)}
        ),
        LabelledClaim(id="2", claim="Cats fly.", gold=Gold.NEUTRAL, cited_documents=("gold",)),
    ]
    replay = Replay("set", documents, made, places, vectors, vectors[:2], [found] * 2, [found] * 2, [], [], [], [])
    settings = load_settings()
    decided = list(searched.of_claim(replay, 0, settings, random.Random(1)))  # noqa: S311  an order
    assert decided[0] == (0, "supports")  # the passage with the whole rationale, and not the other one of its document
    assert all(label == "neutral" and place >= 3 for place, label in decided[1:])  # of others, but for the nearest
    assert len(decided) == 1 + searched.MOST_NEUTRAL
    undecided = list(searched.of_claim(replay, 1, settings, random.Random(1)))  # noqa: S311  an order
    assert {place for place, _ in undecided} >= {0, 1}  # what was cited and does not decide it
    assert {label for _, label in undecided} == {"neutral"}
