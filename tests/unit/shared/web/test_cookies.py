import pytest

from shared.web.cookies import HostCookie, SessionCookie

SECURE, PLAIN = SessionCookie.of("https://c.example.org/app"), SessionCookie.of("http://127.0.0.1:8080")


def test_https_gets_the_name_that_browsers_guard() -> None:
    assert SECURE.set("v", 60) == "__Host-session=v; Max-Age=60; Path=/; HttpOnly; SameSite=Lax; Secure"
    assert SECURE.clear() == "__Host-session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure"


def test_http_goes_without_secure() -> None:
    assert PLAIN.set("v", 60) == "session=v; Max-Age=60; Path=/; HttpOnly; SameSite=Lax"


@pytest.mark.parametrize(
    ("headers", "values"),
    [
        ([], []),
        (["theme=dark"], []),
        (["session=a"], ["a"]),
        (["theme=dark;session=a ; x"], ["a"]),
        (["session=a=b"], ["a=b"]),
        (["session="], [""]),
        (["session"], [""]),
        (['session="a"'], ['"a"']),
        (["session=a; session=b"], ["a", "b"]),
        (["session=a", "x=y; session=a"], ["a", "a"]),
        (["Session=a; xsession=b; __Host-session=c"], []),
    ],
)
def test_every_value_of_that_very_name_is_read(headers: list[str], values: list[str]) -> None:
    assert PLAIN.read(headers) == values


def test_each_scheme_reads_its_own_name_alone() -> None:
    both = ["session=a; __Host-session=b"]
    assert (PLAIN.read(both), SECURE.read(both)) == (["a"], ["b"])


def test_other_cookies_of_ours_are_guarded_alike() -> None:
    secure, plain = HostCookie.of("https://c.example.org", "sign-in"), HostCookie.of("http://127.0.0.1", "sign-in")
    assert secure.set("v", 60) == "__Host-sign-in=v; Max-Age=60; Path=/; HttpOnly; SameSite=Lax; Secure"
    assert plain.read(["sign-in=a; __Host-sign-in=b; session=c"]) == ["a"]
