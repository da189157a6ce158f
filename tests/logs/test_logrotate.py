"""The real logrotate, told what docs/logs.md says, beside a program that goes on writing."""

import json
import re
import shutil
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.log_writer import File, LogWriter
from tests.stores import ROOT

LINES = 600

pytestmark = pytest.mark.skipif(shutil.which("logrotate") is None, reason="needs logrotate (apt install logrotate)")


def configuration(folder: Path) -> str:
    """Return the page's example, for this folder."""
    page = (ROOT / "docs" / "logs.md").read_text("utf-8")
    example = re.search(r"```\n(/var/log/colonnade/\*\.log \{.*?\n\})\n```", page, re.DOTALL)
    assert example is not None
    return example[1].replace("/var/log/colonnade", str(folder))


def rotate(folder: Path) -> None:
    folder.chmod(0o755)  # it refuses folders that others may write to
    rules = folder / "rules.conf"
    rules.write_text(configuration(folder))
    rules.chmod(0o644)
    subprocess.run(["logrotate", "--force", "--state", folder / "state", rules], check=True, capture_output=True)


def await_that(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def numbers(file: Path) -> list[int]:
    return [json.loads(line)["colonnade.number"] for line in file.read_text("utf-8").splitlines()]


def test_no_line_is_lost_when_logrotate_takes_the_file_away(tmp_path: Path) -> None:
    log = tmp_path / "program.log"
    writer = LogWriter([File(log, 10_000_000)])
    writer.start()
    for number in range(LINES):
        writer.put({"colonnade.number": number})
        if number == LINES // 2:
            await_that(lambda: log.stat().st_size > 0)  # an empty one stays where it is
            rotate(tmp_path)
            writer.put({"colonnade.number": -1})
            await_that(log.exists)  # the next lines begin it
    writer.finish(10)
    old, new = numbers(tmp_path / "program.log.1"), numbers(log)
    assert [number for number in old + new if number >= 0] == list(range(LINES))
    assert old
    assert new
