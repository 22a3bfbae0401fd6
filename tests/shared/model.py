"""What the tests of the model share: the texts of the demo items, and a model of each kind."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.util import find_spec

import pytest

from shared.model import Model, ModelSettings, open_model
from subgraphs.content.demo import unwrapped
from subgraphs.content.demo_data import ITEMS
from tests.shared.openai_server import KEY, OpenAIServer

EMBEDDED = ModelSettings.model_validate({"OPENAI_API_KEY": None})


@dataclass(frozen=True)
class Item:
    """A demo item with its text as it is stored."""

    title: str
    text: str


needs_weights = pytest.mark.skipif(
    find_spec("wordllama") is None, reason="there is no wheel of wordllama for this Python"
)

DEMO_ITEMS = [Item(item.title, unwrapped(item.text)) for items in ITEMS.values() for item in items]


def settings_for(server: OpenAIServer, **values: object) -> ModelSettings:
    """Settings of a model on the local server, with little patience."""
    usual = {"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": server.address, "generation_seconds": 4, "embedding_seconds": 4}
    return ModelSettings.model_validate(usual | values)


@asynccontextmanager
async def opened(settings: ModelSettings) -> AsyncIterator[Model]:
    """A model, closed at the end."""
    model = open_model(settings)
    try:
        yield model
    finally:
        await model.close()


def real_settings() -> ModelSettings:
    """Settings of the real service, from the environment."""
    assert os.environ["OPENAI_API_KEY"]
    return ModelSettings()
