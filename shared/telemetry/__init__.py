"""What operators see: logs always; traces, metrics and logs over OTLP where `OTEL_EXPORTER_OTLP_ENDPOINT` is set.

Without the variable its SDK is not started and no exporter imported; each place that would measure sees a `None`.
Nothing that people typed is told: no variables, no documents, no parameters of statements, no messages of exceptions.
"""

from shared.telemetry.logs import set_up_logs, trace_id_of
from shared.telemetry.tracing import is_on, start

__all__ = ["is_on", "set_up_logs", "start", "trace_id_of"]
