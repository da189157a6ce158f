"""How what is left to be done for uploads is found, among however many there are."""

from datetime import timedelta

import asyncpg
import pytest

from file_service.context import FILES, RESUMABLE
from file_service.repository.uploads import LIST_UNFINISHED
from file_service.uploads.resumable import upkeep
from tests.integration.file_service.running_service import Person, RunningService
from tests.integration.file_service.uploading import Uploader, metadata, usage
from tests.stores import DatabaseUrls
from tests.unit.file_service.headers.in_memory import picture

LIFETIME = timedelta(hours=24)

# A day's uploads, nearly all of which are over.
MANY = """
    insert into files.owner (owner_id, bytes) values (gen_random_uuid(), 0);
    insert into files.upload (
        upload_id, token_hash, owner_id, name, declared_type, purpose, metadata, kind, state,
        length, received, expires_at
    )
    select gen_random_uuid(), sha256(number::text::bytea), owner_id, 'a', '', 'file', '', 'whole',
        case when number % 100 = 0 then 'open' else 'finished' end, 1, 1, now() + make_interval(secs => number * 10)
    from files.owner, generate_series(1, 8000) as number;
    analyze files.upload;
"""


async def test_unfinished_uploads_are_found_past_those_that_are_over(file_database: DatabaseUrls) -> None:
    """In the plan that is kept for a prepared statement, too."""
    connection = await asyncpg.connect(file_database.admin)
    try:
        await connection.execute(MANY)
        await connection.execute("set plan_cache_mode = force_generic_plan")
        await connection.execute(f"prepare unfinished as {LIST_UNFINISHED}")
        rows = await connection.fetch("explain execute unfinished ('23:59', 100, null)")
    finally:
        await connection.close()
    plan = "\n".join(row[0] for row in rows)
    assert "upload_open_expires_at_idx" in plan, plan
    assert "Sort" not in plan, plan


async def test_uploads_that_cant_be_finished_stand_before_no_others(
    service: RunningService, ada: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many they are: here each batch is of one."""
    for content, kind in ((picture("PNG"), "image/png"), (b"kept", "text/plain")):  # a picture is looked into
        await (await Uploader(ada).begin(len(content), **metadata(filetype=kind))).add(content, 0)
    lost, kept = await service.fetch("select upload_id from files.upload order by upload_id")
    (blob,) = await service.fetch("select storage_key from files.blob where holder_id = $1", lost["upload_id"])
    next(path for path in service.blobs() if path.name == blob["storage_key"]).unlink()
    await service.fetch("delete from files.file")
    await service.fetch(
        "update files.upload set state = 'open', reserved = length, expires_at = expires_at - interval '1 h'"
    )
    await service.fetch("update files.owner set bytes = 0, reserved = (select sum(reserved) from files.upload)")
    application = service.public.app
    assert application is not None

    monkeypatch.setattr(upkeep, "_BATCH", 1)
    await upkeep.Upkeep(application[FILES].database, application[RESUMABLE].finishing, LIFETIME).run()

    (file,) = await service.fetch("select file_id from files.file")
    assert file["file_id"] == kept["upload_id"]
    assert (await usage(ada))["bytes"] == 4
