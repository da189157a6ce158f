"""`make bench-traces`: what a request costs with traces off, at 1 % and at 100 %, three stacks taking turns.

By the CPU time of the programs, which a busy machine changes little, and by the ratio within each round, which what
else the machine does changes least.
"""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import pairwise
from statistics import median

import aiohttp
from aiohttp import web

from bench import report
from bench.auth.stack import Accounts, accounts
from bench.machine import describe
from bench.processes import Failed, free_port, thread_seconds
from bench.report import Section, Table, Target

_PROGRAMS = ("gateway", "user_service")
_SHARES = ("off", "1%", "100%")
_REQUESTS, _CONNECTIONS = 1500, 8
_EXPORTED = 6.0  # seconds until the last batch is out
_MOST = 1.05  # times, at 1 %
_ROUNDS = 12
_COST = 4  # of hashes, which aren't measured


@dataclass(slots=True)
class Variant:
    """`clocks` has the CPU seconds of the programs so far, before each round and at the end."""

    share: str
    who: Accounts
    clocks: list[dict[str, float]] = field(default_factory=list)

    @property
    def spent(self) -> list[dict[str, float]]:
        """CPU seconds of each round by program."""
        return [{name: after[name] - before[name] for name in _PROGRAMS} for before, after in pairwise(self.clocks)]

    def clock(self) -> dict[str, float]:
        return {name: thread_seconds(self.who.stack.pid(name)) for name in _PROGRAMS}


@asynccontextmanager
async def receiver(port: int) -> AsyncIterator[None]:
    """Take all traces, and do nothing with them."""

    async def take(request: web.Request) -> web.Response:
        await request.read()
        return web.Response()

    app = web.Application(client_max_size=2**27)
    app.router.add_post("/v1/traces", take)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        yield
    finally:
        await runner.cleanup()


@contextmanager
def variants(endpoint: str) -> Iterator[list[Variant]]:
    """Run a stack for each share; how it is told: TRACE_SAMPLE, with a receiver for all but the first."""
    with ExitStack() as stack:
        told = [
            {} if share == "off" else {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "TRACE_SAMPLE": share}
            for share in _SHARES
        ]
        yield [
            Variant(share, stack.enter_context(accounts(_COST, **environ)))
            for share, environ in zip(_SHARES, told, strict=True)
        ]


async def load(variant: Variant, requests: int) -> None:
    """Have people read their profiles. Raises Failed."""
    people = variant.who.tokens
    connector = aiohttp.TCPConnector(limit=_CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def read(first: int) -> None:
            for number in range(first, requests, _CONNECTIONS):
                headers = {"Authorization": f"Bearer {people[number % len(people)]['access_token']}"}
                async with session.get(f"{variant.who.url}/v1/users/me", headers=headers) as answer:
                    await answer.read()
                if answer.status != HTTPStatus.OK:
                    raise Failed(f"{variant.share}: answered {answer.status}")

        await asyncio.gather(*(read(first) for first in range(_CONNECTIONS)))


async def rounds(all_variants: list[Variant], count: int) -> None:
    """What a variant uses until its next turn counts too: its exporter comes behind."""
    for variant in all_variants:
        await load(variant, _REQUESTS)  # imports, caches, plans
    for number in range(count):
        for variant in all_variants if number % 2 else all_variants[::-1]:
            variant.clocks.append(variant.clock())
            await load(variant, _REQUESTS)
    await asyncio.sleep(_EXPORTED)
    for variant in all_variants:
        variant.clocks.append(variant.clock())


def section(all_variants: list[Variant]) -> Section:
    off, rows = all_variants[0], []
    for variant in all_variants:
        micros = [median(each[name] for each in variant.spent) / _REQUESTS * 1e6 for name in _PROGRAMS]
        rows.append((variant.share, *(f"{each:.0f}" for each in micros), f"{_ratio(off, variant):.3f}"))
    few = _ratio(off, all_variants[_SHARES.index("1%")])
    targets = [Target("CPU of gateway and service at 1 %, times that without traces", few, _MOST)]
    columns = ("traces", *(f"{name}, CPU us" for name in _PROGRAMS), "both, times off")
    return Section([Table("GET /v1/users/me, by the share of traces that is exported", columns, rows)], targets)


def _ratio(off: Variant, variant: Variant) -> float:
    return median(sum(b.values()) / sum(a.values()) for a, b in zip(off.spent, variant.spent, strict=True))


async def bench(all_variants: list[Variant], port: int, count: int) -> Section:
    async with receiver(port):
        await rounds(all_variants, count)
    return section(all_variants)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.traces", description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit with 1 where a target is missed")
    parser.add_argument("--save", action="store_true", help="write bench/results/traces.md")
    parser.add_argument("--rounds", type=int, default=_ROUNDS)
    options = parser.parse_args(arguments)
    print(describe(), flush=True)
    port = free_port()
    try:
        with variants(f"http://127.0.0.1:{port}") as all_variants:
            sections = [asyncio.run(bench(all_variants, port, options.rounds))]
    except Failed as exc:
        raise SystemExit(f"bench-traces: {exc}") from exc
    print("\n".join(f"\n{report.text(each)}" for each in sections))
    print(f"\n{report.targets_table(sections).text()}", flush=True)
    if options.save:
        report.save("traces", sections, readme=False)
    return 1 if options.check and report.missed(sections) else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
