"""A Prometheus that runs for a test, and what it is asked."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

from tests.ports import free_port
from tests.waiting import eventually

Series = Mapping[str, Any]


class Refused(Exception):
    """Prometheus' own words about an expression that it can't evaluate."""


class Prometheus:
    """`began` is when it was started, in seconds since 1970: nothing is older."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session
        self.began = time.time()

    async def over_time(self, expression: str, step: float = 1.0) -> list[Series]:
        """Evaluate at each second since it was started, the one that isn't over included; raises Refused."""
        times = {"start": f"{self.began}", "end": f"{time.time() + step}", "step": f"{step}"}
        found: list[Series] = (await self._ask("query_range", query=expression, **times))["result"]
        return found

    async def now(self, expression: str) -> list[Series]:
        found: list[Series] = (await self._ask("query", query=expression))["result"]
        return found

    async def series(self, selector: str) -> list[Mapping[str, str]]:
        """Return the labels of all series that ever matched; raises Refused."""
        found: list[Mapping[str, str]] = await self._ask(
            "series", **{"match[]": selector, "start": f"{self.began}", "end": f"{time.time()}"}
        )
        return found

    async def exemplars(self, expression: str) -> list[Series]:
        times = {"start": f"{self.began}", "end": f"{time.time()}"}
        found: list[Series] = await self._ask("query_exemplars", query=expression, **times)
        return found

    async def rules(self) -> list[Mapping[str, Any]]:
        """Return every rule that is loaded, as Prometheus read it."""
        return [rule for group in (await self._ask("rules"))["groups"] for rule in group["rules"]]

    async def comes(self, expression: str, within: float = 60.0) -> list[Series]:
        """Wait until the expression has a result."""

        async def look() -> list[Series]:
            return await self.now(expression)

        try:
            return await eventually(look, within=within)
        except AssertionError:
            raise AssertionError(f"{expression} had no result within {within} s") from None

    async def is_ready(self) -> bool:
        try:
            async with self._session.get("/-/ready") as answer:
                return answer.status == 200
        except aiohttp.ClientError:
            return False

    async def _ask(self, what: str, **form: str) -> Any:
        async with self._session.request("GET" if not form else "POST", f"/api/v1/{what}", data=form or None) as answer:
            told = await answer.json()
        if told["status"] != "success":
            raise Refused(told["error"])
        return told["data"]


def configuration(targets: Mapping[str, Sequence[str]], rules: Path, namespace: str) -> str:
    """Return a configuration that looks every second; `targets` are addresses with paths, by job."""
    jobs = "".join(
        f"  - job_name: {job}\n"
        f"    metrics_path: {path}\n"
        f"    static_configs: [{{targets: [{address}], labels: {{namespace: {namespace}}}}}]\n"
        for job, places in targets.items()
        for address, _, path in ((place.partition("/")[0], "", "/" + place.partition("/")[2]) for place in places)
    )
    times = "scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s"
    return f"global: {{{times}}}\nrule_files: [{rules}/*.yml]\nscrape_configs:\n{jobs}"


@asynccontextmanager
async def running_prometheus(binary: Path, folder: Path, config: str) -> AsyncIterator[Prometheus]:
    """Run one in `folder` until the block ends. It listens on loopback."""
    (folder / "prometheus.yml").write_text(config)
    port = free_port()
    log = (folder / "prometheus.log").open("wb")
    process = await asyncio.create_subprocess_exec(
        binary,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--enable-feature=exemplar-storage",
        stdout=log,
        stderr=log,
    )
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session:
            prometheus = Prometheus(session)
            await eventually(prometheus.is_ready)
            yield prometheus
    finally:
        process.terminate()
        await process.wait()
        log.close()
