"""The fast lane: answers in the order of the requests, nothing held for long, and the slow lane for all the rest."""

import asyncio
from asyncio import StreamReader, StreamWriter
from pathlib import Path
from typing import Any, cast

import pytest

from gateway.downstream.client import Client, Passage
from gateway.downstream.request import Head
from gateway.downstream.server import Server
from tests.integration.gateway.conftest import ready
from tests.integration.gateway.raw_service import raw_server
from tests.integration.gateway.running_gateway import RunningGateway, run_gateway
from tests.integration.gateway.scripted_service import HELLO, OK, answered, get, read_answer, scripted
from tests.waiting import eventually


async def test_verified_token_on_a_kept_alive_connection_is_answered_in_the_fast_lane(
    tmp_path: Path, valkey_url: str
) -> None:
    async with scripted(tmp_path, valkey_url) as (gateway, service):
        token, before = gateway.bearer()["Authorization"], answered("fast_lane")
        async with gateway.connection() as (reader, writer):
            for _ in range(5):  # the first one's token is new, and no connection to the service is open
                writer.write(get(gateway, token=token))
                assert (await read_answer(reader))[1] == b"hello"
        assert answered("fast_lane") - before == 4
        assert all(b"X-Identity: " in head and token.encode() not in head for head in service.heads)


async def test_requests_behind_each_other_are_answered_in_order_by_both_lanes(gateway: RunningGateway) -> None:
    """G15: a fast lane must overtake nobody."""
    token = gateway.bearer()["Authorization"]
    post = f"POST /mine/{{}} HTTP/1.1\r\nHost: h\r\nAuthorization: {token}\r\nContent-Length: 1\r\n\r\nx"
    async with gateway.connection() as (reader, writer):
        writer.write(get(gateway, token=token))
        await read_answer(reader)
        before = answered("fast_lane")
        paths = [f"/mine/{number}" for number in range(200)]
        requests = [
            post.format(number).encode() if number % 7 == 3 else get(gateway, path, token=token)
            for number, path in enumerate(paths)
        ]
        writer.write(b"".join(requests))
        for path in paths:
            assert f'"target": "{path}"'.encode() in (await read_answer(reader))[1]
        assert answered("fast_lane") > before
    assert [request.raw_path for request in gateway.echo.seen[1:]] == paths


async def test_request_in_pieces_and_a_broken_one_after_a_good_one_are_what_they_are(gateway: RunningGateway) -> None:
    token = gateway.bearer()["Authorization"]
    async with gateway.connection() as (reader, writer):
        for _ in range(3):
            for piece in (b"GET /mine/x HT", b"TP/1.1\r\nHost: h\r\nAuthoriz", f"ation: {token}\r\n\r".encode(), b"\n"):
                writer.write(piece)
                await writer.drain()
            assert b" 200 " in (await read_answer(reader))[0]
        writer.write(b"GET /mine/x HTTP/1.1\nHost: h\n\n")
        assert b" 400 " in (await read_answer(reader))[0]
        assert await reader.read() == b""


