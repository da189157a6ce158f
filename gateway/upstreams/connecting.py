"""Opens connections to instances: over TCP, or by a Unix domain socket where one is on this machine.

Such a socket has no checksums, acknowledgements or segments, and what the kernel passes on (gateway/kernel_relay.py) it
passes on by reference: long bodies go through a gateway about as fast as past it.
"""

import asyncio
import socket

from gateway.upstreams.connection import Connection
from gateway.upstreams.discovery import Address, is_socket

_SEND_BUFFER = 1 << 20  # bytes, where the system allows it: the usual 208 KiB make the ends of an upload wait in turns
_AGAIN = 0.01  # seconds


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
    """Return a connected socket.

    It is at once, or the listener's queue is full: nobody tells when it isn't any more, and the event loop would take
    such a socket for connected.
    """
    unix = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        unix.setblocking(False)
        unix.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
        while True:
            try:
                unix.connect(path)
            except BlockingIOError:
                await asyncio.sleep(_AGAIN)
            else:
                return unix
    except BaseException:
        unix.close()
        raise
