"""Secrets on which stored data rests: made before it, and never anew."""

from pathlib import Path

import pytest

from deploy.local.errors import LaunchError
from deploy.local.lasting import keep_lasting, note_restored
from deploy.local.state import START, State
from deploy.originals import Originals

FIRST = ("postgres", "password_pepper", "refresh_key", "key_encryption_key")
LASTING = (*FIRST, "file_link_key")


@pytest.fixture
def state(tmp_path: Path) -> State:
    state = State(tmp_path / "state")
    state.create()
    return state


def keep(state: State, *, stored: bool = True) -> None:
    keep_lasting(state, Originals(state.secrets), stored=stored)


def contents(state: State) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in state.secrets.iterdir()}


def test_first_start_makes_all_of_them_before_there_is_a_database(state: State) -> None:
    keep(state, stored=False)
    made = contents(state)
    assert set(made) == set(LASTING)
    keep(state)
    assert contents(state) == made


@pytest.mark.parametrize("name", LASTING)
def test_lost_one_is_named_and_not_made_anew(state: State, name: str) -> None:
    keep(state, stored=False)
    (state.secrets / name).unlink()
    with pytest.raises(LaunchError, match=rf"Missing in {state.secrets}: {name}\. .*docs/backup\.md") as caught:
        keep(state)
    assert "\n" not in str(caught.value)
    assert set(contents(state)) == {*LASTING} - {name}


def test_all_that_are_lost_are_named_at_once(state: State) -> None:
    keep(state, stored=False)
    for name in LASTING:
        (state.secrets / name).unlink()
    with pytest.raises(LaunchError, match=", ".join(LASTING)):
        keep(state)


def test_one_that_was_brought_is_kept(state: State) -> None:
    keep(state, stored=False)
    (state.secrets / "refresh_key").write_text("brought,old")
    keep(state)
    assert contents(state)["refresh_key"] == b"brought,old"


def test_one_that_a_newer_release_adds_is_made_and_kept_from_then_on(state: State) -> None:
    """A state of a release without the note, and without the last of the secrets."""
    for name in FIRST:
        Originals(state.secrets).password(name)
    state.write(START, {})
    before = contents(state)
    keep(state)
    assert {name: content for name, content in contents(state).items() if name in FIRST} == before
    (state.secrets / "file_link_key").unlink()
    with pytest.raises(LaunchError, match="file_link_key"):
        keep(state)


def test_one_that_a_release_without_the_note_had_is_missed(state: State) -> None:
    state.write(START, {})
    with pytest.raises(LaunchError, match="password_pepper"):
        keep(state)


def test_first_start_that_a_release_without_the_note_broke_off_goes_on(state: State) -> None:
    """It made the database before the secrets, and was never ready."""
    Originals(state.secrets).password("postgres")
    keep(state)
    assert set(contents(state)) == set(LASTING)


def test_backup_that_lacks_a_newer_secret_is_restored_and_the_others_are_missed(state: State) -> None:
    for name in FIRST:
        Originals(state.secrets).password(name)
    note_restored(state, (*FIRST, "gateway.pem"))
    (state.secrets / "key_encryption_key").unlink()
    with pytest.raises(LaunchError, match=r": key_encryption_key\."):
        keep(state)
    Originals(state.secrets).password("key_encryption_key")
    keep(state)
    assert set(contents(state)) == set(LASTING)


def test_note_travels_with_the_state(state: State, tmp_path: Path) -> None:
    keep(state, stored=False)
    (state.secrets / "password_pepper").unlink()
    moved = State(state.root.rename(tmp_path / "elsewhere"))
    with pytest.raises(LaunchError, match=rf"{tmp_path}/elsewhere/secrets: password_pepper"):
        keep(moved)


def test_database_that_was_given_up_takes_secrets_anew(state: State) -> None:
    keep(state, stored=False)
    (state.secrets / "password_pepper").unlink()
    keep(state, stored=False)
    assert set(contents(state)) == set(LASTING)
