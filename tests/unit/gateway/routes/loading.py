"""A small route file to begin with, and how tests have files loaded."""

from pathlib import Path

import pytest

from gateway.limits.policy import parse_policy
from gateway.routes.load import load_routes
from gateway.routes.match import RouteTable
from gateway.routes.model import RoutesError

SHIPPED = Path(__file__).parents[4] / "gateway" / "routes.toml"
UPSTREAMS = dict.fromkeys(("auth_service", "user_service", "file_service"), "http://127.0.0.1:1")
LIMITS = """\
[limits.wide]
policy = "100 per minute"
key = "user"
[limits.login]
policy = "20 per 15 minutes"
key = "address"
strict = true
"""
ROUTE = """
[[route]]
name = "users"
prefix = "/v1/users"
methods = ["GET"]
upstream = "user_service"
auth = "user"
limit = "wide"
timeout = 10
"""
FIRST = len((LIMITS + ROUTE).splitlines())  # the line before an appended one


class Load:
    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, text: str) -> RouteTable:
        self._path.write_text(text, "utf-8")
        return load_routes(self._path, UPSTREAMS, parse_policy)

    def mistakes(self, text: str) -> list[tuple[int, str]]:
        with pytest.raises(RoutesError) as refused:
            self(text)
        assert str(refused.value).count("\n") == len(refused.value.mistakes) - 1
        return [(mistake.line, mistake.text) for mistake in refused.value.mistakes]
