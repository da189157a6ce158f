"""Opens connections to instances: over TCP, or by a Unix domain socket where one is on this machine.

Such a socket has no checksums, acknowledgements or segments, and what the kernel passes on (gateway/kernel_relay.py) it
passes on by reference: long bodies go through a gateway about as fast as past it.
"""

import asyncio
import socket

from gateway.upstreams.connection import Connection
from gateway.upstreams.discovery import Address, is_socket
from shared.plain_sockets import widen

_FIRST_PAUSE, _LONGEST_PAUSE = 0.005, 0.1  # seconds


async def connect(address: Address) -> Connection:
    """Raises OSError."""
    loop = asyncio.get_running_loop()
    if is_socket(address):
        unix = await _open(address[0])
        _, connection = await loop.create_unix_connection(lambda: Connection(loop), sock=unix)
    else:
        _, connection = await loop.create_connection(lambda: Connection(loop), *address)
    connection.require_open()
    return connection


async def _open(path: str) -> socket.socket:
    """Return a connected socket. Raises OSError, with the path in it."""
    unix = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        unix.setblocking(False)
        widen(unix)
        await _connect(unix, path)
    except OSError as exc:
        unix.close()
        raise OSError(f"unix:{path}: {exc}") from exc
    except BaseException:
        unix.close()
        raise
    return unix


async def _connect(unix: socket.socket, path: str) -> None:
    """Connect at once, or when the listener's queue isn't full any more.

    Nobody tells when that is, and the event loop would take such a socket for connected. Of many who wait each asks
    ever more seldom: together they must not keep the process from its work.
    """
    pause = _FIRST_PAUSE
    while True:
        try:
            unix.connect(path)
        except BlockingIOError:
            await asyncio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        else:
            return
