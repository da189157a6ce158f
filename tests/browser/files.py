"""What somebody's hands do with files at a browser, and what can happen to the network meanwhile."""

import hashlib
import struct
import zlib
from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import CDPSession, Locator, expect

from tests.browser.person import Person


def picture(width: int = 320, height: int = 240) -> bytes:
    """Return a PNG (RFC 2083) whose colours run from corner to corner."""
    lines = b"".join(
        b"\0" + b"".join(bytes((255 * x // width, 255 * y // height, 140)) for x in range(width)) for y in range(height)
    )
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(lines)), (b"IEND", b""))
    packed = (
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(packed)


_DROP = """
([target, files]) => {
  const transfer = new DataTransfer();
  for (const [name, size] of files) transfer.items.add(new File([new Uint8Array(size).fill(7)], name));
  const options = { bubbles: true, cancelable: true, dataTransfer: transfer };
  const happen = (kind) => target.dispatchEvent(new DragEvent(kind, options));
  happen("dragenter");
  happen("dragover");
  if (!document.querySelector(".over")) throw new Error("nothing shows that files can be dropped");
  happen("drop");
}
"""


async def drop(person: Person, *files: tuple[str, int]) -> None:
    """Drop files of these names and sizes somewhere on the page."""
    target = await person.page.query_selector("main")
    await person.page.evaluate(_DROP, [target, files])


async def choose(person: Person, *paths: Path) -> None:
    await person.page.locator('input[type="file"]').set_input_files(list(paths))


def line(person: Person, name: str) -> Locator:
    """Return the upload's line in the list of uploads."""
    return person.page.locator(".uploads > li").filter(has_text=name)


async def is_stored(person: Person, name: str) -> None:
    await expect(line(person, name)).to_contain_text("stored", timeout=30_000)
    await expect(person.page.locator(".files h2", has_text=name)).to_be_visible()


_LISTEN = """
() => {
  const region = document.querySelector("[data-announcements]");
  window.heard = [];
  new MutationObserver(() => window.heard.push(region.textContent)).observe(region, { childList: true });
}
"""


async def listen(person: Person) -> Callable[[], Awaitable[list[str]]]:
    """Return what tells all that a screen reader had to say since now, one text for each change."""
    await person.page.evaluate(_LISTEN)

    async def heard() -> list[str]:
        texts: list[str] = await person.page.evaluate("window.heard")
        return texts

    return heard


class Network:
    """What lies between a person and the server. It stays as it was made until it is made otherwise."""

    def __init__(self, devtools: CDPSession) -> None:
        self._devtools = devtools

    @classmethod
    async def of(cls, person: Person) -> "Network":
        devtools = await person.page.context.new_cdp_session(person.page)
        await devtools.send("Network.enable")
        return cls(devtools)

    async def slow(self) -> None:
        """Let a piece of 8 MiB go out in six seconds."""
        await self._become(upload=1_400_000)

    async def away(self) -> None:
        await self._become(offline=True)

    async def fine(self) -> None:
        await self._become()

    async def _become(self, *, offline: bool = False, upload: int = -1) -> None:
        conditions = {"offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": upload}
        await self._devtools.send("Network.emulateNetworkConditions", conditions)


async def reaches(person: Person, name: str, percent: int) -> None:
    """Wait until that much of the upload has gone out."""
    script = "([bar, percent]) => bar.value >= percent"
    bar = await line(person, name).locator("progress").element_handle()
    await person.page.wait_for_function(script, arg=[bar, percent], timeout=30_000)


async def digest_of_stored(person: Person, name: str) -> str:
    """Return the SHA-256 of what is downloaded under that name."""
    link = person.page.locator(".files h2 a", has_text=name).first
    path = await link.get_attribute("href")
    answer = await person.page.request.get(f"/v1{path}/content")
    return hashlib.sha256(await answer.body()).hexdigest()
