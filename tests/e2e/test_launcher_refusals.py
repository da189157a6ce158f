"""What keeps the stack from starting is told in one line, with what to do about it, and the status is 1."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.stack import Stack, command, free_port, state_folder


@pytest.fixture
def state() -> Iterator[Path]:
    with state_folder() as state:
        yield state


def refusal(state: Path, **environ: str) -> str:
    done = command("run", state, **environ)
    assert done.returncode == 1
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("colonnade: ")
    return lines[0]


@pytest.mark.parametrize(
    ("offset", "program"), [(0, "gateway"), (1000, "gateway"), (1001, "auth_service"), (1003, "file_service")]
)
def test_busy_port_is_named(state: Path, offset: int, program: str) -> None:
    port = free_port()
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", port + offset))
        holder.listen()
        said = refusal(state, PORT=str(port))
    assert f"Port {port + offset}, for {program}, is taken" in said
    assert "PORT=" in said


def test_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    said = refusal(tmp_path / "file" / "state")
    assert str(tmp_path / "file") in said
    assert "STATE_DIR=" in said


def test_folder_that_nobody_can_write_to_is_named() -> None:
    assert "Can't write to /proc/colonnade" in refusal(Path("/proc/colonnade"))


def test_second_run_on_one_state_is_told_of_the_first(stack: Stack) -> None:
    said = refusal(stack.state, PORT=str(free_port()))
    assert f"process {stack.launcher.pid}, {stack.url}" in said


@pytest.mark.parametrize("name", ["forget", "check-stopped"])
def test_running_stack_keeps_its_data_and_programs(stack: Stack, name: str) -> None:
    """`make clean` asks `check-stopped` before it removes the programs."""
    done = command(name, stack.state)
    assert done.returncode == 1
    assert "already runs" in done.stderr


@pytest.mark.parametrize("port", ["http", "0", "65000"])
def test_impossible_port_is_refused(state: Path, port: str) -> None:
    assert "PORT must be a whole number" in refusal(state, PORT=port)


def test_address_of_another_machine_is_refused(state: Path) -> None:
    assert "Can't listen on 192.0.2.1" in refusal(state, HOST="192.0.2.1", PORT=str(free_port()))


def test_program_that_rejects_its_settings_is_named_with_what_it_said(state: Path) -> None:
    done = command("run", state, PORT=str(free_port()), BCRYPT_COST="ninety")
    assert done.returncode == 1
    assert "auth_service doesn't get ready" in done.stderr
    assert "BCRYPT_COST must be" in done.stderr
    assert "Traceback" not in done.stderr


def test_memory_of_nothing_is_refused(state: Path) -> None:
    done = command("memory", state)
    assert done.returncode == 1
    assert "make run" in done.stderr
