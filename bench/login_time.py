"""`python -m bench.login_time`: does a refused login take longer where there is an account? Medians, and a rank test.

One service on real PostgreSQL is asked over HTTP for accounts of every kind, in random order, each only once: so each
is a stranger's first guess, as when somebody tries out whose addresses are known. A difference that a rank test finds
in some hundred tries is one that an attacker finds as well.
"""

import argparse
import asyncio
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from math import erfc, sqrt
from pathlib import Path
from typing import Any

import bcrypt

from auth_service.password_hashes import accept
from bench.machine import describe
from bench.report import Table
from shared.ids import uuid7
from tests.integration.auth_service.people import STRANGER, Gateway
from tests.integration.auth_service.world import AuthService, running
from tests.stores import Databases, running_stores
from tests.unit.auth_service.foreign_hashes import FOREIGN

_NOBODY = "no account"


def _hashes(cost: int) -> Mapping[str, str | None]:
    """Return the kinds of accounts by what is stored of their passwords."""

    def bcrypt_of(at: int) -> str:
        return bcrypt.hashpw(b"whatever", bcrypt.gensalt(at)).decode()

    return {
        f"hash of today's cost ({cost})": bcrypt_of(cost),
        f"hash of an earlier cost ({cost - 2})": bcrypt_of(cost - 2),
        "no password": None,
        f"from GoTrue, cost {cost - 2}": accept(bcrypt_of(cost - 2)),
        "from Django, pbkdf2 with 1,000 iterations": accept(FOREIGN["Django pbkdf2"]),
        "from werkzeug, scrypt as it is by default": accept(FOREIGN["werkzeug scrypt"]),
    }


async def _add(service: AuthService, kind: int, stored: str | None, number: int) -> list[str]:
    emails = [f"kind-{kind}-{each}@example.org" for each in range(number)]
    await service.admin.executemany(
        "insert into auth.account (user_id, email, email_key, password_hash) values ($1, $2, $2, $3)",
        [(uuid7(), email, stored) for email in emails],
    )
    return emails


async def _measure(service: AuthService, emails: Mapping[str, Sequence[str]]) -> dict[str, list[float]]:
    """Return the seconds of each refusal, by kind."""
    tries = [(kind, email) for kind, each in emails.items() for email in each]
    random.shuffle(tries)
    taken: dict[str, list[float]] = {kind: [] for kind in emails}
    for kind, email in tries:
        started = time.perf_counter()
        reply = await service.try_login(email, "wrong password", STRANGER)
        taken[kind].append(time.perf_counter() - started)
        assert reply.status == 401, reply  # noqa: PLR2004  unauthenticated
    return taken


def rank_test(some: Sequence[float], others: Sequence[float]) -> tuple[float, float]:
    """Return how often one of `some` is above one of `others`, and the two-sided p of that (Mann-Whitney, normal)."""
    above = sum((each > other) + (each == other) / 2 for each in some for other in others)
    pairs = len(some) * len(others)
    deviation = sqrt(pairs * (len(some) + len(others) + 1) / 12)
    return above / pairs, erfc(abs(above - pairs / 2) / deviation / sqrt(2))


def _table(taken: Mapping[str, Sequence[float]], cost: int) -> Table:
    nobody = taken[_NOBODY]
    middle = statistics.median(nobody)
    rows = []
    for kind, seconds in taken.items():
        share, p = rank_test(seconds, nobody)
        median = statistics.median(seconds)
        rows.append((kind, f"{median * 1000:.2f}", f"{(median - middle) * 1000:+.2f}", f"{share:.2f}", f"{p:.3f}"))
    columns = ("", "median, ms", "beside no account", "longer than one, share", "p")
    return Table(f"Refused logins at cost {cost}, {len(nobody)} of each", columns, rows)


async def _run(number: int, cost: int) -> Table:
    with running_stores() as stores, tempfile.TemporaryDirectory() as folder:
        settings: dict[str, Any] = {"BCRYPT_COST": str(cost), "BCRYPT_THREADS": "1"}
        async with (
            Databases(stores.postgres).clone("auth_service") as urls,
            running(urls, Gateway(Path(folder)), **settings) as service,
        ):
            emails = {_NOBODY: [f"nobody-{each}@example.org" for each in range(number)]}
            for kind, (name, stored) in enumerate(_hashes(cost).items()):
                emails[name] = await _add(service, kind, stored, number)
            await service.try_login("warm-up@example.org", "wrong password", STRANGER)
            return _table(await _measure(service, emails), cost)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.login_time", description=__doc__)
    parser.add_argument("--number", type=int, default=200, help="tries of each kind")
    parser.add_argument("--cost", type=int, default=10, help="of bcrypt")
    options = parser.parse_args()
    print(describe())
    print(asyncio.run(_run(options.number, options.cost)).text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
