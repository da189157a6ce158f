"""Pipes between the supervisor and its children."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any


class Pipe:
    """Its writing end is the supervisor's alone, so the reading ends see its death, however it comes."""

    def __init__(self) -> None:
        self.reading, self._writing = os.pipe()
        os.set_blocking(self._writing, False)

    def write_line(self, document: object) -> None:
        """Write JSON; what doesn't fit at the moment, as nobody reads, is lost."""
        with suppress(BlockingIOError):
            os.write(self._writing, json.dumps(document).encode() + b"\n")

    def end(self) -> None:
        """Close the writing end, as every child has to."""
        os.close(self._writing)


@contextmanager
def at_end(reading: int, act: Callable[[], None]) -> Iterator[None]:
    """Call `act` when a pipe that carries nothing comes to its end."""
    loop = asyncio.get_running_loop()

    def notice() -> None:
        loop.remove_reader(reading)
        act()

    loop.add_reader(reading, notice)
    try:
        yield
    finally:
        loop.remove_reader(reading)


async def documents(reading: int) -> AsyncIterator[Any]:
    """Yield what is written, until the end."""
    reader = asyncio.StreamReader()
    with open(reading, "rb", buffering=0) as pipe:  # noqa: ASYNC230  a descriptor, which is open
        protocol = asyncio.StreamReaderProtocol(reader)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(lambda: protocol, pipe)
        try:
            async for line in reader:
                yield json.loads(line)
        finally:
            transport.close()
