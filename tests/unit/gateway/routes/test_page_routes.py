"""Pages are open to everybody, and what is guessed at on them is limited as it is in the API."""

from pathlib import Path

import pytest

from gateway.limits.policy import parse_policy
from gateway.routes.load import load_routes

SHIPPED = Path(__file__).parents[4] / "gateway" / "routes.toml"
UPSTREAMS = dict.fromkeys(("auth_service", "user_service", "file_service"), "http://127.0.0.1:1")
TABLE = load_routes(SHIPPED, UPSTREAMS, parse_policy)


@pytest.mark.parametrize(
    ("method", "path", "limit"),
    [
        ("GET", "/account", "page"),
        ("POST", "/account/password", "page"),
        ("GET", "/account/sign-in", "page"),
        ("POST", "/account/sign-in", "login"),
        ("POST", "/account/sign-in/second-factor/code", "login"),
        ("POST", "/account/sign-in/passkey", "login"),
        ("POST", "/account/step-up/code", "login"),
        ("GET", "/account/step-up", "page"),
        ("GET", "/account/register", "page"),
        ("GET", "/account/forgot", "page"),
        ("POST", "/account/forgot", "mail"),
        ("POST", "/account/verify/resend", "mail"),
        ("POST", "/account/sign-in/mail", "mail"),
        ("POST", "/account/email/resend", "mail"),
        ("POST", "/account/sign-in/code", "login"),
        ("POST", "/account/reset", "login"),
        ("POST", "/account/register", "anonymous"),
    ],
)
def test_pages_are_limited_by_what_they_do(method: str, path: str, limit: str) -> None:
    assert TABLE.match(method, path).limit == limit


PAGES = [each for each in TABLE.routes if each.prefix.startswith("/account") and each.auth != "session"]


@pytest.mark.parametrize("route", PAGES)
def test_pages_of_the_account_see_the_session_cookie(route: object) -> None:
    assert (getattr(route, "auth", None), getattr(route, "pass_credentials", None)) == ("public", True)


def test_pages_of_other_services_are_told_who_comes() -> None:
    others = {each.prefix for each in TABLE.routes if each.prefix.startswith("/account")} - {
        each.prefix for each in PAGES
    }
    assert others == {"/account/profile"}
