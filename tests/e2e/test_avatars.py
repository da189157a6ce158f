"""A person's avatar, in every way that an installation is reached: stored, chosen, seen by anybody, and gone again."""

import io
from urllib.parse import urlsplit

from PIL import Image

from tests.e2e.places import everywhere
from tests.e2e.visitor import Visitor
from tests.waiting import eventually

pytestmark = everywhere


def portrait() -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").convert("RGB").resize((400, 300)).save(out, "JPEG")
    return out.getvalue()


async def test_avatar_is_chosen_seen_by_anybody_and_gone_with_its_file(ada: Visitor, grace: Visitor) -> None:
    root = ada.url.removesuffix(urlsplit(ada.url).path)
    stored = await ada.call("POST", "/v1/files", params={"purpose": "avatar"}, data=portrait())
    avatar = stored.json()["id"]

    chosen = await ada.call("PATCH", "/v1/users/me", json={"avatar": avatar})
    stolen = await grace.call("PATCH", "/v1/users/me", json={"avatar": avatar})
    profile = (await grace.call("GET", f"/v1/users/{ada.user_id}")).json()
    async with grace.session.get(root + profile["avatar_url"], params={"size": "128"}) as seen:
        assert (seen.status, seen.headers["Cache-Control"]) == (200, "public, max-age=300")
        assert Image.open(io.BytesIO(await seen.read())).size == (128, 128)
    deleted = await ada.call("DELETE", f"/v1/files/{avatar}")
    async with grace.session.get(root + profile["avatar_url"]) as gone:
        assert gone.status == 404

    assert (chosen.status, deleted.status) == (200, 204)
    assert stolen.code == "invalid_avatar"

    async def forgotten() -> bool:
        return (await ada.call("GET", "/v1/users/me")).json()["avatar"] is None

    await eventually(forgotten)


async def test_picture_of_a_file_is_its_owners(ada: Visitor, grace: Visitor) -> None:
    """F14."""
    stored = (await ada.upload(portrait(), "me.jpeg")).json()["id"]
    path = f"/v1/files/{stored}/picture?width=64&height=64&fit=cover&format=jpeg"

    mine = await ada.call("GET", path)
    theirs = await grace.call("GET", path)
    nobodys = await Visitor(ada.url, ada.address, ada.session).call("GET", path)

    assert (mine.status, mine.headers["Content-Type"]) == (200, "image/jpeg")
    assert Image.open(io.BytesIO(mine.body)).size == (64, 64)
    assert (theirs.status, nobodys.status) == (404, 401)
