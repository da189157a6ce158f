"""What a limit says about one call."""

from collections.abc import Sequence
from typing import NamedTuple

from gateway.limits.policy import LimitClass

MS = 1000


class Standing(NamedTuple):
    """Of one rate: how much is left, and in how many ms a refused call would pass (or, allowed, all be left again)."""

    remaining: int
    reset_ms: int


class Verdict(NamedTuple):
    """Names the rate that binds: refused, the one that lets the call wait longest; allowed, the one with least left.

    `reset_seconds`: when, without other calls, a refused call would pass, or an allowed one's limit be whole again.
    """

    allowed: bool
    limit: int
    remaining: int
    reset_seconds: int
    policy: LimitClass
    rate_name: str


def verdict(policy: LimitClass, standings: Sequence[Standing], *, allowed: bool) -> Verdict:
    """`standings` are in the order of the policy's rates."""
    binding = 0 if len(standings) == 1 else _binding(standings, allowed=allowed)
    remaining, reset_ms = standings[binding]
    return Verdict(
        allowed, policy.rates[binding].limit, remaining, -(-reset_ms // MS), policy, policy.rate_names[binding]
    )


def _binding(standings: Sequence[Standing], *, allowed: bool) -> int:
    indexes = range(len(standings))
    if allowed:
        return min(indexes, key=lambda i: (standings[i].remaining, -standings[i].reset_ms))
    return max(indexes, key=lambda i: standings[i].reset_ms)
