"""Files wait for the virus scanner's verdict; what fails there delays them, and lets nothing out."""

from collections.abc import AsyncIterator

import pytest

from file_service.context import FILES
from file_service.repository.scans import PURGE_INFECTED
from shared.ids import uuid7
from shared.purge import purge
from tests.clamd_server import HARMFUL, NAME, ClamdServer, running_clamd
from tests.integration.file_service.running_service import Person, RunningService, running_service
from tests.integration.file_service.uploading import UPLOADS, Uploader
from tests.integration.file_service.verdicts import verdict
from tests.stores import Databases
from tests.waiting import eventually


@pytest.fixture(scope="module")
async def shared_clamd() -> AsyncIterator[ClamdServer]:
    async with running_clamd() as server:
        yield server


@pytest.fixture(scope="module")
async def scanning_service(
    databases: Databases, tmp_path_factory: pytest.TempPathFactory, shared_clamd: ClamdServer
) -> AsyncIterator[RunningService]:
    folder = tmp_path_factory.mktemp("scanned")
    settings = {"CLAMAV_URL": shared_clamd.url, "CLAMAV_MAX_BYTES": "2000000", "CLAMAV_TIMEOUT": "0.3"}
    async with databases.clone("file_service") as urls, running_service(urls, folder, **settings) as running:
        yield running


@pytest.fixture
async def clamd(shared_clamd: ClamdServer) -> AsyncIterator[ClamdServer]:
    yield shared_clamd
    shared_clamd.mood, shared_clamd.most_bytes = "well", 1_000_000


@pytest.fixture
async def service(scanning_service: RunningService) -> RunningService:
    await scanning_service.empty()
    return scanning_service


@pytest.fixture
def eve(service: RunningService) -> Person:
    return service.person(uuid7())


async def refusal(person: Person, file_id: str) -> tuple[int, str]:
    answer = await person.content(file_id)
    return answer.status, (await answer.json())["code"]


async def failed_scans(service: RunningService) -> bool:
    return bool(await service.fetch("select from files.job where last_error is not null"))


async def test_clean_file_is_given_out_after_its_check(clamd: ClamdServer, eve: Person) -> None:
    content = bytes(900_000)
    view = await eve.upload(content)

    assert (view["check"], view["threat"]) == ("pending", None)
    assert (await verdict(eve, view["id"]))["check"] == "clean"
    assert await (await eve.content(view["id"])).read() == content
    assert clamd.scanned[-1] == len(content)
    assert clamd.largest_chunk <= 262_144


async def test_infected_file_is_never_given_out(clamd: ClamdServer, service: RunningService, eve: Person) -> None:
    """F12."""
    view = await eve.upload(b"text " + HARMFUL, content_type="text/plain")

    found = await verdict(eve, view["id"])

    assert (found["check"], found["threat"]) == ("infected", NAME)
    assert await refusal(eve, view["id"]) == (403, "file_infected")
    export = f"/internal/exports/{eve.user_id}/{view['id']}"
    async with service.private.get(export, headers=service.asked_by_auth_service()) as answer:
        assert answer.status == 404
    assert await eve.delete(view["id"]) == 204
    await service.settled(blobs=0)


async def test_verdict_changes_what_is_told_of_a_file(clamd: ClamdServer, eve: Person) -> None:
    await clamd.stop()
    try:
        first = await eve.upload(b"x")
        etag = (await eve.get(f"/v1/files/{first['id']}")).headers["ETag"]
    finally:
        await clamd.start()
    await verdict(eve, first["id"])

    assert (await eve.get(f"/v1/files/{first['id']}", {"If-None-Match": etag})).status == 200


async def test_files_wait_while_the_scanner_is_away(clamd: ClamdServer, service: RunningService, eve: Person) -> None:
    """Uploads go on, and so does everything else."""
    await clamd.stop()
    try:
        files = [await eve.upload(b"x" * number) for number in range(1, 4)]
        assert [file["check"] for file in files] == ["pending"] * 3
        assert await refusal(eve, files[0]["id"]) == (409, "file_quarantined")
        assert (await service.private.get("/readyz")).status == 200
    finally:
        await clamd.start()

    assert {(await verdict(eve, file["id"]))["check"] for file in files} == {"clean"}


