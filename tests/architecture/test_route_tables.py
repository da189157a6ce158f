"""The gateway's route file and the services' route tables say the same about every public route."""

import re
import tomllib
from pathlib import Path
from typing import Any

import msgspec
import pytest

from auth_service.domain.api_keys import SCOPES
from auth_service.routes import ROUTES as AUTH_ROUTES
from auth_service.routes.pages import PAGES as AUTH_PAGES
from file_service.routes import ROUTES as FILE_ROUTES
from file_service.routes.pages import PAGES as FILE_PAGES
from gateway.limits.policy import parse_policy
from gateway.routes.load import load_routes
from gateway.routes.model import ANY_ACR
from gateway.routes.model import Route as GatewayRoute
from shared.web.routes import Auth, Route, read_signature
from user_service.pages.routes import PAGES as USER_PAGES
from user_service.routes import ROUTES as USER_ROUTES

ROOT = Path(__file__).parents[2]
UPSTREAMS = dict.fromkeys(("auth_service", "user_service", "file_service"), "http://127.0.0.1")
GRANTS = {"role:admin": "admin", "scope": "user"}  # the service's word for what the gateway asks for
TABLE = load_routes(ROOT / "gateway" / "routes.toml", UPSTREAMS, parse_policy)
WRITTEN = tomllib.loads((ROOT / "gateway" / "routes.toml").read_text(encoding="utf-8"))["route"]
SERVED = [
    *(("auth_service", route) for route in (*AUTH_ROUTES, *AUTH_PAGES)),
    *(("user_service", route) for route in (*USER_ROUTES, *USER_PAGES)),
    *(("file_service", route) for route in (*FILE_ROUTES, *FILE_PAGES)),
]


def _name(value: object) -> str:
    return f"{value.method} {value.path}" if isinstance(value, Route) else str(value)


@pytest.mark.parametrize(("service", "route"), SERVED, ids=_name)
def test_every_public_route_of_a_service_is_reached_through_the_gateway(service: str, route: Route) -> None:
    path = re.sub(r"{\w+}", "00000000-0000-7000-8000-000000000000", route.path)

    match = TABLE.match(route.method, path)

    assert match.upstream == service
    asked = match.auth if match.auth in GRANTS else match.auth.partition(":")[0]
    assert GRANTS.get(asked, asked) == route.auth.value


@pytest.mark.parametrize(("service", "route"), SERVED, ids=_name)
def test_a_public_table_holds_nothing_that_is_meant_for_our_own_programs(service: str, route: Route) -> None:
    assert route.auth is not Auth.SERVICE
    assert not route.path.startswith("/internal")


@pytest.mark.parametrize("written", WRITTEN, ids=lambda written: written["name"])
def test_every_route_is_written_with_its_policy_limit_and_time_out(written: dict[str, Any]) -> None:
    """No default speaks for them: whoever reads a route sees whom it lets in, how often and for how long."""
    assert written.keys() >= {"auth", "limit", "timeout"}


@pytest.mark.parametrize("route", TABLE.routes, ids=lambda route: route.name)
def test_who_needs_no_credential_is_counted_by_address(route: GatewayRoute) -> None:
    """Anybody could have a new one for each request, if it were anything else."""
    if route.auth in ("public", "optional"):
        assert TABLE.limits[route.limit].key == "address"


def test_every_route_declares_its_policy_limit_and_time_out() -> None:
    for route in TABLE.routes:
        assert re.fullmatch(r"public|optional|user|session|(role|scope):\S+", route.auth)
        assert route.limit in TABLE.limits
        assert 0 < route.timeout <= 7200
        assert route.max_body >= 0


def test_what_a_route_wants_proved_can_be_proved() -> None:
    """RFC 9470: who is told to step up must be able to, and the way there asks for nothing."""
    for route in TABLE.routes:
        if route.acr != ANY_ACR or route.max_age:
            assert route.auth == "session" or route.auth.startswith("role:")
    way = TABLE.match("POST", "/v1/auth/step-up")
    assert (way.auth, way.acr, way.max_age) == ("session", ANY_ACR, 0)


EXEMPLARY = [route for _, route in SERVED if route.example is not None]


def test_what_people_try_first_has_an_example() -> None:
    shown = {route.path.rpartition("/")[2] for route in EXEMPLARY}
    assert shown >= {"register", "login", "me", "api-keys", "shares"}


@pytest.mark.parametrize("route", EXEMPLARY, ids=_name)
def test_example_is_a_body_that_its_route_takes(route: Route) -> None:
    body = read_signature(route).body
    assert body is not None
    msgspec.convert(route.example, body)


def test_api_keys_know_the_scopes_that_the_built_in_routes_ask_for() -> None:
    """Whatever looks like one of these and isn't is refused as mistyped."""
    asked = {written["auth"].removeprefix("scope:") for written in WRITTEN if written["auth"].startswith("scope:")}
    assert asked | {"full"} == set(SCOPES)
