"""What the benches read of real processes."""

import sys
from pathlib import Path

import pytest

from bench.processes import Failed, Program, cpu_seconds, forget_peak, free_port, resident_bytes, running, tree

_LISTEN = "import socket, time; s = socket.create_server(('127.0.0.1', {port}));"
_BUSY_CHILD = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'for _ in range(10**7): pass']);"

_FORK = """
import os, time
parent = os.getpid()
if os.fork() == 0:
    while os.getppid() == parent:
        time.sleep(0.02)
    os._exit(0)
"""


def program(port: int, code: str) -> Program:
    return Program([sys.executable, "-c", code + _LISTEN.format(port=port) + "time.sleep(60)"])


def test_cpu_of_children_that_ended_counts() -> None:
    port = free_port()
    with running(program(port, _BUSY_CHILD), port, measured=False) as pid:
        assert cpu_seconds(pid) > 0.1


def test_tree_holds_the_children_and_memory_adds_them_up() -> None:
    port = free_port()
    with running(program(port, _FORK), port, measured=False) as pid:
        assert len(tree(pid)) == 2
        forget_peak(pid)
        assert resident_bytes(pid, peak=True) >= resident_bytes(pid) > 2 << 20


def test_program_that_does_not_listen_is_a_failure_with_what_it_said(tmp_path: Path) -> None:
    with (
        pytest.raises(Failed, match="no such thing"),
        running(Program([sys.executable, "-c", "raise SystemExit('no such thing')"], output=tmp_path / "log"), 1),
    ):
        raise AssertionError


def test_program_is_gone_after_the_block() -> None:
    port = free_port()
    with running(program(port, ""), port, measured=False) as pid:
        assert Path(f"/proc/{pid}").exists()
    assert not Path(f"/proc/{pid}").exists()
