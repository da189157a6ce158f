"""A disk that is really full: a small file system of its own, where we may mount one."""

import asyncio
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from shared.ids import uuid7
from tests.integration.file_service.running_service import Person, RunningService, running_service
from tests.stores import DatabaseUrls
from tests.waiting import eventually

MIB = 1024**2


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """Have 4 MiB. Only root may mount; elsewhere the kernel's bound for a file has to do (test_local, test_limits)."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m", "none", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        pytest.skip("nothing can be mounted here")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
async def service(file_database: DatabaseUrls, tmp_path: Path, small_disk: Path) -> AsyncIterator[RunningService]:
    async with running_service(file_database, tmp_path, FILES_ROOT=str(small_disk / "files")) as running:
        yield running


@pytest.fixture
def ada(service: RunningService) -> Person:
    return service.person(uuid7())


def files_on(disk: Path) -> list[Path]:
    return [path for path in disk.rglob("*") if path.is_file()]


async def test_a_full_disk_is_told_and_nothing_is_half_made(
    service: RunningService, ada: Person, small_disk: Path
) -> None:
    """F19: disk full -> 507, no metadata without a blob; and all is well again once there is room."""
    kept = await ada.upload(b"k" * MIB)
    answers = await asyncio.gather(*(ada.post(b"x" * MIB) for _ in range(12)))
    outcomes = [(answer.status, await answer.json()) for answer in answers]
    stored = [view["id"] for status, view in outcomes if status == 201]
    refused = [view["code"] for status, view in outcomes if status != 201]
    assert set(refused) == {"insufficient_storage"}
    assert len(stored) + len(refused) == 12

    listed = (await (await ada.get("/v1/files")).json())["items"]
    assert {each["id"] for each in listed} == {kept["id"], *stored}
    assert len(files_on(small_disk)) == 1 + len(stored)
    (owner,) = await service.fetch("select bytes from files.owner")
    assert owner["bytes"] == MIB * (1 + len(stored))

    full = await ada.post(b"x" * 4 * MIB)
    assert (full.status, (await full.json())["code"]) == (507, "insufficient_storage")
    assert await (await ada.content(kept["id"])).read() == b"k" * MIB
    assert await ada.delete(kept["id"]) == 204
    for file_id in stored:
        assert await ada.delete(file_id) == 204

    async def empty() -> bool:
        return not files_on(small_disk)

    await eventually(empty)
    await ada.upload(b"y" * 2 * MIB)
