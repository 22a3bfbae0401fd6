"""A server on this machine that follows OpenAI's published API reference, as far as `shared.model.openai` uses it.

Nothing here has ever run against the real service. The server refuses what the reference says is refused (a wrong key,
an empty or too long input, a schema that is not strict), computes its answers from what it is sent, and misbehaves when
`fault` says so. With `OPENAI_API_KEY` set, the contract suite runs against the real one too.
"""

import asyncio
import base64
import hashlib
import json
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

KEY = "sk-local-0123456789"  # a key of this server only

Json = dict[str, Any]


class OpenAIServer:
    """The server: what it was sent, and what is wrong with it."""

    def __init__(self) -> None:
        self.address = ""
        self.fault = ""
        self.faults_left = 1_000
        """After so many answers it is well again."""
        self.requests_before = 0
        """So many requests are answered before it breaks."""
        self.retry_after = "0"
        self.requests: list[Json] = []
        self.app = Starlette(
            routes=[
                Route("/v1/embeddings", self._embeddings, methods=["POST"]),
                Route("/v1/chat/completions", self._completions, methods=["POST"]),
            ]
        )

    def heal(self) -> None:
        """Nothing is wrong, and nothing was asked."""
        self.fault, self.faults_left, self.requests_before, self.retry_after = "", 1_000, 0, "0"
        self.requests.clear()

    async def _embeddings(self, request: Request) -> Response:
        body = await request.json()
        self.requests.append(body)
        refused = _refused(request, body) or _refused_inputs(body) or await self._broken()
        if refused:
            return refused
        vectors = [_vector(text, body.get("dimensions", 1536)) for text in body["input"]]
        match self._fault_of_content():
            case "too few":
                vectors.pop()
            case "too short":
                vectors[0] = vectors[0][:-1]
            case "nan":
                vectors[0][3] = np.nan
            case "zero":
                vectors[0][:] = 0
        data = [
            {"object": "embedding", "index": index, "embedding": _written(vector, body)}
            for index, vector in enumerate(vectors)
        ]
        tokens = sum(map(_tokens, body["input"]))
        return JSONResponse(
            {
                "object": "list",
                "data": data[::-1],  # `index` says which is which
                "model": body["model"],
                "usage": {"prompt_tokens": tokens, "total_tokens": tokens},
            }
        )

    async def _completions(self, request: Request) -> Response:
        body = await request.json()
        self.requests.append(body)
        refused = _refused(request, body) or _refused_format(body) or await self._broken()
        if refused:
            return refused
        [system, user] = body["messages"]
        asked = json.loads(user["content"])
        written = {"questions": _questions(asked["text"], asked["count"])}
        message: Json = {"role": "assistant", "content": json.dumps(written), "refusal": None}
        reason = _damaged(self._fault_of_content(), message, written)
        prompt, completion = _tokens(system["content"] + user["content"]), _tokens(message["content"] or "")
        return JSONResponse(
            {
                "id": "chatcmpl-1",
                "object": "chat.completion",
                "created": 1_790_000_000,
                "model": body["model"],
                "choices": [{"index": 0, "message": message, "logprobs": None, "finish_reason": reason}],
                "usage": {
                    "prompt_tokens": prompt,
                    "completion_tokens": completion,
                    "total_tokens": prompt + completion,
                },
            }
        )

    def _fault_of_content(self) -> str:
        if not self.fault or not self.faults_left:
            return ""
        self.faults_left -= 1
        return self.fault

    async def _broken(self) -> Response | None:
        """What a server answers that does not come to answering."""
        if self.fault not in _BROKEN or not self.faults_left or len(self.requests) <= self.requests_before:
            return None
        self.faults_left -= 1
        if self.fault == "hang":
            await asyncio.sleep(60)
        if self.fault == "drip":
            return StreamingResponse(_drip(), media_type="application/json")
        if self.fault == "cut":
            return StreamingResponse(_cut(), media_type="application/json", headers={"content-length": "1000"})
        if self.fault in ("not json", "list"):
            return Response("<html>" if self.fault == "not json" else "[]", media_type="application/json")
        status, type_, code = _BROKEN[self.fault]
        return _error(status, f"{self.fault} for {KEY}", type_, code, {"retry-after": self.retry_after})


_BROKEN: dict[str, tuple[int, str, str | None]] = {
    "401": (401, "invalid_request_error", "invalid_api_key"),
    "429": (429, "requests", "rate_limit_exceeded"),
    "quota": (429, "insufficient_quota", "insufficient_quota"),
    "500": (500, "server_error", None),
    "503": (503, "server_error", None),
    "302": (302, "redirect", None),
    "hang": (0, "", None),
    "drip": (0, "", None),
    "cut": (0, "", None),
    "not json": (0, "", None),
    "list": (0, "", None),
}


def _error(status: int, message: str, type_: str, code: str | None, headers: dict[str, str] | None = None) -> Response:
    error = {"message": message, "type": type_, "param": None, "code": code}
    return JSONResponse({"error": error}, status, headers=headers)


def _refused(request: Request, body: Json) -> Response | None:
    if request.headers.get("authorization") != f"Bearer {KEY}":
        return _error(401, "Incorrect API key provided", "invalid_request_error", "invalid_api_key")
    if body.get("model") not in ("text-embedding-3-small", "gpt-6-luna", "other-embedder"):
        return _error(404, "The model does not exist", "invalid_request_error", "model_not_found")
    return None


