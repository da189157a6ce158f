"""Which lines about requests are written, and what a log file goes through."""

import json
import os
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from prometheus_client import REGISTRY

from shared.logs import Logs
from shared.sampling import Rule, Rules
from tests.unit.shared.journals import JSON, logging_to


def test_file_gets_json_too_and_rotates(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "made" / "program.log"
    with logging_to(replace(JSON, format="console", file=path)) as journal:
        for number in range(1000):
            journal.info("counted", **{"colonnade.number": number})
    files = sorted(path.parent.iterdir(), key=lambda each: each.name, reverse=True)
    assert [each.name for each in files] == [*(f"program.log.{number}" for number in (5, 4, 3, 2, 1)), "program.log"]
    assert all(each.stat().st_size <= JSON.file_max_bytes for each in files)
    kept = [json.loads(line)["colonnade.number"] for each in files for line in each.read_text("utf-8").splitlines()]
    assert kept == list(range(kept[0], 1000))
    assert len(capfd.readouterr().out.splitlines()) == 1000


def test_file_that_logrotate_moves_or_cuts_is_begun_anew(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path, kept = tmp_path / "program.log", tmp_path / "program.log-20260101"

    def said(journal: Logs, event: str) -> None:
        journal.info(event)
        deadline = time.monotonic() + 20
        while not (path.exists() and event in path.read_text("utf-8")):
            assert time.monotonic() < deadline
            time.sleep(0.005)

    with logging_to(replace(JSON, file=path)) as journal:
        said(journal, "before")
        path.rename(kept)
        said(journal, "moved")
        os.truncate(path, 0)
        said(journal, "cut")
    assert "before" in kept.read_text("utf-8")
    assert [json.loads(line)["event.action"] for line in path.read_text("utf-8").splitlines()] == ["cut"]
    assert len(capfd.readouterr().out.splitlines()) == 3


def left_out() -> float:
    return REGISTRY.get_sample_value("log_lines_sampled_out_total") or 0.0


def test_rules_thin_out_what_is_frequent_and_the_rest_is_counted() -> None:
    before = left_out()
    with logging_to(
        replace(JSON, sample=Rules((Rule(0.25, "GET", "2xx"), Rule(0.0, status="404")), slow=0.5))
    ) as journal:
        drawn = Counter(journal.draw("GET", "users", 200, 0.01) for _ in range(4000))
        assert set(drawn) == {0.0, 0.25}
        assert 800 < drawn[0.25] < 1200
        assert left_out() - before == drawn[0.0]
        assert journal.draw("GET", "users", 404, 0.01) == 0.0, (
            "a rule that names a status counts for what is refused too"
        )
        for always in (("POST", 200, 0.0), ("GET", 500, 0.0), ("GET", 403, 0.0), ("GET", 200, 0.5), ("GET", 301, 0.0)):
            method, status, seconds = always
            assert journal.draw(method, "users", status, seconds) == 1.0


def test_bare_share_spares_what_is_refused() -> None:
    with logging_to(replace(JSON, sample=Rules(rest=0.0))) as journal:
        assert journal.draw("GET", "users", 200, 0.0) == 0.0
        assert journal.draw("GET", "users", 401, 0.0) == 1.0
