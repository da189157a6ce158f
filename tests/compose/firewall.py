"""The machine's packet filter, left as it was found: a daemon that ends leaves its chains and its policy behind."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")
_TABLES = ("filter", "nat")


@contextmanager
def keep_firewall() -> Iterator[None]:
    forwarding, policy = _FORWARDING.read_text(encoding="ascii"), _policy()
    had_chains = any("DOCKER" in line for table in _TABLES for line in _rules(table))
    try:
        yield
    finally:
        if not had_chains:  # otherwise they belong to somebody else's daemon
            for table in _TABLES:
                _forget_docker(table)
            _iptables("-P", "FORWARD", policy)
            _FORWARDING.write_text(forwarding, encoding="ascii")


def _policy() -> str:
    return next((line.split()[2] for line in _rules("filter") if line.startswith("-P FORWARD")), "ACCEPT")


def _forget_docker(table: str) -> None:
    rules = [line.split() for line in _rules(table) if "DOCKER" in line]
    chains = [rule[1] for rule in rules if rule[0] == "-N"]
    for rule in rules:
        if rule[0] == "-A" and rule[1] not in chains:
            _iptables("-t", table, "-D", *rule[1:])
    for action in ("-F", "-X"):
        for chain in chains:
            _iptables("-t", table, action, chain)


def _rules(table: str) -> list[str]:
    return _iptables("-t", table, "-S").splitlines()


def _iptables(*arguments: str) -> str:
    ran = subprocess.run(["iptables", *arguments], capture_output=True, text=True, check=False)
    return ran.stdout
