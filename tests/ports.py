"""Ports for the programs that tests start."""

import socket
import sys

_KEPT: list[socket.socket] = []


def free_port() -> int:
    """Return a port that a program may listen on, and that nobody else is given while this process lives.

    It stays bound here. Linux has others listen on such a port all the same, as long as both sides set SO_REUSEADDR,
    which servers do; who asks for any port isn't given it.
    """
    probe = socket.socket()
    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    probe.bind(("127.0.0.1", 0))
    port: int = probe.getsockname()[1]
    if sys.platform == "linux":
        _KEPT.append(probe)
    else:
        probe.close()
    return port
