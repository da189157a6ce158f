"""The receiving side of SMTP (RFC 5321), as much of it as a client needs to hand a mail over."""

import asyncio
import re

from deploy.local.mail_catcher.mailbox import Mailbox

_LONGEST_LINE, _LARGEST_MAIL, _MOST_RECIPIENTS = 8192, 2_000_000, 100
_PATIENCE = 60.0  # seconds between two lines
_EXTENSIONS = ("colonnade", "8BITMIME", "SMTPUTF8", f"SIZE {_LARGEST_MAIL}")
_PATH = re.compile(r"<([^<>]*)>")


class Conversation:
    """One connection, from greeting to QUIT."""

    def __init__(self, mailbox: Mailbox, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._mailbox = mailbox
        self._reader = reader
        self._writer = writer
        self._begin()

    def _begin(self) -> None:
        self._sender: str | None = None
        self._recipients: list[str] = []

    async def hold(self) -> None:
        await self._say("220 colonnade ESMTP, which keeps what it gets")
        while True:
            line = (await self._line()).decode("utf-8", "replace").rstrip("\r\n")
            verb, _, rest = line.partition(" ")
            if verb.upper() == "QUIT":
                await self._say("221 bye")
                return
            await self._say(*await self._answer(verb.upper(), rest))

    async def _answer(self, verb: str, rest: str) -> tuple[str, ...]:
        if verb == "EHLO":
            return (*(f"250-{extension}" for extension in _EXTENSIONS[:-1]), f"250 {_EXTENSIONS[-1]}")
        if verb == "DATA":
            return await self._take()
        if verb in ("MAIL", "RCPT"):
            return self._address(verb, rest)
        if verb == "RSET":
            self._begin()
        return ("250 OK",) if verb in ("HELO", "RSET", "NOOP") else ("502 not here",)

    def _address(self, verb: str, rest: str) -> tuple[str, ...]:
        found = _PATH.search(rest)
        if found is None:
            return ("501 which address?",)
        if verb == "MAIL":
            self._begin()
            self._sender = found[1]
        elif self._sender is None:
            return ("503 MAIL first",)
        elif len(self._recipients) >= _MOST_RECIPIENTS:
            return ("452 too many",)
        else:
            self._recipients.append(found[1])
        return ("250 OK",)

    async def _take(self) -> tuple[str, ...]:
        if self._sender is None or not self._recipients:
            return ("503 MAIL and RCPT first",)
        await self._say("354 go on")
        raw = bytearray()
        while (line := await self._line()) not in (b".\r\n", b".\n"):
            raw += line[1:] if line.startswith(b".") else line
            if len(raw) > _LARGEST_MAIL:
                raise ConnectionError("more than it is told to be")
        self._mailbox.add(self._sender, self._recipients, bytes(raw))
        self._begin()
        return ("250 kept",)

    async def _line(self) -> bytes:
        async with asyncio.timeout(_PATIENCE):
            line = await self._reader.readuntil(b"\n")
        if len(line) > _LONGEST_LINE:
            raise ConnectionError("a line without an end")
        return line

    async def _say(self, *lines: str) -> None:
        self._writer.write("".join(f"{line}\r\n" for line in lines).encode())
        await self._writer.drain()


async def receive(mailbox: Mailbox, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take what comes over one connection, until either side has had enough."""
    try:
        await Conversation(mailbox, reader, writer).hold()
    except (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError):
        pass  # it has gone, or isn't speaking SMTP
    finally:
        writer.close()
