"""What ten thousand kept-alive connections cost that have each asked once and ask nothing now."""

import resource
import socket
from contextlib import ExitStack

from bench.gateway import ours
from bench.gateway.contenders import started
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


def idle(setting: Setting) -> Section:
    _allow_files()
    contender = ours.full()
    requests = [http_request(TARGET, token) for token in setting.tokens.make("ES256", USERS)]
    with upstream(setting) as behind, started(contender, setting, behind) as one, ExitStack() as stack:
        prove(contender, one, setting.tokens)
        before = resident_bytes(one.pid)
        for number in range(_CONNECTIONS):
            connection = socket.create_connection(("127.0.0.1", one.port), timeout=10)
            stack.enter_context(connection)
            _ask(connection, requests[number % USERS])
        after = resident_bytes(one.pid)
    row = (f"{_CONNECTIONS:,}", f"{before / _MIB:.1f}", f"{after / _MIB:.1f}")
    each = f"{(after - before) / _CONNECTIONS / 1024:.1f}"
    table = Table("Idle connections", ("connections", "before, MiB", "with them, MiB", "each, KiB"), [(*row, each)])
    return Section([table], [Target("10,000 idle connections, MiB resident", after / _MIB, _MOST)])


def _ask(connection: socket.socket, request: bytes) -> None:
    connection.sendall(request)
    answer = connection.recv(65536)
    if not answer.startswith(b"HTTP/1.1 200"):
        raise Failed(f"not the answer: {answer[:80]!r}")


def _allow_files() -> None:
    """Raise the limit of open files, which the gateway inherits. Raises Failed where the system forbids it."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        most = hard if hard == resource.RLIM_INFINITY else max(hard, _FILES)
        resource.setrlimit(resource.RLIMIT_NOFILE, (_FILES, most))
    except (ValueError, OSError) as exc:
        raise Failed(f"{_FILES} open files aren't allowed here (ulimit -n)") from exc
