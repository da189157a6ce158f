"""A small server that stands for auth_service's private port: real HTTP, behaviour by the test's will."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import aiohttp
import msgspec
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec

from gateway.authentication.revocation import Revocation, Snapshot
from shared.credentials import is_api_key, new_api_key, new_session_cookie
from shared.events.client import InternalClient
from shared.events.model import Event, FeedPage
from shared.identity import HEADER, Signer


class AuthFeed:
    """Serves revocations, takes confirmations and uses, and knows `holders` by their credential.

    `is_down` makes everything fail with 503. `pause` holds back the answers about credentials while it isn't set.
    """

    def __init__(self) -> None:
        self.epoch = uuid4()
        self.revoked: list[UUID] = []
        self.events: list[Event] = []
        self.is_down = False
        self.snapshots = 0
        self.confirmed: list[dict[str, object]] = []
        self.holders: dict[str, dict[str, object]] = {}
        self.asked: list[str] = []
        self.used: list[dict[str, list[str]]] = []
        self.pause = asyncio.Event()
        self.pause.set()
        self._news = asyncio.Event()

    def revoke(self, session_id: UUID | str, *, event_type: str = "session_revoked", age: float = 0) -> None:
        """Tell that the session ended `age` seconds ago."""
        position, time = len(self.events) + 1, datetime.now(UTC) - timedelta(seconds=age)
        self.events.append(Event(position, uuid4(), event_type, str(session_id), time, {}))
        self.wake()

    def issue_key(self, *scopes: str, **holder: object) -> str:
        """Return an API key that is good from now on."""
        key = new_api_key()
        self.holders[key] = _holder(uuid4(), scopes) | holder
        return key

    def issue_cookie(self, **holder: object) -> str:
        """Return the cookie of a browser's session that lives from now on."""
        session_id = uuid4()
        cookie = new_session_cookie(session_id)
        self.holders[cookie] = _holder(session_id, ("full",)) | {"amr": ["pwd"]} | holder
        return cookie

    def withdraw(self, credential: str) -> UUID:
        """Revoke a key or a browser's session, and return its id."""
        credential_id = UUID(str(self.holders.pop(credential)["credential_id"]))
        self.revoke(credential_id, event_type="api_key_revoked" if is_api_key(credential) else "session_revoked")
        return credential_id

    def step_up(self, cookie: str) -> None:
        """Have a browser's session proved by two factors."""
        self.holders[cookie] = self.holders[cookie] | {"acr": "aal2"}  # answers on their way stay as they are
        self.revoke(UUID(str(self.holders[cookie]["credential_id"])), event_type="session_stepped_up")

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
        self.pause.set()
        self.wake()

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/internal/revocations", self._snapshot)
        app.router.add_get("/internal/events", self._events)
        app.router.add_post("/internal/confirmations", self._confirm)
        app.router.add_post("/internal/credentials", self._verify)
        app.router.add_post("/internal/credential-uses", self._note_uses)
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
        loop = asyncio.get_running_loop()
        deadline = loop.time() + float(request.query["wait"])
        while True:
            self._check(request)
            after = int(request.query["after"])
            if request.query["epoch"] != str(self.epoch) or after > len(self.events):
                raise web.HTTPGone
            if len(self.events) > after or loop.time() >= deadline:
                return web.Response(body=msgspec.json.encode(FeedPage(self.epoch, self.events[after:])))
            with suppress(TimeoutError):
                async with asyncio.timeout_at(deadline):
                    await self._news.wait()

    async def _confirm(self, request: web.Request) -> web.Response:
        self._check(request)
        self.confirmed += (await request.json())["confirmations"]
        return web.Response(status=204)

    async def _verify(self, request: web.Request) -> web.Response:
        self._check(request)
        credential = (await request.json())["credential"]
        self.asked.append(credential)
        holder = self.holders.get(credential)  # as it is now, however long the answer takes
        await self.pause.wait()
        return web.json_response({"holder": holder})

    async def _note_uses(self, request: web.Request) -> web.Response:
        self._check(request)
        self.used.append(await request.json())
        return web.Response(status=204)


def _holder(credential_id: UUID, scopes: Iterable[str]) -> dict[str, object]:
    return {
        "user_id": str(uuid4()),
        "credential_id": str(credential_id),
        "scopes": list(scopes),
        "roles": [],
        "amr": [],
        "expires_at": None,
    }


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
