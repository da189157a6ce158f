import pytest

from gateway.cache.entry import Entry, decode, encode
from gateway.cache.headers import Header
from gateway.cache.policy import Terms
from gateway.cache.present import present
from gateway.cache.status import CacheStatus

HEADERS: list[Header] = [("ETag", '"one"'), ("Content-Type", "text/plain"), ("Content-Digest", "x"), ("Vary", "Accept")]


def entry(status: int = 200) -> Entry:
    return Entry(b"marker", b"serial", status, 0.0, HEADERS, Terms(60), b"0123456789")


def test_whole_answer_tells_its_age() -> None:
    shown = present(entry(), "GET", [], 7.9)
    assert (shown.status, shown.body, shown.headers) == (200, b"0123456789", [*HEADERS, ("Age", "7")])


def test_answer_made_for_this_request_has_no_age() -> None:
    """RFC 9111, 5.1."""
    assert present(entry(), "GET", [], None).headers == HEADERS


def test_304_has_only_what_a_cache_needs() -> None:
    shown = present(entry(), "GET", [("If-None-Match", '"one"'), ("Range", "bytes=0-1")], 7)
    assert (shown.status, shown.body) == (304, b"")
    assert shown.headers == [("ETag", '"one"'), ("Vary", "Accept"), ("Age", "7")]


def test_304_carries_what_would_be_out_of_date_otherwise() -> None:
    """RFC 9111, 3.2: what it doesn't carry stays as the client has it."""
    more: list[Header] = [("Content-Disposition", 'inline; filename="new"'), ("Content-Security-Policy", "sandbox")]
    kept = Entry(b"marker", b"serial", 200, 0.0, [*HEADERS, *more], Terms(60), b"0123456789")
    assert set(more) < set(present(kept, "GET", [("If-None-Match", '"one"')], 7).headers)


def test_part_does_not_carry_the_digest_of_the_content_of_the_whole() -> None:
    shown = present(entry(), "GET", [("Range", "bytes=2-3")], 7)
    assert (shown.status, shown.body) == (206, b"23")
    assert ("Content-Range", "bytes 2-3/10") in shown.headers
    assert "Content-Digest" not in dict(shown.headers)


@pytest.mark.parametrize(("method", "status"), [("HEAD", 200), ("GET", 206)])
def test_only_get_has_parts(method: str, status: int) -> None:
    """RFC 9110, 14.2."""
    assert present(entry(), method, [("Range", "bytes=2-3")], 7).status == status


def test_part_beyond_the_end_is_refused() -> None:
    shown = present(entry(), "GET", [("Range", "bytes=10-")], 7)
    assert (shown.status, shown.headers, shown.body) == (416, [("Content-Range", "bytes */10")], b"")


def test_conditions_and_parts_are_for_200_alone() -> None:
    asked = [("If-None-Match", '"one"'), ("Range", "bytes=0-1")]
    shown = present(entry(404), "GET", asked, 7)
    assert (shown.status, shown.body) == (404, b"0123456789")


def test_entry_comes_back_as_it_went() -> None:
    again = decode(encode(entry()))
    assert again is not None
    assert (again.marker, again.status, again.headers, again.terms, again.body) == (
        b"marker", 200, [*HEADERS], Terms(60), b"0123456789"
    )  # fmt: skip


@pytest.mark.parametrize("data", [b"", b"\x97", b"\x90", encode(entry())[:-1], b"\xff" * 20])
def test_what_is_no_entry_is_none(data: bytes) -> None:
    assert decode(data) is None


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (CacheStatus(ttl=12.7), "colonnade; hit; ttl=12"),
        (CacheStatus(ttl=-3.2), "colonnade; hit; ttl=-3"),
        (CacheStatus("miss", 200, stored=True, ttl=60), "colonnade; fwd=miss; fwd-status=200; ttl=60; stored"),
        (CacheStatus("stale", 304, collapsed=True), "colonnade; fwd=stale; fwd-status=304; collapsed"),
        (CacheStatus("bypass"), "colonnade; fwd=bypass"),
    ],
)
def test_cache_status_is_told_as_rfc_9211_has_it(status: CacheStatus, text: str) -> None:
    assert status.header() == ("Cache-Status", text)
