"""A17: nobody is led away from here by what a link says."""

from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.web.return_path import safe_return_path

HOME = "/account"


@pytest.mark.parametrize("raw", [
    "/", "/account", "/account/sessions", "/a/", "/a?b=c&d=%20", "/a?next=https://evil.example//x", "/a#b//c",
    "/@evil.example", "/a:b", "/a;b", "/a.b/..c", "/%41", "/[x]",
])  # fmt: skip
def test_path_of_ours_is_kept(raw: str) -> None:
    assert safe_return_path(raw, HOME) == raw


@pytest.mark.parametrize("raw", [
    "", "account", "?a", "#a", "http:/a",
    "//evil.example", "///evil.example", "/\\evil.example", "\\/evil.example", "\\\\evil.example", "/a\\b", "/a?\\",
    "https://evil.example", "https:evil.example", "HTTPS://evil.example", "javascript:alert(1)", "data:,x",
    "https://c.example.org@evil.example", "//c.example.org@evil.example", "@evil.example", ".evil.example",
    "/\t/evil.example", "/\n/evil.example", "/\r\nSet-Cookie: a=b", "\t//evil.example", " //evil.example", " /a", "/a ",
    "/a b", "/\0", "/\x7f", "/a\n", "/\u2028", "/é", "/\ud800", "/\uff0fevil.example",
    "/a//b", "/.//evil.example", "/..//evil.example", "/a/../b", "/./a", "/%2e%2e/a", "/%2E./a", "/.%2e//evil.example",
    "/a/..", "/a/.", "/%2f/evil.example", "/%2Fevil.example", "/%5cevil.example", "/%5C%5Cevil.example",
    "/" + "a" * 2048,
])  # fmt: skip
def test_all_else_is_the_default_page(raw: str) -> None:
    assert safe_return_path(raw, HOME) == HOME


@given(st.text(alphabet=st.sampled_from("/\\.:@?#%2eEfF5cC \t\n\0aé"), max_size=12).map(lambda text: f"/{text}"))
def test_whatever_is_kept_stays_on_this_host(raw: str) -> None:
    kept = safe_return_path(raw, HOME)
    there = urlsplit(urljoin("https://c.example.org/sign-in", kept))
    assert (there.scheme, there.netloc) == ("https", "c.example.org")
    assert kept.startswith("/")
    assert kept[1:2] not in ("/", "\\")
