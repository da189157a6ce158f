"""Telling clients where they stand.

RateLimit and RateLimit-Policy are those of draft-ietf-httpapi-ratelimit-headers-10 (their syntax changed between
drafts, so the number is a promise); RateLimit-Limit, -Remaining and -Reset are what older clients read.
"""

from functools import lru_cache

from gateway.limits.policy import LimitClass
from gateway.limits.verdict import Verdict

Header = tuple[str, str]


def limit_headers(verdict: Verdict) -> list[Header]:
    """What an answer to a counted request carries; refused ones say when to come back.

    Nothing under a dry run: a limit that refuses nobody must not keep well-behaved clients waiting.
    """
    if verdict.policy.dry_run:
        return []
    headers = [
        ("RateLimit-Policy", _policy_field(verdict.policy)),
        ("RateLimit", f'"{verdict.rate_name}";r={verdict.remaining};t={verdict.reset_seconds}'),
        ("RateLimit-Limit", str(verdict.limit)),
        ("RateLimit-Remaining", str(verdict.remaining)),
        ("RateLimit-Reset", str(verdict.reset_seconds)),
    ]
    if not verdict.allowed:
        headers.append(("Retry-After", str(max(1, verdict.reset_seconds))))
    return headers


def limit_lines(verdict: Verdict) -> bytes:
    """Return `limit_headers` of an allowed request as they go over the wire, a line break after each."""
    if verdict.policy.dry_run:
        return b""
    left, reset = verdict.remaining, verdict.reset_seconds
    return _template(verdict.policy, verdict.rate_name, verdict.limit) % (left, reset, left, reset)


@lru_cache(maxsize=256)
def _template(policy: LimitClass, rate_name: str, limit: int) -> bytes:
    return (
        f"RateLimit-Policy: {_policy_field(policy)}\r\n"
        f'RateLimit: "{rate_name}";r=%d;t=%d\r\n'
        f"RateLimit-Limit: {limit}\r\n"
        "RateLimit-Remaining: %d\r\n"
        "RateLimit-Reset: %d\r\n"
    ).encode("ascii")


@lru_cache(maxsize=64)
def _policy_field(policy: LimitClass) -> str:
    named = zip(policy.rate_names, policy.rates, strict=True)
    return ", ".join(f'"{name}";q={rate.limit};w={rate.window_seconds}' for name, rate in named)
