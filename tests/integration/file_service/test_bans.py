"""What a banned person has published is as if it were taken back, until the ban ends; nothing is deleted (A5, F14)."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from shared.ids import uuid7
from tests.integration.file_service.links import Stranger, about, drop_of, publish, share, upload_link
from tests.integration.file_service.page_visitor import PageVisitor
from tests.integration.file_service.running_service import Person, RunningService
from tests.integration.file_service.test_picture_ways import to_picture
from tests.integration.file_service.test_resumable_drops import Drop
from tests.integration.file_service.uploading import usage
from tests.integration.file_service.ways import WAYS, Open
from tests.unit.file_service.headers.in_memory import picture
from tests.waiting import eventually

OTHERS = {name: opened for name, opened in WAYS.items() if name != "own"}


@pytest.mark.parametrize("opened", OTHERS.values(), ids=OTHERS)
async def test_every_way_of_others_is_closed_and_open_again(opened: Open, service: RunningService, ada: Person) -> None:
    way = await opened(service, ada, (await ada.upload(picture("PNG"), "me.png"))["id"])
    ways = (way, to_picture(way))
    before = [await (await each.ask()).read() for each in ways]
    await service.accounts.ban(ada.user_id)
    for each in ways:
        refused = await each.ask()
        assert (refused.status, (await refused.json())["code"]) == way.gone
        assert (await each.ask(headers={"If-None-Match": "*"})).status == way.gone[0]
    await service.accounts.unban(ada.user_id)
    assert [await (await each.ask()).read() for each in ways] == before


async def test_avatar_is_hidden(service: RunningService, ada: Person) -> None:
    avatar = (await (await ada.post(picture("PNG"), purpose="avatar")).json())["id"]
    stranger, path = Stranger(service), f"/v1/files/avatars/{avatar}"
    assert (await stranger.get(path)).status == 200
    await service.accounts.ban(ada.user_id)
    assert (await stranger.get(path)).status == 404
    await service.accounts.unban(ada.user_id)
    assert (await stranger.get(path)).status == 200


async def test_links_tell_nothing_and_take_nothing(service: RunningService, ada: Person, bob: Person) -> None:
    """Neither programs nor the pages: as for a link that was taken back, or that never was."""
    shared = await share(ada, (await ada.upload(b"x"))["id"])
    dropped, drop = drop_of(link := await upload_link(ada)), Drop.by(service, link)
    kept = drop_of(await upload_link(bob))
    stranger, visitor = Stranger(service), PageVisitor(service)
    pages = [f"/s/{about(shared).rpartition('/')[2]}", f"/drop/{dropped.rpartition('/')[2]}"]
    await service.accounts.ban(ada.user_id)
    assert await stranger.code(about(shared)) == (404, "not_found")
    assert await stranger.code(dropped) == (404, "not_found")
    assert (await stranger.ask("POST", dropped, data=b"x")).status == 404
    assert (await drop.ask("POST", Upload_Length="1")).status == 404
    assert [(await visitor.get(page)).status for page in pages] == [404, 404]
    assert (await stranger.ask("POST", kept, data=b"x")).status == 201
    await service.accounts.unban(ada.user_id)
    assert [(await visitor.get(page)).status for page in pages] == [200, 200]
    assert (await stranger.ask("POST", dropped, data=b"x")).status == 201


async def test_owner_has_all_of_it_and_so_has_the_export(service: RunningService, ada: Person) -> None:
    file_id = (await ada.upload(b"mine"))["id"]
    await publish(ada, file_id)
    await service.accounts.ban(ada.user_id)
    assert await (await ada.content(file_id)).read() == b"mine"
    asked = service.asked_by_auth_service()
    async with service.private.get(f"/internal/exports/{ada.user_id}/{file_id}", headers=asked) as exported:
        assert await exported.read() == b"mine"


async def test_ban_ends_at_its_time_though_nobody_tells(service: RunningService, ada: Person) -> None:
    path = await publish(ada, (await ada.upload(b"x"))["id"])
    await service.accounts.ban(ada.user_id, datetime.now(UTC) + timedelta(hours=1))
    assert (await Stranger(service).get(path)).status == 404
    await service.accounts.ban(ada.user_id, datetime.now(UTC) - timedelta(seconds=1))
    assert (await Stranger(service).get(path)).status == 200


async def test_ban_before_the_first_file_holds_for_it(service: RunningService, ada: Person) -> None:
    await service.accounts.ban(ada.user_id)
    path = await publish(ada, (await ada.upload(b"x"))["id"])
    assert (await Stranger(service).get(path)).status == 404


def paused(halves: tuple[bytes, bytes], begun: asyncio.Event, go_on: asyncio.Event) -> AsyncIterator[bytes]:
    async def send() -> AsyncIterator[bytes]:
        yield halves[0]
        begun.set()
        await go_on.wait()
        yield halves[1]

    return send()


async def test_file_that_is_being_sent_by_a_link_is_refused(service: RunningService, ada: Person) -> None:
    dropped = drop_of(await upload_link(ada))
    begun, go_on = asyncio.Event(), asyncio.Event()
    body = paused((b"hello", b"world"), begun, go_on)
    sending = asyncio.create_task(Stranger(service).ask("POST", dropped, data=body))
    await begun.wait()
    await being_written(service, "select from files.blob where due_at is not null")
    await service.accounts.ban(ada.user_id)
    go_on.set()
    assert (await sending).status == 410
    await service.settled(blobs=0)
    assert (await usage(ada))["files"] == 0


async def test_resumable_upload_by_a_link_stops_and_goes_on_after_the_ban(service: RunningService, ada: Person) -> None:
    drop = Drop.by(service, await upload_link(ada))
    path = await drop.begin(15)
    assert (await drop.patch(path, b"first", 0)).status == 204
    begun, go_on = asyncio.Event(), asyncio.Event()
    body = paused((b"hello", b"world"), begun, go_on)
    headers = {"Tus-Resumable": "1.0.0", "Upload-Offset": "5", "Content-Type": "application/offset+octet-stream"}
    sending = asyncio.create_task(drop.stranger.ask("PATCH", path, headers, body))
    await begun.wait()
    await being_written(service, "select from files.upload where fence > 1")
    await service.accounts.ban(ada.user_id)
    go_on.set()
    assert (await sending).status == 409
    assert (await drop.ask("HEAD", path)).status == 404
    await service.accounts.unban(ada.user_id)
    assert (await drop.ask("HEAD", path)).headers["Upload-Offset"] == "5"
    assert (await drop.patch(path, b"helloworld", 5)).status == 204


async def being_written(service: RunningService, sql: str) -> None:
    async def look() -> bool:
        return bool(await service.fetch(sql))

    await eventually(look)


async def test_deleted_account_that_was_banned_stays_deleted(service: RunningService, ada: Person) -> None:
    await ada.upload(b"x")
    service.accounts.tell("user_deleted", ada.user_id)
    await service.accounts.ban(ada.user_id)
    await service.accounts.unban(ada.user_id)
    (row,) = await service.fetch("select deleted_at, banned_until from files.owner")
    assert (row["deleted_at"] is not None, row["banned_until"]) == (True, None)
    assert (await ada.post(b"x")).status == 401


async def test_snapshot_decides_who_is_banned(service: RunningService) -> None:
    """After a restore, and at the first start of a release that hides: bans are older than what the feed tells."""
    kept, lifted, new = (service.person(user_id) for user_id in sorted(uuid7() for _ in range(3)))
    paths = [await publish(person, (await person.upload(b"x"))["id"]) for person in (kept, lifted, new)]
    service.accounts.alive = {kept.user_id, lifted.user_id, new.user_id}
    for person in (kept, lifted):
        await service.accounts.ban(person.user_id)
    service.accounts.bans = {kept.user_id: None, new.user_id: datetime.now(UTC) + timedelta(days=1)}
    service.accounts.page_size = 2
    service.accounts.restore()
    await service.accounts.caught_up()
    assert [(await Stranger(service).get(path)).status for path in paths] == [404, 200, 404]
