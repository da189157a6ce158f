"""Avatars: pictures that everybody may see who has their address."""

import io

from PIL import Image

from tests.integration.file_service.running_service import Person, RunningService
from tests.unit.file_service.headers.in_memory import picture


async def test_avatar_is_a_square_for_everybody(service: RunningService, ada: Person) -> None:
    answer = await ada.post(picture("PNG", (600, 400)), purpose="avatar")
    avatar = (await answer.json())["id"]
    stranger = service.asserted_anonymous()

    for query, side in (({}, 256), ({"size": "64"}, 64), ({"size": "512"}, 512)):
        seen = await service.public.get(f"/v1/files/avatars/{avatar}", params=query, headers=stranger)
        assert (seen.status, seen.headers["Cache-Control"]) == (200, "public, max-age=300")
        assert Image.open(io.BytesIO(await seen.read())).size == (side, side)
    odd = await service.public.get(f"/v1/files/avatars/{avatar}", params={"size": "65"}, headers=stranger)
    assert odd.status == 400
    assert await ada.delete(avatar) == 204
    gone = await service.public.get(f"/v1/files/avatars/{avatar}", headers=stranger)
    assert gone.status == 404


async def test_other_files_are_no_avatars(service: RunningService, ada: Person) -> None:
    """F14."""
    view = await ada.upload(picture("PNG"))

    answer = await service.public.get(f"/v1/files/avatars/{view['id']}", headers=service.asserted_anonymous())

    assert answer.status == 404
