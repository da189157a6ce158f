"""Looks at the first bytes of what comes in, in passing."""

from collections.abc import AsyncIterator, Callable

HEAD_BYTES = 8192


class Head:
    """`content` holds the first HEAD_BYTES as far as they have come."""

    def __init__(self) -> None:
        self.content = b""

    async def watch(self, chunks: AsyncIterator[bytes], known: Callable[[bytes], None]) -> AsyncIterator[bytes]:
        """Pass `chunks` on. `known` is called once, with the head, before anything behind it is passed on; what it
        raises ends the reading. An upload that is shorter than a head has it called at its end.
        """
        called = False
        async for chunk in chunks:
            if not called:
                self.content += chunk[: HEAD_BYTES - len(self.content)]
                if len(self.content) == HEAD_BYTES:
                    called = True
                    known(self.content)
            yield chunk
        if not called:
            known(self.content)
