"""What a new password has to be: long enough, and not what is guessed first. No composition rules.

As NIST SP 800-63B-4, 3.1.1.2 and OWASP ASVS 5.0, 6.2 have it.
"""

from collections.abc import Container
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Self

from auth_service.domain.guessable import is_common, is_made_of, words_of
from auth_service.errors import WeakPassword
from shared.normal_form import composed

SHORTEST, LONGEST = 8, 128  # characters after normalisation


class PasswordRule(StrEnum):
    """Which one a password breaks, for a form to say it in its own words. Permanent names."""

    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    COMMON = "common"
    CONTEXT = "context"


EXPLANATIONS = {
    PasswordRule.TOO_SHORT: f"must have at least {SHORTEST} characters",
    PasswordRule.TOO_LONG: f"must have at most {LONGEST} characters",
    PasswordRule.COMMON: "is one of those that are guessed first",
    PasswordRule.CONTEXT: "is made of the email address or of this service's name",
}


@dataclass(frozen=True, slots=True)
class PasswordContext:
    """What a password must not be: `common` holds those that many people have, in lower case.

    `words` are what it must not be made of.
    """

    common: Container[str]
    words: frozenset[str] = frozenset()

    def about(self, *names: str) -> Self:
        """Return the context with the words of addresses and names added."""
        return replace(self, words=self.words.union(*map(words_of, names)))


def normalise_password(raw: str) -> str:
    """Return the form that is hashed, alike on every keyboard: the same text may arrive composed or not.

    What is far too long for a password stays as it came.
    """
    return composed(raw, LONGEST)


def accept_new_password(raw: str, pointer: str, context: PasswordContext) -> str:
    """Return the normalised password. Raises WeakPassword naming the field at `pointer` and the rule.

    Whoever sets a password by whatever way calls this, with a context about the account's address.
    """
    password = normalise_password(raw)
    rule = _broken_rule(password, context)
    if rule is not None:
        raise WeakPassword(rule.value, EXPLANATIONS[rule], pointer)
    return password


def _broken_rule(password: str, context: PasswordContext) -> PasswordRule | None:
    if len(password) < SHORTEST:
        return PasswordRule.TOO_SHORT
    if len(password) > LONGEST:
        return PasswordRule.TOO_LONG
    if is_common(password, context.common):
        return PasswordRule.COMMON
    return PasswordRule.CONTEXT if is_made_of(password, context.words) else None
