"""What was made with a secret before it was changed, where the old one is still named after the new one."""

import pytest

from auth_service.challenges import Challenges
from auth_service.domain.refreshing import Verdict, judge
from auth_service.errors import InvalidRefreshToken, PasskeyRefused
from auth_service.passwords import HashingSettings, PasswordHasher
from auth_service.refresh_tokens import RefreshTokens
from auth_service.secret_keys import derive_key, derive_keys
from shared.ids import uuid7
from shared.settings import Secret
from shared.web.pages.csrf import CsrfTokens
from shared.web.pages.notices import Notice, Notices
from tests.unit.auth_service.test_rotation_rule import NOW, session

OLD, NEW = Secret("o" * 32), Secret("n" * 32)
BOTH, BOTH_YET = Secret(f"{NEW.reveal()},{OLD.reveal()}"), Secret(f"{OLD.reveal()}, {NEW.reveal()}")
PASSWORD = "correct horse battery staple"


def hasher(pepper: Secret) -> PasswordHasher:
    return PasswordHasher(HashingSettings(pepper, cost=4, threads=1, queue=4))


async def test_password_of_an_old_pepper_is_right_and_to_be_hashed_anew() -> None:
    with hasher(OLD) as before, hasher(BOTH) as during, hasher(NEW) as after:
        old = await before.hash(PASSWORD)
        assert not during.is_outdated(old)  # nobody knows before it was verified
        assert not await during.verify("another", old)
        assert not during.is_outdated(old)
        assert await during.verify(PASSWORD, old)
        assert during.is_outdated(old)
        new = await during.hash(PASSWORD)
        assert await during.verify(PASSWORD, new)
        assert not during.is_outdated(new)
        assert [await after.verify(PASSWORD, each) for each in (old, new)] == [False, True]


async def test_replica_that_has_the_new_pepper_second_takes_its_hashes() -> None:
    with hasher(BOTH_YET) as reluctant, hasher(BOTH) as during:
        assert await reluctant.verify(PASSWORD, await during.hash(PASSWORD))


@pytest.mark.parametrize("changed", [BOTH, BOTH_YET])
def test_refresh_token_of_an_old_key_is_taken(changed: Secret) -> None:
    token = RefreshTokens(OLD).first(uuid7())
    assert RefreshTokens(changed).decode(RefreshTokens(OLD).encode(token)) == token
    with pytest.raises(InvalidRefreshToken):
        RefreshTokens(NEW).decode(RefreshTokens(OLD).encode(token))


@pytest.mark.parametrize(("maker", "asked"), [(BOTH, BOTH_YET), (BOTH_YET, BOTH), (OLD, BOTH), (BOTH, BOTH)])
def test_lost_answer_is_repeated_by_a_process_that_prefers_another_key(maker: Secret, asked: Secret) -> None:
    """A4, while the key changes: the successor that was stored is the one to be told, whoever derived it."""
    token = RefreshTokens(maker).first(uuid7())
    made = RefreshTokens(maker).successors(token)[0]
    shown = RefreshTokens(asked).presented(token)
    stored = session(generation=2, confirmed_generation=1, secret_hash=made.secret_hash)
    assert judge(shown, stored, NOW) is Verdict.REPLAY
    which = shown.made(stored.secret_hash)
    assert which is not None
    assert RefreshTokens(asked).successors(token)[which] == made


def test_successor_of_an_old_key_is_of_another_line_once_that_is_gone() -> None:
    token = RefreshTokens(OLD).first(uuid7())
    stored = session(
        generation=2, confirmed_generation=1, secret_hash=RefreshTokens(OLD).successors(token)[0].secret_hash
    )
    assert judge(RefreshTokens(NEW).presented(token), stored, NOW) is Verdict.REUSE


def test_challenge_form_and_notice_of_an_old_key_are_taken_until_it_is_gone() -> None:
    challenge = Challenges(OLD).make("sign in")
    form = CsrfTokens(derive_key(OLD, "page forms")).issue("session 1")
    notice = Notices.of(derive_keys(OLD, "page notices"), {"made": "It is made."}).seal(Notice("made"))
    for secret in (BOTH, BOTH_YET):
        Challenges(secret).check(challenge, "sign in")
        assert CsrfTokens(*derive_keys(secret, "page forms")).is_genuine(form, "session 1")
        assert Notices.of(derive_keys(secret, "page notices"), {"made": "It is made."}).open(notice) == Notice("made")
    with pytest.raises(PasskeyRefused):
        Challenges(NEW).check(challenge, "sign in")
    assert not CsrfTokens(*derive_keys(NEW, "page forms")).is_genuine(form, "session 1")
    assert Notices.of(derive_keys(NEW, "page notices"), {"made": "It is made."}).open(notice) is None
