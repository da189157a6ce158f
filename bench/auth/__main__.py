"""`make bench-auth`: logins, what a storm of them does to everybody else, refreshes, and the first use of a credential.

The stack runs as people get it, on all CPUs. Times are only right on a quiet machine, what is said of CPU on any.
"""

import argparse
import sys
from collections.abc import Iterable
from http import HTTPStatus
from statistics import median

from bench import report
from bench.auth import logins, tokens
from bench.auth.stack import PEOPLE, Accounts, accounts
from bench.machine import describe
from bench.processes import Failed
from bench.report import Section, Table, Target

_COST = 12  # as it is unless BCRYPT_COST says otherwise
_SECONDS, _QUICK_SECONDS = 20.0, 6.0
_STORMS, _SHARE = 3, 0.75  # each storm, and each calm before it, takes a part of those seconds
_ROUNDS = 20  # refreshes of a session: no more than the limit of a session allows
_KEYCLOAK = 15.0  # password logins per second and vCPU, as Keycloak's sizing guide says
_LOGINS, _P99, _REFRESHES, _FIRST_USE, _LONGEST_WAIT = 0.95, 2.0, 1000.0, 2.0, 6.0


def login_section(who: Accounts, seconds: float) -> Section:
    wall, cpu = logins.hash_seconds(who.cost, seconds / 2)
    most = logins.CPUS / wall
    steady = logins.steady(who, seconds)
    rounds = [_round(who, _SHARE * seconds, most) for _ in range(_STORMS)]
    storm = logins.together([storm for storm, _, _ in rounds])
    shed = storm.statuses[HTTPStatus.SERVICE_UNAVAILABLE]
    odd = sum(storm.statuses.values()) - shed - storm.statuses[HTTPStatus.OK] + storm.without_retry_after
    rows = [
        ("a hash alone, on all CPUs", f"{most:.1f}", f"{cpu * 1000:.0f}", ""),
        ("logins", f"{steady.rate:.1f}", f"{steady.cpu * 1000:.0f}", ""),
        ("ten times as many", f"{storm.rate:.1f}", f"{storm.cpu * 1000:.0f}", f"{max(storm.waits, default=0):.1f}"),
        ("Keycloak, as published, on as many vCPUs", f"{_KEYCLOAK * logins.CPUS:.1f}", "", ""),
    ]
    columns = ("", "per second", "CPU ms each", "longest wait for 503, s")
    table = Table(f"Logins, bcrypt at cost {who.cost}, {logins.CPUS} CPUs, {PEOPLE} people", columns, rows)
    cheaper = logins.hash_seconds(10, seconds / 4)[1]
    by_cpu = 1 / (cheaper + steady.cpu - cpu)
    prices = (
        f"Per vCPU {steady.rate / logins.CPUS:.1f} logins per second at cost {who.cost}, and {by_cpu:.1f} at cost 10, "
        f"whose hash takes {cheaper * 1000:.0f} ms; Keycloak publishes {_KEYCLOAK:g}, with its own hash"
    )
    fates = (
        f"In the storms {shed} were told to come back, and all were answered {dict(storm.statuses)}; the p99 of GET "
        f"/v1/users/me was {_listed(loud for _, _, loud in rounds)} ms, and before each, without logins, "
        f"{_listed(calm for _, calm, _ in rounds)} ms"
    )
    targets = [
        Target("logins, of what CPUs and hash allow", steady.rate / most, _LOGINS, at_least=True),
        Target("the same by CPU", cpu / steady.cpu, _LOGINS, at_least=True),
        Target(
            "others' p99 in a storm of ten times as many, times", median(loud / calm for _, calm, loud in rounds), _P99
        ),
        Target("wait for 503, seconds", max(storm.waits, default=0.0), _LONGEST_WAIT),
        Target("answers in the storm that are neither 200 nor 503 with Retry-After", odd, 0),
    ]
    return Section([table], targets, [prices, fates])


def _round(who: Accounts, seconds: float, most: float) -> tuple[logins.Logins, float, float]:
    """Return a storm, and others' p99 without it and in it."""
    with logins.others(who, seconds) as calm:
        pass
    with logins.others(who, seconds) as stormy:
        storm = logins.storm(who, seconds, most)
    return storm, _p99(calm), _p99(stormy)


def token_section(who: Accounts) -> Section:
    rate, cpu = tokens.refreshes(who, _ROUNDS)
    uses = tokens.first_uses(who)
    programs = [f"{name}, CPU ms" for name in cpu]
    row = ("refresh", f"{1 / cpu['auth_service']:.0f}", f"{rate:.0f}", *(f"{each * 1000:.2f}" for each in cpu.values()))
    firsts = [(f"new {name}", f"{seconds * 1000:.2f}") for name, seconds in uses.items()]
    tables = [
        Table("Refreshes", ("", "per second and core of auth_service", "per second here, in all", *programs), [row]),
        Table("First use at the gateway", ("", "ms more than later ones"), firsts),
    ]
    targets = [
        Target("refreshes per second on one core of auth_service", 1 / cpu["auth_service"], _REFRESHES, at_least=True),
        *(Target(f"verifying a new {name}, ms", seconds * 1000, _FIRST_USE) for name, seconds in uses.items()),
    ]
    return Section(tables, targets)


def _p99(seconds: list[float]) -> float:
    return sorted(seconds)[len(seconds) * 99 // 100]


def _listed(seconds: Iterable[float]) -> str:
    return ", ".join(f"{each * 1000:.1f}" for each in seconds)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.auth", description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit with 1 where a target is missed")
    parser.add_argument("--save", action="store_true", help="write bench/results/auth.md")
    parser.add_argument("--cost", type=int, default=_COST, help="of a hash")
    parser.add_argument("--quick", action="store_true", help="a third of the time")
    options = parser.parse_args(arguments)
    print(describe(), flush=True)
    try:
        with accounts(options.cost) as who:
            sections = [token_section(who), login_section(who, _QUICK_SECONDS if options.quick else _SECONDS)]
    except Failed as exc:
        raise SystemExit(f"bench-auth: {exc}") from exc
    print("\n".join(f"\n{report.text(section)}" for section in sections))
    print(f"\n{report.targets_table(sections).text()}", flush=True)
    if options.save:
        report.save("auth", sections, readme=False)
    return 1 if options.check and report.missed(sections) else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
