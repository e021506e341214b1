"""The network: a 3-way cross-encoder of (evidence, claim), loaded once, its label order always read from its configuration.

``fast`` is shipped in ``models/fast``: a fine-tuned MiniLM-L6 without its word embeddings, which stayed frozen in training
and come from the verified package. ``accurate`` is shipped in ``models/accurate``: low-rank adapters and a head over MPNet,
which comes from verified packages (``bases.py``). Any other 3-way inference model works by name or folder. Whatever is
loaded must first judge the golden pairs; a model that fails them is refused, because a swapped label order gives confident
nonsense.
"""

from __future__ import annotations

import contextlib
import functools
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from onrecord.errors import StanceModelError
from onrecord.records import Stance
from onrecord.settings import Settings
from onrecord.stance.bases import file_sha256, minilm_folder, mpnet_folder
from onrecord.stance.calibrate import Calibration, Floats, load_calibration, probabilities
from onrecord.threads import OneEach

if TYPE_CHECKING:
    import torch

FAST_FOLDER = Path(__file__).parent / "models" / "fast"
FAST_NAME = "onrecord-stance-fast"
ACCURATE_FOLDER = Path(__file__).parent / "models" / "accurate"
ACCURATE_NAME = "onrecord-stance-accurate"
WORD_EMBEDDINGS = "bert.embeddings.word_embeddings.weight"
MAX_TOKENS = 256
"""Word pieces of evidence and claim together; what the shipped model was trained with."""
TOKENS_PER_BATCH = 1024
"""Padded word pieces in one pass. 200 pairs on one core by processor time (26 November 2026), fast and accurate: 1.65 and 8.8 s
with 3,072, 1.44 and 7.8 s with 1,024, 1.63 and 8.1 s with 256: what a larger batch works on leaves the processor's cache."""

_THREADS = OneEach("stance")
"""Each reads batches of its own instead of a part of every product: with the fast network's layers held in bfloat16 the fifteen
claims of ``make bench`` are judged in 4.32 s where it was 4.96 (cascade, two cores, 26 November 2026)."""

_SHIPPED: dict[str, tuple[str, Path, str]] = {
    "fast": (FAST_NAME, FAST_FOLDER, "model.safetensors"),
    "accurate": (ACCURATE_NAME, ACCURATE_FOLDER, "adapter_model.safetensors"),
}
"""Name, folder and file of the weights of each tier."""

_STANCES: Mapping[str, Stance] = {
    "entailment": Stance.SUPPORTS,
    "entails": Stance.SUPPORTS,
    "entail": Stance.SUPPORTS,
    "supports": Stance.SUPPORTS,
    "support": Stance.SUPPORTS,
    "supported": Stance.SUPPORTS,
    "contradiction": Stance.REFUTES,
    "contradicts": Stance.REFUTES,
    "contradict": Stance.REFUTES,
    "refutes": Stance.REFUTES,
    "refute": Stance.REFUTES,
    "refuted": Stance.REFUTES,
    "neutral": Stance.NEUTRAL,
    "not enough info": Stance.NEUTRAL,
    "not_enough_info": Stance.NEUTRAL,
    "nei": Stance.NEUTRAL,
}

GOLDEN_PAIRS: tuple[tuple[str, str, Stance], ...] = (
    # One of each stance in plain words; then polarity, number, unrelated text. (evidence, claim, stance)
    ("A man is playing a guitar on the stage.", "A man is playing music.", Stance.SUPPORTS),
    ("A man is playing a guitar on the stage.", "Nobody is playing an instrument.", Stance.REFUTES),
    ("A man is playing a guitar on the stage.", "The man is forty years old.", Stance.NEUTRAL),
    ("The committee rejected the proposal on Friday.", "The committee did not accept the proposal.", Stance.SUPPORTS),
    ("The committee rejected the proposal on Friday.", "The committee accepted the proposal.", Stance.REFUTES),
    ("Paris is the capital and largest city of France.", "Paris is the capital of France.", Stance.SUPPORTS),
    ("Paris is the capital and largest city of France.", "Paris is not in France.", Stance.REFUTES),
    ("Paris is the capital and largest city of France.", "Whales feed on krill in cold water.", Stance.NEUTRAL),
    ("The factory opened in 1987 and closed in 2004.", "The factory was closed in 2004.", Stance.SUPPORTS),
    ("She likes to swim in the lake each morning.", "Her brother works at a bank.", Stance.NEUTRAL),
)
GOLDEN_NEEDED = 8
"""Right answers needed. A model with a swapped label order gets at most four of the ten."""


