"""Who the caller is, behind proxies that are trusted and ones that aren't."""

from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from gateway.edge.client_address import ClientAddresses, subject

TRUSTED = ClientAddresses([ip_network("10.0.0.0/8"), ip_network("fd00::/8")])


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "caller"),
    [
        pytest.param("203.0.113.9", ["198.51.100.1"], "203.0.113.9", id="untrusted peer"),
        pytest.param("10.0.0.1", [], "10.0.0.1", id="nothing said"),
        pytest.param("10.0.0.1", ["198.51.100.1"], "198.51.100.1", id="one hop"),
        pytest.param("10.0.0.1", ["198.51.100.1, 10.0.0.2"], "198.51.100.1", id="two proxies"),
        pytest.param("10.0.0.1", ["1.1.1.1, 198.51.100.1 ,\t10.0.0.2"], "198.51.100.1", id="spoofed to the left"),
        pytest.param("10.0.0.1", ["1.1.1.1", "198.51.100.1"], "198.51.100.1", id="two header lines"),
        pytest.param("10.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3", id="all trusted"),
        pytest.param("10.0.0.1", ["garbage, 198.51.100.1"], "198.51.100.1", id="a stranger's garbage"),
        pytest.param("10.0.0.1", ["198.51.100.1, garbage"], "10.0.0.1", id="malformed hop"),
        pytest.param("10.0.0.1", ["198.51.100.1,, 10.0.0.2"], "10.0.0.1", id="empty hop"),
        pytest.param("10.0.0.1", [""], "10.0.0.1", id="empty header"),
        pytest.param("10.0.0.1", ["198.51.100.1:80"], "10.0.0.1", id="with a port"),
        pytest.param("10.0.0.1", ["010.1.1.1"], "10.0.0.1", id="octal-looking"),
        pytest.param("::ffff:10.0.0.1", ["::ffff:198.51.100.1"], "198.51.100.1", id="IPv4 in IPv6"),
        pytest.param("fd00::1", ["2001:DB8::0001"], "2001:db8::1", id="IPv6"),
        pytest.param("fe80::1%eth0", ["1.1.1.1"], "fe80::1", id="scoped peer"),
        pytest.param("", ["1.1.1.1"], "", id="a peer without an address"),
    ],
)
def test_caller_is_the_first_stranger_from_the_right(peer: str, forwarded_for: list[str], caller: str) -> None:
    """G10: forwarding headers count only from a trusted peer, and only as far as trusted hops vouch for them."""
    assert TRUSTED.resolve(peer, forwarded_for) == caller


@given(st.lists(st.text(max_size=20), max_size=4))
def test_untrusted_peer_is_the_caller_whatever_it_says(forwarded_for: list[str]) -> None:
    """G10: the same limiter bucket for every spoofed header."""
    assert TRUSTED.resolve("203.0.113.9", forwarded_for) == "203.0.113.9"


@pytest.mark.parametrize(
    ("address", "unit"),
    [
        ("198.51.100.1", "198.51.100.1"),
        ("::ffff:198.51.100.1", "198.51.100.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("unknown", "unknown"),
    ],
)
def test_limits_count_ipv6_by_its_64(address: str, unit: str) -> None:
    assert subject(address) == unit


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "counted"),
    [("203.0.113.9", ["1.1.1.1"], 1), ("203.0.113.9", [], 0), ("10.0.0.1", ["1.1.1.1"], 0)],
)
def test_forwarding_header_that_is_not_heeded_is_counted(peer: str, forwarded_for: list[str], counted: int) -> None:
    def count() -> float:
        return REGISTRY.get_sample_value("gateway_forwarded_for_unheeded_total") or 0.0

    before = count()
    assert TRUSTED.resolve(peer, forwarded_for) == TRUSTED.look(peer, forwarded_for)
    assert count() - before == counted
