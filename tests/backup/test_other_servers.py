"""`python -m deploy.backup`, told by the environment, on a PostgreSQL that somebody else runs."""

import asyncio
import hashlib
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import asyncpg
import pytest

from deploy.backup.folder import BackupFolder
from deploy.roles import SCHEMAS
from tests.e2e.backup_drill import PASSPHRASE, backups
from tests.e2e.stack import ROOT, Stack
from tests.stores import StoreUrls, stores_in


def run(environ: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "deploy.backup", *arguments]
    environ = {"PATH": os.environ["PATH"], "BACKUP_PASSPHRASE": PASSPHRASE, **environ}
    return subprocess.run(command, cwd=ROOT, env=environ, capture_output=True, text=True, timeout=120, check=False)


def told(urls: StoreUrls, place: Path, database: str) -> dict[str, str]:
    return {
        "DATABASE_ADMIN_URL": urls.postgres,
        "DATABASE_NAME": database,
        "FILES_ROOT": str(place / "files"),
        "SECRETS_DIR": str(place / "secrets"),
    }


async def counted(urls: StoreUrls, environ: dict[str, str]) -> dict[str, int]:
    """Count what each service sees with its own role and the password that was restored."""
    tables = {"auth_service": "auth.account", "user_service": "users.profile", "file_service": "files.file"}
    found = {}
    for service, table in tables.items():
        role = f"{SCHEMAS[service]}_runtime"
        password = (Path(environ["SECRETS_DIR"]) / role).read_text().strip()
        url = urls.postgres.replace("postgres:guards-nothing-but-tests@", f"{role}:{quote(password)}@", 1)
        connection = await asyncpg.connect(url, database=environ["DATABASE_NAME"])
        try:
            found[table] = await connection.fetchval(f"select count(*) from {table}")
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(f"drop table {table}")
        finally:
            await connection.close()
    return found


async def test_a_backup_is_restored_into_another_server_and_backed_up_from_there(
    source: Stack, contents: dict[str, str], folder: Path
) -> None:
    made = await asyncio.to_thread(backups, "backup", source.state, str(folder / "to"))
    assert made.returncode == 0, made.stderr
    (folder / "server").mkdir(mode=0o711)
    with stores_in(folder / "server") as urls:
        environ = told(urls, folder / "place", "products")
        assert run(environ, "restore-secrets", str(folder / "to")).returncode == 0
        done = run(environ, "restore", str(folder / "to"))
        assert done.returncode == 0, done.stderr
        assert await counted(urls, environ) == {"auth.account": 1, "users.profile": 1, "files.file": len(contents)}
        digests = {hashlib.sha256(path.read_bytes()).hexdigest() for path in (folder / "place").glob("files/blobs/*/*")}
        assert digests == set(contents.values())
        refused = run(told(urls, folder / "elsewhere", "products"), "restore", str(folder / "to"))
        assert refused.returncode == 1
        assert "is in use: auth.account has rows" in refused.stderr
        again = run(environ, "backup", str(folder / "again"))
        assert again.returncode == 0, again.stderr
        whole = run(environ, "verify", str(folder / "again"))
        assert whole.returncode == 0, whole.stderr
        kept = run(environ, "prune", str(folder / "again"), "1")
        assert kept.returncode == 0
        assert len(BackupFolder(folder / "again").backups()) == 1


def test_what_is_not_set_is_told_and_what_is_not_a_command_too() -> None:
    missing = run({}, "backup", "/nowhere")
    assert missing.returncode == 2
    assert {line.split()[1] for line in missing.stderr.splitlines()} >= {"DATABASE_ADMIN_URL", "SECRETS_DIR"}
    assert run({}, "back-up").returncode == 2


@pytest.mark.parametrize("option", ["--force", "--keep"])
def test_there_is_no_way_to_force_a_restore(option: str) -> None:
    refused = run({}, "restore", "/nowhere", option)
    assert refused.returncode == 1
    assert f"{option} is no option of a restore" in refused.stderr
