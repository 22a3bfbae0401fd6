"""The model behind OpenAI's API, or behind any server that speaks it.

Embeddings and Chat Completions with `response_format` are what compatible servers speak most widely, so the Responses
API is not used. The official client would bring a second HTTP library for the two requests made here.
"""

import asyncio
import base64
import binascii
from collections.abc import Iterator, Sequence
from typing import Any

import httpx
import numpy as np
import orjson
from numpy.typing import NDArray

from shared.model import asking
from shared.model.calls import Calls
from shared.model.prices import PRICES, usage
from shared.model.protocol import Difficulty, Embeddings, Generated, ModelUnavailable, Usage, check_count, cut
from shared.model.settings import ModelSettings

_ADDRESS = "https://api.openai.com/v1"

# A request takes 2,048 texts and 300,000 tokens at most; 256 keep its answer small. No token is less than a byte.
_MOST_TEXTS = 256
_MOST_BYTES = 300_000

_SHORTEST_ITEM = 20  # characters
_TOKENS_BESIDE, _TOKENS_A_QUESTION = 1_000, 400  # the most that an answer may take


class OpenAIModel:
    """`Model` over HTTP; one request per 256 texts (or 300,000 bytes of them), and one for the questions on a text."""

    def __init__(self, settings: ModelSettings) -> None:
        assert settings.openai_api_key is not None
        self._settings = settings
        self._client = httpx.AsyncClient(
            base_url=settings.openai_base_url or _ADDRESS,
            headers={
                "authorization": f"Bearer {settings.openai_api_key.get_secret_value()}",
                "content-type": "application/json",
            },
            follow_redirects=False,
            trust_env=False,
        )
        self._embeddings = Calls(self._client, "/embeddings", settings.embedding_seconds)
        self._completions = Calls(self._client, "/chat/completions", settings.generation_seconds)

    @property
    def embedding_model(self) -> str:
        """The name and the dimensions, such as `text-embedding-3-small-1536`."""
        return f"{self._settings.openai_embedding_model}-{self.dimensions}"

    @property
    def dimensions(self) -> int:
        """As the settings say."""
        return self._settings.openai_embedding_dimensions

    @property
    def generation_model(self) -> str:
        """As the settings say."""
        return self._settings.openai_generation_model

    async def embed(self, texts: Sequence[str]) -> Embeddings:
        """A vector for each text."""
        vectors = np.empty((len(texts), self.dimensions), np.float32)
        spent, place = Usage(), 0
        for batch in _batches([cut(text) for text in texts]):
            try:
                answer = await self._embeddings.post(self._embedding_request(batch))
                spent += self._spent(self._settings.openai_embedding_model, answer)
                found = await asyncio.to_thread(_vectors, answer, len(batch), self.dimensions)
            except ModelUnavailable as error:
                raise ModelUnavailable(error.reason, spent + error.usage) from error.__cause__
            vectors[place : place + len(batch)] = found
            place += len(batch)
        return Embeddings(vectors, self.embedding_model, spent)

    async def generate_questions(self, text: str, difficulty: Difficulty, count: int) -> Generated:
        """What the model asks, without what breaks a rule; `ModelUnavailable` when nothing is left of it."""
        check_count(count)
        valid = text.encode("utf-8", "replace").decode()
        if len(valid.strip()) < _SHORTEST_ITEM:
            return Generated((), self.generation_model, Usage())
        answer = await self._completions.post(self._generation_request(valid, difficulty, count))
        spent = self._spent(self.generation_model, answer)
        try:
            given = _questions(_content(answer))
            good = await asyncio.to_thread(asking.checked, given, valid)
        except ModelUnavailable as error:
            raise ModelUnavailable(error.reason, spent) from None
        if given and not good:
            raise ModelUnavailable(f"none of {len(given)} questions keeps the rules", spent)
        return Generated(good[:count], self.generation_model, spent)

    async def close(self) -> None:
        """Gives up its connections."""
        await self._client.aclose()

    def _embedding_request(self, batch: list[str]) -> dict[str, Any]:
        model = self._settings.openai_embedding_model
        body = {"model": model, "input": batch, "encoding_format": "base64"}
        # Models of other makers refuse to be told their dimensions.
        return body | {"dimensions": self.dimensions} if model.startswith("text-embedding-3") else body

    def _generation_request(self, text: str, difficulty: Difficulty, count: int) -> dict[str, Any]:
        body = {
            "model": self.generation_model,
            "messages": asking.messages(text, difficulty, count),
            "response_format": asking.RESPONSE_FORMAT,
            "max_completion_tokens": _TOKENS_BESIDE + _TOKENS_A_QUESTION * count,
        }
        effort = self._settings.openai_reasoning_effort
        return body | {"reasoning_effort": effort} if effort else body

    def _spent(self, model: str, answer: dict[str, Any]) -> Usage:
        reported = answer.get("usage")
        counts = reported if isinstance(reported, dict) else {}
        prompt, completion = (counts.get(f"{kind}_tokens") for kind in ("prompt", "completion"))
        price = self._settings.openai_prices.get(model) or PRICES.get(model)
        return usage(price, _count(prompt), _count(completion))


