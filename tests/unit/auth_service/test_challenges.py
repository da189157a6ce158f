import pytest

from auth_service.challenges import LIFETIME, Challenges
from auth_service.errors import PasskeyRefused
from shared.settings import Secret

KEY = Secret("k" * 32)


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def test_challenge_is_good_for_its_purpose_and_five_minutes() -> None:
    clock = Clock()
    challenges = Challenges(KEY, clock)
    text = challenges.make("sign in")
    clock.now += LIFETIME - 1
    assert challenges.check(text, "sign in").expires_at.timestamp() == 1_800_000_300
    clock.now += 1
    with pytest.raises(PasskeyRefused, match="too long"):
        challenges.check(text, "sign in")


def test_no_two_are_alike() -> None:
    challenges = Challenges(KEY, Clock())
    assert challenges.make("x") != challenges.make("x")


@pytest.mark.parametrize("purpose", ["step up 2", "step up", ""])
def test_challenge_for_one_purpose_is_none_for_another(purpose: str) -> None:
    challenges = Challenges(KEY)
    with pytest.raises(PasskeyRefused):
        challenges.check(challenges.make("step up 1"), purpose)


def test_what_another_key_made_or_somebody_changed_is_refused() -> None:
    challenges = Challenges(KEY)
    text = challenges.make("x")
    later = text[:16] + (2**40).to_bytes(8) + text[24:]
    for forged in (Challenges(Secret("z" * 32)).make("x"), later, text[:-1], text + b"x", b"", text[1:]):
        with pytest.raises(PasskeyRefused):
            challenges.check(forged, "x")
