"""What clients do: mostly signed-in GETs on kept-alive connections, alone or pipelined, and everything else between."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from tests.soak.ledger import BROKEN_OFF, CROSSED, LEFT, OK, UNAVAILABLE, UNEXPECTED, Ledger
from tests.soak.wire import BrokenOff, Dropped, Reply, Wire, connect

FAILED = frozenset((502, 503, 504))  # what a client is told while its service is killed, reset or stalled
GARBAGE = b"NOT HTTP AT ALL\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, the token that its answer must carry, and the answer's body."""

    kind: str
    token: str
    data: bytes
    expected: bytes


class Visitor:
    """One client; it keeps its connection from visit to visit as long as it may."""

    def __init__(self, port: int, dice: random.Random, tokens: Callable[[], str], ledger: Ledger) -> None:
        self._port = port
        self._dice = dice
        self._tokens = tokens
        self._ledger = ledger
        self._wire: Wire | None = None

    async def live(self, ended: asyncio.Event) -> None:
        visits: Sequence[Callable[[], Awaitable[None]]] = (
            *(self._one, self._one, self._pipelined, self._cancelled, self._upload, self._download, self._events),
            self._garbage,
        )
        weights = (46, 10, 24, 10, 4, 4, 1, 1)
        while not ended.is_set():
            (visit,) = self._dice.choices(visits, weights)
            await visit()
            await asyncio.sleep(self._dice.random() * 0.02)
        await self._leave()

    async def _connected(self) -> Wire:
        if self._wire is None or not self._wire.is_open:
            await self._leave()
            self._wire = await connect(self._port)
        return self._wire

    async def _leave(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            await wire.close(reset=self._dice.random() < 0.5)

    # Requests

    def _request(self, kind: str, path: str, *, method: str = "GET", body: bytes = b"", chunked: bool = False) -> Asked:
        token = f"{self._dice.getrandbits(64):016x}"
        lines = [f"{method} /mine/{path.format(token)} HTTP/1.1", "Host: h", f"Authorization: Bearer {self._tokens()}"]
        if chunked:
            lines.append("Transfer-Encoding: chunked")
            body = b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        elif method != "GET":
            lines.append(f"Content-Length: {len(body)}")
        head = "\r\n".join((*lines, "", "")).encode()
        return Asked(kind, token, head + body, f"{token} 0".encode())

    def _get(self) -> Asked:
        return self._request("GET", "get/{}")

    def _post(self) -> Asked:
        body = self._dice.randbytes(self._dice.randrange(1, 2000))
        asked = self._request("POST", "echo/{}", method="POST", body=body)
        return Asked(asked.kind, asked.token, asked.data, body)

    # Visits

    async def _one(self) -> None:
        asked = self._get() if self._dice.random() < 0.85 else self._post()
        await self._exchange([asked])

    async def _pipelined(self) -> None:
        await self._exchange([self._get() if self._dice.random() < 0.9 else self._post() for _ in range(self._few())])

    async def _upload(self) -> None:
        size = self._dice.randrange(300_000)
        chunked = self._dice.random() < 0.5
        asked = self._request("upload", "put/{}", method="PUT", body=bytes(size), chunked=chunked)
        await self._exchange([Asked("upload", asked.token, asked.data, f"{asked.token} {size}".encode())])

    async def _download(self) -> None:
        pieces = self._dice.randrange(1, 400)
        asked = self._request("download", f"download/{{}}/{pieces}")
        expected = asked.token.encode() * 100 * pieces
        pause = 0.002 if self._dice.random() < 0.3 else 0.0
        await self._exchange([Asked("download", asked.token, asked.data, expected)], pause)

    async def _events(self) -> None:
        asked = self._request("events", "events/{}")
        expected = f"data: {asked.token}\n\n".encode() * 3
        await self._exchange([Asked("events", asked.token, asked.data, expected)])

    async def _garbage(self) -> None:
        """What is no request is refused, and nothing follows it. What came before it has been answered by then."""
        await self._one()
        wire = await self._connected()
        wire.send(GARBAGE + self._get().data)
        try:
            reply = await wire.reply()
        except (Dropped, BrokenOff) as exc:
            self._ledger.note("garbage", UNEXPECTED, type(exc).__name__)
        else:
            is_refused = reply.status in (400, 501) and reply.is_last
            self._ledger.note("garbage", OK if is_refused else UNEXPECTED, str(reply.status))
        await self._leave()

    async def _cancelled(self) -> None:
        """Ask for some things, and go at any moment."""
        wire = await self._connected()
        asked = [self._get() if self._dice.random() < 0.8 else self._post() for _ in range(self._few())]
        if self._dice.random() < 0.2:
            asked.append(self._request("upload", "put/{}", method="PUT", body=bytes(200_000)))
        if self._dice.random() < 0.2:
            asked.append(self._request("download", "download/{}/300"))
        data = b"".join(each.data for each in asked)
        if self._dice.random() < 0.3:
            data = data[: self._dice.randrange(len(data))]
        wire.send(data)
        await asyncio.sleep(self._dice.choice((0.0, 0.0, 0.001, 0.005, 0.02)) * self._dice.random())
        await self._leave()
        for each in asked:
            self._ledger.note(each.kind, LEFT)

    def _few(self) -> int:
        return self._dice.choice((1, 2, 3, 5, 16, 40))

    # Answers

    async def _exchange(self, asked: Sequence[Asked], pause: float = 0.0) -> None:
        wire = await self._connected()
        data = b"".join(each.data for each in asked)
        cut = self._dice.randrange(len(data)) if self._dice.random() < 0.1 else len(data)
        wire.send(data[:cut])
        if cut < len(data):
            await asyncio.sleep(self._dice.random() * 0.01)
            wire.send(data[cut:])
        left = list(asked)
        while left and wire.is_open:
            await self._answer(wire, left.pop(0), pause)
        for each in left:
            self._ledger.note(each.kind, LEFT)  # the connection ended before their turn

    async def _answer(self, wire: Wire, asked: Asked, pause: float) -> bool:
        """Read the answer and judge it; whether another may follow."""
        try:
            reply = await wire.reply(pause)
        except BrokenOff:
            self._ledger.note(asked.kind, BROKEN_OFF)
        except (Dropped, TimeoutError) as exc:
            self._ledger.note(asked.kind, UNEXPECTED, f"{type(exc).__name__} after {wire.answered} answers")
        else:
            self._ledger.note(asked.kind, *_judged(reply, asked))
            return True
        wire.is_open = False
        return False


def _judged(reply: Reply, asked: Asked) -> tuple[str, str]:
    if reply.status in FAILED:
        return UNAVAILABLE, ""
    if reply.status != 200:
        return UNEXPECTED, f"{reply.status} {reply.body[:300]!r}"
    if reply.headers.get("x-token") != asked.token or reply.body != asked.expected:
        return CROSSED, f"asked with {asked.token}, told {reply.headers.get('x-token')} {reply.body[:100]!r}"
    return OK, ""
