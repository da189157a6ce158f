import pytest

from shared.web.origins import takes_passkeys


@pytest.mark.parametrize(
    ("public_url", "taken"),
    [
        ("https://people.example", True),
        ("https://people.example:8443/prefix", True),
        ("http://localhost:8080", True),
        ("http://people.localhost", True),
        ("http://localhost.", True),
        ("http://people.example", False),
        ("http://notlocalhost", False),
        ("http://127.0.0.1:8080", False),
        ("https://192.0.2.7", False),
        ("https://[2001:db8::1]:8443", False),
    ],
)
def test_browsers_take_passkeys_at_names_alone_and_in_safety(public_url: str, *, taken: bool) -> None:
    assert takes_passkeys(public_url) is taken
