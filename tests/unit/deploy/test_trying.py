"""`make try`: limits out of the way, and nobody else can reach it."""

import tomllib

import pytest

from deploy.local.errors import LaunchError
from deploy.local.trying import run_wide, widened
from tests.stores import ROOT


def test_every_limit_is_wide_and_nothing_else_is_changed() -> None:
    text = (ROOT / "gateway" / "routes.toml").read_text(encoding="utf-8")
    before, after = tomllib.loads(text), tomllib.loads(widened(text))
    assert {limit["policy"] for limit in after["limits"].values()} == {"100000 per minute"}
    for limit in (*before["limits"].values(), *after["limits"].values()):
        del limit["policy"]
    assert after == before


@pytest.mark.parametrize("host", ["0.0.0.0", "192.0.2.7"])
def test_wide_limits_are_for_this_machine_alone(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST", host)
    with pytest.raises(LaunchError, match="make run"):
        run_wide()
