"""The route file is refused whole, with the line of every mistake, or taken whole."""

from pathlib import Path

import pytest

from gateway.limits.policy import parse_policy
from gateway.routes.load import load_routes
from gateway.routes.model import RoutesError
from tests.unit.gateway.routes.loading import FIRST, LIMITS, ROUTE, SHIPPED, UPSTREAMS, Load


def test_websocket_route_takes_get_alone(load: Load) -> None:
    (route,) = load(LIMITS + ROUTE + "websocket = true\nidle = 60\n").routes
    assert (route.websocket, route.idle, set(route.methods)) == (True, 60.0, {"GET"})
    (route,) = load(LIMITS + ROUTE).routes
    assert (route.websocket, route.idle) == (False, 300.0)


def test_websocket_route_of_another_kind_is_refused(load: Load) -> None:
    line = FIRST + 1
    posting = ROUTE.replace('["GET"]', '["GET", "POST"]')
    assert load.mistakes(LIMITS + posting + "websocket = true\n") == [
        (line - 5, "a websocket route takes GET alone"),
    ]
    assert load.mistakes(LIMITS + ROUTE.replace("user_service", "local") + "websocket = true\n") == [
        (line, "the gateway's own pages are no websockets"),
    ]
    assert load.mistakes(LIMITS + ROUTE + "idle = 0\n") == [
        (line, "idle must be a number of seconds above 0, at most 86400"),
    ]


def test_route_has_what_the_file_says(load: Load) -> None:
    (route,) = load(LIMITS + ROUTE + 'max_body = "2 MiB"\npass_credentials = true\n').routes
    assert (route.name, route.prefix, route.exact) == ("users", "/v1/users", False)
    assert route.methods == {"GET", "HEAD"}
    assert (route.upstream, route.auth, route.limit) == ("user_service", "user", "wide")
    assert (route.timeout, route.max_body, route.pass_credentials) == (10.0, 2 * 1024**2, True)


def test_unsaid_things_are_the_strict_ones(load: Load) -> None:
    (route,) = load(LIMITS + ROUTE).routes
    assert (route.max_body, route.pass_credentials) == (64 * 1024, False)


def test_limit_classes_come_with_the_table(load: Load) -> None:
    login = load(LIMITS + ROUTE).limits["login"]
    assert (login.name, login.policy, login.key, login.strict) == ("login", "20 per 15 minutes", "address", True)


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        pytest.param("colour = 1", "unknown key 'colour'", id="unknown key"),
        pytest.param('max_body = "2 MB"', "max_body must be", id="unknown unit"),
        pytest.param(f'max_body = "{"9" * 5000} B"', "max_body must be", id="size of 5,000 digits"),
        pytest.param("max_body = -1", "max_body must be", id="negative size"),
        pytest.param("max_body = true", "max_body must be", id="size of a wrong type"),
        pytest.param("pass_credentials = 1", "pass_credentials must be", id="flag of a wrong type"),
        pytest.param('exact = "/v1/x"', "either prefix or exact", id="two paths"),
    ],
)
def test_mistake_in_a_further_key_is_told_with_its_line(load: Load, extra: str, said: str) -> None:
    """R12: a bad file is refused with the line."""
    ((line, text),) = load.mistakes(f"{LIMITS}{ROUTE}{extra}\n")
    assert said in text
    assert line == (FIRST + 1 if "exact" not in extra else FIRST - 5)


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ('"/v1/users"', '"v1/users"', "not a path"),
        ('"/v1/users"', '"/v1/users/"', "not a path"),
        ('"/v1/users"', '"/v1/../users"', "not a path"),
        ('"/v1/users"', '"/v1//users"', "not a path"),
        ('"/v1/users"', '"/v1/%75sers"', "not a path"),
        ('"/v1/users"', "7", "prefix must be a text"),
        ('"/v1/users"', '"/internal"', "private ports"),
        ('"/v1/users"', '"/Metrics/x"', "private ports"),
        ('"/v1/users"', '"/livez"', "private ports"),
        ('"/v1/users"', '"/readyz"', "private ports"),
        ('"user_service"', '"mail_service"', "upstream 'mail_service' is none of"),
        ('auth = "user"', 'auth = "admin"', "auth 'admin' is none of"),
        ('auth = "user"', 'auth = "role:"', "auth 'role:' is none of"),
        ('auth = "user"', 'auth = "scope:a b"', "auth 'scope:a b' is none of"),
        ('auth = "user"', 'auth = "group:x"', "auth 'group:x' is none of"),
        ('"wide"', '"narrow"', "limit 'narrow' is none of"),
        ('"wide"', '"login"', "only public routes"),
        ("timeout = 10", "timeout = 0", "timeout must be"),
        ("timeout = 10", 'timeout = "10"', "timeout must be"),
        ("timeout = 10", "timeout = nan", "timeout must be"),
        ("timeout = 10", "timeout = true", "timeout must be"),
        ('["GET"]', "[]", "methods must be"),
        ('["GET"]', '["get"]', "methods must be"),
        ('["GET"]', '["TRACE"]', "methods must be"),
        ('["GET"]', '"GET"', "methods must be"),
        ('["GET"]', "[1]", "methods must be"),
        ('"users"', '""', "name must be"),
        ('"100 per minute"', '"100 per fortnight"', "is not a limit"),
        ('"100 per minute"', "100", "policy must be a text"),
        ('key = "user"', 'key = "session"', "key 'session' is none of"),
        ("strict = true", 'strict = "yes"', "strict must be"),
        ("strict = true", "soft = true", "unknown key 'soft'"),
    ],
)
def test_wrong_value_is_told_with_its_line(load: Load, right: str, wrong: str, said: str) -> None:
    """R12: a bad file is refused with the line."""
    text = LIMITS + ROUTE
    expected = next(number for number, line in enumerate(text.splitlines(), 1) if right in line)
    found = load.mistakes(text.replace(right, wrong, 1))
    assert [(line, said in message) for line, message in found] == [(expected, True)]


