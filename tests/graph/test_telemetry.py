"""Telemetry of a whole stack: one trace from the client's request to each statement and to those who take the event,
metrics under the names that dashboards and alerts ask for, and nothing in it that somebody must not read."""

import asyncio
import json
import re
import secrets
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import yaml

from tests.graph.clients import PASSWORD, PRESENCE, Graph, codes_of
from tests.graph.collector import Collector, Span, collecting
from tests.graph.stack import ROOT, Stack

pytestmark = pytest.mark.xdist_group("telemetry")

SERVER, CLIENT, PRODUCER, CONSUMER = 2, 3, 4, 5
SERVICES = {
    f"lyceum-{name}" for name in ("router", "identity", "catalog", "content", "assessment", "credentials", "ai")
}
TELEMETRY = ROOT / "deploy" / "telemetry"

COURSES = """
query {name} {{
  courses(first: 3) {{
    edges {{
      node {{ id title modules {{ items {{ edges {{ node {{ id }} }} }} }} badges {{ edges {{ node {{ id }} }} }} }}
    }}
  }}
}}
"""
COMPLETE = "mutation Complete($id: ID!) { completeContentItem(id: $id) { __typename ... on Error { code message } } }"
REFRESH = "mutation Refresh($token: String!) { refreshSession(refreshToken: $token) { __typename } }"


@pytest.fixture(scope="module")
def collector() -> Iterator[Collector]:
    """Where the stack sends its telemetry."""
    with collecting() as collector:
        yield collector


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[Stack]:
    """A stack with telemetry on, that sends often."""
    stack = Stack(
        tmp_path_factory.mktemp("watched"),
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        OTEL_BSP_SCHEDULE_DELAY="200",
        OTEL_BLRP_SCHEDULE_DELAY="200",
        OTEL_METRIC_EXPORT_INTERVAL="500",
        LYCEUM_LOG_FORMAT="json",
    )
    yield stack
    ending = stack.stop()
    assert ending.code == 0, ending.output


@pytest.fixture(scope="module")
async def graph(watched: Stack) -> AsyncIterator[Graph]:
    """Its router."""
    graph = Graph(watched.urls["graphql"], watched.urls["websocket"])
    yield graph
    await graph.http.aclose()


@pytest.fixture(scope="module")
async def student(graph: Graph) -> str:
    """The token of somebody who is in courses."""
    return await graph.token("student@demo.example")


def begun(flags: str = "01") -> tuple[str, str, dict[str, str]]:
    """A trace that a client began: its id, the id of the client's span, and the header that tells of both."""
    trace, span = secrets.token_hex(16), secrets.token_hex(8)
    return trace, span, {"traceparent": f"00-{trace}-{span}-{flags}"}


async def until(collector: Collector, trace: str, kind: int, *services: str) -> list[Span]:
    """The spans of a trace once all these services have sent one of this kind, and a moment later."""

    def sent() -> bool:
        return set(services) <= {span.service for span in collector.trace(trace) if span.kind == kind}

    await asyncio.to_thread(collector.until, sent)
    await asyncio.sleep(1)
    return collector.trace(trace)


def one(spans: list[Span], service: str, kind: int, name: str) -> Span:
    """The only such span."""
    (found,) = [span for span in spans if (span.service, span.kind, span.name) == (service, kind, name)]
    return found


def below(spans: list[Span], span: Span, kind: int) -> list[Span]:
    """The spans right below one."""
    return [other for other in spans if other.parent == span.id and other.kind == kind]


async def _items(graph: Graph, token: str) -> list[str]:
    courses = (await graph.ask(COURSES.format(name="Items"), token)).data["courses"]["edges"]
    modules = [module for course in courses for module in course["node"]["modules"]]
    return [item["node"]["id"] for module in modules for item in module["items"]["edges"]]


