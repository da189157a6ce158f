"""While somebody is banned nobody else sees their profile; all of it is back afterwards."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.ids import uuid7
from tests.integration.user_service.running_service import Person, RunningService, running_service
from tests.stores import DatabaseUrls


@pytest.fixture
async def service(user_database: DatabaseUrls, tmp_path: Path) -> AsyncIterator[RunningService]:
    async with running_service(user_database, tmp_path) as running:
        yield running


async def is_seen(person: Person, viewer: Person, term: str = "lovelace") -> bool:
    """Tell whether the profile is read and found, which it must be both or neither."""
    read = (await viewer.get(f"/v1/users/{person.user_id}")).status
    found = await viewer.search(q=term)
    assert (read, len(found)) in ((200, 1), (404, 0))
    return read == 200


async def test_banned_persons_profile_is_hidden_and_back_as_it_was(
    service: RunningService, ada: Person, bob: Person
) -> None:
    await ada.patch({"display_name": "Ada Lovelace", "bio": "Counts."})
    before = await (await bob.get(f"/v1/users/{ada.user_id}")).json()
    await service.accounts.ban(ada.user_id)
    assert not await is_seen(ada, bob)
    await service.accounts.unban(ada.user_id)
    assert await is_seen(ada, bob)
    assert await (await bob.get(f"/v1/users/{ada.user_id}")).json() == before


async def test_ban_changes_nothing_for_its_owner_and_their_export(service: RunningService, ada: Person) -> None:
    """An assertion may be on its way still, and the export of a banned account is complete."""
    await ada.patch({"display_name": "Ada Lovelace"})
    etag = (await ada.get("/v1/users/me")).headers["ETag"]
    await service.accounts.ban(ada.user_id)
    assert (await ada.get("/v1/users/me")).headers["ETag"] == etag
    asked = service.asked_by_auth_service()
    told = await (await service.private.get(f"/internal/exports/{ada.user_id}", headers=asked)).json()
    assert told["profile"]["display_name"] == "Ada Lovelace"


async def test_ban_that_has_ended_hides_nothing_though_nobody_tells(
    service: RunningService, ada: Person, bob: Person
) -> None:
    await ada.patch({"display_name": "Ada Lovelace"})
    await service.accounts.ban(ada.user_id, datetime.now(UTC) + timedelta(hours=1))
    assert not await is_seen(ada, bob)
    await service.accounts.ban(ada.user_id, datetime.now(UTC) - timedelta(seconds=1))
    assert await is_seen(ada, bob)


async def test_ban_of_somebody_who_has_no_profile_yet_hides_the_later_one(
    service: RunningService, ada: Person, bob: Person
) -> None:
    await service.accounts.ban(ada.user_id)
    await ada.patch({"display_name": "Ada Lovelace"})
    assert not await is_seen(ada, bob)


async def test_ban_of_a_deleted_account_leaves_its_tombstone(service: RunningService, ada: Person) -> None:
    service.accounts.tell("user_deleted", ada.user_id)
    await service.accounts.ban(ada.user_id)
    (row,) = await service.fetch("select deleted_at, banned_until from users.profile")
    assert (row["deleted_at"] is not None, row["banned_until"]) == (True, None)


async def test_page_of_a_search_is_filled_past_those_who_are_banned(service: RunningService, bob: Person) -> None:
    people = [service.person(user_id) for user_id in sorted(uuid7() for _ in range(8))]
    for number, person in enumerate(people):
        await person.patch({"display_name": f"Somebody {number}"})
    for person in people[1:4]:
        await service.accounts.ban(person.user_id)
    first = await (await bob.get("/v1/users?q=somebody&limit=3")).json()
    rest = await (await bob.get(f"/v1/users?q=somebody&limit=3&cursor={first['next_cursor']}")).json()
    names = [item["display_name"] for page in (first, rest) for item in page["items"]]
    assert names == [f"Somebody {number}" for number in (0, 4, 5, 6, 7)]
    assert (len(first["items"]), rest["next_cursor"]) == (3, None)


async def test_snapshot_decides_who_is_banned(service: RunningService, bob: Person) -> None:
    """After a restore, and at the first start of a release that hides: bans are older than what the feed tells."""
    kept, lifted, new, ended = (service.person(user_id) for user_id in sorted(uuid7() for _ in range(4)))
    for name, person in (("kept", kept), ("lifted", lifted), ("new", new), ("ended", ended)):
        await person.patch({"display_name": f"Person {name}"})
        service.accounts.alive.add(person.user_id)
    for person in (kept, lifted):
        await service.accounts.ban(person.user_id)
    past = datetime.now(UTC) - timedelta(seconds=1)
    service.accounts.bans = {
        kept.user_id: None,
        new.user_id: datetime.now(UTC) + timedelta(days=1),
        ended.user_id: past,
    }
    service.accounts.page_size = 3
    service.accounts.restore()
    await service.accounts.caught_up()
    seen = [await is_seen(person, bob, name) for name, person in (("kept", kept), ("lifted", lifted), ("new", new))]
    assert (seen, await is_seen(ended, bob, "ended")) == ([False, True, False], True)


async def test_release_before_that_follows_beside_this_one_takes_no_ban_away(
    service: RunningService, ada: Person, bob: Person
) -> None:
    """Its cursor is a row of its own: it passes bans over, and has a place that this one doesn't begin from."""
    await ada.patch({"display_name": "Ada Lovelace"})
    await service.accounts.ban(ada.user_id)
    await service.fetch("insert into users.event_cursor values ('auth_service', $1, 1000)", service.accounts.epoch)
    await asyncio.gather(service.accounts.ban(bob.user_id), bob.patch({"display_name": "Bob"}))
    cursors = {
        row["feed"]: row["position"] for row in await service.fetch("select feed, position from users.event_cursor")
    }
    assert cursors == {"auth_service": 1000, "auth_service/2": 2}
    assert not await is_seen(ada, bob)
