"""Where PostgreSQL lives, by who starts it: what root's PostgreSQL can't reach is kept elsewhere."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from deploy.local.binaries import postgres_bindir
from deploy.local.outside import OUTSIDE
from tests.stores import stores_in

ROOT = os.geteuid() == 0


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """A folder that nobody but its owner can pass."""
    folder = tmp_path / "closed"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def closed_bindir(closed: Path) -> Iterator[Path]:
    """PostgreSQL's programs where nobody but their owner can get at them."""
    package = postgres_bindir({}).parent.parent
    shutil.copytree(package, closed / package.name, symlinks=True)
    shutil.copytree(package.with_name(f"{package.name}.libs"), closed / f"{package.name}.libs")
    yield closed / package.name / "pginstall" / "bin"
    shutil.rmtree(closed / package.name)


async def data_directory(url: str) -> Path:
    connection = await asyncpg.connect(url)
    try:
        return Path(await connection.fetchval("show data_directory"))
    finally:
        await connection.close()


def program_that_serves(data: Path) -> Path:
    return Path(f"/proc/{(data / 'postmaster.pid').read_text().split()[0]}/exe").readlink()


async def test_data_in_a_closed_folder_is_inside_only_for_its_owner(closed: Path) -> None:
    with stores_in(closed / "state") as urls:
        data = await data_directory(urls.postgres)
        instance = (closed / "state" / "instance").read_text()
        assert data == (OUTSIDE / instance / "postgres" if ROOT else closed / "state" / "postgres")
        assert data.stat().st_uid != 0
    assert not (OUTSIDE / instance).exists()


async def test_programs_in_a_closed_folder_are_copied_for_another_user(closed: Path, closed_bindir: Path) -> None:
    with stores_in(closed / "state", PG_BINDIR=str(closed_bindir)) as urls:
        data = await data_directory(urls.postgres)
        program = program_that_serves(data)
        assert program.is_relative_to(OUTSIDE if ROOT else closed_bindir)
        assert program.name == "postgres"
