from collections.abc import Mapping

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request
from multidict import CIMultiDict

from shared.identity import Identity, Kind
from shared.web.context import CONTEXT, new_context
from shared.web.idempotency_key import InvalidIdempotencyKey, read_key


async def nothing(_request: web.Request) -> web.Response:
    return web.Response()


async def request(
    headers: Mapping[str, str] | CIMultiDict[str], path: str = "/v1/things", subject: str = "u1", method: str = "POST"
) -> web.Request:
    app = web.Application()
    for template in ("/v1/things", "/v1/things/{thing_id}"):
        app.router.add_route("*", template, nothing)
    made = make_mocked_request(method, path, CIMultiDict(headers), app=app)
    made._match_info = await app.router.resolve(made)
    made[CONTEXT] = new_context(made)
    made[CONTEXT].identity = Identity(Kind.USER, subject)
    return made


async def test_key_belongs_to_its_principal_and_route() -> None:
    key = {"Idempotency-Key": "k"}
    hashes = [
        read_key(each)
        for each in (
            await request(key),
            await request(key, subject="u2"),
            await request(key, method="PUT"),
            await request(key, "/v1/things/1"),
            await request({"Idempotency-Key": "l"}),
        )
    ]
    assert len(set(hashes)) == len(hashes)
    assert read_key(await request(key)) == hashes[0]
    assert read_key(await request(key, "/v1/things/2")) == hashes[3]  # the template counts, not the path


async def test_request_without_a_key_has_none() -> None:
    assert read_key(await request({})) is None


@pytest.mark.parametrize("key", ["k", "k" * 255, "a b", '"quoted"', "~!@#$%^&*()"])
async def test_printable_key_is_accepted(key: str) -> None:
    found = read_key(await request({"Idempotency-Key": key}))
    assert found is not None
    assert len(found) == 32


@pytest.mark.parametrize("key", ["", "k" * 256, "k\tk", "ké", "k\x00"])
async def test_odd_key_is_refused(key: str) -> None:
    with pytest.raises(InvalidIdempotencyKey):
        read_key(await request({"Idempotency-Key": key}))


async def test_two_keys_are_refused() -> None:
    twice = CIMultiDict([("Idempotency-Key", "a"), ("idempotency-key", "a")])
    with pytest.raises(InvalidIdempotencyKey):
        read_key(await request(twice))
