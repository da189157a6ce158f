"""The gateway's route file and the services' route tables say the same about every public route."""

import re
from pathlib import Path

import pytest

from auth_service.routes import ROUTES as AUTH_ROUTES
from file_service.routes import ROUTES as FILE_ROUTES
from gateway.limits.policy import parse_policy
from gateway.routes.load import load_routes
from shared.web.routes import Auth, Route
from user_service.routes import ROUTES as USER_ROUTES

ROOT = Path(__file__).parents[2]
UPSTREAMS = dict.fromkeys(("auth_service", "user_service", "file_service"), "http://127.0.0.1")
GRANTS = {"role": "user", "scope": "user"}  # what the gateway asks for beyond what the service does
TABLE = load_routes(ROOT / "gateway" / "routes.toml", UPSTREAMS, parse_policy)
SERVED = [
    *(("auth_service", route) for route in AUTH_ROUTES),
    *(("user_service", route) for route in USER_ROUTES),
    *(("file_service", route) for route in FILE_ROUTES),
]


def _name(value: object) -> str:
    return f"{value.method} {value.path}" if isinstance(value, Route) else str(value)


@pytest.mark.parametrize(("service", "route"), SERVED, ids=_name)
def test_every_public_route_of_a_service_is_reached_through_the_gateway(service: str, route: Route) -> None:
    path = re.sub(r"{\w+}", "00000000-0000-7000-8000-000000000000", route.path)

    match = TABLE.match(route.method, path)

    assert match.upstream == service
    assert GRANTS.get(match.auth.partition(":")[0], match.auth) == route.auth.value


@pytest.mark.parametrize(("service", "route"), SERVED, ids=_name)
def test_a_public_table_holds_nothing_that_is_meant_for_our_own_programs(service: str, route: Route) -> None:
    assert route.auth is not Auth.SERVICE
    assert not route.path.startswith("/internal")


def test_every_route_declares_its_policy_limit_and_time_out() -> None:
    for route in TABLE.routes:
        assert re.fullmatch(r"public|optional|user|session|(role|scope):\S+", route.auth)
        assert route.limit in TABLE.limits
        assert 0 < route.timeout <= 7200
        assert route.max_body >= 0
