"""Vectors of texts and questions about them: one protocol, inside the process unless `OPENAI_API_KEY` is set."""

from shared.model.chunks import LONGEST_CHUNK, chunks_of
from shared.model.protocol import (
    Difficulty,
    Embeddings,
    Generated,
    GeneratedChoice,
    GeneratedQuestion,
    Model,
    ModelUnavailable,
    QuestionKind,
    Usage,
)
from shared.model.settings import ModelSettings

__all__ = [
    "LONGEST_CHUNK",
    "Difficulty",
    "Embeddings",
    "Generated",
    "GeneratedChoice",
    "GeneratedQuestion",
    "Model",
    "ModelSettings",
    "ModelUnavailable",
    "QuestionKind",
    "Usage",
    "chunks_of",
    "open_model",
]


def open_model(settings: ModelSettings) -> Model:
    """OpenAI when there is a key for it, else the model inside the process. Nothing is connected or loaded yet."""
    if settings.openai_api_key is None:
        from shared.model.embedded import EmbeddedModel  # noqa: PLC0415  # each loads what only it needs

        return EmbeddedModel()
    from shared.model.openai import OpenAIModel  # noqa: PLC0415

    return OpenAIModel(settings)
