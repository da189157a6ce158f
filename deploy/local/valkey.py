"""Valkey for one machine: a Unix socket alone, a password, nothing on disk, as nothing in it must outlive it."""

import hashlib
import os
import signal
import socket
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from deploy.local.processes import ChildSpec, fork, run_binary

_CONFIGURATION = """\
port 0
unixsocket {socket}
unixsocketperm 700
user default on {passwords} ~* &* +@all
daemonize no
databases 16
save ""
appendonly no
maxmemory 128mb
maxmemory-policy volatile-lru
"""


class Valkey:
    name = "valkey"
    stop_signal = signal.SIGTERM
    kill_signal = signal.SIGKILL

    def __init__(self, binary: Path, sockets: Path, log: Path, passwords: Sequence[str]) -> None:
        self._binary = binary
        self._socket = sockets / "valkey.sock"
        self._password = passwords[0]
        self._accepted = " ".join(f"#{hashlib.sha256(each.encode()).hexdigest()}" for each in passwords)
        self.log = log

    @property
    def url(self) -> str:
        return f"unix://:{quote(self._password, safe='')}@{quote(str(self._socket))}"

    @property
    def configuration(self) -> str:
        """What the server reads from its standard input."""
        return _CONFIGURATION.format(socket=self._socket, passwords=self._accepted)

    def command(self) -> list[str]:
        return [str(self._binary), "-"]

    def start(self) -> int:
        """Hand the configuration over a pipe: everybody can read a command line, and a file has to be looked after."""
        reading, writing = os.pipe()
        try:
            os.write(writing, self.configuration.encode())
            spec = ChildSpec(self.name, self.log, signal.SIGTERM, stdin=reading)
            return fork(spec, lambda: run_binary(self.command(), {"PATH": "/usr/bin:/bin", "LC_ALL": "C"}))
        finally:
            os.close(writing)
            os.close(reading)

    def ready(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(1)
                connection.connect(str(self._socket))
                connection.sendall(f"AUTH {self._password}\r\nPING\r\n".encode())
                answer = b""
                while answer.count(b"\n") < 2 and (more := connection.recv(100)):  # noqa: PLR2004  one line for each command
                    answer += more
                return answer == b"+OK\r\n+PONG\r\n"
        except OSError:
            return False
