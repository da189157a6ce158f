"""Which route a request takes, and that private paths take none."""

from collections.abc import Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.routes.match import RouteTable
from gateway.routes.model import Route
from shared.errors import MethodNotAllowed, NotFound


def route(name: str, prefix: str, *methods: str, exact: bool = False) -> Route:
    return Route(
        name, prefix, exact, frozenset(methods or ["GET"]), "up", "public", "page", 1.0, 0, pass_credentials=False
    )


def table(*routes: Route) -> RouteTable:
    return RouteTable(routes, {}, {})


TABLE = table(
    route("api", "/v1"),
    route("users", "/v1/users", "GET", "PATCH"),
    route("me", "/v1/users/me", "GET", exact=True),
    route("upload", "/v1/files", "POST", exact=True),
    route("files", "/v1/files", "GET", "DELETE"),
    route("home", "/", exact=True),
)


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("GET", "/", "home"),
        ("GET", "/v1", "api"),
        ("GET", "/v1/", "api"),
        ("GET", "/v1/other/deep", "api"),
        ("PATCH", "/v1/users", "users"),
        ("PATCH", "/v1/users/1", "users"),
        ("GET", "/v1/users/me", "me"),
        ("GET", "/v1/users/me/", "users"),
        ("GET", "/v1/users/me/x", "users"),
        ("GET", "/v1/usersandmore", "api"),
        ("POST", "/v1/files", "upload"),
        ("GET", "/v1/files", "files"),
        ("DELETE", "/v1/files/1", "files"),
    ],
)
def test_longest_match_on_segment_borders_wins(method: str, path: str, name: str) -> None:
    assert TABLE.match(method, path).name == name


@given(st.lists(st.sampled_from(["v1", "users", "me", "files", "x"]), max_size=4))
def test_first_of_those_that_cover_a_path_is_where_the_match_is_made(segments: list[str]) -> None:
    path = "/" + "/".join(segments)
    covering = TABLE.covering(path)
    for method in ("GET", "PATCH", "POST", "DELETE"):
        try:
            found = TABLE.match(method, path)
        except NotFound:
            assert not covering
        except MethodNotAllowed:
            assert all(method not in each.methods for each in covering if each.prefix == covering[0].prefix)
        else:
            assert found.prefix == covering[0].prefix
            assert found in covering


@pytest.mark.parametrize("path", ["/v2", "/v10/users", "/index.html", "/V1/users"])
def test_unknown_path_is_not_found(path: str) -> None:
    with pytest.raises(NotFound):
        TABLE.match("GET", path)
    with pytest.raises(NotFound):
        TABLE.methods(path)


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/v1/users/1", "GET, PATCH"),
        ("PATCH", "/v1/users/me", "GET"),
        ("PATCH", "/v1/files", "DELETE, GET, POST"),
        ("TRACE", "/", "GET"),
        ("get", "/", "GET"),
        ("OPTIONS", "/v1/files/1", "DELETE, GET"),
    ],
)
def test_method_that_the_longest_match_lacks_never_falls_through(method: str, path: str, allow: str) -> None:
    """G12: TRACE and the like are 405, with Allow; a shorter prefix's laxer rules never apply."""
    with pytest.raises(MethodNotAllowed) as refused:
        TABLE.match(method, path)
    assert refused.value.headers == {"Allow": allow}


def private_paths() -> Iterable[str]:
    for segment in ("livez", "readyz", "metrics", "internal", "INTERNAL", "Livez"):
        yield from (f"/{segment}", f"/{segment}/", f"/{segment}/events")


@pytest.mark.parametrize("path", list(private_paths()))
def test_private_paths_match_nothing_whatever_the_table_says(path: str) -> None:
    catch_all = table(route("all", "/"), route("exactly", path, exact=True), route("below", path))
    with pytest.raises(NotFound):
        catch_all.match("GET", path)


def test_root_prefix_matches_the_rest() -> None:
    assert table(route("all", "/")).match("GET", "/anything/at/all").name == "all"


@given(st.lists(st.sampled_from(["a", "b", "c"]), max_size=4), st.lists(st.sampled_from(["a", "b", "c"]), max_size=5))
def test_prefix_matches_exactly_what_is_at_or_below_it(prefix: list[str], path: list[str]) -> None:
    routes = table(route("one", "/" + "/".join(prefix)))
    if path[: len(prefix)] == prefix:
        assert routes.match("GET", "/" + "/".join(path)).name == "one"
    else:
        with pytest.raises(NotFound):
            routes.match("GET", "/" + "/".join(path))
