"""Which connections' bytes may pass by their transport, straight from or to the socket."""

import asyncio
from typing import TypeGuard


def is_plain(transport: asyncio.Transport | None) -> TypeGuard[asyncio.Transport]:
    """Whether it is open, has a socket, and speaks no TLS, which only the transport does."""
    if transport is None or transport.is_closing() or transport.get_extra_info("sslcontext") is not None:
        return False
    return transport.get_extra_info("socket") is not None
