"""For what the gateway itself asks of services, where no request is passed on."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import aiohttp

from gateway.upstreams.discovery import address_of, is_socket
from shared.events.client import InternalClient
from shared.identity import Signer

Clients = Mapping[str, Sequence[InternalClient]]


@asynccontextmanager
async def open_clients(
    session: aiohttp.ClientSession, signer: Signer, upstreams: Mapping[str, Sequence[str]]
) -> AsyncIterator[Clients]:
    """Yield one for each URL, by the services' names. A socket has a session of its own: aiohttp binds one to it."""
    async with AsyncExitStack() as stack:

        async def client(name: str, url: str) -> InternalClient:
            address = address_of(url)
            if not is_socket(address):
                return InternalClient(session, signer, url, name)
            connector = aiohttp.UnixConnector(address[0])
            own = await stack.enter_async_context(aiohttp.ClientSession(connector=connector))
            return InternalClient(own, signer, "http://localhost", name)

        yield {name: [await client(name, url) for url in urls] for name, urls in upstreams.items()}
