"""What we mail to prove that somebody receives it: links, and a code to type. Each is good once."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from shared.opaque_tokens import digest, is_sound, mint

_LABEL = "colt_"
_CODE_DIGITS = 8


class Purpose(StrEnum):
    VERIFY = "verify"
    RESET = "reset"
    SIGN_IN_CODE = "sign_in_code"
    SIGN_IN_LINK = "sign_in_link"
    EMAIL_CHANGE = "email_change"
    EMAIL_UNDO = "email_undo"


# How long each is good. What lets somebody in by itself: ten minutes (ASVS 5.0, 6.5.5).
LIFETIMES = {
    Purpose.VERIFY: timedelta(hours=24),
    Purpose.RESET: timedelta(hours=1),
    Purpose.SIGN_IN_CODE: timedelta(minutes=10),
    Purpose.SIGN_IN_LINK: timedelta(minutes=10),
    Purpose.EMAIL_CHANGE: timedelta(hours=24),
    Purpose.EMAIL_UNDO: timedelta(days=7),
}


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a token is for. `email` and `email_key` are the address that it is about, perhaps not the account's."""

    user_id: UUID
    email: str
    email_key: str
    language: str


@dataclass(frozen=True, slots=True)
class Spent:
    """A token that was good and, from now on, isn't. `email` is the address that it was about."""

    user_id: UUID
    email: str
    email_key: str
    created_at: datetime


def new_link_token() -> str:
    return mint(_LABEL)


def is_link_token(text: str) -> bool:
    """Whether it can be one of ours: what is cut off or mistyped is told without asking the database."""
    return is_sound(text, _LABEL)


def new_challenge() -> str:
    """Return what whoever asks for a code keeps, and shows together with it: the code is good there alone."""
    return mint(_LABEL)


def new_code() -> str:
    return "".join(secrets.choice("0123456789") for _ in range(_CODE_DIGITS))


def tidy_code(typed: str) -> str:
    """Return the code as it was made: people type it with the space that a mail shows, or copy that."""
    return "".join(typed.split()).replace("-", "")


def code_digest(challenge: str, code: str) -> bytes:
    """Return what is stored of a code. The challenge isn't, so that nobody can try all codes against what is."""
    return digest(f"{challenge}\n{code}")
