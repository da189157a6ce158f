"""A client that can misbehave: it writes its own bytes to a socket."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

from tests.integration.file_service.running_service import Person
from tests.integration.following_service import Client


@asynccontextmanager
async def open_raw(client: Client) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    assert client.port is not None
    reader, writer = await asyncio.open_connection(client.host, client.port, limit=2**16)
    try:
        yield reader, writer
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


def request_head(method: str, path: str, person: Person, headers: Mapping[str, object]) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "Host: test"]
    lines += [f"{name}: {value}" for name, value in {**person.headers, **headers}.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
