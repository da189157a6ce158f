"""Migrations since the release before: that one goes on beside them, however much is in its tables."""

import re
import subprocess

import pytest

from deploy.roles import SCHEMAS
from deploy.upgrade.plan import ROOT, Now, plan
from deploy.upgrade.previous import previous_release
from deploy.upgrade.scratch import scratch
from deploy.upgrade.verdict import Size
from shared.migration_files import Migration, read_migrations
from tests.stores import StoreUrls

PREVIOUS = previous_release()
HUGE = Size(rows=10**9, bytes=10**11, total=2 * 10**11)

# Applied somewhere before there was this rule, so they stay as they are. `make upgrade-plan` tells of them.
HOLD_UP_LARGE_TABLES = {
    "users/0004_avatars.sql",
    "files/0005_checks.sql",
    "files/0008_uploads_by_link.sql",
}


@pytest.mark.parametrize(("service", "schema"), SCHEMAS.items())
async def test_new_migrations_run_beside_the_release_before_on_tables_of_any_size(
    stores: StoreUrls, service: str, schema: str
) -> None:
    migrations = read_migrations(ROOT / service / "migrations")
    tables = {
        table for migration in migrations for table in re.findall(r"^create table (\S+)", migration.sql, re.MULTILINE)
    }
    async with scratch(stores.postgres) as copy:
        planned = await plan(copy, schema, migrations, Now(PREVIOUS.schemas[service], dict.fromkeys(tables, HUGE)))
    found = {f"{schema}/{each.name}": list(each.reasons) for each in planned.migrations if each.reasons}
    excused = {name for name in HOLD_UP_LARGE_TABLES if name.startswith(schema)}
    assert {name: reasons for name, reasons in found.items() if name not in excused} == {}
    assert excused <= found.keys(), "not needed any more"
    assert not [each for name in excused for each in found[name] if "wait" not in each], "they take something away"


@pytest.mark.parametrize("service", SCHEMAS)
def test_contracts_name_a_release_that_is_out(service: str) -> None:
    """What a release was the first to do without is taken away by the next one, at the earliest."""
    out = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    for migration in read_migrations(ROOT / service / "migrations"):
        if contract := migration.contract:
            assert f"## [{contract.release}]" in out, migration.name
            assert contract.version <= PREVIOUS.schemas[service], migration.name


@pytest.mark.skipif(not (ROOT / ".git").exists(), reason="the source alone, without its history")
@pytest.mark.parametrize("service", SCHEMAS)
def test_migrations_of_the_release_before_are_as_they_were(service: str) -> None:
    listed = _git("ls-tree", "--name-only", PREVIOUS.commit, f"{service}/migrations/").split()
    assert len(listed) == PREVIOUS.schemas[service]
    for path in listed:
        before = Migration(1, path, _git("show", f"{PREVIOUS.commit}:{path}"))
        assert before.checksum == Migration(1, path, (ROOT / path).read_text(encoding="utf-8")).checksum, path


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False)
    assert done.returncode == 0, f"{done.stderr.decode()} (a clone without its history? git fetch --unshallow)"
    return done.stdout.decode()