async def test_one_trace_reaches_from_the_request_to_statements_and_to_those_who_take_the_event(
    graph: Graph, student: str, collector: Collector
) -> None:
    for item in await _items(graph, student):
        trace, client, headers = begun()
        answer = await graph.ask(COMPLETE, student, headers=headers, id=item)
        if answer.data["completeContentItem"]["__typename"] == "ContentItem":
            break
    spans = await until(collector, trace, CONSUMER, "lyceum-catalog", "lyceum-credentials", "lyceum-ai")

    router = one(spans, "lyceum-router", SERVER, "mutation Complete")
    assert router.parent == client
    leg = one(spans, "lyceum-router", CLIENT, "subgraph content")
    assert leg.parent == router.id
    subgraph = next(span for span in below(spans, leg, SERVER) if span.service == "lyceum-content")
    statements = below(spans, subgraph, CLIENT)
    assert any("INSERT INTO outbox" in span.attributes.get("db.query.text", "") for span in statements)
    publish = one(spans, "lyceum-content", PRODUCER, "publish item.completed")
    assert publish.parent == subgraph.id
    consumers = below(spans, publish, CONSUMER)
    assert {span.service for span in consumers} >= {"lyceum-catalog", "lyceum-credentials", "lyceum-ai"}
    for consumer in consumers:
        assert consumer.name == "process item.completed"
        assert below(spans, consumer, CLIENT), "the statements of the handlers"
    organizations = {span.attributes.get("lyceum.organization.id") for span in (subgraph, *consumers)}
    assert len(organizations) == 1
    assert not any(span.has_failed for span in spans)


async def test_each_subgraph_of_a_request_is_below_its_leg(graph: Graph, student: str, collector: Collector) -> None:
    trace, _, headers = begun()
    await graph.ask(COURSES.format(name="Legs"), student, headers=headers)
    spans = await until(
        collector, trace, SERVER, "lyceum-router", "lyceum-catalog", "lyceum-content", "lyceum-credentials"
    )
    legs = below(spans, one(spans, "lyceum-router", SERVER, "query Legs"), CLIENT)
    for leg in legs:
        (server,) = below(spans, leg, SERVER)
        assert server.service == f"lyceum-{leg.attributes['subgraph']}"
        assert below(spans, server, CLIENT)


async def test_a_subscription_has_a_trace_over_the_shared_socket_too(
    graph: Graph, student: str, collector: Collector
) -> None:
    course = (await graph.ask(COURSES.format(name="Course"), student)).data["courses"]["edges"][0]["node"]["id"]

    def under_way() -> float:
        return sum(point.value for point in collector.named("lms_active_subscriptions"))

    async with graph.watch(PRESENCE, student, courseId=course) as feed:
        await feed.until(lambda event: bool((event.get("data") or {}).get("coursePresence")))
        await asyncio.to_thread(collector.until, lambda: under_way() == 1)
    await asyncio.to_thread(collector.until, lambda: under_way() == 0)
    routers = [span for span in collector.spans if span.name == "subscription CoursePresence" and span.kind == SERVER]
    (router,) = [span for span in routers if span.service == "lyceum-router"]
    spans = collector.trace(router.trace)
    (leg,) = [
        span for span in below(spans, router, CLIENT) if span.attributes["graphql.operation.type"] == "subscription"
    ]
    (subgraph,) = below(spans, leg, SERVER)
    assert subgraph.service == "lyceum-catalog"
    assert below(spans, subgraph, CLIENT)


async def test_what_the_caller_does_not_sample_nobody_tells(graph: Graph, student: str, collector: Collector) -> None:
    unsampled, _, headers = begun("00")
    await graph.ask(COURSES.format(name="Unsampled"), student, headers=headers)
    sampled, _, headers = begun()
    await graph.ask(COURSES.format(name="Sampled"), student, headers=headers)
    await until(collector, sampled, SERVER, "lyceum-router", "lyceum-catalog")
    assert not collector.trace(unsampled)


