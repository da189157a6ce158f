"""Connections over which nothing comes: they keep neither task nor parser, and are good as new when something does."""

import asyncio
import random
from itertools import pairwise
from pathlib import Path
from typing import cast

import pytest

from gateway.downstream.client import Client
from gateway.downstream.request import Request
from tests.integration.gateway.running_gateway import RunningGateway
from tests.integration.gateway.scripted_service import OK, answered, get, read_answer, scripted
from tests.waiting import eventually

PIECES = 400


def only_client(gateway: RunningGateway) -> Client:
    (connection,) = gateway.server.connections
    return cast(Client, connection)


def sweep(gateway: RunningGateway) -> None:
    for connection in gateway.server.connections:
        cast(Client, connection).sweep(asyncio.get_running_loop().time())


def is_at_rest(client: Client) -> bool:
    return client._parser is None and client._task_handler is None and client._keepalive_handle is None


def post(token: str, path: str = "/mine/x", body: str = "x") -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: h\r\nAuthorization: {token}\r\nContent-Length: {len(body)}\r\n\r\n"
    return (head + body).encode()


async def test_connection_that_never_asked_is_at_rest_from_the_start(gateway: RunningGateway) -> None:
    async with gateway.connection():
        await eventually(lambda: has_clients(gateway, 1))
        assert is_at_rest(only_client(gateway))


async def has_clients(gateway: RunningGateway, count: int) -> bool:
    return len(gateway.server.connections) == count


@pytest.mark.parametrize("lane", ["fast_lane", "slow_lane"])
async def test_connection_comes_to_rest_and_is_answered_again(gateway: RunningGateway, lane: str) -> None:
    token = gateway.bearer()["Authorization"]
    request = get(gateway, "/mine/x", *(() if lane == "fast_lane" else ("Cookie: a=b",)), token=token)
    async with gateway.connection() as (reader, writer):
        for _ in range(3):
            before = answered("fast_lane")
            writer.write(request)
            assert b" 200 " in (await read_answer(reader))[0]
            await eventually(lambda: is_idle(gateway))
            sweep(gateway)
            assert is_at_rest(only_client(gateway))
        assert answered("fast_lane") - before == (lane == "fast_lane")


async def is_idle(gateway: RunningGateway) -> bool:
    return only_client(gateway).is_idle


async def test_first_request_of_a_new_connection_can_take_the_fast_lane(gateway: RunningGateway) -> None:
    token = gateway.bearer()["Authorization"]
    async with gateway.connection() as (reader, writer):
        writer.write(get(gateway, token=token))
        await read_answer(reader)
    before = answered("fast_lane")
    async with gateway.connection() as (reader, writer):
        writer.write(get(gateway, token=token))
        await read_answer(reader)
    assert answered("fast_lane") == before + 1


async def test_client_that_rests_in_the_middle_of_a_head_loses_nothing(gateway: RunningGateway) -> None:
    token = gateway.bearer()["Authorization"]
    request = get(gateway, token=token)
    async with gateway.connection() as (reader, writer):
        for cut in (1, 10, request.index(b"Auth"), len(request) - 2, len(request) - 1):
            writer.write(request[:cut])
            await eventually(lambda: is_amid_a_head(gateway))
            sweep(gateway)
            writer.write(request[cut:])
            assert b" 200 " in (await read_answer(reader))[0]


async def is_amid_a_head(gateway: RunningGateway) -> bool:
    return bool(gateway.server.connections) and not only_client(gateway)._after_blank_line


@pytest.mark.parametrize("seed", range(5))
async def test_requests_in_any_pieces_are_answered_in_order_however_often_they_are_swept(
    gateway: RunningGateway, seed: int
) -> None:
    """G15"""
    chance = random.Random(seed)
    token = gateway.bearer()["Authorization"]
    paths = [f"/mine/{number}" for number in range(PIECES)]
    sent = b"".join(
        post(token, path, "y\r\n\r\n" * chance.randrange(4))
        if chance.random() < 0.4
        else get(gateway, path, token=token)
        for path in paths
    )
    cuts = sorted(
        {0, len(sent), *(chance.randrange(len(sent)) for _ in range(PIECES // 2)), *blank_lines(sent, chance)}
    )

    async def send(writer: asyncio.StreamWriter) -> None:
        for start, end in pairwise(cuts):
            writer.write(sent[start:end])
            await writer.drain()
            for _ in range(chance.randrange(8)):
                await asyncio.sleep(0)
            sweep(gateway)

    async with asyncio.timeout(60), gateway.connection() as (reader, writer):
        sending = asyncio.create_task(send(writer))
        for path in paths:
            assert f'"target": "{path}"'.encode() in (await read_answer(reader))[1]
            sweep(gateway)
        await sending
    assert [request.raw_path for request in gateway.echo.seen] == paths


def blank_lines(sent: bytes, chance: random.Random) -> list[int]:
    """Return some places behind blank lines, where a request's head ends, or part of a body."""
    return [place + 4 for place in range(len(sent)) if sent.startswith(b"\r\n\r\n", place) and chance.random() < 0.5]


async def test_connection_whose_task_has_failed_is_closed_whatever_waits_behind_it(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G16: a bug there must not cost a descriptor, and all that the client sends, for ever."""
    failed = asyncio.Event()

    def fail(*_: object) -> None:
        failed.set()
        raise LookupError("nobody expects that")

    monkeypatch.setattr(Request, "__init__", fail)
    async with gateway.connection() as (reader, writer):
        writer.write(b"GET / HTTP/1.1\r\nHost: h\r\n\r\n" * 3)
        await failed.wait()
        await eventually(lambda: is_swept_away(gateway))
        assert await reader.read() == b""


async def is_swept_away(gateway: RunningGateway) -> bool:
    sweep(gateway)
    return not gateway.server.connections


async def test_stopping_server_answers_what_leaves_the_fast_lane_meanwhile(tmp_path: Path, valkey_url: str) -> None:
    """R2: no task waits for such a request, and none would begin on a connection that is being closed."""
    async with scripted(tmp_path, valkey_url) as (gateway, service):
        token = gateway.bearer()["Authorization"]
        async with gateway.connection() as (reader, writer):
            for _ in range(2):
                writer.write(get(gateway, token=token))
                await read_answer(reader)
            await eventually(lambda: is_idle(gateway))
            sweep(gateway)
            service.held.clear()
            service.answer = OK + b"\r\nhello"  # it ends with the connection, so it is the slow lane's
            before = answered("slow_lane")
            writer.write(get(gateway, token=token))
            await eventually(lambda: service.has_been_asked(3))
            assert only_client(gateway)._task_handler is None
            gateway.server.pre_shutdown()
            stop = asyncio.create_task(gateway.server.shutdown(5.0))
            await asyncio.sleep(0)
            service.held.set()
            async with asyncio.timeout(4):
                assert b"hello" in await reader.read()
                await stop
        assert answered("slow_lane") == before + 1
