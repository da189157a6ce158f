from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import MultiDict

from file_service.errors import InvalidSignedUrl
from file_service.sharing.link_keys import LinkKeys, read_link_keys
from file_service.sharing.signed_urls import SignedUrls
from shared.settings import Env, Secret, SettingsError

OLD, NEW = Secret("o" * 32), Secret("n" * 32)
NOW = 1_800_000_000.0
PATH = "/v1/files/signed/1"


class Clock:
    now = NOW

    def __call__(self) -> float:
        return self.now


def urls(*keys: Secret, clock: Clock | None = None) -> SignedUrls:
    return SignedUrls(LinkKeys(keys or (OLD,)), clock or Clock())


def query(url: str) -> MultiDict[str]:
    return MultiDict(parse_qsl(url.partition("?")[2], keep_blank_values=True))


def test_what_was_signed_comes_back() -> None:
    url, expires = urls().sign(PATH, {"name": "a&b=c.txt"}, 60)
    assert expires == NOW + 60
    assert urls().verify(PATH, query(url)) == {"name": "a&b=c.txt"}


def test_it_is_good_until_the_second_in_which_it_expires() -> None:
    """F13."""
    clock = Clock()
    signed = urls(clock=clock)
    url, expires = signed.sign(PATH, {}, 60)
    clock.now = expires - 0.001
    signed.verify(PATH, query(url))
    clock.now = float(expires)
    with pytest.raises(InvalidSignedUrl, match="expired"):
        signed.verify(PATH, query(url))


def test_key_is_rotated_by_naming_several() -> None:
    """The first signs and all verify; what was signed by a key that isn't named any more is invalid."""
    by_old, _ = urls(OLD).sign(PATH, {}, 60)
    by_new, _ = urls(NEW, OLD).sign(PATH, {}, 60)
    for url in (by_old, by_new):
        urls(NEW, OLD).verify(PATH, query(url))
    urls(NEW).verify(PATH, query(by_new))
    with pytest.raises(InvalidSignedUrl):
        urls(NEW).verify(PATH, query(by_old))


@given(st.dictionaries(st.text(), st.text()), st.dictionaries(st.text(), st.text()), st.text(), st.text())
def test_no_two_requests_have_the_same_signature(
    one: dict[str, str], other: dict[str, str], path: str, other_path: str
) -> None:
    same = (one, path) == (other, other_path)
    signature = query(urls().sign(path, one, 60)[0])["signature"]
    assert (query(urls().sign(other_path, other, 60)[0])["signature"] == signature) == same


@pytest.mark.parametrize("value", ["x" * 31, "x" * 32 + ",short", "x" * 32 + ","])
def test_weak_key_is_refused(value: str) -> None:
    env = Env({"FILE_LINK_KEY": value})
    read_link_keys(env)
    with pytest.raises(SettingsError, match="FILE_LINK_KEY must have at least 32 characters"):
        env.check()
