"""What ten thousand idle connections cost: fresh ones, and kept-alive ones, each answered once in the fast lane."""

import resource
import socket
import urllib.request
from contextlib import ExitStack

from bench.gateway import ours
from bench.gateway.contenders import Running, started
from bench.gateway.proof import prove
from bench.gateway.setting import TARGET, Setting
from bench.gateway.tokens import USERS
from bench.gateway.upstream import upstream
from bench.processes import Failed, resident_bytes
from bench.report import Section, Table, Target
from bench.wrk import http_request

_CONNECTIONS = 10_000
_FILES = _CONNECTIONS + 1000
_MIB = 1 << 20
_MOST = 150  # MiB
_FAST = 'gateway_fast_lane_requests_total{in="fast_lane"} '


def idle(setting: Setting) -> Section:
    _allow_files()
    kinds = {"fresh": _hold(setting, ask=False), "after a request each": _hold(setting, ask=True)}
    rows = [_row(kind, before, after) for kind, (before, after) in kinds.items()]
    most = max(after for _, after in kinds.values()) / _MIB
    columns = ("connections", "before, MiB", "with them, MiB", "each, KiB")
    table = Table(f"{_CONNECTIONS:,} idle connections", columns, rows)
    return Section([table], [Target("10,000 idle connections, MiB resident", most, _MOST)])


def _row(kind: str, before: int, after: int) -> tuple[str, ...]:
    return (kind, *(f"{size / _MIB:.1f}" for size in (before, after)), f"{(after - before) / _CONNECTIONS / 1024:.1f}")


def _hold(setting: Setting, *, ask: bool) -> tuple[int, int]:
    """Return the resident bytes before there are connections and with all of them."""
    contender = ours.full()
    requests = [http_request(TARGET, token) for token in setting.tokens.make("ES256", USERS)]
    with upstream(setting) as behind, started(contender, setting, behind) as one, ExitStack() as stack:
        prove(contender, one, setting.tokens)
        for request in requests:  # the first with each token is verified, in the slow lane
            _open(one, stack, request).close()
        asked = _answered_fast(one)
        before = resident_bytes(one.pid)
        for number in range(_CONNECTIONS):
            _open(one, stack, requests[number % USERS] if ask else b"")
        after = resident_bytes(one.pid)
        if ask and (fast := _answered_fast(one) - asked) < _CONNECTIONS:
            raise Failed(f"{fast:,.0f} of {_CONNECTIONS:,} requests were answered in the fast lane")
    return before, after


def _open(one: Running, stack: ExitStack, request: bytes) -> socket.socket:
    """Connect, send the request if there is any, and take its answer."""
    connection = stack.enter_context(socket.create_connection(("127.0.0.1", one.port), timeout=10))
    if request:
        connection.sendall(request)
        answer = connection.recv(65536)
        if not answer.startswith(b"HTTP/1.1 200"):
            raise Failed(f"not the answer: {answer[:80]!r}")
    return connection


def _answered_fast(one: Running) -> float:
    with urllib.request.urlopen(f"http://127.0.0.1:{one.private_port}/metrics", timeout=10) as response:
        lines = response.read().decode().splitlines()
    return sum(float(line.removeprefix(_FAST)) for line in lines if line.startswith(_FAST))


def _allow_files() -> None:
    """Raise the limit of open files, which the gateway inherits. Raises Failed where the system forbids it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        most = hard if hard == resource.RLIM_INFINITY else max(hard, _FILES)
        resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES, most))
    except (ValueError, OSError) as exc:
        raise Failed(f"{_FILES} open files aren't allowed here (ulimit -n)") from exc
