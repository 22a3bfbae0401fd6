"""Settings: what is half set is refused at the start, and named."""

import pytest
from pydantic import SecretStr

from subgraphs.ai.runtime import model_of, vectors_in
from subgraphs.ai.settings import Settings
from tests.ai.apart import settings_of
from tests.conftest import Subgraph

KEY = {"PINECONE_API_KEY": "pc-local"}
REFUSED = {
    "an address without a key": ({"PINECONE_HOST": "index.example"}, "PINECONE_HOST"),
    "an index without a key": ({"PINECONE_INDEX": "mine"}, "PINECONE_INDEX"),
    "a controller without a key": ({"PINECONE_CONTROLLER_HOST": "https://here"}, "PINECONE_CONTROLLER_HOST"),
    "a server without a key": ({"OPENAI_BASE_URL": "http://127.0.0.1:1/v1"}, "OPENAI_BASE_URL"),
    "a key with a space": ({"OPENAI_API_KEY": "a b"}, "OPENAI_API_KEY"),
    "no dimensions": ({"OPENAI_EMBEDDING_DIMENSIONS": "0"}, "OPENAI_EMBEDDING_DIMENSIONS"),
    "more time than the router has": ({"LYCEUM_GENERATION_SECONDS": "10"}, "LYCEUM_GENERATION_SECONDS"),
    "no time": ({"LYCEUM_EMBEDDING_SECONDS": "0"}, "LYCEUM_EMBEDDING_SECONDS"),
    "no database": ({"DATABASE_URL": None}, "DATABASE_URL"),
}


@pytest.fixture(autouse=True)
def clean(ai: Subgraph, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment of the subgraph, without a model or vectors elsewhere."""
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "PINECONE_API_KEY", "PINECONE_HOST", "PINECONE_INDEX"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize(("variables", "name"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_wrong_stops_the_process_and_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], variables: dict[str, str | None], name: str
) -> None:
    for variable, value in variables.items():
        monkeypatch.delenv(variable) if value is None else monkeypatch.setenv(variable, value)
    with pytest.raises(SystemExit) as exit:
        Settings.load()
    assert exit.value.code == 78
    assert capsys.readouterr().err.startswith(f"{name}: ")


def test_what_is_whole_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings.load().pinecone_api_key is None
    for name, value in (KEY | {"PINECONE_INDEX": "mine", "OPENAI_API_KEY": "sk-local"}).items():
        monkeypatch.setenv(name, value)
    settings = Settings.load()
    assert settings.pinecone_index == "mine"
    assert (settings.generation_seconds, settings.embedding_seconds) == (8, 8)


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"pinecone_api_key": SecretStr("a b")}, "PINECONE_API_KEY"),
        ({"pinecone_api_key": SecretStr("pc"), "pinecone_host": "http://"}, "PINECONE_HOST"),
        ({"pinecone_api_key": SecretStr("pc"), "pinecone_controller_host": "?"}, "PINECONE_CONTROLLER_HOST"),
    ],
)
async def test_a_key_or_an_address_that_is_none_is_refused_when_vectors_are_opened(
    ai: Subgraph, changes: dict[str, object], name: str
) -> None:
    settings = settings_of(ai).model_copy(update=changes)
    with pytest.raises(ValueError, match=name):
        vectors_in(settings, ai.platform.database, model_of(ai.platform))
