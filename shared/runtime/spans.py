"""Spans for whoever collects them: each hop of a request or a fact, sent by OTLP over HTTP.

Only where `PAYLINKS_OTLP_URL` names a collector. Elsewhere `span` costs one comparison, and trace ids are carried along
all the same (`tracing`). A collector that is away costs nothing but its spans: a thread of their own sends them, and
drops them when too many wait. Names and kinds follow OpenTelemetry's conventions; no span holds a body, a token or an
address.
"""

from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Final, Literal

from shared.runtime.tracing import continue_trace, current_traceparent

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.trace import Span

Kind = Literal["server", "client", "consumer"]
SENDS_EVERY_SECONDS: Final = 2.0
WAITING_MAX: Final = 8_192

_provider: "TracerProvider | None" = None
_NO_SPAN: Final = nullcontext()


def configure(service: str, otlp_url: str | None) -> None:
    """`otlp_url` is the collector's origin, as `http://127.0.0.1:4318`; without one there are no spans."""
    global _provider  # noqa: PLW0603 - one a process, as the loggers are
    if otlp_url is None:
        return
    # A megabyte of modules: only for those who ask for it.
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.resources import Resource  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    _provider = TracerProvider(resource=Resource.create({"service.name": f"paylinks-{service}"}))
    exporter = OTLPSpanExporter(endpoint=f"{otlp_url.rstrip('/')}/v1/traces", timeout=5)
    _provider.add_span_processor(
        BatchSpanProcessor(exporter, max_queue_size=WAITING_MAX, schedule_delay_millis=SENDS_EVERY_SECONDS * 1000)
    )


def stop() -> None:
    """Sends what waits, and no more. May take seconds where the collector is away: call it last."""
    if _provider is not None:
        _provider.shutdown()


def span(
    name: str, kind: Kind, *, attributes: Mapping[str, str] | None = None
) -> "AbstractContextManager[Span | None]":
    """A hop of the current trace; None where nobody collects."""
    if _provider is None:
        return _NO_SPAN
    return _hop(_provider, name, kind, parent=current_traceparent(), attributes=attributes)


def first_span(name: str, kind: Kind, *, parent: str | None) -> "AbstractContextManager[Span | None]":
    """As `span`, of the trace that came in from outside; of a new one where `parent` is None."""
    if _provider is None:
        continue_trace(parent)
        return _NO_SPAN
    return _hop(_provider, name, kind, parent=parent, attributes=None)


@contextmanager
def _hop(
    provider: "TracerProvider", name: str, kind: Kind, *, parent: str | None, attributes: Mapping[str, str] | None
) -> "Generator[Span]":
    from opentelemetry.trace import SpanKind  # noqa: PLC0415 - as above
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator  # noqa: PLC0415

    propagator = TraceContextTextMapPropagator()
    context = propagator.extract({"traceparent": parent} if parent else {})
    tracer = provider.get_tracer("paylinks")
    with tracer.start_as_current_span(
        name, context=context, kind=SpanKind[kind.upper()], attributes=dict(attributes or {})
    ) as own:
        carrier: dict[str, str] = {}
        propagator.inject(carrier)
        continue_trace(carrier["traceparent"])
        try:
            yield own
        finally:
            if parent is not None:
                continue_trace(parent)
