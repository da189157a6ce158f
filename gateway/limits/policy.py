"""Limits as people write them ("50 per hour, 200 per day"), and as the limiter counts them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Literal

_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
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
    """

    name: str
    rates: tuple[Rate, ...]
    key: Literal["address", "user"] = "address"
    strict: bool = False

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
    """Rates by growing window; PolicyError for anything but "N per [M] second|minute|hour|day" separated by commas."""
    rates = sorted((_parse_rate(part) for part in text.split(",")), key=lambda rate: rate.window_seconds)
    if len({rate.window_seconds for rate in rates}) < len(rates):
        raise PolicyError(f"{text!r} limits one window twice")
    return tuple(rates)


def _parse_rate(part: str) -> Rate:
    words = part.split()
    if len(words) == len(("N", "per", "unit")):
        words.insert(2, "1")
    match words:
        case [limit, "per", count, unit] if _are_counts(limit, count) and unit.removesuffix("s") in _UNITS:
            return _checked(Rate(int(limit), int(count) * _UNITS[unit.removesuffix("s")]), part.strip())
    raise PolicyError(f"{part.strip()!r} is not a limit such as '50 per hour' or '20 per 15 minutes'")


def _are_counts(*words: str) -> bool:
    return all(word.isascii() and word.isdecimal() for word in words)


def _checked(rate: Rate, part: str) -> Rate:
    if not 0 < rate.limit <= _HIGHEST_LIMIT:
        raise PolicyError(f"{part!r}: the limit must be 1 to {_HIGHEST_LIMIT}")
    if not 0 < rate.window_seconds <= _LONGEST_WINDOW:
        raise PolicyError(f"{part!r}: the window must be 1 second to 31 days")
    return rate
