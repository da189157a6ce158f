"""Where signing in with others is reached."""

import pytest

from gateway.limits.policy import parse_policy
from gateway.routes.load import load_routes
from tests.stores import ROOT

UPSTREAMS = dict.fromkeys(("auth_service", "user_service", "file_service"), "http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("method", "path", "name", "auth", "limit"),
    [
        ("GET", "/v1/auth/providers", "providers", "public", "page"),
        ("POST", "/v1/auth/providers/google/start", "provider_sign_in_of_apps", "public", "login"),
        ("POST", "/v1/auth/providers/redeem", "provider_sign_in_of_apps", "public", "login"),
        ("GET", "/account/sign-in/with/google", "provider_sign_in", "public", "login"),
        ("GET", "/account/sign-in/with/google/callback", "provider_sign_in", "public", "login"),
        ("POST", "/v1/auth/identities/google/start", "account", "session", "user"),
        ("DELETE", "/v1/auth/identities/1", "account", "session", "user"),
    ],
)
def test_shipped_file_leads_there(method: str, path: str, name: str, auth: str, limit: str) -> None:
    route = load_routes(ROOT / "gateway" / "routes.toml", UPSTREAMS, parse_policy).match(method, path)
    assert (route.name, route.auth, route.limit) == (name, auth, limit)
