"""How a person proved to be themselves, and so what their session may be trusted with."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Self

PASSWORD = "pwd"  # noqa: S105  a method's name (RFC 8176), as the next
ONE_TIME_CODE = "otp"
HARDWARE_KEY, SOFTWARE_KEY = "hwk", "swk"  # a key that never leaves its device, and one that may be copied to others
PRESENCE = "user"
MAILBOX = "email"  # what was mailed to the account's address; RFC 8176 has no name for it
SEVERAL_FACTORS = "mfa"
_OF_FACTORS = (ONE_TIME_CODE, HARDWARE_KEY, SOFTWARE_KEY, PRESENCE, SEVERAL_FACTORS)
ONE_FACTOR, TWO_FACTORS = "aal1", "aal2"  # NIST SP 800-63B-4
FRESH_FOR = timedelta(minutes=10)  # how long a proof is good for what is sensitive


def together(first: Iterable[str], second: Iterable[str]) -> tuple[str, ...]:
    """Return the methods of somebody who proved two factors, each named once."""
    return (*(each for each in dict.fromkeys((*first, *second)) if each != SEVERAL_FACTORS), SEVERAL_FACTORS)


def by_password_alone(before: Iterable[str]) -> tuple[str, ...]:
    """Return the methods of a session that a password renews, without what second factors proved in it: that is as old
    as it was, and `auth_time` will say now.
    """
    return tuple(dict.fromkeys((*(each for each in before if each not in _OF_FACTORS), PASSWORD)))


@dataclass(frozen=True, slots=True)
class Standing:
    """`methods` are named as in RFC 8176; `authenticated_at` is when they were last proved."""

    methods: tuple[str, ...]
    authenticated_at: datetime
    roles: tuple[str, ...] = ()

    @classmethod
    def now(cls, methods: tuple[str, ...], roles: tuple[str, ...] = ()) -> Self:
        return cls(methods, datetime.now(UTC), roles)

    @property
    def acr(self) -> str:
        """Return the level of assurance, as `acr` in tokens (RFC 9068) and challenges (RFC 9470)."""
        return TWO_FACTORS if SEVERAL_FACTORS in self.methods else ONE_FACTOR

    def suffices(self, acr: str, since: datetime) -> bool:
        """Tell whether it was proved at `since` or later, and, where `acr` says so, by two factors."""
        return self.authenticated_at >= since and (acr != TWO_FACTORS or self.acr == TWO_FACTORS)
