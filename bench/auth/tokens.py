"""What isn't a login: refreshing, and the first use of a cookie or an API key at the gateway."""

import asyncio
import time
from http import HTTPStatus
from statistics import median

import aiohttp

from bench.auth.stack import PASSWORD, Accounts, email
from bench.processes import Failed, cpu_seconds

_CONNECTIONS = 32
_KEYS, _COOKIES = 120, 24


def refreshes(who: Accounts, rounds: int) -> tuple[float, dict[str, float]]:
    """Return refreshes per second, and the seconds of CPU for one, by program."""
    return asyncio.run(_refreshes(who, rounds))


async def _refreshes(who: Accounts, rounds: int) -> tuple[float, dict[str, float]]:
    waiting = [each["refresh_token"] for each in who.tokens]
    number = len(waiting) * rounds

    async def work(session: aiohttp.ClientSession) -> None:
        while waiting:
            token = waiting.pop()
            for _ in range(rounds):
                async with session.post("/v1/auth/refresh", json={"refresh_token": token}) as response:
                    token = (await response.json()).get("refresh_token")
                if response.status != HTTPStatus.OK:
                    raise Failed(f"a refresh was answered with {response.status}")

    pids = who.pids()
    async with aiohttp.ClientSession(who.url) as session:
        before = {name: cpu_seconds(pid) for name, pid in pids.items()}
        started = time.perf_counter()
        await asyncio.gather(*(work(session) for _ in range(_CONNECTIONS)))
        took = time.perf_counter() - started
    return number / took, {name: (cpu_seconds(pid) - before[name]) / number for name, pid in pids.items()}


def first_uses(who: Accounts) -> dict[str, float]:
    """Return how many seconds longer the first request with a new credential takes than the next: the median."""
    return asyncio.run(_first_uses(who))


async def _first_uses(who: Accounts) -> dict[str, float]:
    async with aiohttp.ClientSession(who.url, cookie_jar=aiohttp.DummyCookieJar()) as session:
        keys = [{"Authorization": f"Bearer {await _new_key(session, who, number)}"} for number in range(_KEYS)]
        cookies = [{"Cookie": await _new_cookie(session, number)} for number in range(_COOKIES)]
        return {
            "API key": median([await _difference(session, headers) for headers in keys]),
            "session cookie": median([await _difference(session, headers) for headers in cookies]),
        }


async def _new_key(session: aiohttp.ClientSession, who: Accounts, number: int) -> str:
    headers = {"Authorization": f"Bearer {who.tokens[number % len(who.tokens)]['access_token']}"}
    body = {"name": "bench", "scopes": ["full"]}
    async with session.post("/v1/auth/api-keys", json=body, headers=headers) as response:
        return str((await response.json())["key"])


async def _new_cookie(session: aiohttp.ClientSession, number: int) -> str:
    body = {"email": email(number), "password": PASSWORD, "session": "browser"}
    async with session.post("/v1/auth/login", json=body) as response:
        return response.headers["Set-Cookie"].partition(";")[0]


async def _difference(session: aiohttp.ClientSession, headers: dict[str, str]) -> float:
    first = await _me(session, headers)
    return first - median([await _me(session, headers) for _ in range(5)])


async def _me(session: aiohttp.ClientSession, headers: dict[str, str]) -> float:
    started = time.perf_counter()
    async with session.get("/v1/users/me", headers=headers) as response:
        await response.read()
    if response.status != HTTPStatus.OK:
        raise Failed(f"GET /v1/users/me was answered with {response.status}")
    return time.perf_counter() - started
