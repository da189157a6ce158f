"""How many wrong passwords an account stands before it rests."""

from dataclasses import dataclass
from datetime import timedelta

LIMIT = 10  # in each bucket: one for all strangers together, one for each device known from an earlier sign-in
WINDOW = timedelta(minutes=15)
STRANGERS = b""


@dataclass(frozen=True, slots=True)
class Counter:
    """Names one counter. `subject` stands for the account, or for an address without one, so that both rest alike."""

    subject: bytes
    bucket: bytes = STRANGERS
