"""The program as operators start it."""

import asyncio
import os
import re
import sys
from pathlib import Path

from tests.integration.following_service import write_keys
from tests.stores import ROOT, DatabaseUrls


async def run(*arguments: str, environment: dict[str, str]) -> tuple[int, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "file_service", *arguments),
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environment},
        stderr=asyncio.subprocess.PIPE,
    )
    _, told = await asyncio.wait_for(process.communicate(), 30)
    assert process.returncode is not None
    return process.returncode, told.decode()


async def test_migrating_again_changes_nothing(file_database: DatabaseUrls) -> None:
    assert await run("migrate", environment={"DATABASE_OWNER_URL": file_database.owner}) == (0, "")


async def test_start_without_settings_names_all_that_is_missing() -> None:
    status, told = await run(environment={})
    assert status == 2
    for name in ("DATABASE_URL", "TRUST_FILE", "IDENTITY_KEY_FILE", "FILES_ROOT", "FILE_LINK_KEY"):
        assert name in told


async def test_folder_that_cannot_be_used_gets_one_clear_line(file_database: DatabaseUrls, tmp_path: Path) -> None:
    trust, key, _ = write_keys(tmp_path, "file_service")
    environment = {
        "DATABASE_URL": file_database.runtime,
        "TRUST_FILE": str(trust),
        "IDENTITY_KEY_FILE": str(key),
        "FILES_ROOT": str(key / "files"),
        "FILE_LINK_KEY": "x" * 32,
        "LOG_LEVEL": "error",
    }
    status, told = await run(environment=environment)
    assert status == 1
    assert re.fullmatch(r"file_service: .*Not a directory: '.*key\.pem.*'\n", told)
