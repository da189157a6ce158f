import pytest

from gateway.valkey.place import Place, is_cluster, read_cluster_url, read_url


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("redis://127.0.0.1", Place("", "127.0.0.1", 6379, "default", "", 0, False, None)),
        ("redis://h:7000/3", Place("", "h", 7000, "default", "", 3, False, None)),
        ("redis://:p%40ss@h", Place("", "h", 6379, "default", "p@ss", 0, False, None)),
        ("redis://gate:pass@[::1]:7000?db=2", Place("", "::1", 7000, "gate", "pass", 2, False, None)),
        ("rediss://h?ssl_ca_certs=/etc/ca.pem", Place("", "h", 6379, "default", "", 0, True, "/etc/ca.pem")),
        ("unix:///run/valkey.sock", Place("/run/valkey.sock", "localhost", 6379, "default", "", 0, False, None)),
        ("unix://gate:pass@/a%20b.sock?db=1", Place("/a b.sock", "localhost", 6379, "gate", "pass", 1, False, None)),
    ],
)
def test_url_says_where_valkey_is(url: str, place: Place) -> None:
    assert read_url(url) == place


@pytest.mark.parametrize(
    "url", ["redis://gate:p%40%2Fss@h:7000/3", "rediss://[::1]?ssl_ca_certs=/etc/my%20ca.pem", "redis://h"]
)
def test_place_says_its_url(url: str) -> None:
    assert read_url(read_url(url).url) == read_url(url)


def test_url_of_a_cluster_names_some_of_its_nodes() -> None:
    url = "rediss+cluster://gate:p%40ss@one,[::1]:7001,three:7002?ssl_ca_certs=/etc/ca.pem"
    assert is_cluster(url)
    assert not is_cluster("redis://one")
    assert read_cluster_url(url) == [
        Place("", host, port, "gate", "p@ss", 0, True, "/etc/ca.pem")
        for host, port in [("one", 6379), ("::1", 7001), ("three", 7002)]
    ]
