"""The processes that make pictures: started when needed, ended when idle, and replaced when one hangs or dies."""

import asyncio
import io
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from PIL import Image

from file_service.errors import NotAPicture, PictureTooCostly
from file_service.pictures.pool import PicturePool, PoolLimits
from file_service.pictures.process import Made
from shared.errors import Unavailable
from tests.told import Grown
from tests.unit.file_service.headers.in_memory import picture
from tests.waiting import eventually

LIMITS = PoolLimits(workers=1, waiting=1, patience=10.0, seconds=10.0, idle_seconds=0.0)
PNG = picture("PNG", (300, 200))


def line(length: int, **changes: object) -> bytes:
    wish = {"width": 100, "height": 100, "fit": "inside", "format": "webp", "quality": 80, "seconds": 20}
    return msgspec.json.encode({**wish, "length": length, **changes})


async def once(content: bytes) -> AsyncIterator[bytes]:
    yield content


async def never() -> AsyncIterator[bytes]:
    await asyncio.Event().wait()
    yield b""


async def side(pool: PicturePool, content: bytes = PNG) -> int:
    made = await pool.make(line(len(content)), once(content))
    return Image.open(io.BytesIO(made)).width


@asynccontextmanager
async def opened(limits: PoolLimits) -> AsyncIterator[PicturePool]:
    pool = PicturePool(limits)
    try:
        yield pool
    finally:
        await pool.close()


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


async def test_process_starts_with_the_first_picture_and_ends_when_idle() -> None:
    async with opened(LIMITS) as pool:
        assert pool.pids == []
        assert [await side(pool), await side(pool)] == [100, 100]
        (pid,) = pool.pids

        await pool.rest()

        assert pool.pids == []
        assert not is_alive(pid)
        assert await side(pool) == 100


async def test_process_that_was_used_lately_stays() -> None:
    async with opened(replace(LIMITS, idle_seconds=60.0)) as pool:
        await side(pool)
        before = pool.pids
        await pool.rest()
        assert pool.pids == before


async def test_process_that_is_asked_while_another_is_ended_stays() -> None:
    async with opened(replace(LIMITS, workers=2)) as pool:
        await asyncio.gather(side(pool), side(pool))
        rested = pool.pids
        assert len(rested) == 2

        _, width = await asyncio.gather(pool.rest(), side(pool))

        assert width == 100
        assert pool.pids == rested[1:]


async def test_process_has_nothing_of_ours() -> None:
    """Whoever takes it over by a hostile picture finds no secret in its environment and no file of the service open."""
    async with opened(LIMITS) as pool:
        await side(pool)
        process = Path(f"/proc/{pool.pids[0]}")

        assert (process / "environ").read_bytes().strip(b"\0") in (b"", b"LC_CTYPE=C.UTF-8")
        opened_files = [str(each.readlink()) for each in (process / "fd").iterdir()]
        assert {each.partition(":")[0] for each in opened_files} <= {"pipe", "socket", "/dev/null"}


async def test_process_that_stands_still_is_replaced() -> None:
    async with opened(replace(LIMITS, seconds=1.0)) as pool:
        await side(pool)
        (pid,) = pool.pids
        os.kill(pid, signal.SIGSTOP)

        with pytest.raises(PictureTooCostly):
            await side(pool)

        assert not is_alive(pid)
        assert await side(pool) == 100


async def test_process_that_dies_is_replaced() -> None:
    async with opened(LIMITS) as pool:
        await side(pool)
        (pid,) = pool.pids

        async def deadly() -> AsyncIterator[bytes]:
            os.kill(pid, signal.SIGKILL)
            yield PNG

        with pytest.raises(PictureTooCostly):
            await pool.make(line(len(PNG) + 1), deadly())

        assert not is_alive(pid)
        assert await side(pool) == 100


async def test_process_that_died_while_idle_is_nobodys_failure() -> None:
    async with opened(LIMITS) as pool:
        await side(pool)
        (pid,) = pool.pids
        os.kill(pid, signal.SIGKILL)

        async def gone() -> bool:
            return not is_alive(pid)

        await eventually(gone)
        assert await side(pool) == 100


async def test_source_that_never_comes_takes_no_longer_than_a_picture_may() -> None:
    async with opened(replace(LIMITS, seconds=0.5)) as pool:
        with pytest.raises(PictureTooCostly):
            await pool.make(line(10), never())


async def test_more_than_can_wait_are_told_to_come_back() -> None:
    async with opened(LIMITS) as pool, asyncio.TaskGroup() as group:
        gate = asyncio.Event()

        async def held() -> AsyncIterator[bytes]:
            await gate.wait()
            yield PNG

        working = group.create_task(pool.make(line(len(PNG)), held()))
        waiting = group.create_task(side(pool))

        async def full() -> bool:
            return pool.is_full

        await eventually(full)

        with pytest.raises(Unavailable) as refused:
            await side(pool)

        assert refused.value.headers["Retry-After"] == "5"
        gate.set()
        assert await working
        assert await waiting == 100


async def test_who_waits_too_long_is_told_to_come_back() -> None:
    async with opened(replace(LIMITS, patience=0.1, seconds=60.0)) as pool:
        task = await stuck(pool)

        with pytest.raises(Unavailable):
            await side(pool)

        task.cancel()
        await asyncio.wait([task])


async def stuck(pool: PicturePool) -> "asyncio.Task[bytes]":
    """Return what holds the only place: its source never comes."""
    await side(pool)
    task = asyncio.create_task(pool.make(line(10), never()))

    async def busy() -> bool:
        return pool.pids == []

    await eventually(busy)
    return task


async def test_cancelled_picture_takes_its_process_along() -> None:
    async with opened(LIMITS) as pool:
        await side(pool)
        (pid,) = pool.pids
        task = await stuck(pool)

        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

        assert not is_alive(pid)
        assert await side(pool) == 100


@pytest.mark.parametrize(
    ("content", "failure"),
    [
        pytest.param(picture("PNG", (9000, 8000), mode="1"), PictureTooCostly, id="72 million pixels"),
        pytest.param(picture("PNG", (30000, 30000), mode="1"), PictureTooCostly, id="900 million"),
        pytest.param(b"GIF89a" + b"\xff" * 100, NotAPicture, id="a broken one"),
        pytest.param(b"", NotAPicture, id="nothing"),
    ],
)
async def test_bad_picture_leaves_the_process_well(content: bytes, failure: type[Exception]) -> None:
    """F16."""
    async with opened(LIMITS) as pool:
        with pytest.raises(failure):
            await side(pool, content)
        before = pool.pids

        assert await side(pool) == 100
        assert pool.pids == before


async def test_failure_that_a_worker_makes_up_is_told_as_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker may have been taken over by what it decoded: it must not make new series."""

    async def made(*_: object) -> Made:
        return Made(b"", "made up")

    monkeypatch.setattr(PicturePool, "_made", made)
    unreadable, made_up = (Grown("file_pictures_total", outcome=outcome) for outcome in ("unreadable", "made up"))
    async with opened(LIMITS) as pool:
        with pytest.raises(NotAPicture):
            await side(pool)
    assert unreadable["file_pictures_total"] == 1
    assert made_up["file_pictures_total"] == 0
