"""The embedded stack as people get it, at the stated cost of a hash, limits out of the way, and people to sign in."""

import asyncio
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import aiohttp

from bench.processes import ROOT, Failed
from tests.e2e.stack import Stack, running_stack, state_folder

PASSWORD = "correct horse battery"
PEOPLE = 64  # so many that nobody's own limit of attempts is met
_ROUTES = ROOT / "gateway" / "routes.toml"
_MEASURED = ("gateway", "auth_service", "postgres")


@dataclass(frozen=True, slots=True)
class Accounts:
    """`tokens` is what each person was answered when they registered."""

    stack: Stack
    cost: int
    tokens: Sequence[dict[str, str]]

    @property
    def url(self) -> str:
        return self.stack.url

    def pids(self) -> dict[str, int]:
        return {name: self.stack.pid(name) for name in _MEASURED}


def email(number: int) -> str:
    return f"person{number % PEOPLE}@example.org"


@contextmanager
def accounts(cost: int, **environ: str) -> Iterator[Accounts]:
    """Run the stack until the block ends, with `environ` besides."""
    with state_folder() as state:
        routes = state.parent / "routes.toml"
        routes.write_text(re.sub(r'policy = ".*"', 'policy = "1000000 per minute"', _ROUTES.read_text()))
        with running_stack(state, None, ROUTES_FILE=str(routes), BCRYPT_COST=str(cost), **environ) as stack:
            yield Accounts(stack, cost, asyncio.run(_register(stack.url)))


async def _register(url: str) -> list[dict[str, str]]:
    gate = asyncio.Semaphore(2 * (os.cpu_count() or 1))

    async def one(session: aiohttp.ClientSession, number: int) -> dict[str, str]:
        body = {"email": email(number), "password": PASSWORD}
        async with gate, session.post(f"{url}/v1/auth/register", json=body) as response:
            answer: dict[str, str] = await response.json()
        if "access_token" not in answer:
            raise Failed(f"nobody could register: {answer}")
        return answer

    async with aiohttp.ClientSession() as session:
        return await asyncio.gather(*(one(session, number) for number in range(PEOPLE)))
