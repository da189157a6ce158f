"""`sign_in` of a route: where a browser is led that nobody is signed in with."""

from pathlib import Path

import pytest

from gateway.limits.policy import parse_policy
from gateway.routes.load import load_routes
from gateway.routes.model import Route, RoutesError
from gateway.routes.sign_in import way_to_sign_in

FILE = """
[limits.wide]
policy = "100 per minute"
key = "user"
[[route]]
name = "pages"
prefix = "/pages"
methods = ["GET"]
upstream = "notes"
auth = "session"
limit = "wide"
timeout = 10
"""


def load(folder: Path, text: str) -> Route:
    (folder / "routes.toml").write_text(text, "utf-8")
    (route,) = load_routes(folder / "routes.toml", {"notes": "http://127.0.0.1:1"}, parse_policy).routes
    return route


def test_page_to_sign_in_on_is_read(tmp_path: Path) -> None:
    assert load(tmp_path, FILE).sign_in == ""
    assert load(tmp_path, FILE + 'sign_in = "/account/sign-in"').sign_in == "/account/sign-in"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("sign_in = 1", "sign_in must be a text"),
        ('sign_in = "https://evil.example/"', "sign_in 'https://evil.example/' is not a path"),
        ('sign_in = "//evil.example"', "is not a path"),
        ('sign_in = "/a?b=c"', "is not a path"),
        ('sign_in = "/ä"', "is not a path"),
        ('sign_in = "/in"\nwebsocket = true', "sign_in is for pages"),
    ],
)
def test_what_is_no_page_is_refused_with_its_line(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(RoutesError) as refused:
        load(tmp_path, FILE + line)
    (mistake,) = refused.value.mistakes
    assert said in mistake.text
    assert mistake.line == FILE.count("\n") + 1


def test_public_route_leads_nobody_anywhere(tmp_path: Path) -> None:
    with pytest.raises(RoutesError, match="sign_in is for pages that ask who is there"):
        load(tmp_path, FILE.replace('"session"', '"public"') + 'sign_in = "/in"')


@pytest.mark.parametrize(
    ("method", "target", "way"),
    [
        ("GET", "/pages/1", "/in?return_to=/pages/1"),
        ("HEAD", "/pages?a=b&c=%20", "/in?return_to=/pages%3Fa%3Db%26c%3D%2520"),
        ("POST", "/pages/1/delete", "/in?return_to=/pages"),
    ],
)
def test_way_leads_back(tmp_path: Path, method: str, target: str, way: str) -> None:
    assert way_to_sign_in(load(tmp_path, FILE + 'sign_in = "/in"'), method, target) == way
