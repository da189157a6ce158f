"""`make try`: limits out of the way, and nobody else can reach it."""

import tomllib
from pathlib import Path

import pytest

from deploy.local.errors import LaunchError
from deploy.local.trying import WideCopy, run_wide, widened
from tests.stores import ROOT


def test_every_limit_is_wide_and_nothing_else_is_changed() -> None:
    text = (ROOT / "gateway" / "routes.toml").read_text(encoding="utf-8")
    before, after = tomllib.loads(text), tomllib.loads(widened(text))
    assert {limit["policy"] for limit in after["limits"].values()} == {"100000 per minute"}
    for limit in (*before["limits"].values(), *after["limits"].values()):
        del limit["policy"]
    assert after == before


@pytest.mark.parametrize(
    "changes",
    [
        {"HOST": "0.0.0.0"},
        {"HOST": "192.0.2.7"},
        {"PUBLIC_URL": "https://app.example.org"},
        {"TRUSTED_PROXIES": "127.0.0.1"},
    ],
    ids=str,
)
def test_wide_limits_are_for_this_machine_alone(changes: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in changes.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(LaunchError, match="make run"):
        run_wide()


def test_copy_follows_the_file_that_it_was_made_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, copy = tmp_path / "routes.toml", tmp_path / "wide.toml"
    source.write_text('policy = "1 per hour"\n')
    wide = WideCopy(source, copy)
    first = copy.stat()
    wide.follow()
    assert (copy.stat().st_ino, capsys.readouterr().out) == (first.st_ino, "")
    source.write_text('policy = "1 per hour"\n[routes.new]\n')
    wide.follow()
    assert copy.read_text() == 'policy = "100000 per minute"\n[routes.new]\n'
    assert f"{source} has changed" in capsys.readouterr().out


def test_file_that_is_away_for_a_moment_is_taken_over_later(tmp_path: Path) -> None:
    source, copy = tmp_path / "routes.toml", tmp_path / "wide.toml"
    source.write_text("[routes.old]\n")
    wide = WideCopy(source, copy)
    source.unlink()
    wide.follow()
    assert copy.read_text() == "[routes.old]\n"
    source.write_text("[routes.new]\n")
    wide.follow()
    assert copy.read_text() == "[routes.new]\n"


def test_route_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match=f"ROUTES_FILE: can't read {tmp_path}/none"):
        WideCopy(tmp_path / "none", tmp_path / "wide.toml")
