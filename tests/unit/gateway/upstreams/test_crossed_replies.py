import asyncio
import random
from asyncio import StreamReader, StreamWriter
from dataclasses import replace

from tests.unit.gateway.upstreams.raw_upstream import GET, POST, active, ask, pool_for, read_head

CALLERS, REQUESTS = 32, 100


async def echo(reader: StreamReader, writer: StreamWriter) -> None:
    """Answer each request with its target, in pieces, at an odd pace."""
    pace = random.Random(1)
    while True:
        head = await read_head(reader)
        if head.startswith(b"POST"):
            await reader.readexactly(2)
        token = head.split(b" ")[1]
        for piece in (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(token), token[:5], token[5:]):
            await asyncio.sleep(pace.random() / 500)
            writer.write(piece)


async def test_no_caller_gets_another_ones_reply() -> None:
    """G29: unique tokens, and half of the callers leave at random moments, many before their answer is there."""
    dice = random.Random(2)
    answered = left = 0

    async with pool_for(echo) as (pool, upstream):

        async def call(caller: int) -> None:
            nonlocal answered, left
            for number in range(REQUESTS):
                target = f"/{caller}/{number}/{dice.random()}"
                request = replace(POST if number % 3 == 0 else GET, target=target)
                patience = dice.random() / 200 if number % 2 else None
                try:
                    async with asyncio.timeout(patience):
                        assert await ask(pool, request) == (200, target.encode())
                    answered += 1
                except TimeoutError:
                    left += 1

        await asyncio.gather(*(call(caller) for caller in range(CALLERS)))
        assert not active(pool)
        assert answered + left == CALLERS * REQUESTS
        assert min(answered, left) > 100, "both must have happened for the test to mean something"
        assert upstream.accepted < answered + left, "connections were used again"
