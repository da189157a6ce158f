from ipaddress import ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.edge.client_address import ClientAddresses
from gateway.explain import credentials, telling
from gateway.explain.report import Report
from gateway.upstreams.pool import Outlook
from shared.errors import NotFound
from tests.unit.gateway.authentication.issuing import Issuer

TRUSTED = ClientAddresses([ip_network("10.0.0.0/8"), ip_network("fd00::/8")])
HOPS = st.sampled_from(
    ["10.0.0.1", "10.9.9.9", "fd00::1", "203.0.113.9", "::ffff:10.0.0.1", "2001:db8::1", "rubbish", ""]
)


@given(HOPS, st.lists(HOPS, max_size=5))
def test_walk_that_is_told_ends_at_the_address_that_counts(peer: str, forwarded_for: list[str]) -> None:
    walked = telling.hops(TRUSTED, peer, forwarded_for)
    address = TRUSTED.look(peer, forwarded_for)
    assert address in (walked[-1]["hop"], walked[0]["hop"])
    assert all(each["trusted_by"] for each in walked[:-1])
    assert address in telling.address(address, walked, forwarded=bool(forwarded_for))


@pytest.mark.parametrize(
    ("seconds", "words"), [(0, "0 s"), (59, "59 s"), (61, "1 min"), (7200, "2 h"), (200_000, "2 d")]
)
def test_duration_is_told_in_its_largest_unit(seconds: float, words: str) -> None:
    assert credentials.duration(seconds) == words


def test_token_is_told_by_what_it_says_and_never_itself() -> None:
    token = Issuer().token(sub="x" * 500)
    told = credentials.claimed([f"Bearer {token}"])
    assert told["iss"].startswith("http")
    assert len(told["sub"]) == 100
    assert "jti" not in told
    assert (
        credentials.claimed(["Bearer rubbish"]) == credentials.claimed(["Basic YTpi"]) == credentials.claimed([]) == {}
    )
    assert credentials.found(["Basic YTpi"], cookie=False) == "an Authorization header that is none of ours"


def test_headers_that_may_hold_secrets_are_hidden() -> None:
    head = b"GET /x HTTP/1.1\r\nCookie: a=b\r\nX-Api-Key: s3cret\r\nIdempotency-Key: k-1\r\nAccept: */*\r\n\r\n"
    shown = dict(telling.shown(head))
    assert "s3cret" not in str(shown)
    assert (shown["Idempotency-Key"], shown["Accept"]) == ("k-1", "*/*")
    assert shown["Cookie"] == shown["X-Api-Key"]


def test_instances_that_are_all_full_are_told_to_be_waited_for() -> None:
    full = Outlook("127.0.0.1:1", "in", 1024, is_full=True, is_next=False)
    assert telling.instances([full])[0]["full"]


def test_step_that_is_refused_says_code_and_reason() -> None:
    report = Report("GET /x")
    with pytest.raises(NotFound), report.step("route"):
        raise NotFound
    report.refuse(NotFound())
    assert report.steps[0].why == "404 not_found: There is nothing here"
    assert report.lines().splitlines()[0] == "GET /x -> 404 not_found, refused by the gateway at: route"