def label_columns(id2label: Mapping[Any, str], *, name: str) -> tuple[int, int, int]:
    """Return the columns of supports, refutes and neutral in a model's output, read from its labels.

    >>> label_columns({0: "CONTRADICTION", 1: "neutral", 2: "entailment"}, name="x")
    (2, 0, 1)

    Raises:
        StanceModelError: the labels are not three, or not named so that their meaning is certain.
    """
    columns = {
        _STANCES[text]: int(key)
        for key, label in id2label.items()
        if (text := str(label).strip().casefold().replace("-", "_")) in _STANCES
    }
    expected = len(Stance)
    if len(id2label) != expected or len(columns) != expected or sorted(columns.values()) != list(range(expected)):
        named = sorted(str(label) for label in id2label.values())
        message = (
            f"The stance model {name} names its labels {named}; accepted are the three "
            "entailment, neutral, contradiction, or supports, neutral, refutes. Its order is never guessed: set id2label in "
            "its config.json or choose a 3-way inference model."
        )
        raise StanceModelError(message)
    return columns[Stance.SUPPORTS], columns[Stance.REFUTES], columns[Stance.NEUTRAL]


@dataclass(frozen=True, slots=True)
class CrossEncoder:
    """A loaded stance model. ``logits`` may be called from several threads."""

    name: str
    sha256: str
    calibration: Calibration
    columns: tuple[int, int, int]
    max_tokens: int
    _tokenizer: Any
    _model: Any
    _lock: threading.Lock

    def logits(self, pairs: Sequence[tuple[str, str]]) -> Floats:
        """Return the logits of (evidence, claim) pairs; shape (n, 3), columns supports, refutes, neutral.

        Pairs are batched by length; equal pairs should be passed once. Only the evidence is cut when a pair is too long,
        unless the claim alone nearly fills the network.
        """
        import torch  # noqa: PLC0415  heavy

        found = np.zeros((len(pairs), 3))
        rows = [self._encoded(evidence, claim) for evidence, claim in pairs]
        order = sorted(range(len(rows)), key=lambda number: len(rows[number]["input_ids"]))
        parts: list[list[int]] = []
        start = 0
        while start < len(order):
            end = start + 1
            while end < len(order) and (end + 1 - start) * len(rows[order[end]]["input_ids"]) <= TOKENS_PER_BATCH:
                end += 1
            parts.append(order[start:end])
            start = end

        def read(part: list[int]) -> Floats:
            with self._lock:
                batch = self._tokenizer.pad([rows[number] for number in part], return_tensors="pt")
            with torch.inference_mode(), _precision(torch):
                logits = self._model(**batch).logits
            read: Floats = logits.float().numpy()[:, self.columns].astype(np.float64)
            return read

        parts.reverse()  # the longest first, so that all threads end together
        done = _THREADS.each(read, parts) if len(parts) > 1 and _THREADS.workers > 1 else map(read, parts)
        for part, values in zip(parts, done, strict=True):
            found[part] = values
        return found

    def probabilities(self, pairs: Sequence[tuple[str, str]]) -> Floats:
        """Return calibrated probabilities of (evidence, claim) pairs; shape (n, 3), columns supports, refutes, neutral."""
        if not pairs:
            return np.zeros((0, 3))
        return probabilities(self.logits(pairs), self.calibration.temperature, self.calibration.biases)

    def _encoded(self, evidence: str, claim: str) -> dict[str, list[int]]:
        # Each call sets the tokenizer's limits, by which another thread would cut.
        with self._lock:
            claim_tokens = len(
                self._tokenizer(claim, add_special_tokens=False, truncation=True, max_length=self.max_tokens).input_ids
            )
            # With little room left beside the claim, both are cut from their longer side, so that some evidence is always seen.
            strategy = "only_first" if claim_tokens < self.max_tokens * 3 // 4 else "longest_first"
            row = self._tokenizer(" ".join(evidence.split()), claim, truncation=strategy, max_length=self.max_tokens)
        return {key: row[key] for key in self._tokenizer.model_input_names if key in row}


def load(settings: Settings) -> CrossEncoder:
    """Return the stance model in force, loaded once per process and judged by the golden pairs.

    Raises:
        StanceModelError: it cannot be loaded, its labels are not certain, or it fails the golden pairs.
    """
    return load_tier(settings, settings.stance_model)


