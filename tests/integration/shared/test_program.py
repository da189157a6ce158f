"""A service's command line, as a person or a one-shot job meets it."""

import os
import subprocess
import sys

from tests.stores import ROOT, DatabaseUrls


def _run(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "user_service", *arguments],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **environ},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_migrating_what_is_up_to_date_says_nothing(user_database: DatabaseUrls) -> None:
    done = _run("migrate", DATABASE_OWNER_URL=user_database.owner)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_failed_migration_is_one_line(user_database: DatabaseUrls) -> None:
    done = _run("migrate", DATABASE_OWNER_URL=user_database.runtime)

    assert done.returncode == 1
    assert done.stderr == "migrate users: permission denied for schema users\n"


def test_missing_settings_are_all_named_at_once() -> None:
    done = _run()

    assert done.returncode == 2
    assert {line.split()[1] for line in done.stderr.splitlines()} >= {"DATABASE_URL", "TRUST_FILE", "IDENTITY_KEY_FILE"}


def test_unknown_command_is_refused() -> None:
    assert _run("migrat").returncode == 2
