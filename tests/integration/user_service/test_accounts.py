import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest

from shared.ids import uuid7
from tests.integration.user_service.running_service import Person, RunningService, running_service
from tests.stores import DatabaseUrls


@pytest.fixture
async def service(user_database: DatabaseUrls, tmp_path: Path) -> AsyncIterator[RunningService]:
    async with running_service(user_database, tmp_path) as running:
        yield running


async def profiles(service: RunningService) -> dict[UUID, bool]:
    """Return who has a row, and whether it is a profile rather than a tombstone."""
    rows = await service.fetch("select user_id, deleted_at is null as alive from users.profile")
    return {row["user_id"]: row["alive"] for row in rows}


async def test_registered_account_has_a_profile_that_others_see(service: RunningService, bob: Person) -> None:
    user_id = uuid7()
    service.accounts.tell("user_registered", user_id)
    await service.accounts.caught_up()

    response = await bob.get(f"/v1/users/{user_id}")

    assert (response.status, (await response.json())["display_name"]) == (200, "")


async def test_registration_that_is_told_late_leaves_what_the_owner_wrote(service: RunningService, ada: Person) -> None:
    await ada.patch({"display_name": "Ada"})
    service.accounts.tell("user_registered", ada.user_id)
    await service.accounts.caught_up()

    assert (await (await ada.get("/v1/users/me")).json())["display_name"] == "Ada"


async def test_deleted_account_is_gone_from_everywhere(service: RunningService, ada: Person, bob: Person) -> None:
    """U10: delete account -> search and profile gone, and nothing personal is kept."""
    await ada.patch({"display_name": "Ada Lovelace", "bio": "Counts."})
    service.accounts.tell("user_deleted", ada.user_id)
    await service.accounts.caught_up()

    assert (await bob.get(f"/v1/users/{ada.user_id}")).status == 404
    assert await bob.search(q="lovelace") == []
    (row,) = await service.fetch("select * from users.profile where user_id = $1", ada.user_id)
    assert (row["display_name"], row["bio"], row["search"]) == ("", "", "")


async def test_assertion_that_outlives_the_account_does_not_bring_it_back(service: RunningService, ada: Person) -> None:
    """U10: a tombstone keeps a late assertion from making a new profile."""
    service.accounts.tell("user_deleted", ada.user_id)
    await service.accounts.caught_up()

    late = [await ada.get("/v1/users/me"), await ada.patch({"bio": "b"}), await ada.get(f"/v1/users/{ada.user_id}")]

    assert [response.status for response in late] == [401, 401, 401]
    assert late[0].headers["WWW-Authenticate"] == 'Bearer error="invalid_token"'
    assert await profiles(service) == {ada.user_id: False}


async def test_deletion_and_first_use_at_once_end_in_a_tombstone(service: RunningService) -> None:
    """U10: whichever comes first, the account stays deleted."""
    people = [service.person(uuid7()) for _ in range(20)]

    async def delete() -> None:
        for person in people:
            service.accounts.tell("user_deleted", person.user_id)
            await asyncio.sleep(0)

    await asyncio.gather(delete(), *(person.get("/v1/users/me") for person in people))
    await service.accounts.caught_up()

    assert await profiles(service) == {person.user_id: False for person in people}


async def test_events_told_again_change_nothing(service: RunningService, ada: Person) -> None:
    """U10: replay-safe."""
    service.accounts.tell("user_registered", ada.user_id)
    service.accounts.tell("user_deleted", ada.user_id)
    await service.accounts.caught_up()
    before = await service.fetch("select * from users.profile")

    await service.fetch("update users.event_cursor set position = 0")
    service.accounts.tell("user_deleted", uuid7())
    await service.accounts.caught_up()

    assert await service.fetch("select * from users.profile where user_id = $1", ada.user_id) == before


async def test_events_about_other_things_are_passed_over(service: RunningService) -> None:
    service.accounts.tell("session_revoked", uuid7())
    service.accounts.tell("user_registered", registered := uuid7())
    await service.accounts.caught_up()

    assert await profiles(service) == {registered: True}


async def test_restored_owner_decides_who_exists(service: RunningService) -> None:
    kept, lost, revived, new = sorted(uuid7() for _ in range(4))
    for user_id in (kept, lost, revived):
        await service.person(user_id).patch({"display_name": f"Person {user_id}"})
    service.accounts.tell("user_deleted", revived)
    await service.accounts.caught_up()

    service.accounts.alive = {kept, revived, new}
    service.accounts.page_size = 2
    service.accounts.restore()
    await service.accounts.caught_up()

    assert await profiles(service) == {kept: True, lost: False, revived: True, new: True}
    profile = await (await service.person(kept).get("/v1/users/me")).json()
    assert profile["display_name"] == f"Person {kept}"


async def test_accounts_younger_than_the_snapshot_are_left_alone(service: RunningService, ada: Person) -> None:
    await ada.patch({"display_name": "Ada"})

    service.accounts.before = UUID(int=ada.user_id.int - 1)
    service.accounts.restore()
    await service.accounts.caught_up()

    assert await profiles(service) == {ada.user_id: True}


async def test_page_of_an_ended_epoch_is_not_applied_after_a_resync(service: RunningService, ada: Person) -> None:
    """Another replica has resynced while this one still held events of the old history."""
    await service.fetch("update users.event_cursor set epoch = gen_random_uuid()")
    service.accounts.tell("user_deleted", ada.user_id)

    await service.accounts.caught_up()

    assert await profiles(service) == {}
