"""What is measured of a program's connections to its database."""

from collections.abc import Callable

from prometheus_client import Counter, Gauge

from shared.loop_metrics import LoopHistogram

UP = Gauge("database_up", "1 when a connection to the database could be made at the last try, else 0.")
FAILURES = Counter(
    "database_failures_total",
    "Why the database was of no use: connect, busy (no connection came back in time), lost, conflict (locks).",
    ("reason",),
)
_WAIT = LoopHistogram(
    "database_pool_wait_seconds",
    "Time that those waited for a connection who had to.",
    (),
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
_LENT = LoopHistogram(
    "database_lent_seconds",
    "Time that a connection was held, for one statement or a whole transaction.",
    (),
    buckets=(0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
WAIT_SECONDS, LENT_SECONDS = _WAIT.labels(), _LENT.labels()
_SIZE = Gauge("database_pool_size", "Connections to the database that may be open.")
_CONNECTIONS = Gauge("database_pool_connections", "Connections to the database: open, and idle of them.", ("state",))
_WAITING = Gauge("database_pool_waiting", "How many wait for a connection now.")


def watch(size: int, connections: Callable[[], float], idle: Callable[[], float], waiting: Callable[[], float]) -> None:
    """Read the numbers when Prometheus asks for them."""
    _SIZE.set(size)
    _CONNECTIONS.labels("open").set_function(connections)
    _CONNECTIONS.labels("idle").set_function(idle)
    _WAITING.set_function(waiting)
