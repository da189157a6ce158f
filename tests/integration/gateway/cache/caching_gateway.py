"""A gateway with a cache, and a service behind it that says how its answers may be kept."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web
from prometheus_client import REGISTRY

from tests.integration.gateway.conftest import ready
from tests.integration.gateway.running_gateway import ROUTES, RunningGateway, route, run_gateway

TABLE = ROUTES + "".join(
    (
        route("pictures", timeout=5) + "cache = true\n",
        route("small", timeout=5) + "cache = true\ncache_max_body = 1000\n",
        route("plain", timeout=5) + "cache = true\ncache_headers = []\n",
        route("maybe", auth="optional") + "cache = true\n",
        route("scarce", limit="narrow") + "cache = true\n",
        route("mine", auth="user"),
        route("open"),
    )
)


@dataclass(slots=True)
class Origin:
    """Answers as `headers`, `status` and `body` say; to a condition on its ETag that holds, with 304.

    While `open` isn't set, those who only read wait.
    """

    headers: dict[str, str] = field(default_factory=lambda: {"Cache-Control": "max-age=60"})
    status: int = 200
    body: bytes = b"picture"
    seen: list[web.BaseRequest] = field(default_factory=list)
    open: asyncio.Event = field(default_factory=asyncio.Event)

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.seen.append(request)
        if request.method in ("GET", "HEAD"):
            await self.open.wait()
        etag = self.headers.get("ETag")
        if etag and request.headers.get("If-None-Match") == etag and self.status == 200:
            return web.Response(status=304, headers=self.headers)
        return web.Response(status=self.status, body=self.body, headers=self.headers)

    def sees(self, name: str) -> list[str | None]:
        return [request.headers.get(name) for request in self.seen]


@dataclass(slots=True)
class Got:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def cache(self) -> str:
        """What Cache-Status says, without the time that is left."""
        parts = self.headers.get("Cache-Status", "").split("; ")
        return "; ".join(part for part in parts if not part.startswith("ttl="))

    @property
    def ttl(self) -> int:
        (left,) = (part for part in self.headers["Cache-Status"].split("; ") if part.startswith("ttl="))
        return int(left.removeprefix("ttl="))


@dataclass(slots=True)
class CachingGateway:
    running: RunningGateway
    origin: Origin

    async def get(self, path: str, method: str = "GET", **headers: str) -> Got:
        """`headers`: underscores stand for hyphens."""
        return await self.ask(method, path, {name.replace("_", "-"): value for name, value in headers.items()})

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, data: bytes | None = None
    ) -> Got:
        async with self.running.client.request(
            method, self.running.url + path, headers=headers, data=data, allow_redirects=False
        ) as answer:
            return Got(answer.status, answer.headers, await answer.read())

    async def together(self, path: str, size: int) -> list[Got]:
        """Let many people ask for one thing at once, each from an address of their own."""
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as client:

            async def one(address: str) -> Got:
                async with client.get(self.running.url + path, headers={"X-Forwarded-For": address}) as answer:
                    return Got(answer.status, answer.headers, await answer.read())

            return await asyncio.gather(*(one(f"10.0.{each // 250}.{each % 250}") for each in range(size)))

    async def origin_is_asked(self) -> bool:
        return bool(self.origin.seen)


@asynccontextmanager
async def run_caching_gateway(folder: Path, valkey_url: str, **environ: str) -> AsyncIterator[CachingGateway]:
    (folder / "cached.toml").write_text(TABLE)
    variables = {"ROUTES_FILE": str(folder / "cached.toml"), "CORS_ORIGINS": "https://app.example.org"}
    variables |= {"TRUSTED_PROXIES": "127.0.0.1"} | environ
    async with run_gateway(folder, valkey_url, **variables) as running:
        await ready(running)
        origin = Origin()
        origin.open.set()
        running.echo.answer = origin.answer
        yield CachingGateway(running, origin)


def counted(metric: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(metric, labels) or 0.0
