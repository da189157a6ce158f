"""Clients with WebSockets: a little talk, and then they go, politely or not."""

import asyncio
import random
from collections.abc import Callable

import aiohttp

from tests.soak.ledger import BROKEN_OFF, CROSSED, LEFT, OK, UNAVAILABLE, UNEXPECTED, Ledger
from tests.soak.visits import FAILED
from tests.soak.wire import PATIENCE

_KIND = "websocket"


class SocketVisitor:
    def __init__(self, port: int, dice: random.Random, tokens: Callable[[], str], ledger: Ledger) -> None:
        self._url = f"ws://127.0.0.1:{port}/live/socket/"
        self._dice = dice
        self._tokens = tokens
        self._ledger = ledger

    async def live(self, ended: asyncio.Event) -> None:
        async with aiohttp.ClientSession() as client:
            while not ended.is_set():
                self._ledger.note(_KIND, *await self._visit(client))
                await asyncio.sleep(self._dice.random() * 0.2)

    async def _visit(self, client: aiohttp.ClientSession) -> tuple[str, str]:
        token = f"{self._dice.getrandbits(64):016x}"
        headers = {"Authorization": f"Bearer {self._tokens()}"}
        try:
            async with asyncio.timeout(PATIENCE), client.ws_connect(self._url + token, headers=headers) as socket:
                return await self._talk(socket, token)
        except aiohttp.WSServerHandshakeError as exc:
            return (UNAVAILABLE if exc.status in FAILED else UNEXPECTED), str(exc.status)
        except TimeoutError:
            return UNEXPECTED, "no answer"
        except (aiohttp.ClientError, ConnectionError):
            return BROKEN_OFF, ""

    async def _talk(self, socket: aiohttp.ClientWebSocketResponse, token: str) -> tuple[str, str]:
        for number in range(self._dice.randrange(1, 6)):
            await socket.send_str(str(number))
            if self._dice.random() < 0.1:
                return LEFT, ""
            answer = await socket.receive()
            if answer.type is not aiohttp.WSMsgType.TEXT:
                return BROKEN_OFF, ""
            if answer.data != f"{token} {number}":
                return CROSSED, f"asked with {token}, told {answer.data!r}"
        return OK, ""
