"""What the page says of each program, and of what they rest on. Pure."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from gateway.status import words
from gateway.status.reading import Reading, increase, quantile
from gateway.status.watch import Program

_REQUESTS = "http_request_duration_seconds"
_BUSIEST = 8

Fact = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Card:
    """`state` is ready, not ready or away; `why` is empty for those that are ready."""

    name: str
    place: str
    state: str
    why: Sequence[str] = ()
    about: str = ""
    facts: Sequence[Fact] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Busy:
    """A route, how often it is asked for, and how it answers."""

    route: str
    rate: str
    failed: str
    median: str
    slowest: str


def card(program: Program) -> Card:
    place = program.place.removeprefix("http://")
    if program.reading is None:
        return Card(program.name, place, "away", [program.unreachable])
    why = [f"{check}: {result}" for check, result in program.unready.items()]
    about = f"{program.reading.label('build_info', 'version')}, {_age(program.reading)}"
    return Card(
        program.name, place, "not ready" if why else "ready", why, about, list(_facts(program, program.reading))
    )


def _age(reading: Reading) -> str:
    started = reading.value("process_start_time_seconds")
    return f"for {words.duration(time.time() - started)}" if started else "since when isn't known"


def _facts(program: Program, now: Reading) -> Iterator[Fact]:
    rate = per_second(program, f"{_REQUESTS}_count")
    yield "Requests", f"{words.number(rate)} /s, {words.number(now.total('http_requests_in_flight'))} in flight"
    yield "p99", words.milliseconds(_quantile(program, 0.99, _REQUESTS))
    cpu = per_second(program, "process_cpu_seconds_total")
    yield "CPU", words.percent(cpu)
    yield "Memory", words.size(now.value("process_resident_memory_bytes"))
    lag = _quantile(program, 0.99, "event_loop_lag_seconds")
    yield "Loop lag", f"{words.milliseconds(lag)}, {words.number(now.total('event_loop_tasks'))} tasks"
    yield (
        "Descriptors",
        f"{words.number(now.value('process_open_fds'))} of {words.number(now.value('process_max_fds'))}",
    )
    yield from _stores(now)
    yield from _own(now)


def _stores(now: Reading) -> Iterator[Fact]:
    if size := now.value("database_pool_size"):
        states = now.by("database_pool_connections", "state")
        used = states.get("open", 0.0) - states.get("idle", 0.0)
        yield "Database pool", _share(used, size, now.total("database_pool_waiting"))
    if (waiting_jobs := now.value("jobs", state="waiting")) is not None:
        oldest = max(now.by("jobs_oldest_seconds", "kind").values(), default=0.0)
        late = f", the oldest for {words.duration(oldest)}" if waiting_jobs else ""
        yield "Jobs", f"{words.number(waiting_jobs)} waiting{late}"


def _own(now: Reading) -> Iterator[Fact]:
    if (clients := now.value("gateway_client_connections")) is not None:
        yield "Connections", f"{words.number(clients)} of clients"
    if threads := now.value("auth_password_hashing_threads"):
        busy, waiting = now.total("auth_password_hashing_busy"), now.total("auth_password_hashing_waiting")
        yield "Password threads", _share(busy, threads, waiting)
    if workers := now.value("file_picture_workers"):
        making, waiting = now.total("file_pictures_making"), now.total("file_pictures_waiting")
        yield "Picture workers", _share(making, workers, waiting)
    if (used := now.value("file_used_bytes")) is not None:
        owners = now.total("file_owners")
        yield "Files", f"{words.size(used)} of {words.number(owners)} {'person' if owners == 1 else 'people'}"


def _share(used: float, size: float, waiting: float) -> str:
    """Of how many some are in use, and how many wait for one."""
    line = f", {words.number(waiting)} waiting" if waiting else ""
    return f"{words.number(used)} of {words.number(size)} in use{line}"


def busiest(gateway: Program) -> list[Busy]:
    """Return the routes that are asked for most since the last look, or since the start where it is the first."""
    now, before = gateway.reading, gateway.before
    if now is None:
        return []
    early = before.by(f"{_REQUESTS}_count", "route") if before else {}
    counts = {route: count - early.get(route, 0.0) for route, count in now.by(f"{_REQUESTS}_count", "route").items()}
    routes = sorted((route for route, count in counts.items() if count > 0), key=lambda route: -counts[route])
    return [_busy(gateway, route, counts[route]) for route in routes[:_BUSIEST]]


def _busy(gateway: Program, route: str, count: float) -> Busy:
    assert gateway.reading is not None
    statuses = (status for status in gateway.reading.by(f"{_REQUESTS}_count", "status") if status.startswith("5"))
    failed = sum(_grown(gateway, f"{_REQUESTS}_count", route=route, status=status) for status in statuses)
    rate = per_second(gateway, f"{_REQUESTS}_count", route=route)
    return Busy(
        route=route,
        rate=f"{words.number(rate)} /s" if rate is not None else words.number(count),
        failed=words.percent(failed / count),
        median=words.milliseconds(_quantile(gateway, 0.5, _REQUESTS, route=route)),
        slowest=words.milliseconds(_quantile(gateway, 0.99, _REQUESTS, route=route)),
    )


def per_second(program: Program, name: str, **labels: str) -> float | None:
    """Return by how much a counter has grown each second since the last look; none at the first."""
    now, before = program.reading, program.before
    if now is None or before is None or now.at <= before.at:
        return None
    grown = now.total(name, **labels) - before.total(name, **labels)
    return grown / (now.at - before.at) if grown >= 0 else None


def _grown(program: Program, name: str, **labels: str) -> float:
    now, before = program.reading, program.before
    assert now is not None
    return now.total(name, **labels) - (before.total(name, **labels) if before else 0.0)


def _quantile(program: Program, share: float, histogram: str, **labels: str) -> float | None:
    """Of what came since the last look; of all since the start where it is the first, or nothing came."""
    now = program.reading
    assert now is not None
    late = now.buckets(histogram, **labels)
    early = program.before.buckets(histogram, **labels) if program.before else {}
    counts = increase([early.get(bound, 0.0) for bound in late], list(late.values())) or list(late.values())
    lately = quantile(share, list(late), counts)
    return lately if lately is not None else quantile(share, list(late), list(late.values()))
