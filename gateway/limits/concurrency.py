"""How much of the services one caller may hold at a time: a rate doesn't bound what is slow.

Counted in this process's memory, since what is shared out are this process's connections to the services.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import Counter

from gateway.errors import TooManyAtOnce

_REFUSALS = Counter(
    "gateway_concurrency_refusals_total", "Requests refused because their user or address had too many.", ("whose",)
)
_OF_USERS, _OF_ADDRESSES = _REFUSALS.labels("user"), _REFUSALS.labels("address")

# Of the 1,024 connections to each service. No browser comes near; who slowly trickles uploads, or takes downloads
# that way, needs eight accounts and two networks before others notice.
PER_USER, PER_ADDRESS = 128, 512


class ConcurrencyLimits:
    """Requests being answered by a service, per user and per client address."""

    def __init__(self, per_user: int = PER_USER, per_address: int = PER_ADDRESS) -> None:
        self._per_user = per_user
        self._per_address = per_address
        self._held: dict[str, int] = {}

    def acquire(self, user_id: str, address: str) -> None:
        """Hold one place of the user, if there is one, and of the address, until `release`. Raises TooManyAtOnce."""
        held = self._held
        of_address, of_user = held.get(address, 0), held.get(user_id, 0)
        if of_address >= self._per_address:
            _OF_ADDRESSES.inc()
            raise TooManyAtOnce
        if user_id and of_user >= self._per_user:
            _OF_USERS.inc()
            raise TooManyAtOnce
        held[address] = of_address + 1
        if user_id:
            held[user_id] = of_user + 1

    def release(self, user_id: str, address: str) -> None:
        for holder in (address, user_id) if user_id else (address,):
            left = self._held[holder] - 1
            if left:
                self._held[holder] = left
            else:
                del self._held[holder]

    @contextmanager
    def take(self, user_id: str, address: str) -> Iterator[None]:
        """Hold the places for as long as the context lasts. Raises TooManyAtOnce."""
        self.acquire(user_id, address)
        try:
            yield
        finally:
            self.release(user_id, address)

    def standing(self, holder: str) -> int:
        """How many places a user or an address holds now."""
        return self._held.get(holder, 0)

    def __len__(self) -> int:
        """How many users and addresses hold something."""
        return len(self._held)
