"""What every program measures. Labels are bounded: routes appear as templates, never as paths."""

import asyncio
import platform
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, generate_latest

from shared.loop_metrics import LoopHistogram

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_LAG_INTERVAL = 0.5  # seconds

REQUEST_SECONDS = LoopHistogram(
    "http_request_duration_seconds",
    "Time from the request's head to the answer's end.",
    ("method", "route", "status"),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
REQUESTS_IN_FLIGHT = Gauge("http_requests_in_flight", "Requests being answered now.")
LOG_LINES_DROPPED = Counter("log_lines_dropped_total", "Log lines that could not be written.")
LOOP_LAG_SECONDS = Histogram(
    "event_loop_lag_seconds",
    "How late the event loop runs a timer.",
    buckets=(0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1),
)
LOOP_TASKS = Gauge("event_loop_tasks", "Tasks of the event loop that haven't ended; what only ever grows is a leak.")
POOL_CONNECTIONS = Gauge("database_pool_connections", "Open database connections.", ("state",))
BUILD = Gauge("build_info", "1, labelled with what is running.", ("service", "version", "python"))


def exposition() -> bytes:
    """Return all metrics of the process in Prometheus' text format."""
    return generate_latest(REGISTRY)


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
