"""Whatever sends mail is limited as mail, and whatever spends a link as a login."""

from pathlib import Path

import pytest

from gateway.limits.policy import parse_policy
from gateway.routes.load import load_routes

SHIPPED = Path(__file__).parents[4] / "gateway" / "routes.toml"
UPSTREAMS = dict.fromkeys(("auth_service", "user_service", "file_service"), "http://127.0.0.1:1")


@pytest.mark.parametrize(
    ("method", "path", "name", "auth", "limit"),
    [
        ("GET", "/v1/auth/email", "account", "session", "user"),
        ("POST", "/v1/auth/email", "account", "session", "user"),
        ("PATCH", "/v1/auth/mail-settings", "account", "session", "user"),
        ("POST", "/v1/auth/email/verify", "email_verification", "public", "login"),
        ("POST", "/v1/auth/email/verify/resend", "email_verification_mail", "public", "mail"),
        ("POST", "/v1/auth/password/forgot", "password_reset_mail", "public", "mail"),
        ("POST", "/v1/auth/password/reset", "password_reset", "public", "login"),
        ("POST", "/v1/auth/sign-in/code", "sign_in_code_mail", "public", "mail"),
        ("POST", "/v1/auth/sign-in/code/confirm", "sign_in_by_code", "public", "login"),
        ("POST", "/v1/auth/sign-in/link", "sign_in_link_mail", "public", "mail"),
        ("POST", "/v1/auth/sign-in/link/confirm", "sign_in_by_link", "public", "login"),
        ("POST", "/v1/auth/email/confirm", "email_change_confirmation", "public", "login"),
        ("POST", "/v1/auth/email/undo", "email_change_undoing", "public", "login"),
    ],
)
def test_shipped_file_serves_mailed_links(method: str, path: str, name: str, auth: str, limit: str) -> None:
    route = load_routes(SHIPPED, UPSTREAMS, parse_policy).match(method, path)
    assert (route.name, route.auth, route.limit) == (name, auth, limit)
