"""The model behind a server that is slow, busy, broken or away: an answer in time, what was spent, nothing parked."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from shared import ids
from shared.model import Usage
from shared.stack.running import Engines
from subgraphs.ai import consumers
from subgraphs.ai.events import ItemCompleted
from tests.ai.apart import asking, own_database, process, settings_of
from tests.ai.conftest import (
    GENERATE,
    SEARCH,
    TEXTS,
    Place,
    generate,
    new_course,
    published,
    rows,
    search,
    told,
    understood,
    version,
)
from tests.conftest import Subgraph, Tenant
from tests.shared import openai_server
from tests.shared.openai_server import OpenAIServer
from tests.shared.test_documents_away import closed_port

SOON = 8.0  # seconds, less than the router waits; the settings here give the model two
TEXT = "\n".join(TEXTS.values())

FREE = ["hang", "drip", "cut", "429", "500", "503", "401", "quota", "302", "not json", "list"]
"""What is wrong before an answer, which costs nothing."""

PAID = ["refusal", "filter", "length", "nonsense", "schema", "empty", "invented"]
"""What is wrong with an answer."""


@pytest.fixture(scope="module")
async def server() -> AsyncIterator[OpenAIServer]:
    """A server with OpenAI's published API."""
    async with openai_server.running() as server:
        yield server


@pytest.fixture
async def away(ai: Subgraph, server: OpenAIServer) -> AsyncIterator[Subgraph]:
    """Ai with its model there. What has failed often is not tried for a while, so each test has a process."""
    server.heal()
    async with process(ai, asking(settings_of(ai), server)) as subgraph:
        yield subgraph


@pytest.fixture
async def item(ai: Subgraph, tenant: Tenant, place: Place) -> str:
    """An item with something to ask about."""
    [id] = await published(ai, tenant, place, "Everything", text=TEXT)
    return id


async def used(ai: Subgraph, tenant: Tenant, operation: str = "GENERATE_QUESTIONS") -> list[Usage]:
    """What was written down of an operation."""
    statement = "SELECT prompt_tokens, completion_tokens, nano_dollars FROM model_use WHERE operation = :operation"
    return [Usage(*row) for row in await rows(ai, tenant, statement, operation=operation)]


async def test_questions_of_another_model_cost_what_they_cost(
    away: Subgraph, tenant: Tenant, item: str, server: OpenAIServer
) -> None:
    made = await generate(away, tenant.teacher, item, count=3)
    assert (made["__typename"], made["model"], len(made["questions"])) == ("GeneratedQuestions", "gpt-6-luna", 3)
    [usage] = await used(away, tenant)
    assert usage.prompt_tokens > 100
    assert usage.completion_tokens > 10
    assert usage.nano_dollars > 0


@pytest.mark.parametrize("fault", FREE + PAID)
async def test_whatever_is_wrong_with_the_model_it_is_unavailable_soon_and_what_it_took_is_written_down(
    away: Subgraph, tenant: Tenant, item: str, server: OpenAIServer, fault: str
) -> None:
    server.fault = fault
    begun = time.monotonic()
    refused = await generate(away, tenant.teacher, item)
    assert time.monotonic() - begun < SOON
    assert (refused["__typename"], refused["code"]) == ("AiUnavailable", "AI_UNAVAILABLE")
    assert openai_server.KEY not in str(refused)
    [usage] = await used(away, tenant)
    assert (usage.nano_dollars > 0) == (fault in PAID)


async def test_a_passing_fault_is_not_noticed(away: Subgraph, tenant: Tenant, item: str, server: OpenAIServer) -> None:
    server.fault, server.faults_left = "503", 1
    assert (await generate(away, tenant.teacher, item))["__typename"] == "GeneratedQuestions"


async def test_a_model_that_keeps_failing_is_not_waited_for(ai: Subgraph, tenant: Tenant, item: str) -> None:
    async with closed_port() as port, process(ai, asking(settings_of(ai), f"http://127.0.0.1:{port}/v1")) as away:
        for _ in range(5):
            assert (await generate(away, tenant.teacher, item))["__typename"] == "AiUnavailable"
        begun = time.monotonic()
        assert (await generate(away, tenant.teacher, item))["__typename"] == "AiUnavailable"
        assert time.monotonic() - begun < 0.5
        assert (await away.ask(SEARCH, tenant.student, text="stars")).codes == ["SERVICE_UNAVAILABLE"]
        refused = await away.ask(GENERATE, tenant.student, input={"contentItemId": item})
        assert refused.codes == ["FORBIDDEN"], "who may not ask is told so all the same"


async def test_vectors_of_another_model_are_not_compared(away: Subgraph, tenant: Tenant, item: str) -> None:
    assert await search(away, tenant.student, "stars") == []


async def test_items_wait_for_the_model_while_everything_else_goes_on(
    ai: Subgraph, engines: Engines, tenant: Tenant, server: OpenAIServer
) -> None:
    server.heal()
    async with own_database(ai, engines) as settings, process(ai, asking(settings, server), works=True) as own:
        server.fault = "503"
        place = await new_course(own, tenant, tenant.student)
        items = [version(tenant, place, title) for title in TEXTS]
        await told(own, tenant.id, *((consumers.keep_item, event) for event in items))
        done = ItemCompleted(
            id=ids.new_id(), organization_id=tenant.id, item_id=items[0].id, user_id=tenant.student.user_id
        )
        await told(own, tenant.id, (consumers.keep_completion, done))
        async with asyncio.timeout(20):
            while len(server.requests) < 3:
                await asyncio.sleep(0.05)
        assert await rows(own, tenant, "SELECT 1 FROM item_vector") == []
        assert len(await rows(own, tenant, "SELECT 1 FROM item WHERE embed_after IS NOT NULL")) == len(TEXTS)
        assert len(await rows(own, tenant, "SELECT 1 FROM completion")) == 1
        server.heal()
        await understood(own, tenant, within=30)  # the calls rest for 15 s after repeated failures
        assert len(await search(own, tenant.student, "stars", first=100)) == len(TEXTS)
        spent = await used(own, tenant, "EMBED_ITEM")
        assert sum(usage.nano_dollars > 0 for usage in spent) == len(TEXTS)


async def test_no_transaction_waits_for_the_model(
    ai: Subgraph, engines: Engines, tenant: Tenant, server: OpenAIServer
) -> None:
    server.heal()
    async with own_database(ai, engines) as settings, process(ai, asking(settings, server), works=True) as own:
        server.fault = "hang"
        place = await new_course(own, tenant, tenant.student)
        await told(own, tenant.id, (consumers.keep_item, version(tenant, place, "Stars")))
        async with asyncio.timeout(10):
            while not server.requests:
                await asyncio.sleep(0.02)
        asked = asyncio.create_task(own.ask(SEARCH, tenant.student, text="stars"))
        while len(server.requests) < 2:
            await asyncio.sleep(0.02)
        statement = """
            SELECT query FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'
        """
        for _ in range(20):
            assert await rows(own, tenant, statement) == []
            await asyncio.sleep(0.02)
        assert (await asked).codes == ["SERVICE_UNAVAILABLE"]


async def test_a_search_is_answered_before_the_router_gives_up(
    ai: Subgraph, tenant: Tenant, place: Place, server: OpenAIServer
) -> None:
    server.heal()
    server.fault = "hang"
    async with process(ai, asking(settings_of(ai), server, embedding_seconds=9.0)) as away:
        begun = time.monotonic()
        assert (await away.ask(SEARCH, tenant.student, text="stars")).codes == ["SERVICE_UNAVAILABLE"]
        assert time.monotonic() - begun < 7
