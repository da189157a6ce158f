"""The gateway as its program composes it, with real sockets on both sides and a service behind it that echoes."""

import asyncio
import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gateway.app import open_gateway, routes_of
from gateway.settings import Settings
from shared.identity import public_jwk
from shared.lifecycle import Lifecycle
from shared.settings import Env
from tests.unit.gateway.authentication.auth_feed import AuthFeed
from tests.unit.gateway.authentication.issuing import ISSUER, Issuer

ROUTES = """
[limits.wide]
policy = "10000 per minute"
key = "user"

[limits.narrow]
policy = "2 per hour"
key = "address"

[[route]]
name = "home"
exact = "/"
methods = ["GET"]
upstream = "local"
auth = "public"
limit = "wide"
timeout = 5

[[route]]
name = "description"
exact = "/openapi.json"
methods = ["GET"]
upstream = "local"
auth = "public"
limit = "wide"
timeout = 5
"""

ROUTE = """
[[route]]
name = "{name}"
prefix = "/{name}"
methods = ["DELETE", "GET", "PATCH", "POST", "PUT"]
upstream = "{upstream}"
auth = "{auth}"
limit = "{limit}"
timeout = {timeout}
max_body = {max_body}
idle = {idle}
"""

LIVE = """
[[route]]
name = "{name}"
prefix = "/{name}"
methods = ["GET"]
upstream = "user_service"
auth = "{auth}"
limit = "wide"
timeout = 5
websocket = true
idle = {idle}
"""


def route(name: str, **changes: object) -> str:
    values = {
        "upstream": "user_service",
        "auth": "public",
        "limit": "wide",
        "timeout": 10,
        "max_body": 1_000_000,
        "idle": 30,
    }
    return ROUTE.format(name=name, **(values | changes))


TABLE = ROUTES + "".join(
    (
        route("open"),
        route("maybe", auth="optional"),
        route("mine", auth="user"),
        route("signed", auth="session"),
        route("pages", auth="session") + 'sign_in = "/account/sign-in"\n',
        route("reading", auth="scope:files:read"),
        route("guarded", auth="user") + 'acr = "aal2"\n',
        route("recent", auth="session") + "max_age = 600\n",
        route("judging", auth="optional") + "pass_credentials = true\n",
        route("scarce", limit="narrow"),
        route("small", max_body=10),
        route("terse", max_body=10, timeout=0.3),
        route("big", max_body=1_000_000_000),
        route("hasty", timeout=0.3),
        route("brief", timeout=0.3, max_body=1_000_000_000),
        route("files", upstream="file_service"),
        route("quiet", timeout=0.3, idle=0.3),
        LIVE.format(name="live", auth="user", idle=30),
        LIVE.format(name="lobby", auth="public", idle=30),
        LIVE.format(name="drowsy", auth="public", idle=0.3),
    )
)


class Echo:
    """A service that tells what reached it. `answer` takes its place, for a test that needs another."""

    def __init__(self) -> None:
        self.answer: Callable[[web.BaseRequest], Any] | None = None
        self.seen: list[web.BaseRequest] = []

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        self.seen.append(request)
        if self.answer is not None:
            response: web.StreamResponse = await self.answer(request)
            return response
        digest, length = hashlib.sha256(), 0
        async for data in request.content.iter_any():
            digest.update(data)
            length += len(data)
        return web.json_response(
            {
                "method": request.method,
                "target": request.raw_path,
                "headers": [[name.decode(), value.decode()] for name, value in request.raw_headers],
                "length": length,
                "sha256": digest.hexdigest(),
            }
        )