def load_tier(settings: Settings, name: str) -> CrossEncoder:
    """Return one network by tier (``fast``, ``accurate``), folder or name; as `load`."""
    return _load(name, settings.threads, settings.home / "models")


_LOADING = threading.Lock()


def _load(name: str, threads: int, cache: Path) -> CrossEncoder:
    with _LOADING:  # lru_cache alone would let two threads load the same model at once
        return _load_once(name, threads, cache)


@functools.lru_cache(maxsize=3)
def _load_once(name: str, threads: int, cache: Path) -> CrossEncoder:
    import torch  # noqa: PLC0415  heavy

    if threads:
        torch.set_num_threads(threads)
    encoder = load_shipped(name, cache) if name in _SHIPPED else _load_named(name)
    check_golden(encoder)
    return encoder


def check_golden(encoder: CrossEncoder) -> None:
    """Let a model judge the golden pairs.

    Raises:
        StanceModelError: it gets fewer than eight of ten right; the message names those it missed.
    """
    found = encoder.probabilities([(evidence, claim) for evidence, claim, _ in GOLDEN_PAIRS]).argmax(axis=1)
    order = (Stance.SUPPORTS, Stance.REFUTES, Stance.NEUTRAL)
    missed = [
        f"“{claim}” given “{evidence}” is {order[column]}, not {stance}"
        for (evidence, claim, stance), column in zip(GOLDEN_PAIRS, found, strict=True)
        if order[column] is not stance
    ]
    if len(GOLDEN_PAIRS) - len(missed) < GOLDEN_NEEDED:
        message = (
            f"The stance model {encoder.name} fails {len(missed)} of {len(GOLDEN_PAIRS)} golden pairs "
            f"({'; '.join(missed[:3])}). It is not a usable judge, or its labels are in another order than its "
            "configuration says. Choose another, or use the shipped one: ONRECORD_STANCE_MODEL=fast."
        )
        raise StanceModelError(message)


def _precision(torch_module: Any) -> Any:  # noqa: ANN401  torch is imported lazily
    """Return the autocast in force: bfloat16 where the processor computes it natively, else full precision."""
    return torch_module.autocast("cpu", torch_module.bfloat16, enabled=native_bfloat16())


@functools.cache
def native_bfloat16() -> bool:
    """Tell whether the processor multiplies bfloat16 natively; where it does not, it is slower than full precision."""
    import torch  # noqa: PLC0415  heavy

    able = torch.cpu.get_capabilities()
    return bool(able.get("avx512_bf16") or able.get("amx_bf16"))


def shipped_sha256(tier: str = "fast") -> str:
    """Return the sha256 of a tier's shipped weights without loading them.

    Raises:
        StanceModelError: they are not there.
    """
    _, folder, weights = _SHIPPED[tier]
    path = folder / weights
    if not path.exists():
        message = (
            f"The shipped stance model is missing: {path}. Install the package again, or set ONRECORD_STANCE_MODEL."
        )
        raise StanceModelError(message)
    return file_sha256(path)


def load_shipped(tier: str, cache: Path) -> CrossEncoder:
    """Return a shipped model without letting it judge the golden pairs.

    Args:
        tier: ``fast`` or ``accurate``.
        cache: Where a base that comes in pieces is joined.

    Raises:
        StanceModelError: its weights or its base are missing, altered or do not fit, or its calibration is of other weights.
    """
    name, folder, _ = _SHIPPED[tier]
    sha256 = shipped_sha256(tier)
    calibration = load_calibration(folder / "calibration.json")
    if calibration.weights_sha256 not in {"", sha256}:
        message = (
            f"{folder / 'calibration.json'} was fitted for other weights ({calibration.weights_sha256[:12]}…, "
            f"not {sha256[:12]}…). Fit it again: python -m training.stance.calibrate --tier {tier}"
        )
        raise StanceModelError(message)
    model, tokenizer = _assemble_fast(folder) if tier == "fast" else _assemble_accurate(folder, mpnet_folder(cache))
    columns = label_columns(model.config.id2label or {}, name=name)
    return CrossEncoder(name, sha256, calibration, columns, MAX_TOKENS, tokenizer, model.eval(), threading.Lock())


