"""Limits as people write them ("50 per hour, 200 per day"), and as the limiter counts them."""

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400, "week": 604_800}
_SHORT = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "hr": 3600, "d": 86_400, "w": 604_800}
_UNITS = _SECONDS | {f"{unit}s": seconds for unit, seconds in _SECONDS.items()} | _SHORT
_RATE = re.compile(r"(?P<limit>[0-9]{1,9})(?: +per +| */ *)(?:(?P<count>[0-9]{1,9}) *)?(?P<unit>[a-z]+)")
_BETWEEN = re.compile(r"[,;]| and ")
_LONGEST_WINDOW = 31 * 86_400
_HIGHEST_LIMIT = 1_000_000  # keeps the script's arithmetic exact: limit x milliseconds stays below 2^53


class PolicyError(ValueError):
    """A policy that can't be read; the message says which part and what was expected."""


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `limit` in any `window_seconds`."""

    limit: int
    window_seconds: int


@dataclass(frozen=True, eq=False)
class LimitClass:
    """Requests that are counted together, per subject, against all of `rates`.

    `strict`: also counted in memory at all times, so that losing Valkey (or its data) gives nobody a fresh allowance.
    `dry_run`: counted and told to the operator, and nobody is refused.
    """

    name: str
    rates: tuple[Rate, ...]
    key: Literal["address", "user"] = "address"
    strict: bool = False
    dry_run: bool = False

    def subject(self, address: str, user: str | None = None) -> str:
        """Whom a request counts against: the user where the class says so and one is known, else the address."""
        return f"user:{user}" if user and self.key == "user" else f"addr:{address}"

    @cached_property
    def rate_names(self) -> tuple[str, ...]:
        """What clients know each rate by."""
        if len(self.rates) == 1:
            return (self.name,)
        return tuple(f"{self.name}-{rate.window_seconds}" for rate in self.rates)

    @cached_property
    def script_arguments(self) -> tuple[int, ...]:
        return tuple(number for rate in self.rates for number in (rate.limit, rate.window_seconds * 1000))


def parse_policy(text: str) -> tuple[Rate, ...]:
    """Return rates by growing window: "50 per hour, 200 per day", "20 per 15 minutes", "5/min; 100/h" and the like.

    Raises PolicyError that says which part can't be read.
    """
    rates = sorted((_parse_rate(part) for part in _BETWEEN.split(text)), key=lambda rate: rate.window_seconds)
    if len({rate.window_seconds for rate in rates}) < len(rates):
        raise PolicyError(f"{text!r} limits one window twice")
    return tuple(rates)


def _parse_rate(part: str) -> Rate:
    part = " ".join(part.split())
    found = _RATE.fullmatch(part.lower())
    if found is None or found["unit"] not in _UNITS:
        raise PolicyError(f"{part!r} is not a limit such as '50 per hour', '20 per 15 minutes' or '5/second'")
    return _checked(Rate(int(found["limit"]), int(found["count"] or 1) * _UNITS[found["unit"]]), part)


def _checked(rate: Rate, part: str) -> Rate:
    if not 0 < rate.limit <= _HIGHEST_LIMIT:
        raise PolicyError(f"{part!r}: the limit must be 1 to {_HIGHEST_LIMIT}")
    if not 0 < rate.window_seconds <= _LONGEST_WINDOW:
        raise PolicyError(f"{part!r}: the window must be 1 second to 31 days")
    return rate