@dataclass(slots=True)
class RunningGateway:
    port: int
    private_port: int
    issuer: Issuer
    feed: AuthFeed
    echo: Echo
    client: aiohttp.ClientSession
    lifecycle: Lifecycle
    jwks: dict[str, bytes]
    server: web.Server

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def bearer(self, **claims: Any) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.issuer.token(**claims)}"}

    async def service_is_asked(self) -> bool:
        return bool(self.echo.seen)

    async def has_no_client(self) -> bool:
        """Whether one has come and none is left."""
        return bool(self.echo.seen) and not self.server.connections

    @asynccontextmanager
    async def connection(self, within: float = 30) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        """A client's connection, for `within` seconds at most."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            async with asyncio.timeout(within):
                yield reader, writer
        finally:
            writer.transport.abort()
            with suppress(ConnectionError):
                await writer.wait_closed()

    async def raw(self, request: bytes) -> bytes:
        """Send bytes and return all that comes back until the gateway closes."""
        async with self.connection() as (reader, writer):
            writer.write(request)
            return await reader.read()


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def write_keys(folder: Path) -> dict[str, str]:
    """Make the gateway's key and the trust file, and return the variables that name them."""
    key = ec.generate_private_key(ec.SECP256R1())
    (folder / "key.pem").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    (folder / "trust.json").write_text(json.dumps({"gateway": {"keys": [public_jwk(key.public_key())]}}))
    return {"IDENTITY_KEY_FILE": str(folder / "key.pem"), "TRUST_FILE": str(folder / "trust.json")}


@asynccontextmanager
async def run_gateway(folder: Path, valkey_url: str, **environ: str) -> AsyncIterator[RunningGateway]:
    """Run a gateway whose routes are TABLE; `environ` overrides its variables."""
    issuer, feed, echo, lifecycle = Issuer(), AuthFeed(), Echo(), Lifecycle()
    jwks = {"document": issuer.jwks()}
    async with AsyncExitStack() as stack:
        auth = await stack.enter_async_context(auth_service(feed, jwks))
        service = await stack.enter_async_context(echo_service(echo))
        (folder / "routes.toml").write_text(TABLE)
        defaults = {
            "VALKEY_URL": valkey_url,
            "ROUTES_FILE": str(folder / "routes.toml"),
            "PUBLIC_URL": ISSUER,
            "AUTH_URL": auth,
            "AUTH_INTERNAL_URL": auth,
            "USER_URL": service,
            "FILE_URL": service,
        }
        settings = settings_from(write_keys(folder) | defaults | environ)
        apps = await stack.enter_async_context(open_gateway(settings, routes_of(settings), lifecycle))
        assert isinstance(apps.public, web.Server)
        assert apps.admission is not None
        assert await apps.admission()
        public = await stack.enter_async_context(_listening(web.ServerRunner(apps.public, shutdown_timeout=1)))
        private = await stack.enter_async_context(_listening(web.AppRunner(apps.private, shutdown_timeout=1)))
        client = await stack.enter_async_context(aiohttp.ClientSession(auto_decompress=False))
        yield RunningGateway(public, private, issuer, feed, echo, client, lifecycle, jwks, apps.public)


def settings_from(environ: Mapping[str, str]) -> Settings:
    env = Env(environ)
    settings = Settings.from_env(env)
    env.check()
    return settings


@asynccontextmanager
async def auth_service(feed: AuthFeed, jwks: dict[str, bytes]) -> AsyncIterator[str]:
    async def publish(_request: web.Request) -> web.Response:
        if "document" not in jwks or feed.is_down:
            raise web.HTTPServiceUnavailable
        return web.Response(body=jwks["document"])

    async def describe(_request: web.Request) -> web.Response:
        return web.json_response({"openapi": "3.1.0", "info": {"title": "Accounts", "version": "1"}, "paths": {}})

    app = feed.app()
    app.router.add_get("/.well-known/jwks.json", publish)
    app.router.add_get("/openapi.json", describe)
    async with _listening(web.AppRunner(app, shutdown_timeout=0.1)) as port:
        yield f"http://127.0.0.1:{port}"
        feed.end()


@asynccontextmanager
async def echo_service(echo: Echo, socket: Path | None = None) -> AsyncIterator[str]:
    """Serve at a port, or at this Unix domain socket; yields the URL."""
    server = web.Server(echo.handle, auto_decompress=False, handler_cancellation=True)
    runner = web.ServerRunner(server, shutdown_timeout=0.1)
    async with AsyncExitStack() as stack:
        if socket is None:
            yield f"http://127.0.0.1:{await stack.enter_async_context(_listening(runner))}"
            return
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        await web.UnixSite(runner, socket).start()
        yield f"unix://{socket}"


@asynccontextmanager
async def _listening(runner: web.BaseRunner) -> AsyncIterator[int]:
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield site.port
    finally:
        await runner.cleanup()
