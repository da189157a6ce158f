"""Large bodies: what passes through per second beside nginx, and what a reader that doesn't read costs."""

import socket
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from statistics import median

from bench.gateway import ours
from bench.gateway.bulk_server import BLOCK
from bench.gateway.contenders import NGINX, Contender, Running, started
from bench.gateway.proof import await_ready
from bench.gateway.setting import Setting
from bench.processes import Failed, Program, cpu_seconds, forget_peak, free_port, resident_bytes, running
from bench.report import Section, Table, Target

SIZE = 256 << 20
_MIB = 1 << 20
_ROUNDS = 5
_LEAST_OF_NGINX = 0.8
_MOST_GROWTH = 16  # MiB, for one body of 256 MiB
_READERS, _MOST_PER_READER = 100, 2.0  # MiB
_SETTLE_SECONDS = 5
_BYTES = bytearray(_MIB)


@contextmanager
def bulk_server() -> Iterator[int]:
    port = free_port()
    program = Program([sys.executable, "-m", "bench.gateway.bulk_server"], {"PORT": str(port)})
    with running(program, port, measured=False):
        yield port


@contextmanager
def _ready(contender: Contender, setting: Setting, behind: int) -> Iterator[Running]:
    with started(contender, setting, behind) as one:
        await_ready(contender, one, setting.tokens)
        yield one


def bodies(setting: Setting) -> Section:
    """256 MiB up and down, one at a time; seconds of both in turns."""
    with ExitStack() as stack:
        behind = stack.enter_context(bulk_server())
        both = [stack.enter_context(_ready(each, setting, behind)) for each in (ours.full(), NGINX)]
        token = setting.tokens.make("ES256", 1)[0]
        runs = [[_passes(each, token) for each in both] for _ in range(_ROUNDS + 1)][1:]
    speeds = {way: [median(round_[who][way] for round_ in runs) for who in range(2)] for way in ("down", "up")}
    growth = max(round_[0]["growth"] for round_ in runs)
    rows = [
        (name, *(f"{speeds[way][who]:,.0f}" for way in ("down", "up")), *_costs([each[who] for each in runs]))
        for who, name in enumerate(("Colonnade", "nginx + Lua"))
    ]
    columns = ("", "MiB/s down", "MiB/s up", "CPU ms per 256 MiB", "memory grew, MiB")
    targets = [
        Target(f"256 MiB {way}, throughput to nginx", _ratio(runs, way), _LEAST_OF_NGINX, at_least=True)
        for way in speeds
    ]
    targets.append(Target("256 MiB bodies, memory growth in MiB", growth, _MOST_GROWTH))
    return Section([Table("Bodies of 256 MiB", columns, rows)], targets)


def _ratio(runs: list[list[dict[str, float]]], way: str) -> float:
    return median(mine[way] / other[way] for mine, other in runs)


def _costs(passes: list[dict[str, float]]) -> tuple[str, str]:
    return f"{median(each['cpu'] for each in passes):.0f}", f"{max(each['growth'] for each in passes):.1f}"


def _passes(one: Running, token: str) -> dict[str, float]:
    """Send a body each way; return MiB per second, CPU milliseconds of one way, and how far the memory's peak rose."""
    forget_peak(one.pid)
    before, cpu = resident_bytes(one.pid), cpu_seconds(one.pid)
    down, up = _download(one.port, token), _upload(one.port, token)
    return {
        "down": SIZE / _MIB / down,
        "up": SIZE / _MIB / up,
        "cpu": (cpu_seconds(one.pid) - cpu) * 500,
        "growth": max(0, resident_bytes(one.pid, peak=True) - before) / _MIB,
    }


def _download(port: int, token: str) -> float:
    with _connected(port) as connection:
        started_at = time.perf_counter()
        connection.sendall(_head("GET", token))
        status, got = _first_bytes(connection)
        while status and got < SIZE:
            received = connection.recv_into(_BYTES)
            if not received:
                raise Failed(f"the download broke off after {got} bytes")
            got += received
        return time.perf_counter() - started_at


def _first_bytes(connection: socket.socket) -> tuple[bool, int]:
    """Read the head; return whether it says 200, and how much of the body came with it."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(65536)
    if not data.startswith(b"HTTP/1.1 200"):
        raise Failed(f"not the answer: {data[:80]!r}")
    return True, len(data.partition(b"\r\n\r\n")[2])


def _upload(port: int, token: str) -> float:
    with _connected(port) as connection:
        started_at = time.perf_counter()
        connection.sendall(_head("PUT", token, f"Content-Length: {SIZE}\r\n"))
        for _ in range(SIZE // len(BLOCK)):
            connection.sendall(BLOCK)
        _first_bytes(connection)
        return time.perf_counter() - started_at


def _connected(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=60)


def _head(method: str, token: str, more: str = "") -> bytes:
    return (
        f"{method} /mine/{SIZE} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n{more}\r\n"
    ).encode()


def slow_readers(setting: Setting) -> Section:
    """A hundred clients ask for 256 MiB each and read nothing."""
    with bulk_server() as behind, _ready(ours.full(), setting, behind) as one, ExitStack() as stack:
        _download(one.port, setting.tokens.make("ES256", 1)[0])
        before = resident_bytes(one.pid)
        for token in setting.tokens.make("ES256", _READERS):
            connection = stack.enter_context(_connected(one.port))
            connection.sendall(_head("GET", token))
        after = _settled(one.pid)
    each = (after - before) / _READERS / _MIB
    row = (f"{_READERS}", f"{before / _MIB:.1f}", f"{after / _MIB:.1f}", f"{each * 1024:.0f}")
    table = Table("Readers that don't read", ("readers", "before, MiB", "with them, MiB", "each, KiB"), [row])
    return Section([table], [Target("memory of a reader that doesn't read, MiB", each, _MOST_PER_READER)])


def _settled(pid: int) -> int:
    """Return the resident memory once it no longer grows."""
    until, memory = time.monotonic() + _SETTLE_SECONDS, 0
    while time.monotonic() < until:
        time.sleep(1)
        now = resident_bytes(pid)
        if now <= memory:
            break
        memory = now
    return max(memory, resident_bytes(pid))
