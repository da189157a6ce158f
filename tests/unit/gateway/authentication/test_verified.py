import pytest

from gateway.authentication import verified as module
from gateway.authentication.principal import Credential, Principal
from gateway.authentication.verified import VerifiedCredentials


def principal(credential_id: str, expires_at: float, kind: Credential = Credential.ACCESS_TOKEN) -> Principal:
    return Principal("u", credential_id, 0, (), (), expires_at, "k", kind=kind)


def key(credential_id: str) -> Principal:
    return principal(credential_id, float("inf"), Credential.API_KEY)


def test_long_lived_ones_hide_nothing_that_expires_behind_them() -> None:
    cache = VerifiedCredentials()
    for number in range(20):
        cache.remember(f"key {number}", key(f"k{number}"), 0)
    for number in range(20):
        cache.remember(f"token {number}", principal(f"s{number}", 600), 0)
    for number in range(6):
        cache.remember(f"later {number}", principal(f"l{number}", 1200), 601)
    assert not [text for text in cache.by_text if text.startswith("token")]
    assert len(cache.by_text) == 26


def test_what_was_pushed_out_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CACHE_SIZE", 5)
    cache = VerifiedCredentials()
    for number in range(100):
        cache.remember(f"key {number}", key(f"k{number}"), 0)
        assert len(cache.by_text) <= 5
    assert sorted(cache._texts.values()) == sorted(cache.by_text)


def test_only_what_is_not_signed_is_forgotten_by_its_id() -> None:
    cache = VerifiedCredentials()
    cache.remember("token", principal("a", 600), 0)
    cache.remember("key", key("b"), 0)
    for credential_id in ("a", "b", "c"):
        cache.forget_credential(credential_id)
    assert list(cache.by_text) == ["token"]
    cache.remember("key", key("b"), 0)
    cache.forget_unsigned()
    assert list(cache.by_text) == ["token"]
    assert not cache._texts


def test_of_two_texts_for_one_credential_the_last_is_known() -> None:
    """A cookie that was replaced: else the one before would outlive a revocation, which forgets by id."""
    cache = VerifiedCredentials()
    cookie = principal("s", float("inf"), Credential.BROWSER_SESSION)
    cache.remember("before", cookie, 0)
    cache.remember("after", cookie, 0)
    assert list(cache.by_text) == ["after"]
    cache.forget_credential("s")
    assert not cache.by_text
