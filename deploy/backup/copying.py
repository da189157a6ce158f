"""A few blobs at a time, each by a worker: what is copied, checked and restored is always a long list of them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator

from deploy.backup.blobs import ListedBlob

_WORKERS = 4


async def for_each(blobs: Iterator[ListedBlob], work: Callable[[ListedBlob], Awaitable[None]]) -> None:
    """Call `work` for each. The first failure stops the others, and is raised."""

    async def worker() -> None:
        for blob in blobs:  # all take from one iterator
            await work(blob)

    tasks = [asyncio.create_task(worker(), name="blobs") for _ in range(_WORKERS)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
