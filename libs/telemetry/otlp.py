"""Spans by OpenTelemetry to a collector over HTTP, from a thread that nothing waits for."""

import logging
import threading
from collections.abc import Mapping, Sequence
from typing import Any, Final

import structlog
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from libs.telemetry.traces import Kind

log = structlog.get_logger()

EXPORT_SECONDS: Final = 5
STOP_SECONDS: Final = 2.0
EVERY_MS: Final = 1000
KINDS: Final[Mapping[Kind, SpanKind]] = {
    "server": SpanKind.SERVER,
    "client": SpanKind.CLIENT,
    "producer": SpanKind.PRODUCER,
    "consumer": SpanKind.CONSUMER,
}


class OtlpRecorder:
    """Records the spans of a service. What the collector does not take is dropped, and told."""

    def __init__(self, service: str, endpoint: str) -> None:
        # Its own words about each failed attempt, of which there is one a second.
        logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)
        url = f"{endpoint.rstrip('/')}/v1/traces"
        self._exporter = _Telling(OTLPSpanExporter(endpoint=url, timeout=EXPORT_SECONDS))
        self._processor = BatchSpanProcessor(self._exporter, schedule_delay_millis=EVERY_MS)
        resource = Resource.create({"service.name": service, "service.namespace": "trackimmo"})
        provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        provider.add_span_processor(self._processor)
        self._tracer = provider.get_tracer("trackimmo")
        self._context = TraceContextTextMapPropagator()

    def begin(self, kind: Kind, name: str, parent: str, attributes: Mapping[str, Any]) -> "_Span":
        """A span that belongs to its parent; without one it begins a trace."""
        context = self._context.extract({"traceparent": parent}, context=Context())
        return _Span(
            self._tracer.start_span(
                name, context=context, kind=KINDS[kind], attributes={**attributes}
            )
        )

    def stop(self) -> None:
        """Hand over what is left, for as long as is decent."""
        ending = threading.Thread(target=self._processor.shutdown, daemon=True)
        ending.start()
        ending.join(STOP_SECONDS)
        if ending.is_alive():
            self._exporter.shutdown()  # it would go on trying
            ending.join(STOP_SECONDS)


class _Span:
    def __init__(self, span: Any) -> None:
        self._span = span
        about = span.get_span_context()
        flags = f"{about.trace_flags:02x}"
        self.traceparent: str = f"00-{about.trace_id:032x}-{about.span_id:016x}-{flags}"

    def end(
        self, *, name: str = "", failed: str = "", attributes: Mapping[str, Any] | None = None
    ) -> None:
        if name:
            self._span.update_name(name)
        if failed:
            self._span.set_status(Status(StatusCode.ERROR, failed))
        self._span.set_attributes(attributes or {})
        self._span.end()


class _Telling(SpanExporter):
    """Says once that the collector is away, and once that it is back."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter, self._away = exporter, False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        away = result is not SpanExportResult.SUCCESS
        if away != self._away:
            self._away = away
            log.warning("collector_away" if away else "collector_back", spans=len(spans))
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()
