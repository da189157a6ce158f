import os
import re
import signal
import time
from pathlib import Path

import pytest

from deploy.local.processes import start_mark
from tests.e2e.stack import PROCESSES, Stack, free_port, launch, running_stack, state_folder
from tests.e2e.visitor import Visitor
from tests.waiting import eventually


@pytest.mark.parametrize("process", PROCESSES)
async def test_killed_process_is_back_without_help(fault_stack: Stack, process: str) -> None:
    """Whichever of the six ends, all of it is ready again, and the other five never ended."""
    before = fault_stack.pids
    os.kill(before[process], signal.SIGKILL)

    async def replaced() -> bool:
        return fault_stack.pid(process) not in (0, before[process])

    await eventually(replaced)
    await eventually(fault_stack.ready)
    assert {name: pid for name, pid in fault_stack.pids.items() if name != process} == {
        name: pid for name, pid in before.items() if name != process
    }


async def test_killed_launcher_leaves_no_orphan_and_the_next_start_works() -> None:
    with state_folder() as state:
        with running_stack(state) as stack:
            async with Visitor.at(stack.url) as ada:
                await ada.register("ada@example.org")
            family = {pid: start_mark(pid) for pid in descendants(stack.launcher.pid)}
            assert set(stack.pids.values()) <= set(family)
            stack.launcher.kill()
            stack.launcher.wait()
        with running_stack(state, port=stack.port) as again:  # at once: it has to wait for them by itself
            assert not [pid for pid, mark in family.items() if start_mark(pid) == mark]
            async with Visitor.at(again.url) as ada:
                ada.email = "ada@example.org"
                assert (await ada.login()).status == 200


async def test_killed_launcher_takes_everything_along() -> None:
    with state_folder() as state, running_stack(state) as stack:
        family = {pid: start_mark(pid) for pid in descendants(stack.launcher.pid)}
        stack.launcher.kill()
        stack.launcher.wait()

        async def gone() -> bool:
            return not any(start_mark(pid) == mark for pid, mark in family.items())

        assert await eventually(gone, within=10)


@pytest.mark.parametrize("moment", ["PG_VERSION", "postmaster.pid"])
def test_start_that_is_killed_midway_is_made_good_by_the_next(moment: str) -> None:
    """Whatever the first start leaves half made, the second one completes."""
    with state_folder() as state:
        with launch(state, free_port()) as launcher:
            while not list(state.glob(f"postgres*/**/{moment}")):
                assert launcher.poll() is None
                time.sleep(0.001)
            launcher.kill()
            launcher.communicate()
        with running_stack(state) as stack:
            assert set(stack.pids) == set(PROCESSES)


async def test_stale_lock_of_the_database_is_no_obstacle() -> None:
    """A machine that lost its power leaves a lock with a number that a stranger may have by now."""
    with state_folder() as state:
        with running_stack(state) as stack:
            lock = (state / "postgres" / "postmaster.pid").read_text()
        (state / "postgres" / "postmaster.pid").write_text(re.sub(r"\A\d+", str(os.getpid()), lock))
        with running_stack(state) as stack:
            assert await stack.ready()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_launcher_that_is_told_to_stop_stops_everything_and_ends_well(number: signal.Signals) -> None:
    with state_folder() as state, running_stack(state) as stack:
        family = descendants(stack.launcher.pid)
        assert stack.stop(number) == 0
        assert not [pid for pid in family if start_mark(pid)]
        assert not (state / "postgres" / "postmaster.pid").exists()
        assert "database system is shut down" in (state / "logs" / "postgres.log").read_text()


def test_start_that_is_told_to_stop_ends_well() -> None:
    with state_folder() as state, launch(state, free_port()) as launcher:
        while not (state / "running.json").exists():
            assert launcher.poll() is None
            time.sleep(0.001)
        launcher.terminate()
        launcher.communicate(timeout=30)
        assert launcher.returncode == 0
        assert not (state / "postgres" / "postmaster.pid").exists()


def descendants(root: int) -> list[int]:
    """Return all processes below `root`."""
    found = [root]
    for pid in found:
        for children in Path(f"/proc/{pid}/task").glob("*/children"):
            found += [int(child) for child in children.read_text().split()]
    return found[1:]
