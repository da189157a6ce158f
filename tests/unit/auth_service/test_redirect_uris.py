"""Where apps may be reached, and that nothing beside it is."""

import pytest

from auth_service.domain.redirect_uris import accept_redirect_uri, is_redirect_uri
from auth_service.errors import InvalidRedirectUri

GOOD = [
    "https://app.example.org/signed-in", "https://app.example.org/?a=b", "http://127.0.0.1:7000/cb", "http://[::1]/cb",
    "http://localhost/cb", "org.example.app:/signed-in", "org.example.app://signed-in",
]  # fmt: skip


@pytest.mark.parametrize("uri", GOOD)
def test_address_of_an_app_can_be_listed(uri: str) -> None:
    assert is_redirect_uri(uri)
    assert accept_redirect_uri(uri, (uri,)) == uri


@pytest.mark.parametrize("uri", [
    "", "https://", "http://app.example.org/cb", "javascript:alert(1)", "data:text/html,x", "app:/cb", "file:///etc",
    "https://a@evil.example/", "http://127.0.0.1@evil.example/", "https://app.example.org/#a", "https://a\\b",
    "https://a b", "https://a/\r\nX: y", "https://é.example", "https://[::1", "//app.example.org", "/cb", "x" * 513,
])  # fmt: skip
def test_what_is_none_cannot_be_listed(uri: str) -> None:
    assert not is_redirect_uri(uri)


@pytest.mark.parametrize("uri", [
    "https://app.example.org/signed-in/", "https://app.example.org/signed-in?a", "https://APP.example.org/signed-in",
    "https://app.example.org/signed-in/../evil", "https://app.example.org.evil.example/signed-in", "",
    "http://127.0.0.1:7001/cb",
])  # fmt: skip
def test_address_that_only_resembles_a_listed_one_is_refused(uri: str) -> None:
    """A17"""
    with pytest.raises(InvalidRedirectUri):
        accept_redirect_uri(uri, tuple(GOOD))
