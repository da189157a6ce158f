"""Several instances of one upstream on real sockets."""

import socket
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from gateway.upstreams.instance import PoolLimits
from gateway.upstreams.pool import Pool
from gateway.upstreams.pools import open_pools
from tests.unit.gateway.upstreams.raw_upstream import LIMITS, Talk, Upstream, read_head, serving


def answering(body: bytes, status: bytes = b"200 OK", *headers: bytes) -> Talk:
    head = b"".join(header + b"\r\n" for header in headers)

    async def talk(reader: StreamReader, writer: StreamWriter) -> None:
        while True:
            request = await read_head(reader)
            if request.startswith(b"POST"):
                await reader.readexactly(2)
            writer.write(b"HTTP/1.1 %b\r\n%bContent-Length: %d\r\n\r\n%b" % (status, head, len(body), body))

    return talk


async def dying(reader: StreamReader, _writer: StreamWriter) -> None:
    """Take a request and close."""
    await read_head(reader)


@asynccontextmanager
async def pool_of(
    *talks: Talk, also: Sequence[int] = (), limits: PoolLimits = LIMITS
) -> AsyncIterator[tuple[Pool, list[Upstream]]]:
    """Run an instance per talk; at the ports `also` there are further ones that the test takes care of."""
    async with AsyncExitStack() as stack:
        upstreams = [await stack.enter_async_context(serving(talk)) for talk in talks]
        ports = [*(upstream.port for upstream in upstreams), *also]
        urls = [f"http://127.0.0.1:{port}" for port in ports]
        pools = await stack.enter_async_context(open_pools(limits))
        yield pools.change({"it": ",".join(urls)})["it"], upstreams


@asynccontextmanager
async def refusing() -> AsyncIterator[int]:
    """Yield a port that is bound and refuses connections."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]
