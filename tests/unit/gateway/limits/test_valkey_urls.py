import pytest

from gateway.limits.connection import Place, read_url


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("redis://127.0.0.1", Place("", "127.0.0.1", 6379, "default", "", 0, None)),
        ("redis://h:7000/3", Place("", "h", 7000, "default", "", 3, None)),
        ("redis://:p%40ss@h", Place("", "h", 6379, "default", "p@ss", 0, None)),
        ("redis://gate:pass@[::1]:7000?db=2", Place("", "::1", 7000, "gate", "pass", 2, None)),
        ("rediss://h?ssl_ca_certs=/etc/ca.pem", Place("", "h", 6379, "default", "", 0, "/etc/ca.pem")),
        ("unix:///run/valkey.sock", Place("/run/valkey.sock", "localhost", 6379, "default", "", 0, None)),
        ("unix://gate:pass@/a%20b.sock?db=1", Place("/a b.sock", "localhost", 6379, "gate", "pass", 1, None)),
    ],
)
def test_url_says_where_valkey_is(url: str, place: Place) -> None:
    assert read_url(url) == place
