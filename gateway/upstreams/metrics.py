"""What is measured of the upstreams. Instances come and go, so their labels are taken away with them."""

from collections.abc import Callable
from contextlib import suppress
from functools import partial

from prometheus_client import Counter, Gauge, Histogram

from gateway.upstreams.instance import ConnectionState, Instance

_IN_FLIGHT = Gauge(
    "gateway_upstream_in_flight", "Requests that an instance is answering now.", ("upstream", "instance")
)
_UP = Gauge(
    "gateway_upstream_instance_up",
    "1 while an instance gets requests, 0 while it is put out for its failures, or stops.",
    ("upstream", "instance"),
)
_CONNECTIONS = Gauge(
    "gateway_upstream_connections",
    "Connections to an instance: active, idle, or lasting as long as the stream that they carry.",
    ("upstream", "instance", "state"),
)
_QUEUE_LENGTH = Gauge("gateway_upstream_queue_length", "Requests that wait for a place now.", ("upstream",))
FAILURES = Counter(
    "gateway_upstream_failures_total",
    "Attempts that got no answer, by error type of RFC 9209; those that a closed connection explains aren't counted.",
    ("upstream", "error"),
)
EJECTIONS = Counter("gateway_upstream_ejections_total", "Instances put out for their failures.", ("upstream",))
RETRIES = Counter("gateway_upstream_retries_total", "Requests sent a second time.", ("upstream",))
QUEUE_SECONDS = Histogram(
    "gateway_upstream_queue_seconds",
    "Time that requests waited for a place, of those that had to.",
    ("upstream",),
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1),
)


def watch(upstream: str, name: str, instance: Instance) -> None:
    """Read the numbers when Prometheus asks for them: that costs requests nothing."""
    _IN_FLIGHT.labels(upstream, name).set_function(lambda: instance.in_flight)
    _UP.labels(upstream, name).set_function(lambda: instance.health.is_in)
    for state in ConnectionState:
        _CONNECTIONS.labels(upstream, name, state).set_function(partial(instance.connections, state))


def forget(upstream: str, name: str) -> None:
    with suppress(KeyError):
        _IN_FLIGHT.remove(upstream, name)
        _UP.remove(upstream, name)
        for state in ConnectionState:
            _CONNECTIONS.remove(upstream, name, state)


def watch_queue(upstream: str, length: Callable[[], float]) -> None:
    _QUEUE_LENGTH.labels(upstream).set_function(length)


def forget_queue(upstream: str) -> None:
    with suppress(KeyError):
        _QUEUE_LENGTH.remove(upstream)
