"""What Chromium makes of people's files: shown in place they run nothing, and what could run isn't shown (F12)."""

import io
import secrets
import wave

import pytest
from playwright.async_api import Browser

from tests.e2e.stack import Stack
from tests.e2e.visitor import Visitor

SCRIPT = b"<script>document.title = 'ran'</script>"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>document.title = "ran"</script></svg>'
SEEN = """() => ({
    title: document.title,
    text: document.body.innerText,
    playable: [...document.querySelectorAll("video, audio")].some((each) => each.readyState > 2),
})"""


def _recording() -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(2)
        recording.setframerate(8000)
        recording.writeframes(bytes(16_000))
    return buffer.getvalue()


async def _inline(ada: Visitor, content: bytes, content_type: str) -> str:
    """Return a signed URL that asks for the file to be shown."""
    file_id = (await ada.upload(content, "a.page", content_type)).json()["id"]
    reply = await ada.call("POST", f"/v1/files/{file_id}/signed-urls", json={"disposition": "inline"})
    return str(reply.json()["url"])


async def test_text_stays_text_and_recordings_play(stack: Stack, chromium: Browser) -> None:
    async with Visitor.at(f"http://127.0.0.1:{stack.port}") as ada:
        await ada.register(f"ada-{secrets.token_hex(4)}@example.org")
        text = await _inline(ada, b"GIF89a/*" + SCRIPT, "image/gif")
        recording = await _inline(ada, _recording(), "audio/wav")
    page = await chromium.new_page()
    await page.goto(text)
    seen = await page.evaluate(SEEN)
    assert (seen["title"], seen["text"]) == ("", "GIF89a/*" + SCRIPT.decode())
    await page.goto(recording)
    await page.wait_for_function(f"({SEEN})().playable")
    await page.close()


@pytest.mark.parametrize(("content", "kind"), [(SCRIPT, "text/html"), (SVG, "image/svg+xml"), (b"%PDF-1.7", "x/x")])
async def test_what_could_run_is_saved(stack: Stack, chromium: Browser, content: bytes, kind: str) -> None:
    async with Visitor.at(f"http://127.0.0.1:{stack.port}") as ada:
        await ada.register(f"ada-{secrets.token_hex(4)}@example.org")
        url = await _inline(ada, content, kind)
    page = await chromium.new_page()
    async with page.expect_download() as saved:
        await page.evaluate("(url) => { location = url }", url)
    assert (await saved.value).suggested_filename == "a.page"
    await page.close()
