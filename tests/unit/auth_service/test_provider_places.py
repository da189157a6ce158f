"""Where we go on somebody's word, and where not."""

import pytest

from auth_service.providers.places import is_beside, is_safe_place, with_query

ISSUER, LOCAL = "https://id.example.org/realms/a", "http://127.0.0.1:7000"


@pytest.mark.parametrize("url", [
    "https://id.example.org", "https://id.example.org:8443/a?b=c", "http://127.0.0.1:7000/x", "http://[::1]:7000",
    "http://localhost:7000",
])  # fmt: skip
def test_safe_place(url: str) -> None:
    assert is_safe_place(url)


@pytest.mark.parametrize("url", [
    "", "https://", "http://id.example.org", "ftp://id.example.org", "//id.example.org", "https://a:b@id.example.org",
    "https://id.example.org#a", "https://id.example.org/\r\n", "https://id.example.org/ a", "https://id.example.org\\@e",
    "https://é.example", "https://[::1", "https://h:0", "https://h:99999", "http://127.0.0.1.evil.example",
    "https://h/" + "x" * 2048,
])  # fmt: skip
def test_place_that_is_not_safe(url: str) -> None:
    assert not is_safe_place(url)


@pytest.mark.parametrize(("url", "issuer", "beside"), [
    ("https://id.example.org/token", ISSUER, True),
    ("https://tokens.example.net/token", ISSUER, True),  # as Google's are
    ("http://id.example.org/token", ISSUER, False),
    ("http://127.0.0.1/token", ISSUER, False),
    ("https://127.0.0.1/token", ISSUER, False),
    ("https://localhost/token", ISSUER, False),
    ("http://127.0.0.1:7000/token", LOCAL, True),
    ("http://localhost:7001/token", LOCAL, True),
    ("https://id.example.org/token", LOCAL, False),
    ("nonsense", ISSUER, False),
])  # fmt: skip
def test_endpoint_is_beside_its_issuer(url: str, issuer: str, *, beside: bool) -> None:
    assert is_beside(url, issuer) is beside


def test_query_is_put_behind_what_is_there() -> None:
    assert with_query("https://h/a", {"b": "c d"}) == "https://h/a?b=c+d"
    assert with_query("https://h/a?x=y", {"b": "&"}) == "https://h/a?x=y&b=%26"
