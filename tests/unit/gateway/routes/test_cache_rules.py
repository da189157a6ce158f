"""Which routes may have a cache, and which others learn that they take answers away."""

import pytest

from gateway.routes.model import CacheRule
from tests.unit.gateway.routes.loading import FIRST, LIMITS, ROUTE, Load

PUBLIC = ROUTE.replace('auth = "user"', 'auth = "public"')


def other(name: str, **changes: str) -> str:
    values = {"prefix": f'"/v1/{name}"', "methods": '["GET", "POST"]', "upstream": '"user_service"'} | changes
    lines = [f'name = "{name}"', 'auth = "user"', 'limit = "wide"', "timeout = 10"]
    return "\n".join(["", "[[route]]", *lines, *(f"{key} = {value}" for key, value in values.items()), ""])


def test_route_has_no_cache_unless_it_asks_for_one(load: Load) -> None:
    (route,) = load(LIMITS + PUBLIC + "cache = false\n").routes
    assert route.cache is None


def test_cache_has_what_the_file_says(load: Load) -> None:
    (route,) = load(LIMITS + PUBLIC + "cache = true\n").routes
    assert route.cache == CacheRule(keeps=True, max_body=1024**2, headers=("Accept", "Accept-Language"))
    more = 'cache = true\ncache_max_body = "2 MiB"\ncache_headers = ["Accept-Encoding"]\n'
    (route,) = load(LIMITS + PUBLIC + more).routes
    assert route.cache == CacheRule(keeps=True, max_body=2 * 1024**2, headers=("Accept-Encoding",))
    (route,) = load(LIMITS + PUBLIC + "cache = true\ncache_headers = []\n").routes
    assert route.cache is not None
    assert route.cache.headers == ()


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("", "", "only public and optional routes"),
        ('auth = "user"', 'auth = "scope:x"', "only public and optional routes"),
        ('auth = "user"', 'auth = "public"\npass_credentials = true', "can't have pass_credentials"),
        ('auth = "user"', 'auth = "public"\nwebsocket = true', "neither websockets"),
        ("user_service", "local", "the gateway's own pages"),
        ('["GET"]', '["POST"]', "only answers to GET"),
    ],
)
def test_route_that_is_not_for_everybody_has_no_cache(load: Load, right: str, wrong: str, said: str) -> None:
    """R12: a bad file is refused with the line."""
    text = LIMITS + ROUTE.replace(right, wrong) + "cache = true\n"
    line = len(text.splitlines())
    assert (line, said) in [(found, said) for found, told in load.mistakes(text) if said in told]


@pytest.mark.parametrize(
    ("extra", "said"),
    [
        ("cache = 1", "cache must be true or false"),
        ("cache_max_body = 1", "cache_max_body is for routes with cache = true"),
        ("cache_headers = []", "cache_headers is for routes with cache = true"),
        ('cache_max_body = "9 MiB"\ncache = true', "cache_max_body must be at most 8 MiB"),
        ('cache_headers = ["Cookie"]\ncache = true', "cache_headers must be a list of some of Accept,"),
        ('cache_headers = "Accept"\ncache = true', "cache_headers must be a list of some of Accept,"),
    ],
)
def test_mistake_about_the_cache_is_told_with_its_line(load: Load, extra: str, said: str) -> None:
    ((line, told),) = load.mistakes(f"{LIMITS}{PUBLIC}{extra}\n")
    assert told.startswith(said)
    assert line == FIRST + 1


@pytest.mark.parametrize(
    ("route", "takes_away"),
    [
        pytest.param(other("mine"), True, id="same service"),
        pytest.param(other("mine", methods='["GET"]'), False, id="only reads"),
        pytest.param(other("mine", upstream='"auth_service"'), False, id="another service elsewhere"),
        pytest.param(other("users/7", upstream='"auth_service"'), True, id="another service below it"),
        pytest.param(other("x", prefix='"/v1"', upstream='"auth_service"'), True, id="another service above it"),
        pytest.param(other("x", prefix='"/"', upstream='"auth_service"'), True, id="another service for all the rest"),
        pytest.param(other("usersx", upstream='"auth_service"'), False, id="a name that only begins the same"),
        pytest.param(
            other("x", prefix='"/v1/users"', methods='["POST"]', upstream='"auth_service"'), True, id="the same path"
        ),
    ],
)
def test_route_that_may_change_what_is_kept_knows(load: Load, route: str, *, takes_away: bool) -> None:
    keeping, found = load(f"{LIMITS}{PUBLIC}cache = true\n{route}").routes
    assert found.cache == (CacheRule(keeps=False, kept_by=(keeping,)) if takes_away else None)


def test_exact_path_overlaps_only_itself(load: Load) -> None:
    exact = PUBLIC.replace("prefix", "exact") + "cache = true\n"
    below = other("users/7", upstream='"auth_service"', methods='["POST"]')
    assert load(LIMITS + exact + below).routes[1].cache is None


def test_file_without_a_cache_pays_nothing(load: Load) -> None:
    assert {route.cache for route in load(LIMITS + PUBLIC + other("mine")).routes} == {None}