def _count(value: object) -> int:
    return value if isinstance(value, int) and value >= 0 else 0


def _batches(texts: list[str]) -> Iterator[list[str]]:
    """The texts in order, in parts that one request takes."""
    batch: list[str] = []
    size = 0
    for text in texts:
        length = len(text.encode())
        if batch and (len(batch) == _MOST_TEXTS or size + length > _MOST_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(text)
        size += length
    if batch:
        yield batch


def _vectors(answer: dict[str, Any], count: int, dimensions: int) -> NDArray[np.float32]:
    """The vectors of an answer in the order of the texts, in unit length."""
    try:
        by_index = {item["index"]: _numbers(item["embedding"]) for item in answer["data"]}
        found = np.stack([by_index[index] for index in range(count)])
    except (KeyError, TypeError, ValueError, IndexError, binascii.Error):
        raise ModelUnavailable("the answer does not hold a vector for each text") from None
    if len(answer["data"]) != count or found.shape != (count, dimensions):
        raise ModelUnavailable(f"the answer holds {len(answer['data'])} vectors of the shape {found.shape[1:]}")
    lengths = np.linalg.norm(found, axis=1, keepdims=True)
    if not np.all(np.isfinite(lengths) & (lengths > 0)):
        raise ModelUnavailable("the answer holds a vector without a direction")
    return found / lengths


def _numbers(embedding: object) -> NDArray[np.float32]:
    """A vector as it was asked for, little-endian float32 in base64, or as the list that some servers give anyway."""
    if isinstance(embedding, str):
        return np.frombuffer(base64.b64decode(embedding, validate=True), "<f4")
    return np.asarray(embedding, np.float32)


def _content(answer: dict[str, Any]) -> str:
    """What the model wrote, if it wrote it to the end."""
    try:
        [choice, *_] = answer["choices"]
        message, reason = choice["message"], choice["finish_reason"]
        refusal, content = message.get("refusal"), message.get("content")
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ModelUnavailable("the answer is not one of Chat Completions") from None
    if refusal or reason == "content_filter":
        raise ModelUnavailable("the model refused" if refusal else "the content filter stopped the model")
    if reason == "length":
        raise ModelUnavailable("the model did not come to an end")
    if not isinstance(content, str):
        raise ModelUnavailable("the model wrote nothing")
    return content


def _questions(content: str) -> list[Any]:
    try:
        written = orjson.loads(content)
    except orjson.JSONDecodeError:
        raise ModelUnavailable("the model did not write JSON") from None
    if not isinstance(written, dict) or not isinstance(written.get("questions"), list):
        raise ModelUnavailable("the model did not write what the schema asks for")
    return list(written["questions"])
