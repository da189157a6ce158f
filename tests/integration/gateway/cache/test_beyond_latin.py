"""Headers in other scripts than Latin-1's go to the service as they came."""

import pytest

from tests.integration.gateway.cache.caching_gateway import CachingGateway
from tests.integration.gateway.cache.conftest import Clock
from tests.integration.gateway.running_gateway import status

VALUES = ['"\u4e2d"'.encode(), b'"\xff\xe4"']  # the latter is no UTF-8
OF_ONE_CLIENT = ["If-Match", "If-Modified-Since", "If-None-Match", "If-Range", "Range"]


async def sent_on(gateway: CachingGateway, method: str, path: str, headers: dict[str, bytes]) -> dict[bytes, bytes]:
    """Return what the service got of a request's headers; its answer is what the client gets."""
    gateway.origin.seen.clear()
    lines = b"".join(b"%b: %b\r\n" % (name.encode(), value) for name, value in headers.items())
    start = f"{method} {path} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n".encode()
    assert status(await gateway.running.raw(start + lines + b"\r\n")) == gateway.origin.status
    return dict(gateway.origin.seen[-1].raw_headers)


@pytest.mark.parametrize("value", VALUES, ids=["UTF-8", "no UTF-8"])
async def test_clients_own_conditions_reach_the_service_byte_by_byte(gateway: CachingGateway, value: bytes) -> None:
    for name in OF_ONE_CLIENT:
        assert (await sent_on(gateway, "HEAD", f"/pictures/{name}", {name: value}))[name.encode()] == value
    for name in ("If-Match", "Range"):
        assert (await sent_on(gateway, "GET", "/pictures/1", {name: value}))[name.encode()] == value


@pytest.mark.parametrize("value", VALUES, ids=["UTF-8", "no UTF-8"])
async def test_readers_language_reaches_the_service_byte_by_byte(gateway: CachingGateway, value: bytes) -> None:
    gateway.origin.status, gateway.origin.headers = 404, {}
    asked = {"Accept": b"text/html", "Accept-Language": value}
    assert (await sent_on(gateway, "GET", "/plain/1", asked))[b"Accept-Language"] == value
    assert (await sent_on(gateway, "GET", "/pictures/1", asked))[b"Accept-Language"] == value


async def test_stale_answer_is_validated_by_a_tag_in_any_script(gateway: CachingGateway, clock: Clock) -> None:
    gateway.origin.headers["ETag"] = '"\u4e2d"'
    await gateway.get("/pictures/1")
    clock.advance(61)
    got = await gateway.get("/pictures/1")
    assert (got.status, got.body, got.headers["ETag"]) == (200, b"picture", '"\u4e2d"')
    assert got.cache == "colonnade; fwd=stale; fwd-status=304; stored"
