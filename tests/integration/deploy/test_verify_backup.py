"""A dump that nobody ever loaded is a hope: verifying loads it."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from tests.stores import ROOT
from tests.unit.deploy.backup.small_backup import PASSPHRASE, make_small_backup


async def test_a_dump_that_makes_no_database_is_found_though_not_a_byte_of_it_was_changed(tmp_path: Path) -> None:
    backup = await make_small_backup(tmp_path, {"a" * 32: b"content"}, b"PGDMP, or so it says")
    environ = {"PATH": os.environ["PATH"], "BACKUP_PASSPHRASE": PASSPHRASE.reveal()}
    command = [sys.executable, "-m", "deploy.backup", "verify", str(backup.path)]
    done = await asyncio.to_thread(subprocess.run, command, cwd=ROOT, env=environ, capture_output=True, text=True)
    assert done.returncode == 3
    assert "The dump can't be restored. pg_restore ended with status" in done.stderr