def _assemble_fast(folder: Path) -> tuple[Any, Any]:
    """Lay the fast model's own tensors (half precision on disk) over the packaged word embeddings."""
    import torch  # noqa: PLC0415  heavy
    from safetensors import safe_open  # noqa: PLC0415
    from safetensors.torch import load_file  # noqa: PLC0415
    from transformers import AutoTokenizer, BertConfig, BertForSequenceClassification  # noqa: PLC0415

    base = minilm_folder()
    model: Any = BertForSequenceClassification(BertConfig.from_pretrained(folder))
    state: dict[str, torch.Tensor] = {
        key: value.float() for key, value in load_file(folder / "model.safetensors").items()
    }
    with safe_open(base / "model.safetensors", framework="pt") as tensors:
        state[WORD_EMBEDDINGS] = tensors.get_tensor("embeddings.word_embeddings.weight").float()
    missing, unexpected = model.load_state_dict(state, strict=False)
    if unexpected or [key for key in missing if not key.endswith("position_ids")]:
        message = f"The weights in {folder} do not fit: missing {missing}, unexpected {unexpected}. Install the package again."
        raise StanceModelError(message)
    if native_bfloat16():  # held as autocast would cast them at each pass, which costs a tenth of it
        for layer in model.modules():
            if type(layer) is torch.nn.Linear:
                layer.to(torch.bfloat16)
    return model, AutoTokenizer.from_pretrained(base)


def _assemble_accurate(folder: Path, base: Path) -> tuple[Any, Any]:
    """Merge the adapters into MPNet and put our head on it.

    The matrices are held in bfloat16 where the processor computes it: cast anew at each pass they cost more than half of it.
    """
    import torch  # noqa: PLC0415  heavy
    from peft import PeftModel  # noqa: PLC0415
    from transformers import AutoConfig, AutoTokenizer, MPNetForSequenceClassification  # noqa: PLC0415

    with _quiet():  # the base has no such head, which is as it should be: ours comes with the adapters
        model = MPNetForSequenceClassification.from_pretrained(
            base, config=AutoConfig.from_pretrained(folder), use_safetensors=True
        )
        adapted: Any = PeftModel.from_pretrained(model, str(folder))
    merged = adapted.merge_and_unload()
    return merged.to(torch.bfloat16 if native_bfloat16() else torch.float32), AutoTokenizer.from_pretrained(base)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers from printing a bar, a report of missing tensors and a notice about its own names."""
    from transformers.utils import logging  # noqa: PLC0415  heavy

    library: Any = logging
    verbosity, bar = library.get_verbosity(), library.is_progress_bar_enabled()
    library.set_verbosity_error()
    library.disable_progress_bar()
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="`is_gradient_checkpointing`", category=FutureWarning)
            yield
    finally:
        library.set_verbosity(verbosity)
        if bar:
            library.enable_progress_bar()


def _load_named(name: str) -> CrossEncoder:
    """Load another 3-way model by folder or name: safetensors only, no code from the repository is run."""
    from transformers import AutoConfig, AutoModelForSequenceClassification, AutoTokenizer  # noqa: PLC0415  heavy
    from transformers.utils.hub import cached_file  # noqa: PLC0415

    try:
        config = AutoConfig.from_pretrained(name, trust_remote_code=False)
        columns = label_columns(config.id2label, name=name)
        tokenizer = AutoTokenizer.from_pretrained(name, trust_remote_code=False)
        model = AutoModelForSequenceClassification.from_pretrained(name, trust_remote_code=False, use_safetensors=True)
        found = cached_file(name, "model.safetensors", _raise_exceptions_for_missing_entries=False) or cached_file(
            name, "model.safetensors.index.json"
        )
    except (OSError, ValueError, KeyError, ImportError) as error:
        first = next(iter(str(error).splitlines()), type(error).__name__)
        message = (
            f"The stance model {name!r} cannot be loaded: {first} Give “fast”, a folder or the name of a 3-way inference "
            "model with model.safetensors and a tokenizer; a name needs the network or a filled cache."
        )
        raise StanceModelError(message) from error
    limit = min(int(tokenizer.model_max_length), int(getattr(config, "max_position_embeddings", 514)) - 2, 512)
    path = Path(str(found))
    calibration = load_calibration(path.parent / "calibration.json")
    return CrossEncoder(
        name, file_sha256(path), calibration, columns, limit, tokenizer, model.float().eval(), threading.Lock()
    )
