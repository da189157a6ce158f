"""Avatars: pictures that everybody may see who has their address."""

import io

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from PIL import Image

from shared.ids import uuid7
from tests.integration.file_service.running_service import Person, RunningService, running_service
from tests.stores import Databases
from tests.unit.file_service.headers.in_memory import picture
from tests.waiting import eventually


async def test_avatar_is_a_square_for_everybody(service: RunningService, ada: Person) -> None:
    answer = await ada.post(picture("PNG", (600, 400)), purpose="avatar")
    avatar = (await answer.json())["id"]
    stranger = service.asserted_anonymous()

    for query, side in (({}, 256), ({"size": "64"}, 64), ({"size": "512"}, 512)):
        seen = await service.public.get(f"/v1/files/avatars/{avatar}", params=query, headers=stranger)
        assert (seen.status, seen.headers["Cache-Control"]) == (200, "public, max-age=300")
        assert seen.headers["Content-Disposition"] == 'inline; filename="avatar.webp"'  # not the file's own name
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


async def test_user_service_is_told_of_pictures(service: RunningService, ada: Person) -> None:
    avatar = (await (await ada.post(picture("PNG"), purpose="avatar")).json())["id"]
    path = f"/internal/pictures/{avatar}"

    async with service.private.get(path, headers=service.asked_by("user_service")) as answer:
        assert await answer.json() == {"owner_id": str(ada.user_id), "purpose": "avatar", "ready": True}
    async with service.private.get(f"/internal/pictures/{uuid7()}", headers=service.asked_by("user_service")) as answer:
        assert await answer.json() == {"owner_id": None, "purpose": "", "ready": False}
    for headers in service.asked_by_others():
        async with service.private.get(path, headers=headers) as answer:
            assert answer.status == 403


async def test_user_service_is_told_of_deleted_avatars_once_it_is_there(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory
) -> None:
    told: list[dict[str, str]] = []
    users = web.Application()

    async def take_note(request: web.Request) -> web.Response:
        if len(told) < 1:
            told.append({})
            return web.Response(status=503)
        told.append(await request.json())
        return web.Response(status=204)

    users.router.add_post("/internal/avatars/gone", take_note)
    server = TestServer(users)
    await server.start_server()
    folder, there = tmp_path_factory.mktemp("gone"), {"USER_INTERNAL_URL": str(server.make_url(""))}
    async with databases.clone("file_service") as urls, running_service(urls, folder, **there) as service:
        person = service.person(uuid7())
        avatar = (await (await person.post(picture("PNG"), purpose="avatar")).json())["id"]
        await person.delete((await person.upload(b"no avatar"))["id"])
        assert await person.delete(avatar) == 204

        async def done() -> bool:
            return not await service.fetch("select from files.job")

        await eventually(done)
    await server.close()
    assert told == [{}, {"owner_id": str(person.user_id), "file_id": avatar}]