def expressions() -> Iterator[str]:
    """What alerts and dashboards ask Prometheus."""
    for group in yaml.safe_load((TELEMETRY / "alerts.yaml").read_text())["groups"]:
        yield from (rule["expr"] for rule in group["rules"])
    for path in (TELEMETRY / "grafana" / "dashboards").glob("*.json"):
        board = json.loads(path.read_text())
        yield from (target["expr"] for panel in board["panels"] for target in panel.get("targets", ()))
        yield from (one["query"]["query"] for one in board["templating"]["list"] if one["type"] == "query")


METRIC = re.compile(r"\b(?:lms|db|consumer)_[a-z_]+\b(?=[{\[,) ]|$)", re.MULTILINE)
LABELS = re.compile(r"by \(([^)]*)\)|\{([^}]*)\}")


def asked(expression: str) -> tuple[set[str], set[str]]:
    """The metrics and the labels that an expression names; Prometheus itself adds some."""
    labels = set()
    for grouped, matched in LABELS.findall(expression):
        labels |= {name.strip() for name in grouped.split(",")} | set(re.findall(r"(\w+)\s*=~?\"", matched))
    names = set(METRIC.findall(LABELS.sub(" ", expression)))
    return names, labels - {"job", "instance", "le", ""}


async def test_alerts_and_dashboards_ask_for_what_there_is(graph: Graph, student: str, collector: Collector) -> None:
    await graph.ask(COURSES.format(name="Measured"), student)
    everything = {name for expression in expressions() for name in asked(expression)[0]}
    assert len(everything) >= 12

    def missing() -> set[str]:
        return everything - {point.name for point in list(collector.points.values())}

    with suppress(AssertionError):
        await asyncio.to_thread(collector.until, lambda: not missing())
    assert not missing()
    for expression in expressions():
        names, labels = asked(expression)
        assert names or "up{" in expression, expression
        for name in names:
            assert labels <= {label for point in collector.named(name) for label in point.labels}, (expression, name)


async def test_the_numbers_are_what_they_say(graph: Graph, student: str, collector: Collector) -> None:
    await graph.login("student@demo.example", "not the password")
    answers = [
        await graph.ask(f"query N{secrets.token_hex(4)} {{ viewer {{ user {{ id }} }} }}", student) for _ in range(5)
    ]
    assert all(answer.status == 200 for answer in answers)
    (people,) = await asyncio.to_thread(collector.until, lambda: collector.named("lms_active_users"))
    assert people.value >= 0
    (rate,) = await asyncio.to_thread(
        collector.until, lambda: [point for point in collector.named("lms_course_completion_rate") if point.value]
    )
    assert 0 < rate.value < 1
    (unknown,) = await asyncio.to_thread(
        collector.until,
        lambda: collector.named("lms_api_latency_milliseconds_count", kind="query", operation="other", outcome="ok"),
    )
    assert unknown.value >= 5
    assert {
        point.labels["operation"] for point in collector.named("lms_api_latency_milliseconds_count")
    } <= _operations()
    lags = await asyncio.to_thread(collector.until, lambda: collector.named("lms_events_lag"))
    assert {point.labels["source"] for point in lags} >= {"identity", "catalog", "content"}


def _operations() -> set[str]:
    manifest = ROOT / "router" / "persisted-query-manifest.json"
    persisted = json.loads(manifest.read_text())["operations"] if manifest.exists() else []
    return {"other"} | {operation["name"] for operation in persisted}


async def test_no_metric_tells_tenants_apart(graph: Graph, student: str, collector: Collector) -> None:
    await graph.ask(COURSES.format(name="Tenants"), student)
    organizations = {span.attributes.get("lyceum.organization.id") for span in collector.spans} - {None, ""}
    assert organizations
    for point in list(collector.points.values()):
        assert not organizations & set(point.labels.values())
        assert not {label for label in point.labels if "organization" in label or "user" in label}


