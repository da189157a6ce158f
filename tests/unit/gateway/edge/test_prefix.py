import pytest

from gateway.edge.prefix import Prefix


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/app", "/"),
        ("/app/", "/"),
        ("/app/v1/users", "/v1/users"),
        ("/v1/users", "/v1/users"),
        ("/apple", "/apple"),
        ("/app/app", "/app"),
    ],
)
def test_prefix_is_stripped_where_it_is(path: str, expected: str) -> None:
    assert Prefix("/app").strip(path) == expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("Location", "/v1/files/1", "/app/v1/files/1"),
        ("location", "/", "/app/"),
        ("Content-Location", "/v1/x", "/app/v1/x"),
        ("Location", "https://app.example.org/x", "https://app.example.org/x"),
        ("Location", "//elsewhere.example/x", "//elsewhere.example/x"),
        ("Location", "relative", "relative"),
        ("Link", '</v1/a?x=1>; rel="next", <https://b/>; rel=x', '</app/v1/a?x=1>; rel="next", <https://b/>; rel=x'),
        ("Set-Cookie", "a=/b; Path=/; HttpOnly", "a=/b; Path=/app; HttpOnly"),
        ("Set-Cookie", "a=b; HttpOnly; path=/x", "a=b; HttpOnly; path=/app/x"),
        ("Set-Cookie", "a=b", "a=b"),
        ("Set-Cookie", "__Host-session=b; Path=/; Secure", "__Host-session=b; Path=/; Secure"),
        ("X-Location", "/v1", "/v1"),
    ],
)
def test_what_a_service_names_by_its_path_is_found_below_the_prefix(name: str, value: str, expected: str) -> None:
    assert list(Prefix("/app").add([(name, value)])) == [(name, expected)]
    assert list(Prefix("").add([(name, value)])) == [(name, value)]
