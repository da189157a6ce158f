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
