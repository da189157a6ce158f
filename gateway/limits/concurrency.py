"""How much of the services one caller may hold at a time: a rate doesn't bound what is slow.

Counted in this process's memory, since what is shared out are this process's connections to the services.
"""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from gateway.errors import TooManyAtOnce

# Of the 1,024 connections to each service. No browser comes near; who slowly trickles uploads, or takes downloads
# that way, needs eight accounts and two networks before others notice.
PER_USER, PER_ADDRESS = 128, 512


class ConcurrencyLimits:
    """Requests being answered by a service, per user and per client address."""

    def __init__(self, per_user: int = PER_USER, per_address: int = PER_ADDRESS) -> None:
        self._per_user = per_user
        self._per_address = per_address
        self._held: Counter[str] = Counter()

    @contextmanager
    def take(self, user_id: str, address: str) -> Iterator[None]:
        """Hold one place of the user, if there is one, and of the address. Raises TooManyAtOnce."""
        self.check(user_id, address)
        held = self._held
        holders = [address] if not user_id else [address, user_id]
        held.update(holders)
        try:
            yield
        finally:
            held.subtract(holders)
            for holder in holders:
                if not held[holder]:
                    del held[holder]

    def check(self, user_id: str, address: str) -> None:
        """Raises TooManyAtOnce where `take` would; holds nothing."""
        held = self._held
        if held[address] >= self._per_address or (user_id and held[user_id] >= self._per_user):
            raise TooManyAtOnce

    def standing(self, holder: str) -> int:
        """How many places a user or an address holds now."""
        return self._held[holder]

    def __len__(self) -> int:
        """How many users and addresses hold something."""
        return len(self._held)
