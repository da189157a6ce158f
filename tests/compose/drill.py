"""The drill, step by step, on an engine that is there and with images that are."""

import asyncio
import ssl
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

from tests.compose.hardening import check_all
from tests.compose.people import Crowd, Ledger, crowd
from tests.compose.product import COMPOSE, PROGRAMS, PROJECT, Product
from tests.compose.report import Report, Row
from tests.readme.visit import EXPECTED, pasted_visit
from tests.waiting import eventually

T = TypeVar("T")

_PATIENCE = 300.0  # seconds until everything is healthy
_PAUSE = 0.5  # seconds between looks
_LOCAL_AUTHORITY = "/data/caddy/pki/authorities/local/root.crt"
_SCALE = {"AUTH_SERVICE_REPLICAS": "3", "GATEWAY_REPLICAS": "2"}
_STORES = ("valkey", "postgres")
_COUNTED = """
import http.client, os
connection = http.client.HTTPConnection("127.0.0.1", int(os.environ["PRIVATE_PORT"]), timeout=5)
connection.request("GET", "/metrics")
lines = connection.getresponse().read().decode().splitlines()
served = [line for line in lines if line.startswith("http_request_duration_seconds_count{")]
probes = ('route="/readyz"', 'route="/metrics"', 'route="/livez"')
print(int(sum(float(line.rpartition(" ")[2]) for line in served if not any(probe in line for probe in probes))))
"""


