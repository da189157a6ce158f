import re
from urllib.parse import parse_qsl, urlencode

import pytest

from tests.integration.file_service.links import Stranger, post, sign
from tests.integration.file_service.running_service import Person, RunningService

INVALID = (403, "invalid_signed_url")


@pytest.fixture
def stranger(service: RunningService) -> Stranger:
    return Stranger(service)


@pytest.fixture
async def signed(ada: Person) -> str:
    file_id = (await ada.upload(b"GIF89a" + bytes(20), "a.gif"))["id"]
    return await sign(ada, file_id, disposition="inline", download_name="Größe & 1.gif")


async def test_signed_url_gives_the_file_as_its_owner_wished(stranger: Stranger, signed: str) -> None:
    answer = await stranger.get(signed)
    assert (answer.status, await answer.read()) == (200, b"GIF89a" + bytes(20))
    assert answer.headers["Content-Disposition"] == (
        "inline; filename=\"Gr__e & 1.gif\"; filename*=UTF-8''Gr%C3%B6%C3%9Fe%20&%201.gif"
    )
    assert (await stranger.ask("HEAD", signed)).status == 200
    assert (await stranger.get(signed, {"Range": "bytes=0-2"})).status == 206


async def test_spelling_and_order_of_the_query_are_free(stranger: Stranger, signed: str) -> None:
    """Clients and proxies rewrite them."""
    path, _, query = signed.partition("?")
    pairs = parse_qsl(query)
    for rewritten in (urlencode(pairs[::-1]), urlencode(pairs).replace("+", "%20").replace("inline", "%69nline")):
        assert (await stranger.get(f"{path}?{rewritten}")).status == 200


async def test_whatever_is_changed_in_it_makes_it_invalid(stranger: Stranger, ada: Person, signed: str) -> None:
    """F13: altered path, exp, signature, extra, missing or duplicate parameter -> 403."""
    path, _, query = signed.partition("?")
    file_id = path.rpartition("/")[2]
    other = (await ada.upload(b"y"))["id"]
    expires = re.search(r"expires=(\d+)", query)
    assert expires is not None
    signature = dict(parse_qsl(query))["signature"]
    for changed in (
        f"{path.replace(file_id, other)}?{query}",
        f"{path.replace(file_id, file_id.upper())}?{query}",
        f"{path}?{query.replace(expires[0], f'expires={int(expires[1]) + 1}')}",
        f"{path}?{query.replace(expires[0], f'expires=0{expires[1]}')}",
        f"{path}?{query.replace('inline=true', 'inline=false')}",
        f"{path}?{query.replace('inline=true&', '')}",
        f"{path}?{query}&x=1",
        f"{path}?{query}&x",
        f"{path}?{query}&inline=true",
        f"{path}?{query}&{expires[0]}",
        f"{path}?{query}&signature={signature}",
        f"{path}?{query.replace(signature, '')}",
        f"{path}?{query.replace(signature, signature[::-1])}",
        f"{path}?{query.replace(signature, '%00%ff')}",
        f"{path}?{query.replace(signature, signature + '=')}x",
        f"{path}?{query.replace('signature=', 'Signature=')}",
        f"{path}?signature={signature}",
        path,
    ):
        assert (changed, await stranger.code(changed)) == (changed, INVALID)
    assert (await stranger.get(signed)).status == 200


async def test_it_is_for_reading_alone(stranger: Stranger, signed: str) -> None:
    """F13: altered method."""
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert (await stranger.ask(method, signed)).status == 405


async def test_it_is_over_when_the_file_goes(stranger: Stranger, ada: Person, signed: str) -> None:
    """F13: after delete -> 403."""
    file_id = signed.partition("?")[0].rpartition("/")[2]
    assert (await stranger.get(signed)).status == 200
    await ada.delete(file_id)
    assert await stranger.code(signed) == INVALID


@pytest.mark.parametrize("wish", [{"expires_in": 0}, {"expires_in": 604_801}, {"disposition": "x"}, {"method": "PUT"}])
async def test_bad_wish_is_refused(ada: Person, wish: dict[str, object]) -> None:
    file_id = (await ada.upload(b"x"))["id"]
    assert (await post(ada, f"/v1/files/{file_id}/signed-urls", **wish)).status == 400
