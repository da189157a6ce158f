"""The balancer in front of replicas, over real sockets."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from tests.ports import free_port
from tests.replicated.balancer import Balancer, Target


@asynccontextmanager
async def server(name: str) -> AsyncIterator[Target]:
    """Answer every line with the name."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.readline():
            writer.write(f"{name}\n".encode())
        writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield Target(listening.sockets[0].getsockname()[1])
    finally:
        listening.close()


async def ask(balancer: Balancer) -> str:
    reader, writer = await asyncio.open_connection("127.0.0.1", balancer.port)
    try:
        writer.write(b"?\n")
        return (await reader.readline()).decode().strip()
    finally:
        writer.close()


async def test_connections_go_to_who_is_ready_and_to_all_when_nobody_is() -> None:
    async with server("one") as one, server("two") as two:
        one.is_ready = lambda: False
        balancer = Balancer([one, two])
        async with balancer.listening():
            assert [await ask(balancer) for _ in range(3)] == ["two"] * 3
            two.is_ready = lambda: False
            assert await ask(balancer) in ("one", "two")


async def test_one_that_refuses_is_passed_over() -> None:
    """R3: who connects when a gateway was just killed doesn't notice."""
    async with server("two") as two:
        balancer = Balancer([Target(free_port()), two])
        async with balancer.listening():
            assert [await ask(balancer) for _ in range(3)] == ["two"] * 3


async def test_a_parted_network_is_silent_until_it_heals_and_a_reset_one_ends_connections() -> None:
    async with server("one") as one:
        balancer = Balancer([one])
        async with balancer.listening():
            reader, writer = await asyncio.open_connection("127.0.0.1", balancer.port)
            balancer.part()
            writer.write(b"?\n")
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(asyncio.shield(answer := asyncio.create_task(reader.readline())), 0.1)
            balancer.heal()
            assert await answer == b"one\n"
            balancer.reset_all()
            with pytest.raises(ConnectionResetError):
                await reader.readline()
            writer.close()
