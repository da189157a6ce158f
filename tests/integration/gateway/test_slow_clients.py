"""Many who are slow, at the cost of nobody else."""

import asyncio
import json
import socket
import sys
from asyncio import StreamReader, StreamWriter
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path

from tests.integration.gateway.gateway_process import GatewayProcess, gateway_process
from tests.stores import ROOT
from tests.waiting import eventually

LANDING = b"GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"

SECONDS = 2.0  # for which the others ask
STRETCHES = 8
BACKLOG = 100  # connections that may wait to be accepted
SLOW = (  # G16's 2,000: slow with the head, with the body, and in reading
    (700, b"GET /open HTTP/1.1\r\nHost: h\r\nX-Slow: "),
    (700, b"POST /small HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nx"),
    (600, b"GET /big HTTP/1.1\r\nHost: h\r\n\r\n"),
)


async def serve(reader: StreamReader, writer: StreamWriter) -> None:
    """Answer with more than fits into all buffers between here and a client that reads slowly."""
    while await reader.readuntil(b"\r\n\r\n"):
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 8000000\r\n\r\n")
        for _ in range(80):
            writer.write(bytes(100_000))
            await writer.drain()


def steady_p99(waits: list[float]) -> float:
    """Return the 99th percentile of the best of some stretches of time.

    What costs everybody their speed does so in all of them; what else a busy machine does comes and goes.
    """
    size = len(waits) // STRETCHES
    stretches = [sorted(waits[first : first + size]) for first in range(0, size * STRETCHES, size)]
    return min(each[(size - 1) * 99 // 100] for each in stretches)


async def waits_during(work: Awaitable[object], gateway: GatewayProcess) -> list[float]:
    """Return what those waited who asked for pages meanwhile, in seconds."""
    pipe = asyncio.subprocess.PIPE
    command = (sys.executable, "-m", "tests.integration.gateway.prober", str(gateway.port))
    prober = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdin=pipe, stdout=pipe)
    assert prober.stdout is not None
    await prober.stdout.readline()  # it has begun
    told = b""
    try:
        await work
    finally:
        told, _ = await prober.communicate(b"")  # ends its input, and so its asking
    assert prober.returncode == 0
    waits: list[float] = json.loads(told)
    return waits


async def test_two_thousand_slow_clients_leave_the_others_their_speed(tmp_path: Path, valkey_url: str) -> None:
    """G16: slow with the head, with the body, in reading; more of them than one address may hold of a service."""
    async with gateway_process(serve, tmp_path, valkey_url) as gateway, AsyncExitStack() as stack:
        alone = await waits_during(asyncio.sleep(SECONDS), gateway)
        for count, beginning in SLOW:
            for number in range(count):
                if number % BACKLOG == 0:
                    await gateway.raw(LANDING)  # it has accepted all who came before
                slow = stack.enter_context(socket.create_connection(("127.0.0.1", gateway.port)))
                slow.sendall(beginning)
        await eventually(partial(_holds, gateway, 1500))
        among = await waits_during(asyncio.sleep(SECONDS), gateway)
    assert steady_p99(among) < 2 * steady_p99(alone) + 0.05, "a busy machine's share included"


async def _holds(gateway: GatewayProcess, descriptors: int) -> bool:
    return gateway.descriptors() > descriptors
