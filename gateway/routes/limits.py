"""The limit classes of a route file: [limits.NAME], and whether a route may have one."""

from collections.abc import Mapping
from typing import cast, get_args

from gateway.routes.fields import Fields, Report
from gateway.routes.model import LimitDeclaration, LimitKey, ParsePolicy, Route

HIGHEST_COST = 1_000_000
_KEYS = frozenset({"policy", "key", "strict", "dry_run"})


def read_limits(tables: object, report: Report, parse_policy: ParsePolicy) -> dict[str, LimitDeclaration]:
    """Return the classes by name; each mistake is reported with its line."""
    if not isinstance(tables, dict) or not all(isinstance(values, dict) for values in tables.values()):
        report.add(report.lines.of("limits"), "limit classes are tables: [limits.NAME]")
        return {}
    return {
        name: _limit(name, Fields(values, report, f"limits.{name}"), parse_policy) for name, values in tables.items()
    }


def _limit(name: str, fields: Fields, parse_policy: ParsePolicy) -> LimitDeclaration:
    fields.only(_KEYS)
    policy = fields.text("policy")
    burst = HIGHEST_COST
    try:
        burst = min(rate.limit for rate in parse_policy(policy))
    except ValueError as exc:
        if policy:
            fields.mistake("policy", str(exc))
    key = cast(LimitKey, fields.choice("key", get_args(LimitKey)))
    strict, dry_run = fields.flag("strict"), fields.flag("dry_run")
    return LimitDeclaration(name, policy, key, strict=strict, dry_run=dry_run, burst=burst)


def check_limit(route: Route, fields: Fields, limits: Mapping[str, LimitDeclaration]) -> None:
    """A person with a live session must never pay for strangers who share the address."""
    declared = limits.get(route.limit)
    if declared is None:
        return
    if declared.key == "address" and route.auth != "public":
        fields.mistake("limit", f"limit {route.limit!r} counts by address, so only public routes can have it")
    if route.cost > declared.burst:
        fields.mistake("cost", f"cost {route.cost} is more than limit {route.limit!r} ever allows ({declared.burst})")
