"""The processes that hash: started when needed, ended when idle or with the service, and replaced when lost."""

import asyncio
import errno
import os
import re
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import bcrypt
import pytest

from auth_service.hashing import worker
from auth_service.hashing.pool import HashingPool, Question
from auth_service.password_hashes import accept
from auth_service.passwords import HashingSettings, PasswordHasher
from shared.errors import Unavailable
from shared.settings import Secret
from tests.stores import ROOT
from tests.unit.auth_service.foreign_hashes import FOREIGN, PASSWORD
from tests.waiting import eventually

LONG = 16  # a cost: some seconds
SERVICE = f"""
import threading
from auth_service.hashing.pool import HashingPool

pool = HashingPool()
threading.Thread(target=pool.hash, args=("prepared", {LONG - 3}), daemon=True).start()
while not pool.working:
    pass
pool.hash("prepared", 4)
print(*pool.resting, *pool.working, flush=True)
threading.Event().wait()
"""


@contextmanager
def opened(seconds: float = 60.0, idle_seconds: float = 60.0) -> Iterator[HashingPool]:
    pool = HashingPool(seconds, idle_seconds)
    try:
        yield pool
    finally:
        pool.close()


def is_there(pid: int) -> bool:
    """Tell whether it lives, or has ended and was never waited for."""
    return Path(f"/proc/{pid}").exists()


def has_ended(pid: int) -> bool:
    return not is_there(pid) or "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()


async def gone(pid: int) -> None:
    async def look() -> bool:
        return has_ended(pid)

    await eventually(look)


def nice_of_session(pid: int) -> int | None:
    autogroup = Path(f"/proc/{pid}/autogroup")
    return int(autogroup.read_text().split()[-1]) if autogroup.exists() else None


async def at_work(pool: HashingPool) -> "tuple[asyncio.Task[str], int]":
    """Return a hash that takes long, and the process that is at it."""
    task = asyncio.create_task(asyncio.to_thread(pool.hash, "prepared", LONG))

    async def working() -> list[int]:
        return pool.working

    return task, (await eventually(working))[0]


async def test_process_starts_with_the_first_password_and_ends_when_idle() -> None:
    with opened(idle_seconds=0.0) as pool:
        assert pool.resting == []
        pool.hash("prepared", 4)
        pool.hash("prepared", 4)
        (pid,) = pool.resting

        pool.rest()

        assert pool.resting == []
        assert not is_there(pid)
        assert pool.hash("prepared", 4)


async def test_process_that_was_used_lately_stays() -> None:
    with opened() as pool:
        pool.hash("prepared", 4)
        before = pool.resting
        pool.rest()
        assert pool.resting == before != []


async def test_nobodys_password_starts_a_process_as_well() -> None:
    """A8: what the first login after a while takes longer tells of no account."""
    with opened() as pool:
        assert pool.check(Question(None, ["prepared"], 4, 1)).right is None
        assert len(pool.resting) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_process_has_no_secret_in_its_arguments_or_environment() -> None:
    with opened() as pool:
        assert pool.check(Question(accept(FOREIGN["argon2id"]), [PASSWORD], 4, 1)).right == 0
        process = Path(f"/proc/{pool.resting[0]}")

        assert (process / "environ").read_bytes().strip(b"\0") in (b"", b"LC_CTYPE=C.UTF-8")
        arguments = ["-I", str(worker.__file__), str(ROOT), ""]
        assert (process / "cmdline").read_text().split("\0")[1:] == arguments
        files = {each.name: str(each.readlink()) for each in (process / "fd").iterdir()}
        del files["2"]  # ours: it complains where we do
        assert {each.partition(":")[0] for each in files.values()} == {"socket"}


@pytest.mark.skipif(sys.platform != "linux", reason="sessions have a priority of their own there")
async def test_process_gives_way_to_everything_else() -> None:
    """A27"""
    with opened() as pool:
        pool.hash("prepared", 4)
        (pid,) = pool.resting
        assert os.getsid(pid) == pid
        assert os.getpriority(os.PRIO_PROCESS, pid) == min(os.getpriority(os.PRIO_PROCESS, 0) + worker.NICE, 19)

        async def lowered() -> bool:  # perhaps it isn't let at once
            pool.hash("prepared", 4)
            return nice_of_session(pid) == worker.NICE

        assert nice_of_session(pid) is None or await eventually(lowered)


@pytest.mark.skipif(sys.platform != "linux", reason="slices are Linux's")
def test_process_has_long_slices_where_the_kernel_lets_it() -> None:
    """A27: those of others, a hundredth as long, go before them."""
    with opened() as pool:
        pool.hash("prepared", 4)
        scheduling = Path(f"/proc/{pool.resting[0]}/sched").read_text()
    found = re.search(r"^se\.slice\s*:\s*(\d+)", scheduling, re.MULTILINE)
    if found is None or kernel() < (6, 12) or os.uname().machine not in worker._SCHED_SETATTR:
        pytest.skip("this kernel has slices of one length")
    assert int(found[1]) == worker._SLICE


