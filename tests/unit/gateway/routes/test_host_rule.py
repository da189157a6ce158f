from pathlib import Path

import pytest

from gateway.limits.policy import parse_policy
from gateway.routes.load import load_routes
from gateway.routes.match import RouteTable
from gateway.routes.model import RoutesError
from tests.stores import ROOT

UPSTREAMS = {"auth_service": "http://a", "user_service": "http://u", "file_service": "http://f"}
FILE = """
[limits.page]
policy = "10 per minute"
key = "address"

[[route]]
name = "pictures"
prefix = "/pictures"
methods = {methods}
upstream = "{upstream}"
auth = "{auth}"
limit = "page"
timeout = 5
"""


def load(folder: Path, more: str, methods: str = '["GET"]', auth: str = "public", upstream: str = "f") -> RouteTable:
    path = folder / "routes.toml"
    named = {"f": "file_service", "local": "local"}[upstream]
    path.write_text(FILE.format(methods=methods, auth=auth, upstream=named) + more)
    return load_routes(path, UPSTREAMS, parse_policy)


def test_route_says_that_it_is_for_the_second_host(tmp_path: Path) -> None:
    assert load(tmp_path, 'host = "content"').match("GET", "/pictures/a").host == "content"
    assert load(tmp_path, "").match("GET", "/pictures/a").host == "public"


@pytest.mark.parametrize(
    ("changes", "more", "told"),
    [
        ({"auth": "optional"}, "", "nobody is signed in there"),
        ({"auth": "user"}, "", "nobody is signed in there"),
        ({}, "pass_credentials = true", "can't have pass_credentials"),
        ({"methods": '["GET", "POST"]'}, "", "takes GET alone"),
        ({"methods": '["DELETE"]'}, "", "takes GET alone"),
        ({}, "websocket = true", "neither websockets"),
        ({"upstream": "local"}, "", "neither websockets"),
    ],
)
def test_what_knows_of_people_is_not_for_the_second_host(
    tmp_path: Path, changes: dict[str, str], more: str, told: str
) -> None:
    with pytest.raises(RoutesError, match=told):
        load(tmp_path, f'host = "content"\n{more}', **changes)


@pytest.mark.parametrize("host", ['"files.example.net"', "true", '""'])
def test_other_hosts_are_a_mistake(tmp_path: Path, host: str) -> None:
    with pytest.raises(RoutesError, match="host"):
        load(tmp_path, f"host = {host}")


def test_shipped_routes_of_the_second_host_give_bytes_and_nothing_else() -> None:
    table = load_routes(ROOT / "gateway" / "routes.toml", UPSTREAMS, parse_policy)
    there = {route.prefix for route in table.routes if route.host == "content"}
    assert there == {"/v1/files/public", "/v1/files/shared", "/v1/files/signed"}
