"""Logins: how many there can be, and what becomes of everybody else when ten times as many come."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from http.client import HTTPConnection
from itertools import count
from multiprocessing import get_context
from statistics import fmean

import aiohttp
import bcrypt

from bench.auth.stack import PASSWORD, Accounts, email
from bench.processes import Failed, cpu_seconds

CPUS = os.cpu_count() or 1
_STORM = 10  # times what can be done
_PAUSE = 0.005  # seconds between two requests to another route
_AT_ONCE = 4 * CPUS


@dataclass(slots=True)
class Logins:
    """What became of them. `waits` are the seconds that those waited who were told to come back."""

    rate: float = 0.0
    cpu: float = 0.0  # seconds of all programs for one that succeeded
    statuses: Counter[int] = field(default_factory=Counter)
    waits: list[float] = field(default_factory=list)
    without_retry_after: int = 0


def hash_seconds(cost: int, seconds: float) -> tuple[float, float]:
    """Return how long a hash takes while all CPUs hash, and how much CPU it takes."""
    until, salt = time.perf_counter() + seconds, bcrypt.gensalt(cost)

    def work(_number: int) -> tuple[int, float, float]:
        done, began, used = 0, time.perf_counter(), time.thread_time()
        while time.perf_counter() < until:
            bcrypt.hashpw(b"password", salt)
            done += 1
        return done, time.perf_counter() - began, time.thread_time() - used

    with ThreadPoolExecutor(CPUS) as pool:
        runs = list(pool.map(work, range(CPUS)))
    hashes = sum(done for done, _, _ in runs)
    return sum(took for _, took, _ in runs) / hashes, sum(used for _, _, used in runs) / hashes


def steady(who: Accounts, seconds: float) -> Logins:
    """Return what is done when the next always waits."""
    return asyncio.run(_measured(who, seconds, offered=None))


def storm(who: Accounts, seconds: float, capacity: float) -> Logins:
    """Send ten times as many as can be done, whether or not they are answered."""
    return asyncio.run(_measured(who, seconds, offered=capacity * _STORM))


def together(runs: Sequence[Logins]) -> Logins:
    """Return several that took equally long as one."""
    return Logins(
        rate=fmean(run.rate for run in runs),
        cpu=fmean(run.cpu for run in runs),
        statuses=sum((run.statuses for run in runs), Counter()),
        waits=[wait for run in runs for wait in run.waits],
        without_retry_after=sum(run.without_retry_after for run in runs),
    )


async def _measured(who: Accounts, seconds: float, offered: float | None) -> Logins:
    found, numbers = Logins(), count()
    before, started = _cpu(who), time.perf_counter()
    async with aiohttp.ClientSession(who.url, connector=aiohttp.TCPConnector(limit=0)) as session:
        if offered is None:
            await asyncio.gather(*(_keep_on(session, found, numbers, started + seconds) for _ in range(_AT_ONCE)))
        else:
            await _send_at(session, found, numbers, (offered, started + seconds))
    took = time.perf_counter() - started
    done = found.statuses[HTTPStatus.OK]
    if not done:
        raise Failed(f"nobody could log in: {found.statuses}")
    found.rate, found.cpu = done / took, (_cpu(who) - before) / done
    return found


async def _keep_on(session: aiohttp.ClientSession, found: Logins, numbers: Iterator[int], until: float) -> None:
    while time.perf_counter() < until:
        await _log_in(session, found, next(numbers))


async def _send_at(
    session: aiohttp.ClientSession, found: Logins, numbers: Iterator[int], pace: tuple[float, float]
) -> None:
    """Send at a rate until a moment, and wait for all answers."""
    rate, until = pace
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for sent in numbers:
            due = began + sent / rate
            if due > until:
                return
            await asyncio.sleep(due - time.perf_counter())
            group.create_task(_log_in(session, found, sent))


async def _log_in(session: aiohttp.ClientSession, found: Logins, number: int) -> None:
    started = time.perf_counter()
    body = {"email": email(number), "password": PASSWORD}
    async with session.post("/v1/auth/login", json=body) as response:
        await response.read()
    found.statuses[response.status] += 1
    if response.status == HTTPStatus.SERVICE_UNAVAILABLE:
        found.waits.append(time.perf_counter() - started)
        found.without_retry_after += "Retry-After" not in response.headers


def _cpu(who: Accounts) -> float:
    return sum(cpu_seconds(pid) for pid in who.pids().values())


@contextmanager
def others(who: Accounts, seconds: float) -> Iterator[list[float]]:
    """Have somebody ask for their profile all the while; the list holds how long each answer took, after the block."""
    seen: list[float] = []
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        asking = pool.submit(_ask_for, who.stack.port, who.tokens[0]["access_token"], seconds)
        yield seen
        seen += asking.result()


def _ask_for(port: int, token: str, seconds: float) -> list[float]:
    """In a process of its own, whose waiting is that for the answers alone."""
    connection, headers = HTTPConnection("127.0.0.1", port, timeout=20), {"Authorization": f"Bearer {token}"}
    took, until = [], time.perf_counter() + seconds
    while time.perf_counter() < until:
        began = time.perf_counter()
        connection.request("GET", "/v1/users/me", headers=headers)
        response = connection.getresponse()
        response.read()
        if response.status != HTTPStatus.OK:
            raise Failed(f"GET /v1/users/me was answered with {response.status}")
        took.append(time.perf_counter() - began)
        time.sleep(_PAUSE)
    return took
