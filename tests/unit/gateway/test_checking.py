"""A route file is checked before a gateway sees it, and with the very words of the gateway's own refusal."""

from pathlib import Path

import pytest

from gateway.__main__ import main
from tests.unit.gateway.routes.loading import LIMITS, ROUTE

NOTES = '[upstreams.notes]\nurl = "http://127.0.0.1:9000"\n'


def test_right_file_is_told_in_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "routes.toml"
    file.write_text(LIMITS + NOTES + ROUTE, "utf-8")
    assert main(["check", str(file)]) == 0
    said = capsys.readouterr()
    assert said.out == f"{file} is right: 1 routes, 2 limits, upstreams of its own: notes\n"
    assert said.err == ""


def test_every_mistake_is_told_with_its_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """R12"""
    file = tmp_path / "routes.toml"
    file.write_text("what = 1\n" + LIMITS + ROUTE.replace("timeout = 10", 'timeout = "10"'), "utf-8")
    assert main(["check", str(file)]) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first.startswith(f"{file}:1: unknown key 'what'")
    assert second.startswith(f"{file}:17: timeout must be a number of seconds")


def test_missing_file_is_a_mistake_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "none.toml")]) == 1
    assert "can't be read" in capsys.readouterr().err


def test_file_that_the_gateway_would_read_is_the_one_unless_another_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("ROUTES_FILE", raising=False)
    assert main(["check"]) == 0
    assert "gateway/routes.toml is right" in capsys.readouterr().out
    monkeypatch.setenv("ROUTES_FILE", str(tmp_path / "none.toml"))
    assert main(["check"]) == 1


@pytest.mark.parametrize("arguments", [["test"], ["check", "a.toml", "b.toml"], ["--help"]])
def test_other_words_are_answered_with_the_usage(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    assert capsys.readouterr().err == "usage: python -m gateway [check [FILE]]\n"
