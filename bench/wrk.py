"""The load: wrk, one thread and 64 kept-alive connections, whose requests are made here."""

import json
import subprocess
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from bench.processes import Failed, cpu_seconds

CONNECTIONS = 64
_LEAST_BYTES = 200  # of an answer: its body has so many
_SEPARATOR = b"\x1e"
_SCRIPT = Path(__file__).with_suffix(".lua")


@dataclass(frozen=True, slots=True)
class Load:
    """Requests in files as `write_requests` makes them; `fresh` ones are a tenth, and are sent once each.

    `pause` is how many milliseconds a connection waits between an answer and its next request, on average.
    """

    port: int
    requests: Path
    fresh: Path | None = None
    pause: float = 0.0


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one run: requests per second; microseconds of CPU per request, of all programs and of each; and of waiting."""

    rate: float
    cpu: float
    p50: float
    p99: float
    each: tuple[float, ...] = ()


Figure = Callable[[Figures], float]


def write_requests(path: Path, requests: Iterable[bytes]) -> Path:
    path.write_bytes(_SEPARATOR.join(requests))
    return path


def http_request(target: str, token: str, *, method: str = "GET", body: bytes = b"") -> bytes:
    head = (
        f"{method} {target} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench\r\nAccept: application/json\r\n"
        f"Accept-Encoding: gzip\r\nAuthorization: Bearer {token}\r\n"
    )
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body


def measure(load: Load, seconds: float, *pids: int) -> Figures:
    """Send requests for so long. The CPU is that of all process trees in `pids`. Raises Failed."""
    before = [cpu_seconds(pid) for pid in pids]
    result = _run(load, seconds)
    count = result["requests"]
    each = tuple((cpu_seconds(pid) - earlier) / count * 1e6 for pid, earlier in zip(pids, before, strict=True))
    return Figures(count / result["seconds"], sum(each), result["p50"], result["p99"], each)


def _run(load: Load, seconds: float) -> dict[str, float]:
    argv = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "--timeout", "10s", "-s", str(_SCRIPT)]
    argv += [f"http://127.0.0.1:{load.port}", "--", str(load.requests), str(load.fresh or "-"), str(load.pause)]
    try:
        said = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=seconds + 30)
    except subprocess.TimeoutExpired as exc:
        raise Failed("wrk didn't end") from exc
    lines = [line for line in said.stdout.splitlines() if line.startswith("{")]
    if not lines:
        raise Failed(f"wrk: {said.stderr or said.stdout}")
    result: dict[str, float] = json.loads(lines[-1])
    wrong = {name: result[name] for name in ("refused", "broken", "missing") if result[name]}
    if wrong or not result["requests"]:
        raise Failed(f"not every request was answered with success: {wrong or 'no answer'}")
    if result["bytes"] < _LEAST_BYTES * result["requests"]:
        raise Failed("answers were cut short")
    return result
