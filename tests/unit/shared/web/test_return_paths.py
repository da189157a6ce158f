import pytest

from shared.web.return_paths import safe_return_path


@pytest.mark.parametrize(
    "path",
    ["/", "/account", "/a/b.html?x=1&y=/z", "/%C3%A9", "/a?next=//b", "/a;b", "/~ada/@me", "/a%20b", "/a?q=%2F%2F"],
)
def test_path_of_ours_is_gone_back_to(path: str) -> None:
    assert safe_return_path(path, "/home") == path


@pytest.mark.parametrize(
    "asked",
    [
        None, "", "account", "//evil.example", "/\\evil.example", "\\\\evil.example", "/\\/evil.example", "///evil",
        "https://evil.example", "HTTPS:evil.example", "javascript:alert(1)", "data:text/html,x", "/a//evil.example",
        "/..//evil.example", "/a/../b", "/a/./b", "/a/..", "/%2e%2e/b", "/%2f/evil", "/%5cevil",
        "/%0d%0aSet-Cookie:x=1",
        "/%00", "/%7f", "/%", "/%zz", "/a\r\nSet-Cookie: x=1", "/\t/evil.example", "/\n/evil.example", " /a", "/a b",
        "/é", "/\u2215evil", "/a#//evil", "@evil.example", ":80/", "http:/evil.example", "?x", "#x", "/" + "a" * 2000,
        "/[::1]", "/\ud800", "/a\0",
    ],
)  # fmt: skip
def test_all_else_leads_home(asked: str | None) -> None:
    """A17: userinfo, suffixes, slashes of both kinds, schemes, controls."""
    assert safe_return_path(asked, "/home") == "/home"
