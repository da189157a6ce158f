import pytest
from multidict import CIMultiDict

from gateway.authentication.cookies import Cookies, is_safe
from gateway.authentication.errors import CrossSiteRequest, InvalidSession

COOKIES = Cookies("https://c.example.org:443/app")
COOKIE = ("Cookie", "__Host-session=v")


def read(*headers: tuple[str, str], safe: bool = False) -> str | None:
    return COOKIES.read(CIMultiDict(headers), safe=safe)


def test_without_a_cookie_nothing_is_asked_of_the_page() -> None:
    assert read() is None
    assert read(("Cookie", "theme=dark"), ("Origin", "https://evil.example")) is None


def test_two_cookies_of_the_name_are_none() -> None:
    for pair in ([COOKIE, COOKIE], [("Cookie", "__Host-session=v; __Host-session=w")]):
        with pytest.raises(InvalidSession):
            read(*pair, safe=True)


@pytest.mark.parametrize("page", [[], [("Origin", "https://evil.example")], [("Sec-Fetch-Site", "cross-site")]])
def test_safe_requests_may_come_from_anywhere(page: list[tuple[str, str]]) -> None:
    """A link to us from a mail opens signed in; SameSite=Lax keeps the rest away."""
    assert read(COOKIE, *page, safe=True) == "v"


@pytest.mark.parametrize(
    "page",
    [
        [("Origin", "https://c.example.org")],
        [("Sec-Fetch-Site", "same-origin")],
        [("Sec-Fetch-Site", "same-origin"), ("Origin", "https://c.example.org")],
    ],
)
def test_our_own_pages_may_change_things(page: list[tuple[str, str]]) -> None:
    assert read(COOKIE, *page) == "v"


@pytest.mark.parametrize(
    "page",
    [
        pytest.param([], id="nothing shows where it comes from"),
        pytest.param([("Origin", "null")], id="null origin"),
        pytest.param([("Origin", "http://c.example.org")], id="other scheme"),
        pytest.param([("Origin", "https://c.example.org.evil.example")], id="suffix"),
        pytest.param([("Origin", "https://app.c.example.org")], id="same site, other host"),
        pytest.param([("Origin", "https://c.example.org:8443")], id="other port"),
        pytest.param([("Origin", "https://c.example.org")] * 2, id="two origins"),
        pytest.param([("Sec-Fetch-Site", "same-site")], id="same site"),
        pytest.param([("Sec-Fetch-Site", "cross-site"), ("Origin", "https://c.example.org")], id="contradiction"),
        pytest.param([("Sec-Fetch-Site", "same-origin")] * 2, id="two Sec-Fetch-Site"),
        pytest.param([("Referer", "https://c.example.org/app")], id="referer alone"),
    ],
)
def test_foreign_pages_change_nothing(page: list[tuple[str, str]]) -> None:
    """A26: whatever the body's type is."""
    with pytest.raises(CrossSiteRequest, match=r"are at https://c\.example\.org\. .* PUBLIC_URL"):
        read(COOKIE, *page)


def test_only_methods_that_change_nothing_are_safe() -> None:
    assert [is_safe(method) for method in ("GET", "HEAD", "OPTIONS")] == [True] * 3
    assert not any(is_safe(method) for method in ("POST", "PUT", "PATCH", "DELETE", "get", "PROPFIND"))