class Drill:
    """`requests` is how many have to be made, at least, while programs are rolled; `size` how many people make them."""

    def __init__(self, product: Product, report: Report, *, requests: int, size: int) -> None:
        self._product = product
        self._report = report
        self._requests = requests
        self._size = size

    async def run(self, port: int, https_port: int) -> None:
        await self._bring_up("default profile")
        with self._report.step("what containers can do") as row:
            row.outcome = await check_all(self._product)
        self._visit(f"http://127.0.0.1:{port}")
        url = f"https://localhost:{https_port}"
        self._product.profiles.add("tls")
        self._product.settings |= _SCALE | {"PORT": "", "PUBLIC_URL": url}
        await self._bring_up("profile tls, auth_service x 3, gateway x 2")
        async with crowd(url, await self._trust(), self._size) as people:
            await self._spread(people)
            for service in (*PROGRAMS, *_STORES):
                await self._kill(service, people)
            await self._roll_all(people)
            await self._roll_what_is_broken("user_service", people)
            with self._report.step("what was acknowledged") as row:
                await people.verify()
                row.outcome = f"is there: {self._size} profiles, {sum(len(each.kept) for each in people.people)} files"

    async def observe(self, available: list[str]) -> None:
        """Bring up of the profile observability what this machine has programs for."""
        self._product.profiles.add("observability")
        with self._report.step(f"profile observability: {', '.join(available)}") as row:
            await self._product.compose("up", "--detach", "--no-deps", *available)
            await _until(self._product.healthy)
            row.outcome = f"healthy; {await _until(self._scraped)} targets are scraped"

    async def take_down(self) -> None:
        with self._report.step("taken down") as row:
            self._product.profiles.add("*")
            await _until(self._taken_down)
            row.outcome = "no container, volume or network is left"

    async def _taken_down(self) -> bool:
        """Again, until nothing is left: an `up` that failed may have been followed by what it had under way."""
        await self._product.compose("down", "--volumes", "--timeout", "20", "--remove-orphans")
        kinds = {"container": "ls --all", "volume": "ls", "network": "ls"}
        mine = ("--quiet", "--filter", f"name={PROJECT}")
        left = [await self._product.docker(kind, *listing.split(), *mine) for kind, listing in kinds.items()]
        return not any(left)

    async def _bring_up(self, what: str) -> None:
        with self._report.step(f"up: {what}") as row:
            await self._product.compose("up", "--detach")
            await _until(self._product.healthy)
            running = (await self._product.compose("ps", "--quiet")).split()
            row.outcome = f"{len(running)} containers are healthy"

    def _visit(self, url: str) -> None:
        with self._report.step("README's visit") as row, tempfile.TemporaryDirectory() as folder:
            ran = pasted_visit(url, Path(folder))
            assert ran.returncode == 0, ran.stderr
            assert all(expected in ran.stdout for expected in EXPECTED), ran.stdout
            row.outcome = f"every line answers at {url}"

    async def _trust(self) -> ssl.SSLContext:
        code, authority = await self._product.execute("caddy", "cat", _LOCAL_AUTHORITY)
        assert code == 0, authority
        return ssl.create_default_context(cadata=authority)

    async def _spread(self, people: Crowd) -> None:
        """Every replica has a share of the requests."""
        with self._report.step("load through caddy, all replicas") as row:
            before = await self._counts()
            async with people.at_work() as ledger:

                async def all_have_more() -> bool:
                    return all(count > before[container] for container, count in (await self._counts()).items())

                await _until(all_have_more)
            row.outcome = _told(ledger)
            assert not ledger.failed

    async def _counts(self) -> dict[str, int]:
        containers = [each for service in PROGRAMS for each in await self._product.containers(service)]
        said = [await self._product.docker("exec", each, "python", "-c", _COUNTED) for each in containers]
        return {container: int(count) for container, count in zip(containers, said, strict=True)}

    async def _kill(self, service: str, people: Crowd) -> None:
        """Kill all replicas at once under load; nothing acknowledged may be lost, and it must come back by itself."""
        with self._report.step(f"kill -9 of {service}, all replicas") as row:
            before = await self._product.restarts(service)
            async with people.at_work() as ledger:
                killed = time.monotonic()
                await self._product.kill(service)
                containers = len(await self._product.containers(service))
                await _until(lambda: self._restarted(service, before + containers))
                await _until(self._product.healthy)
                row.seconds = time.monotonic() - killed
            await people.verify()
            row.outcome = f"healthy again, nothing lost; {_told(ledger)}"

    async def _restarted(self, service: str, restarts: int) -> bool:
        return await self._product.restarts(service) >= restarts

    async def _roll_all(self, people: Crowd) -> None:
        """The four programs, again and again until there were enough requests."""
        total = 0
        while True:
            for service in PROGRAMS:
                total += await self._roll(service, people)
            if total >= self._requests:
                return

    async def _roll(self, service: str, people: Crowd) -> int:
        with self._report.step(f"roll {service} under load") as row:
            before = set(await self._product.containers(service))
            async with people.at_work() as ledger:
                await self._product.run(_rolling(service))
            after = set(await self._product.containers(service))
            row.outcome = f"{len(after)} new containers; {_told(ledger)}"
            assert not before & after
            assert len(before) == len(after)
            _fail_on_failures(row, ledger)
            return ledger.requests

    async def _roll_what_is_broken(self, service: str, people: Crowd) -> None:
        """New containers that don't get healthy are taken away again, and the old ones serve on."""
        with self._report.step(f"roll {service} with a setting that it refuses") as row:
            before = await self._product.containers(service)
            self._product.settings["LOG_LEVEL"] = "nonsense"
            async with people.at_work() as ledger:
                refused = await self._product.fails(_rolling(service))
            del self._product.settings["LOG_LEVEL"]
            row.outcome = f"refused, the old ones serve on; {_told(ledger)}"
            assert "kept the old" in refused, refused
            assert await self._product.containers(service) == before
            _fail_on_failures(row, ledger)

    async def _scraped(self) -> int:
        """Return how many targets are up, once all replicas and Prometheus itself are; 0 until then."""
        query = ["promtool", "query", "instant", "http://127.0.0.1:9090"]
        _, up = await self._product.execute("prometheus", *query, "sum(up)")
        _, known = await self._product.execute("prometheus", *query, "count(up)")
        values = [float(said.split("=>")[1].split("@")[0]) if "=>" in said else 0.0 for said in (up, known)]
        expected = 1 + sum([len(await self._product.containers(program)) for program in PROGRAMS])
        return int(values[0]) if values[0] == values[1] == expected else 0


def _rolling(service: str) -> list[str]:
    return [sys.executable, "-m", "deploy.compose.roll", "--compose", str(COMPOSE), service]


async def _until(look: Callable[[], Awaitable[T]]) -> T:
    """Look now and then until there is something true: each look costs several processes."""

    async def look_and_rest() -> T:
        found = await look()
        if not found:
            await asyncio.sleep(_PAUSE)
        return found

    return await eventually(look_and_rest, within=_PATIENCE)


def _told(ledger: Ledger) -> str:
    return f"{ledger.requests} requests, {ledger.failed} failed, slowest {ledger.slowest:.1f} s"


def _fail_on_failures(row: Row, ledger: Ledger) -> None:
    if ledger.failed:
        raise AssertionError(f"{row.outcome}: {ledger.failures.most_common(5)}")
