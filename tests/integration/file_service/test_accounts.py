import asyncio
from uuid import UUID

from shared.ids import uuid7
from tests.integration.file_service.running_service import Person, RunningService


async def owners(service: RunningService) -> dict[UUID, bool]:
    """Return who has a row, and whether it is a living owner's rather than a tombstone."""
    rows = await service.fetch("select owner_id, deleted_at is null as alive from files.owner")
    return {row["owner_id"]: row["alive"] for row in rows}


async def test_deleted_account_takes_its_files_along(service: RunningService, ada: Person, bob: Person) -> None:
    """U10: delete account -> files gone."""
    gone = [await ada.upload(b"x") for _ in range(3)]
    kept = await bob.upload(b"y")
    service.accounts.tell("user_deleted", ada.user_id)
    await service.accounts.caught_up()

    await service.settled(blobs=1)
    assert (await ada.content(gone[0]["id"])).status == 404
    assert (await bob.content(kept["id"])).status == 200


async def test_assertion_that_outlives_the_account_brings_no_file_back(service: RunningService, ada: Person) -> None:
    """U10: a tombstone refuses late uploads, of somebody who never had a file as well."""
    service.accounts.tell("user_deleted", ada.user_id)
    await service.accounts.caught_up()
    answer = await ada.post(b"x")
    assert (answer.status, (await answer.json())["code"]) == (401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    await service.settled(blobs=0)


async def test_deletion_amid_uploads_leaves_no_file(service: RunningService) -> None:
    """U10: whichever comes first, nothing of the account stays."""
    people = [service.person(uuid7()) for _ in range(10)]

    async def end_accounts() -> None:
        for person in people:
            service.accounts.tell("user_deleted", person.user_id)
            await asyncio.sleep(0)

    async def upload(person: Person) -> int:
        return (await person.post(b"x" * 1000)).status

    statuses, _ = await asyncio.gather(
        asyncio.gather(*(upload(person) for person in people for _ in range(3))), end_accounts()
    )
    await service.accounts.caught_up()
    assert set(statuses) <= {201, 401}
    assert await owners(service) == {person.user_id: False for person in people}
    assert await service.fetch("select from files.file") == []
    await service.settled(blobs=0)


async def test_events_told_again_change_nothing(service: RunningService, ada: Person) -> None:
    """U10: replay-safe."""
    await ada.upload(b"x")
    service.accounts.tell("user_registered", ada.user_id)
    service.accounts.tell("user_deleted", ada.user_id)
    await service.accounts.caught_up()
    before = await service.fetch("select * from files.owner")
    await service.fetch("update files.event_cursor set position = 0")
    service.accounts.tell("user_registered", uuid7())
    await service.accounts.caught_up()
    assert await service.fetch("select * from files.owner") == before
    await service.settled(blobs=0)


async def test_restored_owner_of_accounts_decides_who_has_files(service: RunningService) -> None:
    kept, lost, revived = sorted(uuid7() for _ in range(3))
    for user_id in (kept, lost, revived):
        await service.person(user_id).upload(b"x")
    service.accounts.tell("user_deleted", revived)
    await service.accounts.caught_up()

    service.accounts.alive = {kept, revived}
    service.accounts.page_size = 2
    service.accounts.restore()
    await service.accounts.caught_up()

    assert await owners(service) == {kept: True, lost: False}
    await service.settled(blobs=1)
    await service.person(revived).upload(b"x")
    assert (await service.person(lost).post(b"x")).status == 401
