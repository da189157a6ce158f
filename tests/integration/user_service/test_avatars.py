"""A profile's avatar: a picture of the person's own, which file_service knows."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import pytest

from shared.identity import Verifier, load_trust
from shared.ids import uuid7
from tests.integration.gates import Gate
from tests.integration.user_service.files_stand_in import FilesStandIn
from tests.integration.user_service.running_service import Person, RunningService, running_service
from tests.stores import Databases
from user_service.repository import ProfileRepository


@pytest.fixture(scope="module")
async def files() -> FilesStandIn:
    return FilesStandIn()


@pytest.fixture(scope="module")
async def service(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory, files: FilesStandIn
) -> AsyncIterator[RunningService]:
    folder = tmp_path_factory.mktemp("avatars")
    server = files.server()
    await server.start_server()
    environment = {"FILE_INTERNAL_URL": str(server.make_url("")), "PUBLIC_URL": "https://example.org/app"}
    async with databases.clone("user_service") as urls, running_service(urls, folder, **environment) as running:
        yield running
    await server.close()


def picture(files: FilesStandIn, owner_id: UUID, purpose: str = "avatar", *, ready: bool = True) -> str:
    file_id = uuid7()
    files.known[file_id] = {"owner_id": str(owner_id), "purpose": purpose, "ready": ready}
    return str(file_id)


async def test_avatar_is_told_to_its_owner_and_to_others(
    service: RunningService, files: FilesStandIn, ada: Person, bob: Person
) -> None:
    avatar = picture(files, ada.user_id)
    assert (await (await ada.get("/v1/users/me")).json())["avatar_url"] is None

    changed = await ada.patch({"avatar": avatar, "display_name": "Ada of the avatars"})

    told = await changed.json()
    address = f"/app/v1/files/avatars/{avatar}"
    assert (changed.status, told["avatar"], told["avatar_url"]) == (200, avatar, address)
    assert changed.headers["ETag"] == (await ada.get("/v1/users/me")).headers["ETag"]
    seen = await (await bob.get(f"/v1/users/{ada.user_id}")).json()
    assert (seen["avatar_url"], "avatar" in seen) == (address, False)
    found = await (await bob.get("/v1/users?q=of the avatars")).json()
    assert [item["avatar_url"] for item in found["items"]] == [address]


async def test_another_change_leaves_the_avatar_and_null_takes_it_away(files: FilesStandIn, ada: Person) -> None:
    avatar = picture(files, ada.user_id)
    await ada.patch({"avatar": avatar})

    kept = await (await ada.patch({"bio": "Counts."})).json()
    without = await (await ada.patch({"avatar": None})).json()

    assert kept["avatar"] == avatar
    assert (without["avatar"], without["avatar_url"], without["bio"]) == (None, None, "Counts.")


async def test_file_service_is_asked_by_this_program(service: RunningService, files: FilesStandIn, ada: Person) -> None:
    await ada.patch({"avatar": picture(files, ada.user_id)})

    verifier = Verifier(load_trust(service.folder / "trust.json"), "file_service")
    assert verifier.verify(files.assertions[-1]).subject == "user_service"


async def test_only_a_ready_picture_of_ones_own_is_an_avatar(files: FilesStandIn, ada: Person, bob: Person) -> None:
    """F14."""
    for avatar in (
        str(uuid7()),
        picture(files, bob.user_id),
        picture(files, ada.user_id, "file"),
        picture(files, ada.user_id, ready=False),
    ):
        answer = await ada.patch({"avatar": avatar, "bio": "never"})
        assert (answer.status, (await answer.json())["code"]) == (422, "invalid_avatar")
    told = await (await ada.get("/v1/users/me")).json()
    assert (told["avatar"], told["bio"]) == (None, "")


@pytest.mark.parametrize("avatar", ["nonsense", 5, "", "../../x", ["a"]])
async def test_what_names_no_file_is_refused(ada: Person, avatar: object) -> None:
    assert (await ada.patch({"avatar": avatar})).status == 400


async def test_avatar_waits_for_file_service(files: FilesStandIn, ada: Person) -> None:
    files.status = 500
    try:
        answer = await ada.patch({"avatar": picture(files, ada.user_id)})
        others = await ada.patch({"bio": "b"})
    finally:
        files.status = 200

    assert (answer.status, (await answer.json())["code"], others.status) == (503, "unavailable", 200)
    assert "Retry-After" in answer.headers


async def test_deleted_avatar_is_none_any_more(service: RunningService, files: FilesStandIn, ada: Person) -> None:
    first, second = picture(files, ada.user_id), picture(files, ada.user_id)
    await ada.patch({"avatar": second})

    async def tell_gone(file_id: str, headers: dict[str, str]) -> int:
        body = {"owner_id": str(ada.user_id), "file_id": file_id}
        answer = await service.private.post("/internal/avatars/gone", json=body, headers=headers)
        return answer.status

    asked = service.asked_by("file_service")
    assert await tell_gone(first, asked) == 204
    assert (await (await ada.get("/v1/users/me")).json())["avatar"] == second
    assert [await tell_gone(second, each) for each in service.asked_by_others()] == [403, 403, 403]
    assert await tell_gone(second, asked) == 204
    assert (await (await ada.get("/v1/users/me")).json())["avatar"] is None


@pytest.mark.parametrize("status", [200, 503])
async def test_avatar_that_is_deleted_while_it_is_chosen_is_none(
    service: RunningService, files: FilesStandIn, ada: Person, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    """file_service tells it before the profile has it, and never again; nor can it always be asked."""
    await ada.patch({"bio": "Counts."})
    avatar = picture(files, ada.user_id)
    gate = Gate(monkeypatch, ProfileRepository, "update")
    change = asyncio.create_task(ada.patch({"avatar": avatar}))
    await gate.reached()
    del files.known[UUID(avatar)]
    gone = {"owner_id": str(ada.user_id), "file_id": avatar}
    headers = service.asked_by("file_service")
    async with service.private.post("/internal/avatars/gone", json=gone, headers=headers) as told:
        assert told.status == 204
    monkeypatch.setattr(files, "status", status)
    gate.open()
    assert (await change).status == status
    assert (await (await ada.get("/v1/users/me")).json())["avatar"] is None


async def test_nothing_is_left_of_a_deleted_accounts_avatar(
    service: RunningService, files: FilesStandIn, ada: Person
) -> None:
    await ada.patch({"avatar": picture(files, ada.user_id)})

    service.accounts.tell("user_deleted", ada.user_id)
    await service.accounts.caught_up()

    (row,) = await service.fetch("select avatar, deleted_at from users.profile where user_id = $1", ada.user_id)
    assert row["avatar"] is None
    assert row["deleted_at"] is not None
