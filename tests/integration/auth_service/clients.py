"""Replicas of auth_service for histories: clients lose their answers, connections are cut, and they come and go."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from http import HTTPStatus
from typing import Any, TypeVar

import asyncpg
from prometheus_client import REGISTRY

from shared.credentials import new_api_key
from tests.integration.auth_service.people import HOME, Gateway
from tests.integration.auth_service.world import AuthService, running
from tests.stores import DatabaseUrls

T = TypeVar("T")

MOST_SESSIONS = 4
_SURE = 3  # good answers on end


class Replicas:
    """Two, in a loop of their own, so that a history's steps need none."""

    def __init__(self, urls: DatabaseUrls, gateway: Gateway) -> None:
        self._urls, self._gateway = urls, gateway
        self._loop = asyncio.new_event_loop()
        self._stacks: list[AsyncExitStack] = []
        self.services: list[AuthService] = []
        self.run(self._hurry())
        for _ in range(2):
            self.run(self._start())

    def run(self, coroutine: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(asyncio.wait_for(coroutine, 30))

    def close(self) -> None:
        for stack in self._stacks:
            self.run(stack.aclose())
        self._loop.close()

    async def _hurry(self) -> None:
        """Let commits not wait for the disk: the server itself isn't killed here."""
        admin = await asyncpg.connect(self._urls.admin)
        database = await admin.fetchval("select quote_ident(current_database())")
        await admin.execute(f"alter database {database} set synchronous_commit = off")
        await admin.close()

    async def _start(self) -> None:
        stack = AsyncExitStack()
        replica = running(self._urls, self._gateway, SESSIONS_PER_ACCOUNT=str(MOST_SESSIONS))
        self.services.append(await stack.enter_async_context(replica))
        self._stacks.append(stack)

    async def replace_first(self) -> None:
        """Close the first replica, whatever it is doing, and start another."""
        self.services.pop(0)
        await self._stacks.pop(0).aclose()
        await self._start()

    async def lose_answer(self, token: str, *, patient: bool) -> None:
        """Send a refresh and cut the connection: when the answer is there, or (not `patient`) as soon as it is sent."""
        service = self.services[-1]
        server = service.public.server
        reader, writer = await asyncio.open_connection(str(server.host), server.port)
        body = json.dumps({"refresh_token": token}).encode()
        headers = service.gateway.headers(None, HOME) | {
            "Host": "auth",
            "Content-Type": "application/json",
            "Content-Length": str(len(body)),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"POST /v1/auth/refresh HTTP/1.1\r\n{head}\r\n".encode() + body)
        await writer.drain()
        if patient:
            await reader.read(1)
        else:
            await _until(lambda: _in_flight() > 0)
        writer.transport.abort()
        await _until(lambda: _in_flight() == 0)

    async def cut_database(self) -> None:
        """Have PostgreSQL end every connection of the replicas, whatever is under way on it; wait until they notice."""
        admin = self.services[0].admin
        mine = "usename = 'auth_runtime' and datname = current_database()"
        pids = [row[0] for row in await admin.fetch(f"select pid from pg_stat_activity where {mine}")]
        await admin.execute("select pg_terminate_backend(pid) from unnest($1::integer[]) as pid", pids)
        async with asyncio.timeout(10):
            left = "select count(*) from pg_stat_activity where pid = any($1::integer[])"
            while await admin.fetchval(left, pids):  # noqa: ASYNC110  PostgreSQL doesn't call back
                await asyncio.sleep(0.005)
        for service in self.services:
            await _recovered(service)


async def _recovered(service: AuthService) -> None:
    """Ask until every connection of the pool that was lost has been found out."""
    good, body = 0, {"kind": "api_key", "credential": new_api_key()}
    async with asyncio.timeout(10):
        while good < _SURE:
            reply = await service.internal("POST", "/internal/credentials", body)
            good = good + 1 if reply.status == HTTPStatus.OK else 0


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  a gauge doesn't call back
            await asyncio.sleep(0)


def _in_flight() -> float:
    """Return how many requests the replicas are answering: they are in this process, and nobody else asks."""
    return REGISTRY.get_sample_value("http_requests_in_flight") or 0.0