@pytest.mark.parametrize("auth", ["public", "optional", "user", "session", "role:admin", "scope:files:read"])
def test_policy_may_ask_for_a_session_a_role_or_a_scope(load: Load, auth: str) -> None:
    (route,) = load(LIMITS + ROUTE.replace('auth = "user"', f'auth = "{auth}"')).routes
    assert route.auth == auth


def test_route_for_a_grant_never_counts_by_address(load: Load) -> None:
    """People behind one address must not meet each other's limit."""
    text = LIMITS + ROUTE.replace('auth = "user"', 'auth = "role:admin"').replace('"wide"', '"login"')
    ((_, said),) = load.mistakes(text)
    assert "only public routes" in said


def test_missing_key_is_told_with_the_line_of_its_table(load: Load) -> None:
    assert load.mistakes(LIMITS + ROUTE.replace('auth = "user"\n', "")) == [(9, "auth is missing")]


def test_all_mistakes_are_told_at_once_in_order(load: Load) -> None:
    broken = LIMITS.replace("20 per", "0 per") + ROUTE.replace("GET", "GOT").replace("wide", "slim") + "a = 1\n"
    assert [line for line, _ in load.mistakes(broken)] == [5, 12, 15, 17]


def test_two_routes_for_one_thing_are_a_mistake(load: Load) -> None:
    twin = ROUTE.replace('"users"', '"people"')
    assert load.mistakes(LIMITS + ROUTE + twin) == [
        (FIRST + 5, "GET /v1/users is route 'users' already"),
        (FIRST + 5, "HEAD /v1/users is route 'users' already"),
    ]


def test_name_is_given_once(load: Load) -> None:
    twin = ROUTE.replace("/v1/users", "/v1/people")
    assert load.mistakes(LIMITS + ROUTE + twin) == [(FIRST + 3, "name 'users' is taken by the route in line 9")]


