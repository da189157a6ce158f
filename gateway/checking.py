"""`python -m gateway check [FILE]`: what is wrong with a route file, told before a gateway is asked to take it over."""

import sys
from collections.abc import Sequence
from pathlib import Path

from gateway.limits.policy import parse_policy
from gateway.routes.load import load_routes
from gateway.routes.match import RouteTable
from gateway.routes.model import RoutesError
from gateway.settings import BUILT_IN, routes_file

_RIGHT, _WRONG, _MISUSED = 0, 1, 2


def check(arguments: Sequence[str]) -> int:
    """Return the exit status. Needs no running stack; without FILE it reads what ROUTES_FILE names."""
    command, *files = arguments
    if command != "check" or len(files) > 1:
        print("usage: python -m gateway [check [FILE]]", file=sys.stderr)  # noqa: T201  a person is reading
        return _MISUSED
    path = Path(files[0]) if files else routes_file()
    try:
        table = load_routes(path, dict.fromkeys(BUILT_IN, ""), parse_policy)
    except RoutesError as exc:
        print(exc, file=sys.stderr)  # noqa: T201
        return _WRONG
    print(f"{path} is right: {_summary(table)}")  # noqa: T201
    return _RIGHT


def _summary(table: RouteTable) -> str:
    own = sorted(table.upstreams.keys() - BUILT_IN.keys())
    return f"{len(table.routes)} routes, {len(table.limits)} limits, upstreams of its own: {', '.join(own) or 'none'}"