def _refused_inputs(body: Json) -> Response | None:
    """An input is 1 to 2,048 strings, none empty or of more than 8,192 tokens, and 300,000 tokens in all."""
    inputs = body["input"]
    sizes = [len(text.encode()) for text in inputs]  # no token is less than a byte
    if not 1 <= len(inputs) <= 2048 or min(sizes) < 1 or max(sizes) > 8192 or sum(sizes) > 300_000:
        return _error(400, "Invalid 'input'", "invalid_request_error", None)
    if "dimensions" in body and not body["model"].startswith("text-embedding-3"):
        return _error(400, "This model does not support specifying dimensions.", "invalid_request_error", None)
    return None


def _refused_format(body: Json) -> Response | None:
    format = body["response_format"]
    is_named = re.fullmatch(r"[\w-]{1,64}", format["json_schema"]["name"])
    if format["type"] != "json_schema" or not format["json_schema"]["strict"] or not is_named:
        return _error(400, "Invalid 'response_format'", "invalid_request_error", None)
    if not _is_strict(format["json_schema"]["schema"]):
        return _error(400, "Invalid schema for response_format", "invalid_request_error", "invalid_json_schema")
    return None


def _is_strict(schema: Json) -> bool:
    """Whether every object requires all that it names and allows nothing else, as strict mode wants it."""
    if schema["type"] == "array":
        return _is_strict(schema["items"])
    if schema["type"] != "object":
        return True
    properties = schema["properties"]
    is_closed = schema["additionalProperties"] is False and sorted(schema["required"]) == sorted(properties)
    return is_closed and all(map(_is_strict, properties.values()))


def _tokens(text: str) -> int:
    return len(text.encode()) // 4 + 1


def _vector(text: str, dimensions: int) -> np.ndarray:
    """Words by their hashes, near enough for texts that share words."""
    vector = np.zeros(dimensions, np.float32)
    for word in re.findall(r"\w+|\S", text.lower()) or [text]:
        vector[int.from_bytes(hashlib.blake2b(word.encode(), digest_size=4).digest()) % dimensions] += 1
    return vector / np.linalg.norm(vector)


def _written(vector: np.ndarray, body: Json) -> object:
    if body.get("encoding_format") == "base64":
        return base64.b64encode(vector.astype("<f4").tobytes()).decode()
    return vector.tolist()


def _questions(text: str, count: int) -> list[Json]:
    """A gap in place of the longest word of each sentence, with the longest words of others beside it."""
    parts = [part for block in text.split("\n\n") for part in re.findall(r"[^.!?。]+[.!?。]?", block)]
    sentences = [" ".join(part.split()) for part in parts if len(part) > 20 and part[-1] in ".!?。"]
    longest = [max(re.findall(r"\w+", sentence), key=len, default="") for sentence in sentences]
    made: list[Json] = []
    for number, (sentence, word) in enumerate(zip(sentences, longest, strict=True)):
        others = sorted({other for other in longest if other.casefold() not in sentence.casefold()})[:3]
        is_choice = number % 2 == 0 and len(others) == 3
        choices = [{"text": word, "correct": True}]
        choices += [{"text": other, "correct": False} for other in others if is_choice]
        kind = "SINGLE_CHOICE" if is_choice else "SHORT_TEXT"
        prompt = f"Which word is missing? {sentence.replace(word, '…')}"[:300]
        made.append({"source": sentence, "kind": kind, "prompt": prompt, "choices": choices})
    return made[:count]


def _damaged(fault: str, message: Json, written: Json) -> str:
    """Spoils a message, and says why it ended."""
    match fault:
        case "refusal":
            message |= {"content": None, "refusal": "I'm sorry, I can't help with that."}
        case "filter":
            message["content"] = ""
            return "content_filter"
        case "length":
            message["content"] = message["content"][:-40]
            return "length"
        case "nonsense":
            message["content"] = "Here are your questions:"
        case "schema":
            message["content"] = json.dumps({"items": written["questions"]})
        case "empty":
            message["content"] = None
        case "invented" | "mixed":
            spoilers = _SPOILERS if fault == "mixed" else [_invented] * len(written["questions"])
            for spoil, question in zip(spoilers, written["questions"], strict=False):
                spoil(question)
            message["content"] = json.dumps(written)
    return "stop"


def _invented(question: Json) -> None:
    question["source"] = "This sentence stands nowhere in the text."


def _two_right(question: Json) -> None:
    question["kind"] = "SINGLE_CHOICE"
    question["choices"] = [{"text": text, "correct": text != "c"} for text in "abc"]


_SPOILERS = [
    _two_right,
    lambda question: question.update(prompt="Read https://example.com before you answer."),
    lambda question: question.update(choices=[]),
    lambda question: question.update(kind="ESSAY"),
    lambda question: question.update(prompt="x" * 5000),
    lambda question: question.update(choices="none"),
    lambda question: question.update(kind="NUMERIC", choices=[{"text": "many", "correct": True}]),
    lambda question: question.update(kind="TRUE_FALSE", choices=[{"text": "True", "correct": True}]),
    lambda question: question.update(prompt="What is hidden here\u202e?"),
]


async def _drip() -> AsyncIterator[bytes]:
    while True:
        yield b" "
        await asyncio.sleep(0.05)


async def _cut() -> AsyncIterator[bytes]:
    yield b'{"object": "list", '


@asynccontextmanager
async def running() -> AsyncIterator[OpenAIServer]:
    """The server on a free port."""
    made = OpenAIServer()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        made.address = f"http://127.0.0.1:{listening.getsockname()[1]}/v1"
        config = uvicorn.Config(made.app, log_level="critical", lifespan="off", timeout_graceful_shutdown=0)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        yield made
        server.should_exit = True
        await serving