async def test_request_at_which_the_fast_lane_s_door_fails_is_answered_in_its_turn(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """G15: a bug there must not cost an answer, nor keep those that wait behind it waiting for ever."""
    server = cast(Server, gateway.server)
    enter, failed = server.enter, []

    def fail_at_two(client: Client, head: Head) -> Passage | None:
        if head.path == "/mine/2":
            failed.append(head)
            raise LookupError("nobody expects that")
        return enter(client, head)

    monkeypatch.setattr(server, "enter", fail_at_two)
    token = gateway.bearer()["Authorization"]
    async with gateway.connection() as (reader, writer):
        writer.write(get(gateway, "/mine/0", token=token))
        await read_answer(reader)
        before = answered("fast_lane")
        paths = ["/mine/1", "/mine/2", "/mine/3"]
        writer.write(b"".join(get(gateway, path, token=token) for path in paths))
        for path in paths:
            assert f'"target": "{path}"'.encode() in (await read_answer(reader))[1]
    assert (len(failed), answered("fast_lane") - before) == (1, 1)  # the slow lane goes on with what waits for it


async def test_client_that_leaves_takes_its_request_with_it(tmp_path: Path, valkey_url: str) -> None:
    async with scripted(tmp_path, valkey_url) as (gateway, service):
        token = gateway.bearer()["Authorization"]
        async with gateway.connection() as (reader, writer):
            for _ in range(2):
                writer.write(get(gateway, token=token))
                await read_answer(reader)
            service.held.clear()
            writer.write(get(gateway, token=token))
            await eventually(lambda: service.has_been_asked(3))

        async def is_dropped() -> bool:
            return service.lost > 0

        await eventually(is_dropped)
        service.held.set()
        async with gateway.client.get(f"{gateway.url}/mine/x", headers={"Authorization": token}) as answer:
            assert (answer.status, await answer.read()) == (200, b"hello")


async def test_service_that_closes_instead_of_answering_is_asked_again(tmp_path: Path, valkey_url: str) -> None:
    asked: list[bytes] = []

    async def close_every_third(reader: StreamReader, writer: StreamWriter) -> None:
        while True:
            asked.append(await reader.readuntil(b"\r\n\r\n"))
            if len(asked) % 3 == 0:
                return
            writer.write(HELLO)

    async with (
        raw_server(close_every_third) as url,
        run_gateway(tmp_path, valkey_url, USER_URL=url) as gateway,
    ):
        await ready(gateway)
        bearer = gateway.bearer()
        for _ in range(8):
            async with gateway.client.get(f"{gateway.url}/mine/x", headers=bearer) as answer:
                assert (answer.status, await answer.read()) == (200, b"hello")
        assert len(asked) == 8 + len(asked) // 3


async def test_broken_answer_is_a_bad_gateway(tmp_path: Path, valkey_url: str) -> None:
    """G30"""
    async with scripted(tmp_path, valkey_url) as (gateway, service):
        bearer = gateway.bearer()
        statuses = []
        for answer_bytes in (HELLO, HELLO, OK + b"Content-Length: x\r\n\r\n", HELLO):
            service.answer = answer_bytes
            async with gateway.client.get(f"{gateway.url}/mine/x", headers=bearer) as answer:
                statuses.append(answer.status)
        assert statuses == [200, 200, 502, 200]


async def test_limits_hold_in_the_fast_lane_and_tell_when_to_come_back(gateway: RunningGateway) -> None:
    statuses = []
    async with gateway.client.get(f"{gateway.url}/open"):  # so that a connection to the service is open
        pass
    for _ in range(4):
        async with gateway.client.get(f"{gateway.url}/scarce") as answer:
            statuses.append(answer.status)
            assert "RateLimit" in answer.headers
    assert statuses == [200, 200, 429, 429]


async def test_answer_that_takes_its_service_too_long_is_given_up(tmp_path: Path, valkey_url: str) -> None:
    async with scripted(tmp_path, valkey_url) as (gateway, service):
        for expected in (200, 200, 504):
            if expected == 504:
                service.held.clear()
            async with gateway.client.get(f"{gateway.url}/hasty") as answer:
                assert answer.status == expected
        service.held.set()


async def test_stopping_server_waits_for_what_is_in_the_fast_lane(tmp_path: Path, valkey_url: str) -> None:
    """R2"""
    async with scripted(tmp_path, valkey_url) as (gateway, service):
        token = gateway.bearer()["Authorization"]
        async with gateway.connection() as (reader, writer):
            for _ in range(2):
                writer.write(get(gateway, token=token))
                await read_answer(reader)
            service.held.clear()
            writer.write(get(gateway, token=token))
            await eventually(lambda: service.has_been_asked(3))
            gateway.server.pre_shutdown()
            stop = asyncio.create_task(gateway.server.shutdown(5.0))
            await asyncio.sleep(0)
            service.held.set()
            assert (await read_answer(reader))[1] == b"hello"
            assert await reader.read() == b""
            await stop


async def test_idle_connection_is_closed_after_its_time(
    tmp_path: Path, valkey_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.downstream.server.KEEP_ALIVE", 0.2)
    async with scripted(tmp_path, valkey_url) as (gateway, _):
        token = gateway.bearer()["Authorization"]
        async with gateway.connection() as (reader, writer):
            for _ in range(3):
                writer.write(get(gateway, token=token))
                await read_answer(reader)
            assert await reader.read() == b""


async def test_client_that_doesnt_read_is_kept_waiting_not_filled(tmp_path: Path, valkey_url: str) -> None:
    """Who asks and doesn't read must cost no memory: its answers wait at the service."""
    async with scripted(tmp_path, valkey_url) as (gateway, service):
        token, size = gateway.bearer()["Authorization"], 60_000
        service.answer = OK + b"Content-Length: %d\r\n\r\n" % size + bytes(size)
        async with gateway.connection() as (reader, writer):
            writer.write(get(gateway, token=token) * 1000)
            seen: list[int] = []

            async def has_stalled() -> bool:
                seen.append(len(service.heads))
                return len(seen) > 20 and seen[-1] == seen[-20]

            await eventually(has_stalled)
            assert len(service.heads) < 500
            for _ in range(1000):
                assert (await read_answer(reader))[1] == bytes(size)


async def test_slip_of_ours_costs_the_fast_lane_not_the_answer(
    gateway: RunningGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    bearer = gateway.bearer()
    async with gateway.client.get(f"{gateway.url}/mine/x", headers=bearer):
        pass

    def fail(*_args: Any) -> bytes:
        raise RuntimeError("an inner detail")

    monkeypatch.setattr("gateway.responder.Responder.whole", fail)
    before = answered("slow_lane")
    async with gateway.client.get(f"{gateway.url}/mine/x", headers=bearer) as answer:
        assert answer.status == 200
    assert answered("slow_lane") == before + 1
