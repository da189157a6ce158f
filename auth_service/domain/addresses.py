"""What an account's address is, and what its owner wants to be told there."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Address:
    """`language` and `new_device_notice` are how, and whether, to write of a sign-in from an unknown device."""

    user_id: UUID
    email: str
    email_key: str
    verified: bool
    language: str
    new_device_notice: bool
