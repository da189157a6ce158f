"""A17: what a link to our own sign-in page can't be made to lead to."""

from urllib.parse import urljoin, urlsplit

import pytest

from shared.web.return_path import safe_return_path

BASE = "https://c.example.org/account/sign-in"


@pytest.mark.parametrize(
    "path", ["/", "/account", "/a/b.html?x=1&y=/z", "/%C3%A9", "/a?next=//b", "/a;b", "/~ada/@me", "/a?q=%2F%2F", "/a/"]
)
def test_path_of_ours_is_gone_back_to(path: str) -> None:
    assert safe_return_path(path, "/home") == path


@pytest.mark.parametrize(
    "asked",
    [
        "", "account", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\\/evil.example", "///evil",
        "https://evil.example", "HTTPS:evil.example", "javascript:alert(1)", "data:text/html,x", "/a//evil.example",
        "/..//evil.example", "/a/../b", "/a/./b", "/a/..", "/%2e%2e/b", "/%2f/evil", "/%5cevil",
        "/a\r\nSet-Cookie: x=1", "/\t/evil.example", "/\n/evil.example", " /a", "/a b", "/é", "/\u2215evil",
        "@evil.example", ":80/", "http:/evil.example", "?x", "#x", "/" + "a" * 3000, "/\ud800", "/a\0",
    ],
)  # fmt: skip
def test_all_else_leads_home(asked: str) -> None:
    assert safe_return_path(asked, "/home") == "/home"


@pytest.mark.parametrize("text", ["/@evil.example", "/a:b@c", "/.evil.example", "/evil.example/%0d%0ax", "/a?//b#//c"])
def test_what_is_let_through_stays_on_our_host(text: str) -> None:
    assert urlsplit(urljoin(BASE, safe_return_path(text, "/home"))).netloc == "c.example.org"