@pytest.mark.parametrize("mood", ["silent", "rude", "confused"])
async def test_failing_scanner_lets_nothing_out(
    clamd: ClamdServer, service: RunningService, eve: Person, mood: str
) -> None:
    clamd.mood = mood
    view = await eve.upload(b"y" * 400_000)

    await eventually(lambda: failed_scans(service))

    assert await refusal(eve, view["id"]) == (409, "file_quarantined")
    clamd.mood = "well"
    await service.fetch("update files.job set due_at = now()")
    assert (await verdict(eve, view["id"]))["check"] == "clean"


async def test_file_that_fails_the_scanner_each_time_counts_as_unchecked(
    clamd: ClamdServer, service: RunningService, eve: Person
) -> None:
    clamd.mood = "confused"
    view = await eve.upload(b"z" * 1000)
    await eventually(lambda: failed_scans(service))
    await service.fetch("update files.job set attempts = 5, due_at = now()")

    assert (await verdict(eve, view["id"]))["check"] == "skipped"
    assert await refusal(eve, view["id"]) == (403, "file_unchecked")


async def test_file_beyond_the_scanners_own_limit_is_unchecked(clamd: ClamdServer, eve: Person) -> None:
    clamd.most_bytes = 300_000
    view = await eve.upload(b"a" * 1_500_000)

    assert (await verdict(eve, view["id"]))["check"] == "skipped"
    assert await refusal(eve, view["id"]) == (403, "file_unchecked")


async def test_file_that_cant_be_checked_is_refused(service: RunningService, eve: Person) -> None:
    """Before any of it is stored or reserved, whichever way it would come in."""
    uploader = Uploader(eve)
    assert (await uploader.ask("OPTIONS", UPLOADS)).headers["Tus-Max-Size"] == "2000000"
    for answer in (await eve.post(b"b" * 2_000_001), await uploader.post(**{"Upload-Length": "2000001"})):
        assert (answer.status, (await answer.json())["code"]) == (413, "file_too_large")
    assert await service.fetch("select from files.blob") == []
    assert await service.fetch("select from files.upload") == []


async def test_upload_that_was_begun_when_larger_files_were_taken_is_refused(
    service: RunningService, eve: Person
) -> None:
    upload = await Uploader(eve).begin(2_000_000)
    await service.fetch("update files.upload set length = 2000001, reserved = 2000001")
    await service.fetch("update files.owner set reserved = 2000001")

    answer = await upload.patch(b"b" * 2_000_001, 0)

    assert (answer.status, (await answer.json())["code"]) == (413, "file_too_large")
    await service.settled(blobs=0)


async def test_file_deleted_before_its_check_is_no_failure(
    clamd: ClamdServer, service: RunningService, eve: Person
) -> None:
    await clamd.stop()
    try:
        view = await eve.upload(b"c")
        assert await eve.delete(view["id"]) == 204
    finally:
        await clamd.start()

    async def none_left() -> bool:
        return not await service.fetch("select from files.job")

    await eventually(none_left)


async def test_blobs_of_infected_files_are_deleted_after_a_week(
    clamd: ClamdServer, service: RunningService, eve: Person
) -> None:
    view = await eve.upload(HARMFUL)
    await verdict(eve, view["id"])
    application = service.public.app
    assert application is not None
    database = application[FILES].database

    await purge(database, [PURGE_INFECTED])
    assert len(service.blobs()) == 1
    await service.fetch("update files.file set checked_at = now() - interval '8 days'")
    await purge(database, [PURGE_INFECTED])

    await service.settled(blobs=0)
    assert (await verdict(eve, view["id"]))["threat"] == NAME


async def test_permissive_policy_gives_unchecked_files_out(
    databases: Databases, clamd: ClamdServer, tmp_path_factory: pytest.TempPathFactory
) -> None:
    settings = {"CLAMAV_URL": clamd.url, "CLAMAV_MAX_BYTES": "1000", "CLAMAV_UNCHECKED": "allow"}
    folder = tmp_path_factory.mktemp("permissive")
    async with databases.clone("file_service") as urls, running_service(urls, folder, **settings) as service:
        person = service.person(uuid7())
        view = await person.upload(b"d" * 1001)

        assert view["check"] == "skipped"
        assert (await person.content(view["id"])).status == 200
