from pathlib import Path

import pytest

from shared.migration_files import Contract, Migration, MigrationError, expected_version, read_migrations


def write(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).write_text("select 1", encoding="utf-8")
    return folder


def test_migrations_are_read_in_order_of_their_numbers(tmp_path: Path) -> None:
    found = read_migrations(write(tmp_path, "0002_more.sql", "0001_start.sql"))
    assert [migration.name for migration in found] == ["0001_start.sql", "0002_more.sql"]
    assert expected_version(tmp_path) == 2


@pytest.mark.parametrize(
    "names",
    [
        pytest.param(["0001_start.sql", "0003_gap.sql"], id="gap"),
        pytest.param(["0001_start.sql", "0001_twin.sql"], id="twin"),
        pytest.param(["0001_start.sql", "2_short.sql"], id="badly named"),
        pytest.param(["0002_start.sql"], id="not from 0001"),
    ],
)
def test_migration_files_that_contradict_each_other_are_refused(tmp_path: Path, names: list[str]) -> None:
    with pytest.raises(MigrationError):
        read_migrations(write(tmp_path, *names))


def test_checksum_follows_the_content(tmp_path: Path) -> None:
    before = read_migrations(write(tmp_path, "0001_start.sql"))[0].checksum
    (tmp_path / "0001_start.sql").write_text("select 2", encoding="utf-8")
    assert read_migrations(tmp_path)[0].checksum != before


def test_missing_folder_is_no_empty_one(tmp_path: Path) -> None:
    with pytest.raises(MigrationError, match="no folder"):
        expected_version(tmp_path / "migrations")


def test_contract_names_the_release_that_did_without(tmp_path: Path) -> None:
    sql = "-- What nobody reads any more.\n-- contract: unused since 0.2.0, schema version 1\nselect 1"
    (write(tmp_path, "0001_start.sql") / "0002_less.sql").write_text(sql, encoding="utf-8")
    assert [migration.contract for migration in read_migrations(tmp_path)] == [None, Contract("0.2.0", 1)]


@pytest.mark.parametrize(
    "said",
    [
        pytest.param("unused", id="no release"),
        pytest.param("unused since 0.2.0", id="no version"),
        pytest.param("unused since 0.2.0, schema version 2", id="its own version"),
    ],
)
def test_contract_that_names_no_earlier_release_is_refused(said: str) -> None:
    migration = Migration(2, "0002_less.sql", f"-- contract: {said}\nselect 1")
    with pytest.raises(MigrationError, match="0002_less"):
        _ = migration.contract


def test_only_the_comments_at_the_top_are_a_header() -> None:
    sql = "-- Notes.\nselect 1;\n-- contract: what this line says isn't meant for the runner\n"
    assert Migration(2, "0002_more.sql", sql).contract is None
