import asyncio

import pytest

from gateway.authentication.errors import InvalidToken
from gateway.authentication.keys import COOL_DOWN_SECONDS, KeySet
from shared.errors import Unavailable
from tests.unit.gateway.authentication.issuing import Issuer


class Published:
    """auth_service's key set; `document` is None while it is down."""

    def __init__(self, document: bytes | None) -> None:
        self.document = document
        self.fetches = 0
        self.now = 1000.0

    async def fetch(self) -> bytes:
        self.fetches += 1
        await asyncio.sleep(0)
        if self.document is None:
            raise Unavailable
        return self.document

    def clock(self) -> float:
        return self.now


async def test_new_key_is_found_when_its_first_token_comes() -> None:
    """A25: a rotation without a failure, even for tokens that arrive together."""
    old, new = Issuer(), Issuer()
    published = Published(old.jwks())
    keys = KeySet(published.fetch, published.clock)
    await keys.refresh()
    published.document = new.jwks()
    found = await asyncio.gather(*(keys.find(new.jwk["kid"]) for _ in range(50)))
    assert len(found) == 50
    assert published.fetches == 2
    assert old.jwk["kid"] not in keys


async def test_flood_of_random_key_ids_fetches_once_per_cool_down() -> None:
    """A25: at most one fetch per 30 s."""
    published = Published(Issuer().jwks())
    keys = KeySet(published.fetch, published.clock)
    await keys.refresh()

    async def flood() -> None:
        results = await asyncio.gather(*(keys.find(str(n)) for n in range(100)), return_exceptions=True)
        assert all(isinstance(result, InvalidToken) for result in results)

    await flood()
    await flood()
    assert published.fetches == 2
    published.now += COOL_DOWN_SECONDS
    await flood()
    assert published.fetches == 3


async def test_keys_stay_good_while_auth_service_is_down() -> None:
    """R4"""
    issuer = Issuer()
    published = Published(issuer.jwks())
    keys = KeySet(published.fetch, published.clock)
    await keys.refresh()
    published.document = None
    with pytest.raises(Unavailable):
        await keys.refresh()
    assert issuer.jwk["kid"] in keys
    await keys.find(issuer.jwk["kid"])


async def test_unknown_key_is_unavailable_as_long_as_it_could_not_be_looked_for() -> None:
    published = Published(None)
    keys = KeySet(published.fetch, published.clock)
    for _ in range(2):
        with pytest.raises(Unavailable):
            await keys.find("x")
    assert not keys.is_known


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html>", id="not JSON"),
        pytest.param(b"[]", id="no object"),
        pytest.param(b'{"keys": [1, {}, null]}', id="no keys in it"),
        pytest.param(b'{"keys": {}}', id="keys that are no list"),
        pytest.param(b'{"keys": 5}', id="keys that are a number"),
    ],
)
async def test_useless_document_never_replaces_keys(document: bytes) -> None:
    issuer = Issuer()
    published = Published(issuer.jwks())
    keys = KeySet(published.fetch, published.clock)
    await keys.refresh()
    published.document = document
    with pytest.raises(Unavailable):
        await keys.refresh()
    assert issuer.jwk["kid"] in keys
