"""What erases a stack's data wants its path spelt out, and `make clean` never erases any."""

import subprocess
from pathlib import Path

import pytest

from deploy.local.errors import LaunchError
from deploy.local.forgetting import check_stopped, forget
from deploy.local.state import State
from tests.stores import ROOT


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> State:
    state = State(tmp_path / "my state")
    state.create()
    monkeypatch.setenv("STATE_DIR", str(state.root))
    return state


@pytest.mark.parametrize("confirmed", ["", "1", "yes", "my state", "/"])
def test_data_is_erased_for_nothing_but_its_whole_path(state: State, confirmed: str) -> None:
    with pytest.raises(LaunchError, match=r"for good.*If you mean it: make forget") as caught:
        forget(confirmed)
    assert str(caught.value).endswith(f"STATE_DIR='{state.root}' CONFIRM='{state.root}'")
    assert (state.root / "instance").exists()


def test_confirmed_it_is_erased(state: State, capsys: pytest.CaptureFixture[str]) -> None:
    assert forget(str(state.root)) == 0
    assert not state.root.exists()
    assert capsys.readouterr().out == f"Forgotten: {state.root}.\n"


def test_files_that_lie_elsewhere_are_named(state: State, capsys: pytest.CaptureFixture[str]) -> None:
    state.write("settings.json", {"FILES_STORAGE": "s3://bucket/files"})
    forget(str(state.root))
    assert capsys.readouterr().out.endswith("Files in s3://bucket/files stay.\n")


def test_folder_that_is_no_state_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mine").write_text("")
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    with pytest.raises(LaunchError, match="no stack"):
        forget(str(tmp_path))
    assert check_stopped() == 0
    assert list(tmp_path.iterdir()) == [tmp_path / "mine"]


def test_clean_removes_no_data(state: State) -> None:
    """By what make would run: this checkout's own venv has to stay."""
    plan = subprocess.run(["make", "-n", "clean"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "check-stopped" in plan
    assert "forget" not in plan
    assert ".colonnade" not in plan
    assert str(state.root) not in plan
