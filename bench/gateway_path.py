"""CPU per request of the gateway's process, beside a plain aiohttp proxy: `python -m bench.gateway_path`.

A signed-in GET of 180 bytes of JSON over 64 kept-alive connections with as many tokens. The gateway does all that it
does in earnest: verified-token cache (every token is seen before), revocations, limits in Valkey, identity, headers,
metrics and one JSON line of log per request. The plain proxy verifies each token and forwards, and nothing more.
Both run on CPU 0, in turns; load, service and stores on the other. CPU time barely depends on what else runs.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median
from typing import cast

import uvloop
from aiohttp import web

from tests.integration.gateway.running_gateway import TABLE, write_keys
from tests.stores import running_stores
from tests.unit.gateway.authentication.auth_feed import AuthFeed
from tests.unit.gateway.authentication.issuing import ISSUER, Issuer

ROUNDS = 5
CONNECTIONS = 64
WARM_UP, REQUESTS = 2_000, 20_000
GATEWAY_PORT, PLAIN_PORT = 28990, 28991

_JSON = (
    b'{"id":"01a20558-38c1-7a65-b0bf-844bd8204e92","display_name":"Ada","bio":"","visibility":"public",'
    b'"created_at":"2026-11-22T22:19:57.546348Z","updated_at":"2026-11-22T22:19:57.546348Z"}'
)
_HEAD = (
    b'HTTP/1.1 200 OK\r\nETag: "1"\r\nContent-Type: application/json\r\nContent-Length: %d\r\n'
    b"Date: Sun, 22 Nov 2026 22:19:57 GMT\r\nX-Request-Id: 6d8ef25e6e8e3494eb458a3b39d0ba22\r\n\r\n"
)
_ANSWER = _HEAD % len(_JSON) + _JSON


class _Service(asyncio.Protocol):
    """Answers each packet: requests are small and come one at a time."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, _data: bytes) -> None:
        self._transport.write(_ANSWER)


class _Run:
    """How many answers are still to come."""

    def __init__(self, requests: int) -> None:
        self.left = requests
        self.done = asyncio.Event()


class _Client(asyncio.Protocol):
    def __init__(self, request: bytes, run: _Run) -> None:
        self._request = request
        self._run = run

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if not data.startswith(b"HTTP/1.1 200") or not data.endswith(b"}"):
            raise SystemExit(f"not the answer: {data!r}")
        self._run.left -= 1
        if self._run.left > 0:
            self.transport.write(self._request)
        else:
            self._run.done.set()


async def load(port: int, tokens: list[str], requests: int) -> None:
    run, loop, clients = _Run(requests), asyncio.get_running_loop(), []
    for token in tokens:
        request = (
            f"GET /mine/x HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: bench\r\nAccept: application/json\r\n"
            f"Accept-Encoding: gzip\r\nAuthorization: Bearer {token}\r\n\r\n"
        ).encode()
        transport, _ = await loop.create_connection(
            lambda request=request: _Client(request, run),  # type: ignore[misc]  # bound now, not later
            "127.0.0.1",
            port,
        )
        clients.append(transport)
    await run.done.wait()
    for transport in clients:
        transport.abort()


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def measure(process: Process, port: int, tokens: list[str]) -> tuple[float, float]:
    """Return microseconds of CPU per request, and requests per second."""
    await load(port, tokens, WARM_UP)
    cpu, started = cpu_seconds(process.pid), time.perf_counter()
    await load(port, tokens, REQUESTS)
    seconds = time.perf_counter() - started
    return (cpu_seconds(process.pid) - cpu) / REQUESTS * 1e6, REQUESTS / seconds


@asynccontextmanager
async def program(module: str, port: int, environ: Mapping[str, str]) -> AsyncIterator[Process]:
    variables = {"PATH": os.environ["PATH"], "PORT": str(port), "PRIVATE_PORT": str(port + 1000), **environ}
    process = await asyncio.create_subprocess_exec(
        "taskset", "-c", "0", sys.executable, "-m", module, env=variables, stdout=asyncio.subprocess.DEVNULL
    )
    try:
        await _until_it_listens(port)
        yield process
    finally:
        process.terminate()
        await process.wait()


async def _until_it_listens(port: int) -> None:
    for _ in range(200):
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return
    raise SystemExit(f"nothing listens on port {port}")


@asynccontextmanager
async def auth_service(issuer: Issuer) -> AsyncIterator[str]:
    async def publish(_request: web.Request) -> web.Response:
        return web.Response(body=issuer.jwks())

    app = AuthFeed().app()
    app.router.add_get("/.well-known/jwks.json", publish)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{site.port}"
    finally:
        await runner.cleanup()


async def compare(valkey_url: str, folder: Path) -> None:
    issuer = Issuer()
    tokens = [issuer.token(sub=issuer.user_id) for _ in range(CONNECTIONS)]
    service = await asyncio.get_running_loop().create_server(_Service, "127.0.0.1", 0)
    (folder / "routes.toml").write_text(TABLE.replace("10000 per minute", "1000000 per minute"))
    async with auth_service(issuer) as auth:
        environ = write_keys(folder) | {
            "PUBLIC_URL": ISSUER,
            "ROUTES_FILE": str(folder / "routes.toml"),
            "VALKEY_URL": valkey_url,
            "AUTH_URL": auth,
            "AUTH_INTERNAL_URL": auth,
            "USER_URL": f"http://127.0.0.1:{service.sockets[0].getsockname()[1]}",
            "LOG_FORMAT": "json",
            "JWK": json.dumps(issuer.jwk),
        }
        async with (
            program("gateway", GATEWAY_PORT, environ) as gateway,
            program("bench.plain_proxy", PLAIN_PORT, environ) as plain,
        ):
            results = [
                (await measure(gateway, GATEWAY_PORT, tokens), await measure(plain, PLAIN_PORT, tokens))
                for _ in range(ROUNDS)
            ]
    report(results)


def report(results: list[tuple[tuple[float, float], tuple[float, float]]]) -> None:
    ours, theirs = zip(*results, strict=True)
    print(f"{'':14}{'CPU us/request':>16}{'requests/s':>13}   (medians of {ROUNDS}, token cache hit rate 100 %)")
    for name, figures in (("gateway", ours), ("plain aiohttp", theirs)):
        print(f"{name:14}{median(cpu for cpu, _ in figures):16.1f}{median(rate for _, rate in figures):13.0f}")
    ratio = median(mine[0] / other[0] for mine, other in results)
    print(f"CPU of the gateway / of plain aiohttp: {ratio:.2f}")


def main() -> None:
    os.sched_setaffinity(0, set(range(1, os.cpu_count() or 1)) or {0})
    with (
        running_stores() as stores,
        tempfile.TemporaryDirectory() as folder,
        asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner,
    ):
        runner.run(compare(stores.valkey, Path(folder)))


if __name__ == "__main__":
    main()
