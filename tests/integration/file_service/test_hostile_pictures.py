"""F16: whatever is sent as a picture, the answer is a picture or one of two failures, and the next one is made."""

import io
import random

import pytest
from PIL import Image

from file_service.errors import NotAPicture, PictureTooCostly
from file_service.pictures.pool import PicturePool, PoolLimits
from tests.integration.file_service.test_picture_pool import line, once
from tests.unit.file_service.headers.in_memory import picture

KINDS = ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP", "AVIF")
_EACH = 100


def spoilt(chance: random.Random, content: bytes) -> bytes:
    """Return it with a few bytes changed, mostly in its header, and perhaps without its end."""
    changed = bytearray(content)
    for _ in range(chance.randint(1, 8)):
        changed[chance.randrange(min(len(changed), chance.choice((64, 512, 4096))))] = chance.choice((0, 0x7F, 0xFF))
    return bytes(changed[: chance.randint(len(changed) // 2, len(changed))] if chance.random() < 0.3 else changed)


@pytest.mark.parametrize("kind", KINDS)
async def test_spoilt_pictures_do_no_harm(kind: str) -> None:
    chance = random.Random(kind)
    good = picture(kind, (200, 100), frames=1 if kind in ("JPEG", "BMP") else 3)
    pool = PicturePool(PoolLimits(workers=1, seconds=10.0))
    try:
        for _ in range(_EACH):
            content = spoilt(chance, good)
            try:
                made = await pool.make(line(len(content), fit="cover"), once(content))
            except (NotAPicture, PictureTooCostly):
                continue
            assert Image.open(io.BytesIO(made)).size == (100, 100)
        made = await pool.make(line(len(good)), once(good))
        assert Image.open(io.BytesIO(made)).size == (100, 50)
    finally:
        await pool.close()
