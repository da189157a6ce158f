import asyncio
from collections.abc import Sequence

import pytest

from gateway.errors import UpstreamUnavailable
from gateway.upstreams.discovery import Address, Discovery, SystemLookup
from gateway.upstreams.pool import Pool
from gateway.upstreams.pools import open_pools
from shared.metrics import exposition
from tests.unit.gateway.upstreams.instances import answering
from tests.unit.gateway.upstreams.raw_upstream import GET, LIMITS, ask, serving


class Names:
    """A resolver whose answers a test decides; None is a failure."""

    def __init__(self, *found: Address) -> None:
        self.found: Sequence[Address] | None = found

    async def __call__(self, _host: str, _port: int) -> Sequence[Address]:
        if self.found is None:
            raise OSError
        return self.found


async def test_addresses_need_no_lookup() -> None:
    discovery = Discovery(["http://127.0.0.1:1", "http://[::1]:2", "http://127.0.0.1:1"], Names())
    assert discovery.addresses == [("127.0.0.1", 1), ("::1", 2)]
    assert not discovery.has_names


async def test_name_that_can_no_longer_be_looked_up_keeps_its_last_answer() -> None:
    names = Names(("10.0.0.2", 80), ("10.0.0.1", 80))
    discovery = Discovery(["http://service"], names)
    await discovery.refresh()
    for names.found in (None, ()):
        await discovery.refresh()
        assert discovery.addresses == [("10.0.0.1", 80), ("10.0.0.2", 80)]


async def test_system_knows_localhost() -> None:
    lookup = SystemLookup()
    try:
        assert ("127.0.0.1", 81) in await lookup("localhost", 81)
    finally:
        lookup.close()


async def test_instances_follow_the_name() -> None:
    async with serving(answering(b"a")) as first, serving(answering(b"b")) as second:
        names = Names(("127.0.0.1", first.port))
        async with open_pools(LIMITS, names) as pools:
            pool = pools.change({"it": "http://service:80"})["it"]
            await pool.discover()
            held = await pool.exchange(GET)
            names.found = [("127.0.0.1", second.port)]
            await pool.discover()
            assert await ask(pool) == (200, b"b")
            assert await held.read() == b"a", "what is in flight goes on"
            await held.end()
            await asyncio.wait_for(first.ended.acquire(), 2)
        assert pool.authority == b"service:80"


async def test_unknown_name_is_unavailable_at_once() -> None:
    names = Names()
    names.found = None
    async with open_pools(LIMITS, names) as pools:
        pool = pools.change({"it": "http://service:80"})["it"]
        with pytest.raises(UpstreamUnavailable) as caught:
            await ask(pool)
        assert caught.value.headers["Proxy-Status"].endswith("dns_error")


async def test_authority_is_the_first_urls() -> None:
    pool = Pool("it", ["http://[::1]:8080", "http://b"], LIMITS, Names())
    assert pool.authority == b"[::1]:8080"
    pool.close()


def shown() -> set[bytes]:
    return {line for line in exposition()[0].splitlines() if line.startswith(b"gateway_upstream_in_flight{")}


async def test_metrics_name_the_instances_there_are_and_no_others() -> None:
    names = Names(("127.0.0.1", 1), ("::1", 2))
    async with open_pools(LIMITS, names) as pools:
        pool = pools.change({"metered": "http://service"})["metered"]
        await pool.discover()
        label = b'gateway_upstream_in_flight{instance="%b",upstream="metered"} 0.0'
        assert {label % b"127.0.0.1:1", label % b"[::1]:2"} <= shown()
        names.found = [("127.0.0.1", 3)]
        await pool.discover()
        assert {line for line in shown() if b"metered" in line} == {label % b"127.0.0.1:3"}
    assert not [line for line in shown() if b"metered" in line]


async def test_pool_that_is_retired_while_its_name_is_looked_up_stays_so() -> None:
    asked, told = asyncio.Event(), asyncio.Event()

    async def look_up(_host: str, port: int) -> Sequence[Address]:
        asked.set()
        await told.wait()
        return [("127.0.0.1", port)]

    async with open_pools(LIMITS, look_up) as pools:
        pool = pools.change({"fleeting": "http://service:1"})["fleeting"]
        looking = asyncio.create_task(pool.discover())
        await asked.wait()
        assert pools.change({}) == {}
        told.set()
        await looking
        assert not [line for line in shown() if b"fleeting" in line]