async def test_a_refused_operation_is_no_fault(graph: Graph, collector: Collector) -> None:
    trace, _, headers = begun()
    answer = await graph.ask(COURSES.format(name="Refused"), None, headers=headers)
    assert codes_of(answer.body)
    spans = await until(collector, trace, SERVER, "lyceum-router")
    assert one(spans, "lyceum-router", SERVER, "query Refused").attributes["outcome"] == "refused"
    assert not any(span.has_failed for span in spans)


async def test_nothing_tells_a_secret(graph: Graph, student: str, watched: Stack, collector: Collector) -> None:
    canary = f"canary{secrets.token_hex(8)}"
    tokens = await graph.login("teacher@demo.example")
    told = {canary, PASSWORD, tokens["accessToken"], tokens["refreshToken"], tokens["accessToken"].rpartition(".")[2]}
    told |= set(_strings(json.loads((watched.home / "secrets.json").read_text())))
    # Inside variables, inside the document, in tokens of all kinds, in what PostgreSQL refuses, in headers.
    await graph.login("teacher@demo.example", f"{canary}-password")
    await graph.login(f"{canary}@demo.example", f"{canary}-password")
    inline = f'mutation {{ login(input: {{ email: "a@b.example", password: "{canary}" }}) {{ __typename }} }}'
    await graph.ask(inline)
    await graph.ask(f'{{ nothing(of: "{canary}") }}')
    for token in (canary, f"lk_{canary}", tokens["accessToken"] + canary, tokens["refreshToken"]):
        await graph.ask("{ viewer { user { id } } }", token)
    await graph.ask(REFRESH, token=f"rt_{canary}")
    await graph.ask(REFRESH, token=tokens["refreshToken"])
    await graph.ask(REFRESH, token=tokens["refreshToken"])
    search = "query S($q: String!) { search(query: $q) { edges { node { id } } } semanticSearch(query: $q) { score } }"
    for query in (canary, f"{canary}\0", f"{canary}\ud800", f"'{canary}"):
        await graph.ask(search, student, q=query)
    await graph.ask("{ viewer { user { id } } }", student, headers={"x-api-key": canary, "user-agent": canary})
    trace, _, headers = begun()
    await graph.ask("query Last { viewer { user { id } } }", student, headers=headers)
    await until(collector, trace, SERVER, "lyceum-router", "lyceum-identity")
    kept = list(collector.raw) + [path.read_bytes() for path in _logs(watched.home)]
    assert sum(map(len, kept)) > 100_000
    for word in (*told, "@demo.example"):
        assert not [body[:200] for body in kept if word.encode() in body], word


def _strings(value: Any) -> list[str]:
    """The texts in a JSON value."""
    if isinstance(value, str):
        return [value]
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for one in inner for text in _strings(one)]


def _logs(home: Path) -> list[Path]:
    found = [path for path in home.rglob("*.log") if path.name != "up.log"]
    assert found
    return found


async def test_a_fault_marks_its_trace_and_is_logged_with_it(
    graph: Graph, student: str, watched: Stack, collector: Collector
) -> None:
    trace, _, headers = begun()
    ai = psutil.Process(watched.pids["ai"])
    ai.suspend()
    try:
        answer = await graph.ask('query Stuck { semanticSearch(query: "star") { score } }', student, headers=headers)
    finally:
        ai.resume()
    assert answer.codes == ["SERVICE_UNAVAILABLE"]
    spans = await until(collector, trace, SERVER, "lyceum-router")
    router = one(spans, "lyceum-router", SERVER, "query Stuck")
    assert router.has_failed
    assert one(spans, "lyceum-router", CLIENT, "subgraph ai").has_failed
    (line,) = await asyncio.to_thread(
        collector.until, lambda: [line for line in list(collector.lines) if line.attributes.get("trace_id") == trace]
    )
    assert (line.service, line.attributes["span_id"]) == ("lyceum-router", router.id)
    assert collector.named("lms_subgraph_latency_milliseconds_count", subgraph="ai", outcome="fault")
