"""The embedded stack with its six real processes, 256 people who are signed in, and 100,000 profiles to search."""

import asyncio
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import aiohttp
import asyncpg

from bench.processes import ROOT, Failed, on_the_measured_core
from bench.visit.people import PAGE, Term, names
from bench.visit.work import USERS, Work
from bench.wrk import http_request
from deploy.local.binaries import postgres_bindir
from deploy.local.home import find_home
from deploy.local.postgres import SUPERUSER, Postgres
from deploy.local.state import State
from deploy.originals import Originals
from deploy.roles import DATABASE
from shared.web.paging import encode_cursor
from tests.e2e.stack import Stack, running_stack, state_folder
from user_service.domain import fold

MEASURED = ("gateway", "user_service", "postgres")
_ROUTES = ROOT / "gateway" / "routes.toml"
_FIRST_ID = 0x018F_0000_0000_7000_8000_0000_0000_0000  # a UUIDv7 of 2024: older than those who register now
_AT_ONCE = 16
_COLUMNS = ("user_id", "display_name", "search", "created_at", "updated_at")


@dataclass(frozen=True, slots=True)
class Colonnade:
    """`found` are the ids that each term finds, in order."""

    stack: Stack
    tokens: Sequence[str]
    found: Mapping[str, Sequence[UUID]]

    @property
    def port(self) -> int:
        return self.stack.port

    @property
    def pids(self) -> tuple[int, ...]:
        return tuple(self.stack.pid(name) for name in MEASURED)

    def get(self) -> Work:
        return Work([http_request("/v1/users/me", token) for token in self.tokens], '"display_name"')

    def patch(self) -> Work:
        requests = [
            http_request("/v1/users/me", token, method="PATCH", body=b'{"display_name": "Visitor %d"}' % number)
            for number, token in enumerate(self.tokens)
        ]
        return Work(requests, '"Visitor 0"')

    def search(self, term: Term, place: float) -> Work:
        """`place` is 0 for the first page, 1 for the last."""
        ids = self.found[term.text]
        before = round(max(0, len(ids) - PAGE) * place)
        target = f"/v1/users?q={term.text}&limit={PAGE}"
        if before:
            target += f"&cursor={encode_cursor(f'users?q={term.text}', ids[before - 1])}"
        return Work([http_request(target, token) for token in self.tokens], term.text, min(PAGE, len(ids)))


@contextmanager
def colonnade(terms: Sequence[Term]) -> Iterator[Colonnade]:
    """Run the stack until the block ends, on data that is safe: nothing of PostgreSQL's durability is switched off."""
    with ExitStack() as stack:
        state = stack.enter_context(state_folder())
        routes = state.parent / "routes.toml"
        routes.write_text(_ROUTES.read_text().replace("50 per hour, 200 per day", "1000 per minute"))
        with on_the_measured_core():
            running = stack.enter_context(running_stack(state, ROUTES_FILE=str(routes)))
        tokens = asyncio.run(_register(running.url))
        yield Colonnade(running, tokens, asyncio.run(_seed(state, terms)))


async def _register(url: str) -> list[str]:
    """Return an access token of each of 256 new people."""
    gate = asyncio.Semaphore(_AT_ONCE)

    async def one(session: aiohttp.ClientSession, number: int) -> str:
        body = {"email": f"visitor{number}@example.org", "password": "correct horse battery"}
        async with gate, session.post(f"{url}/v1/auth/register", json=body) as response:
            answer = await response.json()
        if "access_token" not in answer:
            raise Failed(f"nobody could register: {answer}")
        return str(answer["access_token"])

    async with aiohttp.ClientSession() as session:
        return await asyncio.gather(*(one(session, number) for number in range(USERS)))


async def _seed(state: Path, terms: Sequence[Term]) -> dict[str, list[UUID]]:
    """Copy the people in, and return the ids that each term finds."""
    people = [(UUID(int=_FIRST_ID + (number << 80)), name) for number, name in enumerate(names())]
    now = datetime.now(UTC)
    connection = await asyncpg.connect(superuser_url(state))
    try:
        for setting in ("fsync", "synchronous_commit"):
            if await connection.fetchval(f"show {setting}") != "on":
                raise Failed(f"{setting} is off")
        records = [(user_id, name, fold(name), now, now) for user_id, name in people]
        await connection.copy_records_to_table("profile", schema_name="users", columns=_COLUMNS, records=records)
        await connection.execute("vacuum (analyze) users.profile")
        await connection.execute("checkpoint")
    finally:
        await connection.close()
    return {term.text: [user_id for user_id, name in people if term.text in fold(name)] for term in terms}


def superuser_url(folder: Path) -> str:
    state = State(folder)
    postgres = Postgres(find_home(state, postgres_bindir(os.environ)), state.logs / "postgres.log")
    return postgres.url(SUPERUSER, Originals(state.secrets).password(SUPERUSER), DATABASE)
