"""Whether clients can be told apart: a proxy in front that isn't trusted makes all of them one address.

Looks back over the last requests alone, so that memory is bounded and what counts is now. Told as counts, which add up
over several gateways, and never with an address.
"""

from collections import Counter, deque

from prometheus_client import Gauge

_LOOKED_BACK = 2000  # requests

_REQUESTS = Gauge("gateway_recent_requests", "Requests of late that the figures about addresses are drawn from.")
_ADDRESSES = Gauge("gateway_recent_addresses", "Client addresses among them.")
_COMMONEST = Gauge("gateway_recent_requests_commonest_address", "How many of them come from the commonest address.")
_USERS = Gauge("gateway_recent_users_commonest_address", "How many users came by the commonest address.")


class Census:
    """`note` costs a request next to nothing; the counting is done when Prometheus asks."""

    def __init__(self, looked_back: int = _LOOKED_BACK) -> None:
        self._recent: deque[tuple[str, str]] = deque(maxlen=looked_back)
        _REQUESTS.set_function(lambda: len(self._recent))
        _ADDRESSES.set_function(lambda: len(self._by_address()))
        _COMMONEST.set_function(lambda: self._commonest()[1])
        _USERS.set_function(self._users)

    def note(self, address: str, user_id: str) -> None:
        """`user_id` is empty for anonymous."""
        self._recent.append((address, user_id))

    def _by_address(self) -> Counter[str]:
        return Counter(address for address, _ in tuple(self._recent))

    def _commonest(self) -> tuple[str, int]:
        return next(iter(self._by_address().most_common(1)), ("", 0))

    def _users(self) -> int:
        commonest, _ = self._commonest()
        return len({user for address, user in tuple(self._recent) if user and address == commonest})
