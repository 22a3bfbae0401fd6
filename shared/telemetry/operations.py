"""Spans of GraphQL operations in a subgraph: one per operation, never one per field (that would double its cost)."""

from collections.abc import Iterator
from typing import Any

from strawberry.extensions import SchemaExtension
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import BaseGraphQLTransportWSHandler, Operation
from strawberry.subscriptions.protocols.graphql_transport_ws.types import Message, SubscribeMessage

from shared.telemetry import tracing


class NamedOperations(SchemaExtension):
    """Says of the span what is executed below it and for which organization; nothing of the document or its variables.

    The document holds what a client wrote into it, which may be a password.
    """

    def on_execute(self) -> Iterator[None]:
        """Once the document has been parsed and found valid."""
        executed = self.execution_context
        kind, name = executed.operation_type.value.lower(), executed.operation_name
        attributes = {"graphql.operation.type": kind}
        if name:
            attributes["graphql.operation.name"] = name
        organization = executed.context.viewer.organization_id
        if organization:
            attributes["lyceum.organization.id"] = str(organization)
        tracing.describe(f"{kind} {name}" if name else kind, attributes)
        yield


class TracedSockets(BaseGraphQLTransportWSHandler[Any, Any]):
    """Goes on with the router's trace in each operation on a WebSocket.

    The router shares a connection among the subscriptions of a viewer, so the trace is in each message, not in the
    handshake. The span ends with the first event: a subscription lasts for hours, and its trace would never end.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._parents: dict[str, str | None] = {}

    async def handle_subscribe(self, message: SubscribeMessage) -> None:
        """Keeps which span it is below."""
        extensions: Any = message["payload"].get("extensions") or {}
        self._parents[message["id"]] = (extensions.get("headers") or {}).get("traceparent")
        await super().handle_subscribe(message)

    async def run_operation(self, operation: Operation[Any, Any]) -> None:
        """Below the span of the router's that asked for it."""
        with tracing.span("subscription", "server", self._parents.pop(operation.id, None), {}):
            await super().run_operation(operation)

    async def send_message(self, message: Message) -> None:
        """Sends it, and ends the span after the first event."""
        await super().send_message(message)
        if message["type"] == "next":
            tracing.end()
