"""F14: every way to a file has one to its pictures, with the same check."""

import io
from dataclasses import replace

import pytest
from PIL import Image

from tests.integration.file_service.links import Stranger, about, publish, share, sign
from tests.integration.file_service.running_service import Person, RunningService
from tests.integration.file_service.ways import WAYS, Open, Way
from tests.unit.file_service.headers.in_memory import picture

every_way = pytest.mark.parametrize("opened", WAYS.values(), ids=WAYS)
SIDE = "width=30&height=20&fit=cover"


def to_picture(way: Way) -> Way:
    path, _, query = way.path.partition("?")
    kept = "" if "/signed/" not in path else f"&{query}"
    return replace(way, path=f"{path.removesuffix('/content')}/picture?{SIDE}{kept}")


@every_way
async def test_each_way_to_a_file_has_one_to_its_pictures(opened: Open, service: RunningService, ada: Person) -> None:
    file_id = (await ada.upload(picture("PNG"), "me.png"))["id"]
    way = to_picture(await opened(service, ada, file_id))

    answer = await way.ask()

    assert Image.open(io.BytesIO(await answer.read())).size == (30, 20)
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["Content-Disposition"].startswith("inline")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"].startswith("public" if "/public/" in way.path else "private, max-age=300")
    assert (await way.ask(headers={"If-None-Match": answer.headers["ETag"]})).status == 304


@every_way
async def test_nothing_goes_out_of_what_is_infected_or_gone(opened: Open, service: RunningService, ada: Person) -> None:
    file_id = (await ada.upload(picture("PNG")))["id"]
    way = await opened(service, ada, file_id)
    assert (await to_picture(way).ask()).status == 200

    for verdict, refused in (("pending", (409, "file_quarantined")), ("infected", (403, "file_infected"))):
        await service.fetch("update files.file set verdict = $1", verdict)
        for each in (way, to_picture(way)):
            answer = await each.ask()
            assert (answer.status, (await answer.json())["code"]) == refused
        unmade = replace(way, path=to_picture(way).path.replace("width=30", "width=31"))
        assert (await unmade.ask()).status == refused[0]
    assert len(await service.fetch("select from files.rendition")) == 1
    await ada.delete(file_id)
    answer = await to_picture(way).ask()
    assert (answer.status, (await answer.json())["code"]) == way.gone


async def test_ways_that_are_closed_are_closed_for_pictures(service: RunningService, ada: Person) -> None:
    file_id = (await ada.upload(picture("PNG")))["id"]
    stranger = Stranger(service)
    await publish(ada, file_id)
    shared = await share(ada, file_id, password="open sesame")
    once = await share(ada, file_id, once=True)
    assert (await stranger.get(f"/v1/files/public/{file_id}/picture")).status == 200

    await publish(ada, file_id, public=False)

    assert (await stranger.get(f"/v1/files/public/{file_id}/picture")).status == 404
    assert (await stranger.code(f"{about(shared)}/picture")) == (403, "share_password_required")
    wrong = {"Share-Password": "guess"}
    assert (await stranger.code(f"{about(shared)}/picture", headers=wrong)) == (403, "wrong_share_password")
    assert (await stranger.get(f"{about(once)}/picture")).status == 404
    assert (await stranger.get(f"{about(once)}/content")).status == 200


async def test_signed_url_is_good_for_pictures_as_it_was_given(service: RunningService, ada: Person) -> None:
    """F13: path, parameters, repetitions."""
    first, second = [(await ada.upload(picture("PNG")))["id"] for _ in range(2)]
    path, _, query = (await sign(ada, first)).partition("?")
    stranger = Stranger(service)

    assert (await stranger.get(f"{path}/picture?{query}")).status == 200
    for asked in (
        f"{path}/picture?{query}&inline=true",
        f"{path}/picture?{query}&{query}",
        f"{path}/picture?{query[:-2]}",
        f"{path}/picture",
        f"{path.replace(first, second)}/picture?{query}",
    ):
        assert await stranger.code(asked) == (403, "invalid_signed_url")
    assert (await stranger.code(f"{path}/picture?{query}&width=9&width=9"))[0] == 400
    assert (await stranger.code(f"{path}/picture?{query}&width=9999"))[0] == 400
