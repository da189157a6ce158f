"""Which connections' bytes may pass by their transport, straight from or to the socket."""

import asyncio
import socket
from contextlib import suppress
from typing import TypeGuard

_SEND_BUFFER = 1 << 20  # bytes, where the system allows it


def is_plain(transport: asyncio.Transport | None) -> TypeGuard[asyncio.Transport]:
    """Whether it is open, has a socket, and speaks no TLS, which only the transport does."""
    if transport is None or transport.is_closing() or transport.get_extra_info("sslcontext") is not None:
        return False
    return transport.get_extra_info("socket") is not None


def widen(plain: socket.socket) -> None:
    """Give a Unix domain socket room for what waits to be received: by the usual 208 KiB both ends wait in turns.

    TCP sees to that by itself.
    """
    if plain.family == socket.AF_UNIX:
        with suppress(OSError):  # some systems refuse what is beyond their bound
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
