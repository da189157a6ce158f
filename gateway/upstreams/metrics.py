"""What is measured of the upstreams. Instances come and go, so their labels are taken away with them."""

from collections.abc import Callable
from contextlib import suppress

from prometheus_client import Counter, Gauge, Histogram

_IN_FLIGHT = Gauge(
    "gateway_upstream_in_flight", "Requests that an instance is answering now.", ("upstream", "instance")
)
EJECTIONS = Counter("gateway_upstream_ejections_total", "Instances put out for their failures.", ("upstream",))
RETRIES = Counter("gateway_upstream_retries_total", "Requests sent a second time.", ("upstream",))
QUEUE_SECONDS = Histogram(
    "gateway_upstream_queue_seconds",
    "Time that requests waited for a place, of those that had to.",
    ("upstream",),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1),
)


def watch(upstream: str, instance: str, in_flight: Callable[[], float]) -> None:
    """Read the number when Prometheus asks for it: that costs requests nothing."""
    _IN_FLIGHT.labels(upstream, instance).set_function(in_flight)


def forget(upstream: str, instance: str) -> None:
    with suppress(KeyError):
        _IN_FLIGHT.remove(upstream, instance)
