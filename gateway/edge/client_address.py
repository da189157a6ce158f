"""Who is calling: the socket's peer, or, behind proxies that we trust, what they say about it."""

from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from prometheus_client import Counter

_UNHEEDED = Counter(
    "gateway_forwarded_for_unheeded_total", "Requests whose X-Forwarded-For came from a peer that isn't trusted."
)

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network


class ClientAddresses:
    """Resolves callers' addresses. `trusted` are the networks of the proxies whose X-Forwarded-For counts."""

    def __init__(self, trusted: Sequence[Network]) -> None:
        self._trusted = tuple(trusted)

    def resolve(self, peer: str, forwarded_for: Sequence[str]) -> str:
        """The caller's address; `forwarded_for` are the raw X-Forwarded-For values in the order received.

        Walks from the right to the first hop that is not trusted, and looks no further: what stands to the left of it
        was written by a stranger, and must not be able to spoil the walk. A malformed hop on the way gives the peer.
        """
        if not forwarded_for:
            return _canonical(peer)
        if self.trusting(peer) is None:
            _UNHEEDED.inc()
        return self.look(peer, forwarded_for)

    def look(self, peer: str, forwarded_for: Sequence[str]) -> str:
        """Return the same, counting nothing."""
        address = _parsed(peer)
        if address is None or not forwarded_for or self._network(address) is None:
            return _canonical(peer)
        return str(self._first_stranger(address, ",".join(forwarded_for)))

    def trusting(self, address: str) -> Network | None:
        """Return the network by which a hop is trusted."""
        parsed = _parsed(address)
        return None if parsed is None else self._network(parsed)

    def _first_stranger(self, peer: Address, chain: str) -> Address:
        hop = peer
        for text in reversed(chain.split(",")):
            named = _parsed(text.strip(" \t"))
            if named is None:
                return peer
            hop = named
            if self._network(hop) is None:
                break
        return hop

    def _network(self, address: Address) -> Network | None:
        return next((network for network in self._trusted if address in network), None)


@lru_cache(maxsize=4096)
def subject(address: str) -> str:
    """The unit that limits count by: an IPv4 address, or an IPv6 address's /64, which one household or host owns."""
    parsed = _parsed(address)
    if isinstance(parsed, IPv6Address):
        return str(ip_network((int(parsed) >> 64 << 64, 64)))
    return _canonical(address)


@lru_cache(maxsize=4096)
def _canonical(address: str) -> str:
    parsed = _parsed(address)
    return address if parsed is None else str(parsed)


@lru_cache(maxsize=4096)
def _parsed(text: str) -> Address | None:
    """IPv4-mapped IPv6 becomes the IPv4 address that it is, so that one caller never counts as two."""
    try:
        address = ip_address(text)
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or IPv6Address(int(address))  # without its scope id: that is local to us
    return address
