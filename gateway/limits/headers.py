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


@lru_cache(maxsize=64)
def _policy_field(policy: LimitClass) -> str:
    named = zip(policy.rate_names, policy.rates, strict=True)
    return ", ".join(f'"{name}";q={rate.limit};w={rate.window_seconds}' for name, rate in named)
