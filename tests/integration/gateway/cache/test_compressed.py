"""Answers are kept plain, and compressed for each client that likes it so, as answers without a cache are."""

import gzip

import pytest

from tests.integration.gateway.cache.caching_gateway import CachingGateway

PLAIN = {"Accept-Encoding": "identity"}
GZIP = {"Accept-Encoding": "gzip"}


@pytest.mark.parametrize("size", [50_000, 200_000])
async def test_kept_text_is_compressed_for_who_wants_it(gateway: CachingGateway, size: int) -> None:
    gateway.origin.headers = {"Cache-Control": "max-age=60", "Content-Type": "text/plain", "ETag": '"1"'}
    gateway.origin.body = b"text" * (size // 4)
    for headers in (GZIP, PLAIN, GZIP):
        got = await gateway.ask("GET", "/pictures/1", headers)
        body = gzip.decompress(got.body) if headers is GZIP else got.body
        assert body == gateway.origin.body
        assert got.headers.get("Content-Encoding") == ("gzip" if headers is GZIP else None)
        assert got.headers["ETag"] == ('W/"1"' if headers is GZIP else '"1"')
        assert "Accept-Encoding" in ",".join(value for name, value in got.headers.items() if name == "Vary")
    assert len(gateway.origin.seen) == 1
    again = await gateway.ask("GET", "/pictures/1", GZIP | {"If-None-Match": 'W/"1"'})
    assert (again.status, again.body, len(gateway.origin.seen)) == (304, b"", 1)


async def test_part_of_a_kept_text_is_sent_plain(gateway: CachingGateway) -> None:
    gateway.origin.headers = {"Cache-Control": "max-age=60", "Content-Type": "text/plain", "ETag": '"1"'}
    gateway.origin.body = b"text" * 10_000
    await gateway.ask("GET", "/pictures/1", GZIP)
    part = await gateway.ask("GET", "/pictures/1", GZIP | {"Range": "bytes=0-9"})
    assert (part.status, part.body, part.headers.get("Content-Encoding")) == (206, b"texttextte", None)
