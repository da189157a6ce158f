"""Files that a header reader is run over, and what it asks of them."""

import io
from dataclasses import dataclass, field

from PIL import Image

from file_service.inspection.headers.drive import run
from file_service.inspection.headers.pictures import READERS
from file_service.inspection.headers.size import PictureSize


@dataclass(frozen=True, slots=True)
class InMemory:
    content: bytes
    asked: list[int] = field(default_factory=list)  # how much at once

    async def read(self, start: int, length: int) -> bytes:
        assert start >= 0
        self.asked.append(length)
        return self.content[start : start + length]


async def picture_size(content_type: str, content: bytes) -> PictureSize:
    return await run(READERS[content_type](len(content)), InMemory(content).read)


def picture(kind: str, size: tuple[int, int] = (60, 40), *, frames: int = 1, mode: str = "RGB") -> bytes:
    """Return a file as Pillow writes it, each frame another colour."""
    first, *others = [Image.new(mode, size, 20 * number) for number in range(frames)]
    out = io.BytesIO()
    first.save(out, kind, **({"save_all": True, "append_images": others} if others else {}))
    return out.getvalue()
