"""Headers that a client repeats mean the same again; whatever else is looked at anew, or left to the slow lane."""

from collections.abc import Sequence
from ipaddress import ip_network
from types import SimpleNamespace
from typing import Any, cast

import pytest
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http import HttpRequestParser
from hypothesis import given
from hypothesis import strategies as st

from gateway.client_headers import LARGEST, ClientHeadersCache
from gateway.downstream.request import Head
from gateway.edge.client_address import ClientAddresses
from gateway.edge.cors import Cors
from gateway.edge.headers import forwarding_headers, upstream_headers
from gateway.edge.hosts import Hosts
from gateway.edge.https import HttpsOnly
from gateway.edge.prefix import Prefix
from gateway.forwarding import Forwarder
from gateway.reception import Reception
from gateway.upstreams.requests import UpstreamRequest, lines_of

PUBLIC_URL = "https://api.example.org"
PEER = "192.0.2.1"
PROXY = "10.0.0.1"
PLAIN = ("Host: h", "User-Agent: test", "Authorization: Bearer t0ken")


def head_of(*headers: str) -> Head:
    loop = cast(Any, None)
    parser = HttpRequestParser(BaseProtocol(loop), loop, 2**16)
    messages, _, _ = parser.feed_data("\r\n".join(("GET /x HTTP/1.1", *headers, "", "")).encode())
    ((head, _),) = messages
    return head


def cache(capacity: int = 8) -> ClientHeadersCache:
    reception = Reception(
        addresses=ClientAddresses([ip_network("10.0.0.0/8")]),
        cors=Cors(["https://app.example.org"]),
        routing=cast(Any, SimpleNamespace()),
        https=HttpsOnly(PUBLIC_URL),
        prefix=Prefix(""),
        hosts=Hosts(PUBLIC_URL),
    )
    forwarder = Forwarder(cast(Any, None), cast(Any, None), cast(Any, None), Hosts(PUBLIC_URL))
    return ClientHeadersCache(reception, forwarder, capacity)


def test_same_headers_from_the_same_end_are_understood_once() -> None:
    known = cache()
    first = known.read(head_of(*PLAIN), PEER)
    assert first is not None
    assert known.read(head_of(*PLAIN), PEER) is first
    assert (first.credential, first.address, first.request_id) == ("t0ken", PEER, None)
    assert first.told == [("Vary", "Origin")]


@pytest.mark.parametrize(
    "changed",
    [
        (*PLAIN, "X-More: 1"),
        (PLAIN[0], "user-agent: test", PLAIN[2]),
        (PLAIN[0], "User-Agent: other", PLAIN[2]),
        (PLAIN[1], PLAIN[0], PLAIN[2]),
    ],
)
def test_any_change_is_looked_at_anew(changed: Sequence[str]) -> None:
    known = cache()
    first = known.read(head_of(*PLAIN), PEER)
    second = known.read(head_of(*changed), PEER)
    assert second is not None
    assert second is not first
    assert second.raw == head_of(*changed).raw_headers


def test_same_headers_from_another_end_are_another_client_s() -> None:
    known = cache()
    addresses = [known.read(head_of(*PLAIN), peer) for peer in (PEER, "198.51.100.7", PEER)]
    assert [each and each.address for each in addresses] == [PEER, "198.51.100.7", PEER]


def test_forwarding_headers_count_from_trusted_proxies_alone() -> None:
    """G10"""
    forwarded = (*PLAIN, "X-Forwarded-For: 203.0.113.9")
    for peer, address in ((PEER, PEER), (PROXY, "203.0.113.9")):
        read = cache().read(head_of(*forwarded), peer)
        assert read is not None
        assert (read.address, read.subject) == (address, address)
        assert f"X-Forwarded-For: {address}\r\n".encode() in read.lines
        assert read.lines.count(b"X-Forwarded-For") == 1


@pytest.mark.parametrize(
    "header",
    [
        pytest.param("Cookie: a=1", id="cookie"),
        pytest.param("Expect: 100-continue", id="expectation"),
        pytest.param("Content-Length: 0", id="length"),
        pytest.param("Authorization: Bearer t0ken", id="G26 two credentials"),
    ],
)
def test_what_has_a_say_in_more_is_left_to_the_slow_lane(header: str) -> None:
    assert cache().read(head_of(*PLAIN, header), PEER) is None


@pytest.mark.parametrize("value", ["Bearer\tt0ken", "bearer t0ken", "Basic t0ken", "Bearer", "t0ken"])
def test_what_is_only_nearly_a_bearer_is_left_to_the_slow_lane(value: str) -> None:
    """G26"""
    assert cache().read(head_of(PLAIN[0], f"Authorization: {value}"), PEER) is None


def test_plain_http_by_a_trusted_proxy_is_left_to_the_slow_lane() -> None:
    proto = (*PLAIN, "X-Forwarded-Proto: http")
    assert cache().read(head_of(*proto), PROXY) is None
    assert cache().read(head_of(*proto), PEER) is not None


def test_memory_is_bounded_and_the_oldest_goes_first() -> None:
    known = cache(capacity=3)
    heads = [head_of(PLAIN[0], f"Authorization: Bearer {number}") for number in range(5)]
    read = [known.read(head, PEER) for head in heads]
    assert len(known) == 3
    assert known.read(heads[4], PEER) is read[4]
    assert known.read(heads[0], PEER) is not read[0]


@pytest.mark.parametrize(
    "large",
    [
        pytest.param("X-Large: {}", id="one that services get"),
        pytest.param("X-User-Id: {}", id="one that they don't"),
        pytest.param("Authorization: Bearer {}", id="the credential"),
    ],
)
def test_headers_that_are_larger_than_clients_are_are_understood_and_not_kept(large: str) -> None:
    """G14: nobody's memory is filled with what no credential was verified for."""
    known = cache()
    sizes = (LARGEST // 2, LARGEST)
    heads = [head_of(PLAIN[0], large.format("x" * size)) for size in sizes]
    kept = [known.read(head, PEER) is known.read(head, PEER) for head in heads]
    assert kept == [True, False]
    assert len(known) == 1
    assert known.read(heads[1], PEER) is not None


def test_many_headers_that_are_small_count_together() -> None:
    """G14"""
    known = cache()
    assert known.read(head_of(PLAIN[0], *(f"X-{number}: {'x' * 100}" for number in range(50))), PEER) is not None
    assert len(known) == 0


NAMES = st.sampled_from(
    ["Accept", "Connection", "X-Identity", "X-User-Id", "X-Forwarded-Host", "Te", "X_User_Id", "If-None-Match", "X-A"]
)
VALUES = st.sampled_from(["a", "X-A", "close, X-A", "keep-alive", "b\u00e4", ""])


@given(st.lists(st.tuples(NAMES, VALUES), max_size=6))
def test_services_get_the_same_lines_as_from_the_slow_lane(headers: list[tuple[str, str]]) -> None:
    """G7, G8: hop-by-hop and spoofed headers are stripped by the same function."""
    head = head_of(*PLAIN, *(f"{name}: {value}" for name, value in headers))
    read = cache().read(head, PEER)
    assert read is not None
    kept = upstream_headers(head.raw_headers, pass_credentials=False)
    kept += forwarding_headers(PEER, "https", "api.example.org")
    assert read.lines == lines_of(kept)
    assert read.lines in UpstreamRequest("GET", "/x", kept, 1.0).head(1.0)
