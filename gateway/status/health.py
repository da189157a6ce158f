"""What stores and feeds do, and what a person has to look at. Pure."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gateway.status import words
from gateway.status.reading import Reading, quantile
from gateway.status.watch import Program

_CERTIFICATE_DAYS, _KEY_DAYS = 21, 90
_SILENCE = 60.0  # seconds
_DESCRIPTORS, _DISK = 0.8, 0.1
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class Pillar:
    """Something that all rests on."""

    name: str
    well: bool
    state: str
    detail: str


def pillars(programs: Sequence[Program]) -> list[Pillar]:
    found: list[Pillar] = []
    for program in programs:
        if program.reading is not None:
            found += _of_gateway(program.reading) if program.name == "gateway" else _of_service(program)
    return found


def _of_gateway(now: Reading) -> Iterator[Pillar]:
    burst = now.buckets("gateway_valkey_seconds")
    took = words.milliseconds(quantile(0.99, list(burst), list(burst.values())))
    up = now.total("gateway_valkey_up") > 0
    yield Pillar("Valkey, limits", up, "up" if up else "away", f"p99 {took}" if up else "each gateway counts by itself")
    kept = now.total("gateway_cache_up") > 0
    detail = f"{words.size(now.total('gateway_cache_kept_bytes'))} kept" if kept else "passed by"
    yield Pillar("Valkey, cache", kept, "up" if kept else "away", detail)
    connected, silence = now.total("gateway_revocation_feed_connected"), now.total(_SILENT)
    lag = now.buckets("gateway_revocation_lag_seconds")
    late = words.milliseconds(quantile(0.99, list(lag), list(lag.values())))
    well = bool(connected) and silence <= _SILENCE
    detail = f"silent for {words.duration(silence)}, lag p99 {late}"
    yield Pillar("Revocations", well, "connected" if connected else "away", detail)
    if ends := now.total("gateway_tls_certificate_expiry_timestamp_seconds"):
        left = ends - time.time()
        yield Pillar("Certificate", left > _CERTIFICATE_DAYS * _DAY, "in use", f"ends in {words.duration(left)}")


def _of_service(program: Program) -> Iterator[Pillar]:
    now = program.reading
    assert now is not None
    up = now.total("database_up") > 0
    lent = now.buckets("database_lent_seconds")
    took = words.milliseconds(quantile(0.99, list(lent), list(lent.values())))
    yield Pillar(f"PostgreSQL, {program.name}", up, "up" if up else "away", f"held p99 {took}")
    if since := now.total("auth_signing_key_since_timestamp_seconds"):
        age = time.time() - since
        yield Pillar("Signing key", age < _KEY_DAYS * _DAY, "signs", f"for {words.duration(age)}")
    if size := now.total("file_storage_size_bytes"):
        free = now.total("file_storage_free_bytes")
        yield Pillar("Disk of files", free > _DISK * size, f"{words.size(free)} free", f"of {words.size(size)}")
    for feed, lag in now.by("event_lag_seconds", "feed").items():
        yield Pillar(f"Events, {program.name}", lag < _SILENCE, f"{words.milliseconds(lag)} late", f"from {feed}")


def notices(programs: Sequence[Program], failed: float | None, most: float) -> list[str]:
    """Return what isn't as it should be, in sentences; `failed` is the share of requests that lately failed."""
    said = [sentence for program in programs for sentence in _of_program(program)]
    said += [f"{each.name}: {each.state}, {each.detail}." for each in pillars(programs) if not each.well]
    if failed is not None and failed > most:
        said.append(f"{words.percent(failed)} of all requests fail.")
    return said


def _of_program(program: Program) -> Iterator[str]:
    if program.reading is None:
        yield f"{program.name} can't be reached at {program.place}: {program.unreachable}."
        return
    for check, result in program.unready.items():
        yield f"{program.name} isn't ready: {check}: {result}."
    now = program.reading
    for kind in (kind for kind, rests in now.by("jobs_resting", "kind").items() if rests):
        yield f"{program.name}: jobs of the kind {kind} rest, as what they need is away."
    if failed := now.total("jobs", state="failed"):
        yield f"{program.name}: {words.number(failed)} jobs have failed for good."
    if program.before and now.total(_DROPPED) > program.before.total(_DROPPED):
        yield f"{program.name} drops log lines: nobody takes them fast enough."
    if now.total("process_open_fds") > _DESCRIPTORS * (now.total("process_max_fds") or 1e9):
        yield f"{program.name} runs out of descriptors."
    if now.value("gateway_routes_in_force") == 0:
        yield "The route file on disk was refused: the one before it is in force."
    for upstream, up in now.by("gateway_upstream_instance_up", "upstream").items():
        if up < 1:
            yield f"No instance of {upstream} gets requests."


_SILENT, _DROPPED = "gateway_revocation_feed_silence_seconds", "log_lines_dropped_total"
