"""What a model can be asked, and what comes back, whichever model answers."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from shared.errors import BadInput

LONGEST_TEXT = 8_000
"""Bytes of UTF-8 that count of a text to embed: as many tokens at most, and models take 8,192."""

LONGEST_ITEM = 40_000
"""Characters that questions are made from; what follows in a longer text is not asked about."""

MOST_QUESTIONS = 50


class Difficulty(StrEnum):
    """As in the schema."""

    BEGINNER = "BEGINNER"
    INTERMEDIATE = "INTERMEDIATE"
    ADVANCED = "ADVANCED"


class QuestionKind(StrEnum):
    """The kinds of the schema that are generated."""

    SINGLE_CHOICE = "SINGLE_CHOICE"
    TRUE_FALSE = "TRUE_FALSE"
    NUMERIC = "NUMERIC"
    SHORT_TEXT = "SHORT_TEXT"


@dataclass(frozen=True, slots=True)
class Usage:
    """What a call took; calls add up."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    nano_dollars: int = 0
    """Billionths of a US dollar: a token costs a whole number of them, so that many small calls add up to the bill."""

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.prompt_tokens + other.prompt_tokens,
            self.completion_tokens + other.completion_tokens,
            self.nano_dollars + other.nano_dollars,
        )


@dataclass(frozen=True, slots=True)
class Embeddings:
    """Vectors of unit length in the order of the texts, float32, in the shape (texts, dimensions)."""

    vectors: NDArray[np.float32]
    model: str
    usage: Usage


@dataclass(frozen=True, slots=True)
class GeneratedChoice:
    """One of the choices, or an accepted answer."""

    text: str
    correct: bool


@dataclass(frozen=True, slots=True)
class GeneratedQuestion:
    """A question about a text.

    SINGLE_CHOICE has 3 to 6 different choices and one correct one; TRUE_FALSE has `True` and `False`; the choices of
    SHORT_TEXT are the accepted answers, the first the usual one; that of NUMERIC is a number in digits.
    """

    kind: QuestionKind
    prompt: str
    choices: tuple[GeneratedChoice, ...]
    source: str
    """The sentence it was made from, verbatim with its line breaks."""


@dataclass(frozen=True, slots=True)
class Generated:
    """Different questions, at most as many as were asked for."""

    questions: Sequence[GeneratedQuestion]
    model: str
    usage: Usage


@dataclass(eq=False)
class ModelUnavailable(ConnectionError):
    """The model did not give what it was asked for; clients see what they see of any engine that is away."""

    reason: str
    """For logs, in a few words; it holds no key and nothing of the texts."""
    usage: Usage = field(default_factory=Usage)
    """What was spent all the same."""

    def __post_init__(self) -> None:
        super().__init__(self.reason)


class Model(Protocol):
    """Embeds texts and asks about them. Raises `ModelUnavailable`, and nothing else, whatever goes wrong with it."""

    @property
    def embedding_model(self) -> str:
        """Names what makes the vectors: only those of one name can be compared."""

    @property
    def dimensions(self) -> int:
        """How long the vectors are."""

    @property
    def generation_model(self) -> str:
        """Names what makes the questions."""

    async def embed(self, texts: Sequence[str]) -> Embeddings:
        """A vector for each text, of its first `LONGEST_TEXT` bytes; the same for the same text.

        A text with nothing to see in it has a vector too, which is near to nothing in particular.
        """

    async def generate_questions(self, text: str, difficulty: Difficulty, count: int) -> Generated:
        """Up to `count` questions, 1 to 50, that the text answers; none when it says too little.

        Raises `BadInput` when `count` is not in that range.
        """

    async def close(self) -> None:
        """Gives up its connections."""


def check_count(count: int) -> None:
    """Raises `BadInput` for a number of questions that cannot be asked for."""
    if not 1 <= count <= MOST_QUESTIONS:
        raise BadInput(f"`count` must be between 1 and {MOST_QUESTIONS}.")


def cut(text: str) -> str:
    """The part of a text that is embedded, valid and never empty: models refuse an empty text."""
    valid = text[:LONGEST_TEXT].encode("utf-8", "replace")[:LONGEST_TEXT].decode("utf-8", "ignore")
    return valid if valid.strip() else "-"
