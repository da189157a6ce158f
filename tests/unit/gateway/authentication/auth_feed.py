"""A small server that stands for auth_service's private port: real HTTP, behaviour by the test's will."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from uuid import UUID, uuid4

import aiohttp
import msgspec
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.authentication.revocation import EVENT_TYPE, Revocation, Snapshot
from shared.events.client import InternalClient
from shared.events.model import Event, FeedPage
from shared.identity import HEADER, Signer


class AuthFeed:
    """Serves revocations and takes confirmations; `is_down` makes everything fail with 503."""

    def __init__(self) -> None:
        self.epoch = uuid4()
        self.revoked: list[UUID] = []
        self.events: list[Event] = []
        self.is_down = False
        self.snapshots = 0
        self.confirmed: list[dict[str, object]] = []
        self._news = asyncio.Event()

    def revoke(self, session_id: UUID, *, event_type: str = EVENT_TYPE) -> None:
        position = len(self.events) + 1
        self.events.append(Event(position, uuid4(), event_type, str(session_id), datetime.now(UTC), {}))
        self.wake()

    def restore(self) -> None:
        """As after a restored backup: another history, in which the last events never were."""
        self.epoch = uuid4()
        self.events.clear()
        self.wake()

    def wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()

    def end(self) -> None:
        """Let go of those who wait, so that the server can stop at once."""
        self.is_down = True
        self.wake()

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/internal/revocations", self._snapshot)
        app.router.add_get("/internal/events", self._events)
        app.router.add_post("/internal/confirmations", self._confirm)
        return app

    def _check(self, request: web.Request) -> None:
        assert request.headers[HEADER].count(".") == 2
        if self.is_down:
            raise web.HTTPServiceUnavailable

    async def _snapshot(self, request: web.Request) -> web.Response:
        self._check(request)
        self.snapshots += 1
        revocations = [Revocation(each, datetime.now(UTC)) for each in self.revoked]
        return web.Response(body=msgspec.json.encode(Snapshot(self.epoch, len(self.events), revocations)))

    async def _events(self, request: web.Request) -> web.Response:
        while True:
            self._check(request)
            after = int(request.query["after"])
            if request.query["epoch"] != str(self.epoch) or after > len(self.events):
                raise web.HTTPGone
            if len(self.events) > after:
                return web.Response(body=msgspec.json.encode(FeedPage(self.epoch, self.events[after:])))
            await self._news.wait()

    async def _confirm(self, request: web.Request) -> web.Response:
        self._check(request)
        self.confirmed += (await request.json())["confirmations"]
        return web.Response(status=204)


@asynccontextmanager
async def auth_feed() -> AsyncIterator[tuple[AuthFeed, InternalClient]]:
    feed = AuthFeed()
    runner = web.AppRunner(feed.app(), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    signer = Signer("gateway", ec.generate_private_key(ec.SECP256R1()))
    try:
        async with aiohttp.ClientSession() as session:
            yield feed, InternalClient(session, signer, f"http://127.0.0.1:{site.port}", "auth_service")
    finally:
        feed.end()
        await runner.cleanup()


async def until(condition: object) -> None:
    """Wait for `condition()` to become true, 5 seconds at most."""
    assert callable(condition)
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110  what is waited for has no event to set
            await asyncio.sleep(0.005)
