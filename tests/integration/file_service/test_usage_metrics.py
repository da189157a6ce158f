"""How full it is, as an operator is told."""

from pathlib import Path

from file_service.parts.usage import measure_disk, measure_quotas
from shared.db import open_database
from tests.integration.file_service.running_service import Person, RunningService
from tests.integration.shared.tables import settings_for
from tests.told import told


async def test_quotas_of_all_people_are_added_up(service: RunningService, ada: Person, bob: Person) -> None:
    for person, size in ((ada, 950), (bob, 100)):
        await person.upload(b"x" * size, "notes.txt")
    async with open_database(settings_for(service.database.runtime)) as database:
        await measure_quotas(database, 1_000)
        assert told("file_used_bytes") == 1_050
        assert told("file_owners") == 2
        assert told("file_owners_near_quota") == 1


async def test_room_on_the_disk_is_told(tmp_path: Path) -> None:
    await measure_disk(tmp_path)
    assert 0 < told("file_storage_free_bytes", disk="files") < told("file_storage_size_bytes", disk="files")
