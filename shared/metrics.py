"""What every program measures. Labels are bounded: routes appear as templates, never as paths."""

import asyncio
import platform
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics
from prometheus_client.registry import Collector

from shared.loop_metrics import LoopCounter, LoopHistogram

_PLAIN = "text/plain; version=0.0.4; charset=utf-8"
_OPENMETRICS = "application/openmetrics-text"
_LAG_INTERVAL = 0.5  # seconds

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second series beside each counter and histogram, which nobody reads

REQUEST_SECONDS = LoopHistogram(
    "http_request_duration_seconds",
    "Time from the request's head to the answer's end.",
    ("method", "route", "status"),
    buckets=(0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
PROBLEMS = LoopCounter("http_problems", "Failures that clients were told, by their code.", ("code",))
REQUESTS_IN_FLIGHT = Gauge("http_requests_in_flight", "Requests being answered now.")
READINESS = Gauge("readiness_check_ok", "0 where a check failed when /readyz was asked last.", ("check",))
LOG_LINES_WAITING = Gauge("log_lines_waiting", "Log lines that have yet to be written.")
LOG_LINES_DROPPED = Counter("log_lines_dropped_total", "Log lines that could not be written.")
LOOP_LAG_SECONDS = Histogram(
    "event_loop_lag_seconds",
    "How late the event loop runs a timer.",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1),
)
LOOP_TASKS = Gauge("event_loop_tasks", "Tasks of the event loop that haven't ended; what only ever grows is a leak.")
BUILD = Gauge("build_info", "1, labelled with what is running.", ("service", "version", "python"))


def exposition(accept: str = "", registry: Collector = REGISTRY) -> tuple[bytes, str]:
    """Return all metrics, and the content type: Prometheus' text format, or OpenMetrics for whoever accepts that.

    Exemplars are in the latter only.
    """
    if any(_accepts_openmetrics(each) for each in accept.split(",")):
        body: bytes = generate_openmetrics(registry)  # type: ignore[no-untyped-call]
        return body, f"{_OPENMETRICS}; version=1.0.0; charset=utf-8"
    return generate_latest(registry), _PLAIN


def _accepts_openmetrics(media_range: str) -> bool:
    kind, *parameters = (part.strip().lower() for part in media_range.split(";"))
    return kind == _OPENMETRICS and not any(each.startswith("q=") and not each.strip("q=0.") for each in parameters)


@asynccontextmanager
async def process_metrics(service: str, version: str) -> AsyncIterator[None]:
    """Measure the event loop's lag and count its tasks, and tell what runs, while the program lives."""
    loop = asyncio.get_running_loop()
    LOOP_TASKS.set_function(lambda: len(asyncio.all_tasks(loop)))
    BUILD.labels(service, version, platform.python_version()).set(1)
    task = asyncio.create_task(_measure_lag())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _measure_lag() -> None:
    loop = asyncio.get_running_loop()
    while True:
        due = loop.time() + _LAG_INTERVAL
        await asyncio.sleep(_LAG_INTERVAL)
        LOOP_LAG_SECONDS.observe(max(0.0, loop.time() - due))
