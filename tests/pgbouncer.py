"""A real PgBouncer in transaction mode, between the services of tests and PostgreSQL."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from deploy.roles import SCHEMAS
from tests.ports import free_port
from tests.stores import PASSWORD

_NOBODY = 65534
_PATIENCE = 10.0  # seconds


def _program() -> str:
    found = os.environ.get("PGBOUNCER_BIN") or shutil.which("pgbouncer") or ""
    told = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout if found else ""
    version = tuple(int(each) for each in told.split("\n")[0].removeprefix("PgBouncer ").split(".")[:2] if each)
    if version < (1, 21):
        pytest.exit(f"PgBouncer 1.21 or newer is needed, on the PATH or as PGBOUNCER_BIN; found: {told[:40] or 'none'}")
    return found


def _configured(folder: Path, postgres: str, port: int) -> Path:
    host, database_port = (parse_qs(urlsplit(postgres).query)[name][0] for name in ("host", "port"))
    users = folder / "users.txt"
    users.write_text("".join(f'"{schema}_runtime" "{PASSWORD}"\n' for schema in SCHEMAS.values()))
    file = folder / "pgbouncer.ini"
    file.write_text(
        f"[databases]\n* = host={host} port={database_port}\n[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = scram-sha-256\nauth_file = {users}\n"
        "pool_mode = transaction\nmax_prepared_statements = 200\ndefault_pool_size = 4\nmax_client_conn = 500\n"
        "server_idle_timeout = 5\nserver_login_retry = 0.1\nlog_connections = 0\nlog_disconnections = 0\n"
    )
    return file


@contextmanager
def running_pgbouncer(postgres: str) -> Iterator[str]:
    """Put one before the server whose superuser's URL is given; yields its URL, without a user."""
    folder = Path(tempfile.mkdtemp(prefix="colonnade-pgbouncer-"))
    folder.chmod(0o755)
    port = free_port()
    file = _configured(folder, postgres, port)
    demoted: dict[str, Any] = {"user": _NOBODY, "group": _NOBODY, "extra_groups": []} if os.geteuid() == 0 else {}
    with (folder / "log").open("w") as log:
        process = subprocess.Popen([_program(), str(file)], stdout=log, stderr=log, **demoted)
    try:
        _await_port(process, port, folder / "log")
        yield f"postgresql://127.0.0.1:{port}/"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
        shutil.rmtree(folder, ignore_errors=True)


def _await_port(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.02)
        else:
            return
