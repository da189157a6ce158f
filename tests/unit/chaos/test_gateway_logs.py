"""Outages of Valkey, as a gateway's log tells of them."""

from math import inf

from tests.chaos.checks.limits import CountsLost
from tests.chaos.gateway_logs import outages

_LINE = '{{"@timestamp":"1970-01-01T00:00:{:02}.500Z","event.action":"{}"}}'


def log(*events: tuple[int, str]) -> list[str]:
    return [_LINE.format(second, event) for second, event in events]


def test_an_outage_lasts_from_the_loss_to_the_return() -> None:
    lines = log((1, "valkey_lost"), (2, "request"), (3, "valkey_returned"), (7, "valkey_lost"))
    assert list(outages(lines, 100.0)) == [CountsLost(101.5, 103.5), CountsLost(107.5, inf)]


def test_a_gateway_that_starts_anew_ends_its_outage() -> None:
    assert list(outages(log((1, "valkey_lost"), (4, "started")), 0.0)) == [CountsLost(1.5, 4.5)]
