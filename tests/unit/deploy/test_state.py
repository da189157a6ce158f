import json
import stat
from pathlib import Path

import pytest

from deploy.local.errors import LaunchError
from deploy.local.state import State, once, write_atomically


@pytest.fixture
def state(tmp_path: Path) -> State:
    state = State(tmp_path / "state")
    state.create()
    return state


def test_folders_are_closed_to_others(state: State) -> None:
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (state.root, state.secrets, state.logs)}
    assert modes == {"state": 0o711, "secrets": 0o700, "logs": 0o700}


def test_created_again_it_keeps_what_is_in_it(state: State) -> None:
    instance = state.instance
    state.create()
    assert State(state.root).instance == instance


def test_second_launcher_is_told_who_holds_the_state(state: State) -> None:
    state.write("running.json", {"url": "http://127.0.0.1:1", "launcher": {"pid": 42, "mark": ""}, "processes": {}})
    state.lock()
    with pytest.raises(LaunchError, match=r"already runs .* \(process 42, http://127\.0\.0\.1:1\)"):
        State(state.root).lock()


def test_place_that_is_a_file_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LaunchError, match=r"Can't write to .*file.*STATE_DIR=") as caught:
        State(tmp_path / "file").create()
    assert "\n" not in str(caught.value)


def test_value_made_once_is_read_ever_after(tmp_path: Path) -> None:
    assert once(tmp_path / "secret", lambda: b"first") == b"first"
    assert once(tmp_path / "secret", lambda: b"second") == b"first"
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_file_is_replaced_whole(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"old")
    write_atomically(tmp_path / "file", b"new")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_bytes() == b"new"


def test_half_written_value_counts_as_none(state: State) -> None:
    (state.root / "running.json").write_text(json.dumps({"url": "x"})[:4])
    assert state.read("running.json") is None
