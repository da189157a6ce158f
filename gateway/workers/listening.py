"""The ports of several processes, taken before any of them starts: a port that can't be had is told at once."""

import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

_BACKLOG = 128


@contextmanager
def reserved(host: str, port: int) -> Iterator[int]:
    """Hold the port, so that it stays ours while workers come and go; yield its number, chosen if `port` is 0.

    Whoever listens has to share it by SO_REUSEPORT too; one that is bound and doesn't listen is given no connection.
    Raises OSError.
    """
    sockets = _bound(host, port, shared=True)
    try:
        number: int = sockets[0].getsockname()[1]
        yield number
    finally:
        close(sockets)


@contextmanager
def listening(host: str, port: int) -> Iterator[Sequence[socket.socket]]:
    """Listen for a process that is yet to come; clients wait in line meanwhile. Raises OSError."""
    sockets = _bound(host, port, shared=False)
    try:
        for each in sockets:
            each.listen(_BACKLOG)
            each.setblocking(False)
        yield sockets
    finally:
        close(sockets)


def close(sockets: Sequence[socket.socket]) -> None:
    for each in sockets:
        each.close()


def _bound(host: str, port: int, *, shared: bool) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    try:
        for family, kind, protocol, _, address in dict.fromkeys(_places(host, port)):
            sockets.append(socket.socket(family, kind, protocol))
            sockets[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if shared:
                sockets[-1].setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                sockets[-1].setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            sockets[-1].bind(address)
    except OSError as exc:
        close(sockets)
        raise OSError(exc.errno, f"can't listen on {host} port {port}: {os.strerror(exc.errno or 0).lower()}") from exc
    return sockets


_Place = tuple[socket.AddressFamily, socket.SocketKind, int, str, tuple[str | int, ...]]


def _places(host: str, port: int) -> list[_Place]:
    return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)  # type: ignore[return-value]  # no bytes among them