def kernel() -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", os.uname().release)[:2])


def test_process_that_may_not_lower_its_session_yet_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_soon(_file: int, _value: bytes) -> int:
        raise BlockingIOError

    monkeypatch.setattr(os, "open", lambda *_: os.dup(0))
    monkeypatch.setattr(os, "write", too_soon)
    assert not worker._lower_session()
    monkeypatch.setattr(os, "write", lambda _file, value: len(value))
    assert worker._lower_session()


async def test_process_that_dies_costs_one_password_and_is_replaced() -> None:
    with opened() as pool:
        task, pid = await at_work(pool)
        os.kill(pid, signal.SIGKILL)

        with pytest.raises(Unavailable) as refused:
            await task

        assert refused.value.headers["Retry-After"] == "2"
        assert not is_there(pid)
        assert pool.hash("prepared", 4)


async def test_process_that_stands_still_costs_one_password_and_is_replaced() -> None:
    with opened(seconds=0.5) as pool:
        pool.hash("prepared", 4)
        (pid,) = pool.resting
        os.kill(pid, signal.SIGSTOP)

        with pytest.raises(Unavailable):
            pool.hash("prepared", 4)

        assert not is_there(pid)
        assert pool.hash("prepared", 4)


async def test_process_that_died_while_idle_is_nobodys_failure() -> None:
    with opened() as pool:
        pool.hash("prepared", 4)
        (pid,) = pool.resting
        os.kill(pid, signal.SIGKILL)
        await gone(pid)

        assert pool.hash("prepared", 4)
        assert not is_there(pid)


async def test_process_that_is_told_to_stop_with_its_service_finishes() -> None:
    """As systemd does, which tells all processes of a unit."""
    with opened() as pool:
        pool.hash("prepared", 4)
        (pid,) = pool.resting
        os.kill(pid, signal.SIGTERM)
        assert pool.hash("prepared", 4)
        assert pool.resting == [pid]


async def test_process_that_cannot_start_is_told_as_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    with opened() as pool, monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/nowhere/python")
        with pytest.raises(Unavailable):
            pool.hash("prepared", 4)
        patch.undo()
        assert pool.hash("prepared", 4)


async def test_process_that_cannot_import_is_told_as_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    with opened() as pool:
        monkeypatch.setattr(sys, "executable", "/bin/true")
        with pytest.raises(Unavailable):
            pool.hash("prepared", 4)
        assert pool.working == pool.resting == []


async def test_without_descriptors_passwords_are_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A28: so it counts as nobody's guess."""

    def none_left() -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    with opened() as pool:
        monkeypatch.setattr("auth_service.hashing.process.socket.socketpair", none_left)
        with pytest.raises(Unavailable):
            await asyncio.to_thread(pool.hash, "prepared", 4)


async def test_service_does_not_start_where_nothing_can_be_hashed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("auth_service.hashing.process._SCRIPT", Path("/nowhere/worker.py"))
    monkeypatch.setattr("auth_service.passwords.HashingPool", HashingPool)
    with pytest.raises(Unavailable), PasswordHasher(HashingSettings(Secret("p" * 32), 4, 1, 1)):
        pass


async def test_many_at_once_are_all_right() -> None:
    with opened() as pool:
        stored = await asyncio.gather(*(asyncio.to_thread(pool.hash, f"prepared {each}", 6) for each in range(24)))
        for number, each in enumerate(stored):
            assert bcrypt.checkpw(f"prepared {number}".encode(), each.encode())
        assert len(pool.resting) <= 24
        assert pool.working == []


async def test_closing_ends_processes_at_rest_and_at_work() -> None:
    with opened() as pool:
        pool.hash("prepared", 4)
        (pid,) = pool.resting
        await asyncio.to_thread(pool.check, Question(None, ["prepared"], 4, 1))
        task, busy = await at_work(pool)
        assert busy == pid

        pool.close()

        with pytest.raises(Unavailable):
            await task
        assert not is_there(pid)
        with pytest.raises(Unavailable):
            pool.hash("prepared", 4)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
async def test_processes_end_with_a_service_that_is_killed() -> None:
    service = await asyncio.create_subprocess_exec(sys.executable, "-c", SERVICE, cwd=ROOT, stdout=PIPE)
    assert service.stdout is not None
    pids = [int(each) for each in (await service.stdout.readline()).split()]
    assert len(pids) == 2

    service.kill()
    await service.wait()

    for pid in pids:
        await gone(pid)
