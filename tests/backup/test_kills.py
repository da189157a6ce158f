"""kill -9 of a backup and of a restore at whatever moment: nothing half made looks whole, and the next run works."""

import asyncio
import hashlib
import os
import random
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.backup.folder import BackupFolder
from tests.e2e.backup_drill import PASSPHRASE, ask, backups, visiting
from tests.e2e.stack import ROOT, Stack, command, running_stack
from tests.e2e.visitor import Visitor

_KILLS = 12


def begin(name: str, state: Path, argument: Path) -> subprocess.Popen[bytes]:
    environ = {"PATH": os.environ["PATH"], "STATE_DIR": str(state), "BACKUP_PASSPHRASE": PASSPHRASE}
    argv = [sys.executable, "-m", "deploy.local", name, str(argument)]
    return subprocess.Popen(argv, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def kill_somewhere(name: str, state: Path, argument: Path, within: float) -> bool:
    """Kill it after a random part of what it takes; tell whether it was under way."""
    with begin(name, state, argument) as process:
        try:
            process.wait(random.uniform(0.1, within))
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
        return process.wait() != 0


async def whole(stack: Stack, owner: Visitor, contents: dict[str, str]) -> None:
    async with visiting(owner, stack) as visitor:
        for file_id, digest in contents.items():
            content = await visitor.call("GET", f"/v1/files/{file_id}/content")
            assert hashlib.sha256(content.body).hexdigest() == digest


def wait_for_first_blob(process: subprocess.Popen[bytes], folder: Path) -> None:
    while not list(folder.glob("to/blobs/*/*")):
        assert process.poll() is None


async def holders(stack: Stack) -> set[str]:
    return {row["holder"] for row in await ask(stack.state, "select holder from files.collection_hold")}


def timed(name: str, state: Path, argument: Path) -> float:
    """Do it once, undisturbed, and return how long it took."""
    started = asyncio.get_running_loop().time()
    done = backups(name, state, str(argument))
    assert done.returncode == 0, done.stderr
    return asyncio.get_running_loop().time() - started


async def test_killed_backups_leave_nothing_that_counts(
    source: Stack, owner: Visitor, contents: dict[str, str], folder: Path
) -> None:
    """Whatever is complete verifies, and the last one restores; each hold on deletions ends by itself."""
    takes = timed("backup", source.state, folder / "first")
    killed = sum(kill_somewhere("backup", source.state, folder / "to", takes) for _ in range(_KILLS))
    assert killed
    backups_made = timed("backup", source.state, folder / "to")
    assert backups_made
    for backup in BackupFolder(folder / "to").backups():
        done = backups("verify-backup", source.state, str(backup))
        assert done.returncode == 0, done.stderr
    assert not list((folder / "to").glob(".unfinished-*"))
    endless = "select from files.collection_hold where until > now() + interval '10 minutes'"
    assert not await ask(source.state, endless)


async def test_killed_restores_start_nothing_and_are_finished_by_the_next(
    source: Stack, owner: Visitor, contents: dict[str, str], folder: Path
) -> None:
    timed("backup", source.state, folder / "to")
    takes = timed("restore", folder / "undisturbed", folder / "to")
    state = folder / "restored"
    killed = sum(kill_somewhere("restore", state, folder / "to", takes) for _ in range(_KILLS // 2))
    assert killed
    if (state / "secrets" / ".restoring").exists():
        refused = command("run", state, PORT="29000")
        assert refused.returncode == 1
        assert "A restore was broken off" in refused.stderr
    done = backups("restore", state, str(folder / "to"))
    assert done.returncode == 0 or "holds an installation" in done.stderr  # the last one may have been done in time
    with running_stack(state) as stack:
        await whole(stack, owner, contents)


async def test_a_backup_that_is_told_to_stop_holds_nothing_up(
    source: Stack, owner: Visitor, contents: dict[str, str], folder: Path
) -> None:
    before = await holders(source)  # those that were killed, too
    with begin("backup", source.state, folder / "to") as process:
        await asyncio.to_thread(wait_for_first_blob, process, folder)
        process.send_signal(signal.SIGTERM)
        assert process.wait() == 130
    assert not BackupFolder(folder / "to").backups()
    assert await holders(source) <= before


@pytest.mark.parametrize("secret", ["password_pepper", "backup.pem"])
def test_a_restore_of_another_backup_does_not_go_on_with_a_broken_one(
    source: Stack, owner: Visitor, contents: dict[str, str], folder: Path, secret: str
) -> None:
    for _ in range(2):
        assert backups("backup", source.state, str(folder / "to")).returncode == 0
    first, second = BackupFolder(folder / "to").backups()
    state = folder / "restored"
    with begin("restore", state, first) as process:
        while not (state / "secrets" / secret).exists():
            assert process.poll() is None
        process.kill()
    done = backups("restore", state, str(second))
    assert done.returncode == 1
    assert f"A restore of {first.name} was broken off" in done.stderr
    assert backups("restore", state, str(first)).returncode == 0
