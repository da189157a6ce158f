"""What a person can prove beside the first factor, and how many of each they have."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from auth_service.domain.standing import HARDWARE_KEY, PRESENCE, SEVERAL_FACTORS, SOFTWARE_KEY
from auth_service.errors import InvalidPasskeyName
from shared.errors import Violation

MOST_PASSKEYS = 20  # of one account
LONGEST_NAME = 100


class FactorKind(StrEnum):
    TOTP = "totp"
    PASSKEY = "passkey"
    RECOVERY_CODE = "recovery_code"


ENROLLABLE = (FactorKind.TOTP, FactorKind.PASSKEY)  # what can be added; recovery codes come with the first


@dataclass(frozen=True, slots=True)
class Shown:
    """What somebody shows as a second factor: one of them. `passkey` is what a browser's authenticator signed."""

    code: str | None = None
    recovery_code: str | None = None
    passkey: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class NewPasskey:
    """A passkey about to be stored. `public_key` is a COSE key; `synced`: its owner's other devices may have it too.

    `verifies`: asked its owner for a PIN or a finger, so that it can sign in alone.
    """

    passkey_id: UUID
    user_id: UUID
    credential_id: bytes
    public_key: bytes
    sign_count: int
    transports: tuple[str, ...]
    synced: bool
    verifies: bool
    name: str


@dataclass(frozen=True, slots=True)
class Passkey:
    """What its owner is shown."""

    passkey_id: UUID
    name: str
    synced: bool
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class KnownCredential:
    """What an assertion is checked with. `verifies`: as in NewPasskey."""

    passkey_id: UUID
    user_id: UUID
    credential_id: bytes
    public_key: bytes
    synced: bool
    verifies: bool
    transports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Overview:
    """All factors of an account. `totp_since` is none where there is no authenticator app."""

    has_password: bool
    totp_since: datetime | None
    totp_last_used_at: datetime | None
    passkeys: tuple[Passkey, ...]
    recovery_codes_left: int

    @property
    def has_second_factor(self) -> bool:
        return self.totp_since is not None or bool(self.passkeys)


def passkey_methods(*, synced: bool, user_verified: bool) -> tuple[str, ...]:
    """Return the methods that an assertion proves: a key, somebody who touched it, and, where it asked them for a PIN
    or a finger, a second factor in the same gesture.
    """
    key = SOFTWARE_KEY if synced else HARDWARE_KEY
    return (key, PRESENCE, SEVERAL_FACTORS) if user_verified else (key, PRESENCE)


def accept_passkey_name(raw: str) -> str:
    """Return the name by which its owner tells it from others. Raises InvalidPasskeyName."""
    name = raw.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        rule = f"must have 1 to {LONGEST_NAME} characters that can be printed"
        raise InvalidPasskeyName(f"A name {rule}.", errors=[Violation("/name", rule)])
    return name
