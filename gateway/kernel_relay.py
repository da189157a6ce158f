"""Has the kernel pass on what is to come of a long body, from one socket to the other through a pipe. Linux has that.

The bytes never come into this process: they cost half the CPU, and none of our memory. Where TLS ends here, they can't.
What isn't plain progress is left to the usual way: where the source ends or breaks, its transport finds that out.
"""

import asyncio
import fcntl
import os
from contextlib import ExitStack, suppress
from typing import Protocol, Self

from shared.plain_sockets import is_plain

WORTHWHILE = 1 << 20  # bytes; less passes as fast through our hands
_ROOM = 1 << 20  # bytes of a pipe, where the system allows it
_FEW = 16  # pipes as large as that; where more bodies are on their way, each has what the system gives by itself
_MOST = 256  # bodies on their way like this: a user may fill only so many pipes
_TURN = 4 << 20  # bytes after which others have their turn
_FLAGS = getattr(os, "SPLICE_F_MOVE", 0) | getattr(os, "SPLICE_F_NONBLOCK", 0)


class Source(Protocol):
    """Where a body comes from. `left` is how much of it has yet to come here, None where nobody knows."""

    @property
    def transport(self) -> asyncio.Transport | None: ...

    @property
    def left(self) -> int | None: ...

    def halt(self) -> bytes:
        """Return the bytes that are here, and read no more."""

    async def ready(self, lent: "Lent") -> None:
        """Wait until there are bytes, or the end. What it raises ends the relay."""

    def resume(self, taken: int) -> None:
        """Read on after `halt`; so many bytes went past the transport."""


class Target(Protocol):
    """Where it goes to. A `transport` of None is none that may be written past."""

    @property
    def transport(self) -> asyncio.Transport | None: ...

    async def write_out(self, data: bytes) -> None:
        """Write this, and return once all that was written is in the socket. Raises ConnectionError."""

    async def ready_for(self, lent: "Lent") -> None:
        """Wait until it takes bytes. What it raises ends the relay."""

    def note(self, given: int) -> None:
        """So many bytes were written past the transport."""


async def relay(source: Source, target: Target) -> None:
    """Pass on what is worth it, perhaps nothing, perhaps all. Raises what the ends raise, and ConnectionError."""
    incoming, outgoing, left = source.transport, target.transport, source.left
    if left is None or not _is_worthwhile(left) or not is_plain(incoming) or not is_plain(outgoing):
        return
    with ExitStack() as descriptors:
        try:
            come, go = (descriptors.enter_context(Lent(each)) for each in (incoming, outgoing))
            pipe = descriptors.enter_context(_Pipe())
        except OSError:  # there are no more of them, or an end closes now: the usual way finds that out
            return
        here = source.halt()
        try:
            await target.write_out(here)
            await _move(pipe, (source, come), (target, go), left)
        finally:
            target.note(pipe.given)
            source.resume(pipe.taken)


class Lent:
    """A transport's socket by a descriptor of our own, which isn't closed, and so another's, while somebody waits."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[None] | None = None
        self.descriptor: int = os.dup(transport.get_extra_info("socket").fileno())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        os.close(self.descriptor)

    async def has_bytes(self) -> None:
        """Wait until there are some to read, or the end, or for `wake`."""
        self._loop.add_reader(self.descriptor, self.wake)
        try:
            await self._wait()
        finally:
            self._loop.remove_reader(self.descriptor)

    async def takes_bytes(self) -> None:
        """Wait until some can be written, or none ever, or for `wake`."""
        self._loop.add_writer(self.descriptor, self.wake)
        try:
            await self._wait()
        finally:
            self._loop.remove_writer(self.descriptor)

    def wake(self) -> None:
        if self._ready is not None and not self._ready.done():
            self._ready.set_result(None)

    async def _wait(self) -> None:
        self._ready = self._loop.create_future()
        await self._ready


class _Pipe:
    """`taken` bytes have left the source, `given` of them have reached the target."""

    open = 0  # of them, in this process

    def __init__(self) -> None:
        self.taken = self.given = 0

    def __enter__(self) -> Self:
        self._out, self._in = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        _Pipe.open += 1
        if _Pipe.open <= _FEW:
            with suppress(OSError):
                fcntl.fcntl(self._in, fcntl.F_SETPIPE_SZ, _ROOM)
        return self

    def __exit__(self, *_exc: object) -> None:
        _Pipe.open -= 1
        os.close(self._in)
        os.close(self._out)

    def take(self, source: int, most: int) -> int | None:
        """Return how many bytes came; None if there are none just now, 0 if there never will be."""
        try:
            taken = os.splice(source, self._in, min(most, _ROOM), flags=_FLAGS)
        except BlockingIOError:
            return None
        except OSError:
            return 0
        self.taken += taken
        return taken

    def give(self, target: int) -> bool:
        """Return whether all is given; if not, the target takes no more just now. Raises ConnectionResetError."""
        try:
            while self.given < self.taken:
                self.given += os.splice(self._out, target, self.taken - self.given, flags=_FLAGS)
        except BlockingIOError:
            return False
        except OSError as exc:
            raise ConnectionResetError("Who was to get the body is gone.") from exc
        return True


async def _move(pipe: _Pipe, incoming: tuple[Source, Lent], outgoing: tuple[Target, Lent], length: int) -> None:
    (source, come), (target, go) = incoming, outgoing
    turn = 0
    while pipe.taken < length:
        taken = pipe.take(come.descriptor, length - pipe.taken)
        if taken == 0:
            return
        if taken is None:
            turn = pipe.taken
            await source.ready(come)
        while not pipe.give(go.descriptor):
            turn = pipe.taken
            await target.ready_for(go)
        if pipe.taken - turn >= _TURN:
            turn = pipe.taken
            await asyncio.sleep(0)


def _is_worthwhile(length: int) -> bool:
    return length >= WORTHWHILE and hasattr(os, "splice") and _Pipe.open < _MOST
