"""Turns the recorder on where a receiver of traces is configured. Only then is OpenTelemetry loaded."""

from collections.abc import Iterator
from contextlib import contextmanager

from shared.settings import ProcessSettings
from shared.spans.recorder import recorder


class TracingMissing(Exception):
    """The programs were installed without what exports traces."""


@contextmanager
def recording(settings: ProcessSettings) -> Iterator[None]:
    """Record and export while the program lives. Raises TracingMissing."""
    if not settings.traces.endpoint:
        yield
        return
    try:
        from shared.spans.export import OtlpExporter  # noqa: PLC0415  it costs memory, and most don't want it
    except ImportError as exc:
        raise TracingMissing(
            f"OTEL_EXPORTER_OTLP_ENDPOINT is set, and {exc.name} isn't installed: install the extra `tracing`"
        ) from exc
    exporter = OtlpExporter(settings.name, settings.traces)
    exporter.start()
    recorder.start(settings.traces.sample, exporter)
    try:
        yield
    finally:
        recorder.close()