def test_exact_path_and_prefix_may_share_their_spelling(load: Load) -> None:
    exact = ROUTE.replace('name = "users"', 'name = "all_users"').replace("prefix", "exact")
    assert len(load(LIMITS + ROUTE + exact).routes) == 2


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("a = 1\nb = = 2\n", 2, "is not TOML"),
        ("a = 'x", 1, "is not TOML"),
        (f"a = {'9' * 5000}", 1, "is not TOML"),
        (f"a = {'[' * 5000}", 1, "is not TOML"),
        ("upstreams = 3\n" + LIMITS + ROUTE, 1, "upstreams are tables"),
        (LIMITS, 1, "there is no [[route]]"),
        (LIMITS + ROUTE + "[extra]\n", FIRST + 1, "unknown key 'extra'"),
        ("surprise = 1\n" + LIMITS + ROUTE, 1, "unknown key 'surprise'"),
        ("limits = 3\n" + ROUTE, 1, "limit classes are tables"),
        (LIMITS + "[route]\nname = 'x'\n", 8, "array of tables"),
    ],
)
def test_file_of_another_shape_is_refused(load: Load, text: str, line: int, said: str) -> None:
    assert (line, True) in [(at, said in message) for at, message in load.mistakes(text)]


def test_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "latin.toml").write_bytes(b"\xff")
    for name in ("absent.toml", "latin.toml"):
        with pytest.raises(RoutesError, match="can't be read"):
            load_routes(tmp_path / name, UPSTREAMS, parse_policy)


def test_shipped_file_is_right() -> None:
    table = load_routes(SHIPPED, UPSTREAMS, parse_policy)
    assert {"page", "anonymous", "login", "refresh", "mail", "export", "user", "drop"} == set(table.limits)


@pytest.mark.parametrize(
    ("method", "path", "name", "auth", "limit"),
    [
        ("GET", "/", "landing_page", "public", "page"),
        ("HEAD", "/docs", "docs", "public", "page"),
        ("GET", "/openapi.json", "openapi", "public", "page"),
        ("GET", "/.well-known/jwks.json", "jwks", "public", "page"),
        ("POST", "/v1/auth/register", "register", "public", "anonymous"),
        ("POST", "/v1/auth/login", "login", "public", "login"),
        ("POST", "/v1/auth/refresh", "refresh", "public", "refresh"),
        ("POST", "/v1/auth/api-keys", "account", "session", "user"),
        ("DELETE", "/v1/auth/api-keys/1", "account", "session", "user"),
        ("POST", "/v1/auth/logout", "account", "session", "user"),
        ("GET", "/v1/auth/sessions", "account", "session", "user"),
        ("DELETE", "/v1/auth/sessions/1", "account", "session", "user"),
        ("POST", "/v1/auth/password", "account", "session", "user"),
        ("POST", "/v1/auth/account/deletion", "account", "session", "user"),
        ("POST", "/v1/auth/account/export", "account_export", "session", "export"),
        ("GET", "/v1/admin/accounts", "administration", "role:admin", "user"),
        ("PUT", "/v1/admin/accounts/1/roles", "administration", "role:admin", "user"),
        ("GET", "/v1/admin/users", "administration", "role:admin", "user"),
        ("GET", "/v1/admin/files/1", "file_administration", "role:admin", "user"),
        ("DELETE", "/v1/admin/files/1", "file_takedown", "role:admin", "user"),
        ("PUT", "/v1/admin/users/1/roles", "administration", "role:admin", "user"),
        ("PATCH", "/v1/users/me", "profile_change", "scope:users:write", "user"),
        ("GET", "/v1/users", "users", "scope:users:read", "user"),
        ("POST", "/v1/files", "file_upload", "scope:files:write", "user"),
        ("PUT", "/v1/files/notes.txt", "file_upload_by_name", "scope:files:write", "user"),
        ("GET", "/v1/files", "files", "scope:files:read", "user"),
        ("GET", "/v1/files/1/content", "files", "scope:files:read", "user"),
        ("DELETE", "/v1/files/1", "file_deletion", "scope:files:write", "user"),
    ],
)
def test_shipped_file_serves_the_public_interface(method: str, path: str, name: str, auth: str, limit: str) -> None:
    route = load_routes(SHIPPED, UPSTREAMS, parse_policy).match(method, path)
    assert (route.name, route.auth, route.limit) == (name, auth, limit)


def test_file_that_is_put_to_its_name_is_never_sent_again() -> None:
    """Each makes a new one, although HTTP takes a PUT for repeatable."""
    assert load_routes(SHIPPED, UPSTREAMS, parse_policy).match("PUT", "/v1/files/notes.txt").retries == 0
