"""All that makes pictures, put together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from file_service.pictures.pool import LOOK_EVERY, PicturePool, PoolLimits
from file_service.pictures.renditions import Renditions
from shared.lifecycle import background


def picture_pool(workers: int) -> PicturePool:
    return PicturePool(PoolLimits(workers))


@asynccontextmanager
async def open_pictures(renditions: Renditions) -> AsyncIterator[None]:
    """Let processes that have nothing to do end, and all of them when the program does."""
    async with background("rest picture workers", renditions.pool.rest, every=LOOK_EVERY):
        try:
            yield
        finally:
            await renditions.close()
