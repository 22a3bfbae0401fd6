"""The model of a fresh installation: WordLlama's vectors, and questions made from the text itself.

The weights of WordLlama (MIT, https://github.com/dleemiller/WordLlama) lie inside its wheel: 32,000 tokens, a vector of
256 numbers for each. Nothing is ever fetched. The vector of a text is the mean of its tokens' vectors, so the order of
the words does not count, and a text is best embedded in chunks.
"""

import asyncio
import threading
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import safe_open
from tokenizers import Tokenizer

from shared.model.protocol import Difficulty, Embeddings, Generated, ModelUnavailable, Usage, check_count, cut
from shared.model.questions import questions

_DIMENSIONS = 256
_BATCH = 256  # texts between two looks at whether anybody still waits


class EmbeddedModel:
    """`Model` inside this process, in threads: the event loop goes on, and nothing is charged."""

    embedding_model = f"wordllama-{_DIMENSIONS}"
    dimensions = _DIMENSIONS
    generation_model = "extractive-1"

    async def embed(self, texts: Sequence[str]) -> Embeddings:
        """A vector for each text; the first call of a process loads the weights, in a tenth of a second."""
        vectors = np.empty((len(texts), _DIMENSIONS), np.float32)
        tokens = 0
        for start in range(0, len(texts), _BATCH):
            batch = [cut(text) for text in texts[start : start + _BATCH]]
            vectors[start : start + len(batch)], count = await asyncio.to_thread(_embed, batch)
            tokens += count
        return Embeddings(vectors, self.embedding_model, Usage(prompt_tokens=tokens))

    async def generate_questions(self, text: str, difficulty: Difficulty, count: int) -> Generated:
        """Gaps in sentences of the text, and statements that are true or not."""
        check_count(count)
        made = await asyncio.to_thread(questions, text, difficulty, count)
        return Generated(made, self.generation_model, Usage())

    async def close(self) -> None:
        """Nothing to give up: the weights stay for the next one."""


class _Weights:
    """What is loaded once in a process, when it is first needed."""

    _loading = threading.Lock()
    _loaded: "_Weights | None" = None

    def __init__(self) -> None:
        folder = _folder()
        with safe_open(folder / "weights" / "l2_supercat_256.safetensors", framework="np") as file:
            self.vectors: NDArray[np.float32] = file.get_tensor("embedding.weight").astype(np.float32)
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizers" / "l2_supercat_tokenizer_config.json"))
        self.tokenizer.no_padding()  # texts padded to the longest of a batch would fill memory
        self.tokenizer.no_truncation()

    @classmethod
    def get(cls) -> "_Weights":
        """The weights, which all threads share; `ModelUnavailable` when they are not there."""
        with cls._loading:
            cls._loaded = cls._loaded or cls()
            return cls._loaded


def _folder() -> Path:
    """Where the package lies. It is not imported: that would set up logging, and look for a network."""
    package = find_spec("wordllama")
    if package is None or package.origin is None:
        raise ModelUnavailable("wordllama has no wheel for this machine or version of Python")
    return Path(package.origin).parent


def _embed(texts: list[str]) -> tuple[NDArray[np.float32], int]:
    """The vectors of texts that are not empty, and the number of their tokens."""
    weights = _Weights.get()
    encoded = weights.tokenizer.encode_batch_fast(texts, add_special_tokens=False)
    found = np.stack([weights.vectors[each.ids].mean(axis=0) for each in encoded])
    return found / np.linalg.norm(found, axis=1, keepdims=True), sum(len(each.ids) for each in encoded)
