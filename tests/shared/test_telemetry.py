"""Telemetry of one process: what is loaded where it is off, and what the log says of an exception."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import asyncpg
import pydantic
import pytest
import sqlalchemy.exc
from sqlalchemy import text

from shared.auth import ANONYMOUS
from shared.telemetry.failures import told
from tests.conftest import Subgraph

CANARY = "canary-0b5d"


class Input(pydantic.BaseModel):
    """What somebody may get wrong."""

    number: int


# redis-py loads OpenTelemetry's metrics wherever they are installed, and does nothing with them until it is told to.
LOADED = ("shared.telemetry.opentelemetry", "opentelemetry.exporter", "opentelemetry.sdk.trace", "google.protobuf")


@pytest.mark.parametrize(
    ("variables", "is_on"),
    [
        ({}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": ""}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "OTEL_SDK_DISABLED": "true"}, False),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}, True),
    ],
    ids=str,
)
def test_where_it_is_off_nothing_of_it_is_loaded(catalog: Subgraph, variables: dict[str, str], is_on: bool) -> None:
    program = f"import sys, subgraphs.catalog.app; print(*(n for n in {LOADED!r} if n in sys.modules))"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    answer = subprocess.run(
        [sys.executable, "-c", program], env=environment | variables, capture_output=True, text=True, check=True
    )
    assert answer.stdout.split() == (list(LOADED) if is_on else [])


def said(error: BaseException) -> str:
    """What the log says of it."""
    return told((type(error), error, error.__traceback__))


DETAIL = f"DO $$ BEGIN RAISE EXCEPTION 'no' USING DETAIL = 'Failing row contains ({CANARY})', HINT = '{CANARY}'; END $$"


@pytest.mark.parametrize(
    ("statement", "state"), [("SELECT cast(cast(:value AS text) AS uuid)", "22P02"), (DETAIL, "P0001")], ids=str
)
async def test_the_log_has_the_state_of_a_database_error_and_not_the_row(
    catalog: Subgraph, statement: str, state: str
) -> None:
    with pytest.raises(sqlalchemy.exc.DBAPIError) as raised:
        async with catalog.platform.database.begin(ANONYMOUS) as session:
            await session.execute(text(statement), {"value": CANARY} if ":value" in statement else {})
    assert CANARY in str(raised.value.orig.__cause__), "else this test shows nothing"
    line = said(raised.value)
    assert CANARY not in line
    assert state in line


QUOTING: dict[str, Callable[[], Any]] = {
    "int": lambda: int(CANARY),
    "key": lambda: {}[CANARY],
    "model": lambda: Input.model_validate({"number": CANARY}),
    "unicode": lambda: CANARY.encode("ascii") and f"{CANARY}\ud800".encode(),
}


@pytest.mark.parametrize("quote", QUOTING)
def test_the_log_has_no_message_that_quotes_a_value(quote: str) -> None:
    with pytest.raises(Exception, match=r".") as raised:
        QUOTING[quote]()
    line = said(raised.value)
    assert CANARY not in line.replace("CANARY", "")
    assert type(raised.value).__name__ in line


def test_the_log_has_all_causes_and_what_programs_say() -> None:
    try:
        try:
            raise ConnectionRefusedError("no such host")
        except OSError as cause:
            raise RuntimeError("not without it") from cause
    except RuntimeError as error:
        line = said(error)
    assert line.index("ConnectionRefusedError: no such host") < line.index("RuntimeError: not without it")
    group = ExceptionGroup("several", [asyncpg.InterfaceError("closed"), ValueError(CANARY)])
    assert "with asyncpg.exceptions._base.InterfaceError: closed" in said(group)
    assert CANARY not in said(group)


LINES = """
import sys, time
from shared.telemetry import set_up_logs, tracing
import structlog

set_up_logs("catalog", "json")
tracing.start("catalog")
log = structlog.get_logger()
with tracing.span("one", "server", sys.argv[1], {}):
    log.error("inside", count=1, password="hidden")
log.error("outside")
began = time.monotonic()
tracing.stop()
print(time.monotonic() - began)
"""


@pytest.mark.parametrize("endpoint", ["", "http://127.0.0.1:9"])
def test_lines_carry_their_trace_and_a_collector_that_is_away_holds_up_nobody(endpoint: str) -> None:
    trace = "0af7651916cd43dd8448eb211c80319c"
    answer = subprocess.run(
        [sys.executable, "-c", LINES, f"00-{trace}-b7ad6b7169203331-01"],
        env=os.environ | {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "OTEL_BSP_EXPORT_TIMEOUT": "100"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    *lines, seconds = answer.stdout.splitlines()
    inside, outside = (json.loads(line) for line in lines)
    assert inside.get("trace_id") == (trace if endpoint else None)
    assert ("span_id" in inside) == bool(endpoint)
    assert "trace_id" not in outside
    assert "hidden" not in answer.stdout
    assert float(seconds) < 5
