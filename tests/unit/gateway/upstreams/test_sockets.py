"""Instances at Unix domain sockets."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.errors import UpstreamTimeout, UpstreamUnavailable
from gateway.upstreams.pool import Pool
from gateway.upstreams.pools import open_pools
from shared.metrics import exposition
from tests.unit.gateway.upstreams.instances import answering
from tests.unit.gateway.upstreams.raw_upstream import LIMITS, POST, ask, serving, until


@asynccontextmanager
async def pool_at(path: Path, connect: float = 2.0) -> AsyncIterator[Pool]:
    async with open_pools(replace(LIMITS, connect=connect)) as pools:
        yield pools.change({"it": f"unix://{path}"})["it"]


def bound(path: Path) -> socket.socket:
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(str(path))
    unix.setblocking(False)
    return unix


@contextmanager
def full(path: Path) -> Iterator[tuple[socket.socket, int]]:
    """Yield a listener that accepts nobody, and how many wait at it: it has no room for another."""
    with ExitStack() as stack:
        listener = stack.enter_context(bound(path))
        listener.listen(0)
        waiting = 0
        while True:
            unix = stack.enter_context(socket.socket(socket.AF_UNIX))
            unix.setblocking(False)
            try:
                unix.connect(str(path))
            except BlockingIOError:
                break
            waiting += 1
        yield listener, waiting


async def test_requests_go_to_a_socket_over_connections_that_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "it.sock"
    async with serving(answering(b"hello"), bound(path)) as upstream, pool_at(path) as pool:
        assert [await ask(pool, POST) for _ in range(3)] == [(200, b"hello")] * 3
        assert pool.authority == b"localhost"
        up = f'gateway_upstream_instance_up{{instance="unix:{path}",upstream="it"}} 1.0'
        assert up.encode() in exposition()[0]
    assert upstream.accepted == 1


async def test_nobody_at_the_socket_is_nobody_at_a_port(tmp_path: Path) -> None:
    async with pool_at(tmp_path / "it.sock") as pool:
        with pytest.raises(UpstreamUnavailable) as refused:
            await ask(pool, POST)
    assert f"unix:{tmp_path}/it.sock" in repr(refused.value.__cause__)


async def test_request_waits_where_too_many_wait_at_the_socket(tmp_path: Path) -> None:
    """The event loop would take such a connection for made, and lose what is sent on it."""
    with full(tmp_path / "it.sock") as (listener, waiting):
        async with pool_at(tmp_path / "it.sock", connect=10.0) as pool:
            asking = asyncio.create_task(ask(pool, POST))
            await until(lambda: pool.in_flight)
            for _ in range(waiting):
                listener.accept()[0].close()
            async with serving(answering(b"late"), listener):
                assert await asking == (200, b"late")


async def test_request_waits_no_longer_than_for_a_port(tmp_path: Path) -> None:
    with full(tmp_path / "it.sock"):
        async with pool_at(tmp_path / "it.sock", connect=0.05) as pool:
            with pytest.raises(UpstreamTimeout):
                await ask(pool, POST)
