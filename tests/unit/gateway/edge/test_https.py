import pytest
from multidict import CIMultiDict

from gateway.edge.https import HttpsOnly, HttpsRequired

PUBLIC_URL = "https://api.example.org/app"
BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"


def headers(**named: str) -> CIMultiDict[str]:
    return CIMultiDict({"Accept": BROWSER} | named)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/", "", "/"),
        ("/docs", "?a=b&c=%20d", "/docs?a=b&c=%20d"),
        ("/shares/a%20b", "", "/shares/a%20b"),
        ("/very/v1", "", "/very/v1"),
    ],
)
def test_browser_is_sent_to_the_same_page(method: str, path: str, query: str, expected: str) -> None:
    assert HttpsOnly(PUBLIC_URL).location(method, headers(), path, query) == PUBLIC_URL + expected


@pytest.mark.parametrize("query", ["?\r\nSet-Cookie: a=b", '?"><script>', "?a\x00b", "?é"])
def test_nothing_but_a_query_gets_into_the_location(query: str) -> None:
    """G20"""
    location = HttpsOnly(PUBLIC_URL).location("GET", headers(), "/docs", query)
    assert location.startswith(f"{PUBLIC_URL}/docs?")
    assert location.isascii()
    assert not set(location) & set('\r\n\0"<> ')


@pytest.mark.parametrize(
    ("method", "path", "named"),
    [
        pytest.param("GET", "/v1/users/me", {}, id="browser at the API"),
        pytest.param("GET", "/v12", {}, id="another version"),
        pytest.param("GET", "/.well-known/jwks.json", {}, id="well-known"),
        pytest.param("GET", "/docs", {"Accept": "*/*"}, id="curl"),
        pytest.param("GET", "/docs", {"Accept": ""}, id="nothing accepted"),
        pytest.param("GET", "/docs", {"Authorization": "Bearer x"}, id="token in the clear"),
        pytest.param("POST", "/docs", {}, id="form"),
        pytest.param("OPTIONS", "/docs", {}, id="preflight"),
    ],
)
def test_everything_else_is_refused(method: str, path: str, named: dict[str, str]) -> None:
    with pytest.raises(HttpsRequired):
        HttpsOnly(PUBLIC_URL).location(method, headers(**named), path, "")


@pytest.mark.parametrize(
    ("proto", "expected"),
    [
        (" https", False),
        ("https", False),
        ("http", True),
        ("HTTP ", True),
        ("https, http", False),
        ("http, https", True),
        ("http,https", True),
        ("wss", False),
        ("", False),
    ],
)
def test_outermost_proxy_says_how_the_client_came(proto: str, expected: bool) -> None:  # noqa: FBT001  of the test
    assert HttpsOnly(PUBLIC_URL).lacks(proto) == expected


def test_nothing_is_lacking_where_https_was_never_promised() -> None:
    assert not HttpsOnly("http://127.0.0.1:8080").lacks("http")
