"""What a doctor is told of a stack, and what it sees of a program from outside."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import aiohttp
from prometheus_client.parser import text_string_to_metric_families

from shared.settings import Env

PATIENCE = 2.5  # seconds; a program gives each of its checks two

Environ = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Stack:
    """`private` are the base URLs of the private ports, and `environments` what each program was told, by program.

    Where an environment isn't known, what is said in it can't be looked at. `backups` is the last one's time, and since
    when there could be one; None where nothing is known of backups. `pids` are of programs that are started again by
    whoever runs them here.
    """

    public_url: str
    private: Mapping[str, str]
    environments: Mapping[str, Environ]
    backups: "Backups | None" = None
    pids: Mapping[str, int] = field(default_factory=dict)

    def told(self, program: str, name: str) -> str:
        """Return a variable of a program's, or of the file that stands for it; empty where it can't be had."""
        return Env(self.environments.get(program, {})).text(name, "")


@dataclass(frozen=True, slots=True)
class Backups:
    """When the last one was made, if ever, and since when the installation has been there."""

    last: datetime | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Program:
    """How a program presents itself. `skew` is its clock's, in seconds.

    `error` is set where nothing is known of it; it `hangs` where it was only given too little time to answer.
    """

    name: str
    url: str
    error: str = ""
    hangs: bool = False
    ready: bool = False
    unready: Mapping[str, str] = field(default_factory=dict)
    skew: float = 0.0
    metrics: "Metrics" = field(default_factory=lambda: Metrics(""))


class Metrics:
    """What a program measures, by name and labels."""

    def __init__(self, exposition: str) -> None:
        families = text_string_to_metric_families(exposition)
        self._samples = [sample for family in families for sample in family.samples]

    def value(self, name: str, **labels: str) -> float | None:
        """Return the sum of all samples that have these labels; none if there is no such sample."""
        found = [
            sample.value for sample in self._samples if sample.name == name and labels.items() <= sample.labels.items()
        ]
        return sum(found) if found else None

    def label(self, name: str, label: str) -> str:
        return next(iter(self.labels(name, label)), "")

    def by(self, name: str, label: str, **labels: str) -> dict[str, float]:
        """Return the values of all samples that have these labels, by another label of theirs."""
        return {
            sample.labels.get(label, ""): sample.value
            for sample in self._samples
            if sample.name == name and labels.items() <= sample.labels.items()
        }

    def labels(self, name: str, label: str) -> list[str]:
        """Return the label's values of all samples of that name."""
        return [sample.labels.get(label, "") for sample in self._samples if sample.name == name]


async def look_at(session: aiohttp.ClientSession, name: str, url: str) -> Program:
    """Ask a program whether it is ready, what time it has, and what it measures."""
    patience = aiohttp.ClientTimeout(total=PATIENCE)
    try:
        sent = time.time()
        async with session.get(f"{url}/readyz", timeout=patience) as answer:
            told: Any = await answer.json()
            skew = skew_of(answer.headers.get("Date", ""), sent, time.time())
            ready = answer.status == HTTPStatus.OK
        async with session.get(f"{url}/metrics", timeout=patience) as answer:
            metrics = Metrics(await answer.text())
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError) as exc:
        return Program(name, url, reason(exc, PATIENCE), isinstance(exc, TimeoutError))
    checks = told.get("checks", {}) if isinstance(told, dict) else {}
    unready = {check: str(result) for check, result in checks.items() if result != "ok"}
    return Program(name, url, ready=ready, unready=unready, skew=skew, metrics=metrics)


async def explained(session: aiohttp.ClientSession, private: str, path: str, method: str = "GET") -> Any:
    """Return what the gateway with this private port would do with a request; nothing where it can't be asked."""
    try:
        asked = {"path": path, "method": method}
        async with session.get(f"{private}/explain", params=asked, headers={"Accept": "application/json"}) as answer:
            return await answer.json()
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        return {}


def reason(exc: Exception, patience: float) -> str:
    """Return in words why there was no answer within so many seconds."""
    return f"no answer within {patience:g} s" if isinstance(exc, TimeoutError) else str(exc) or type(exc).__name__


def skew_of(date: str, sent: float, received: float) -> float:
    """Return by how many seconds, at least, a server's clock is ahead of ours (behind: negative), by its Date header.

    A Date is cut to whole seconds, and may be of any moment between sending and receiving.
    """
    try:
        told = parsedate_to_datetime(date).timestamp()
    except ValueError:
        return 0.0
    if told > received:
        return told - received
    return min(0.0, told + 1 - sent)
