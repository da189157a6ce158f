import asyncio

import pytest

from tests.integration.file_service.links import Stranger, about, content_of, share
from tests.integration.file_service.running_service import Person, RunningService

PASSWORD = "pässword über all"


def _header(password: str) -> dict[str, str]:
    """As curl and browsers send it: the bytes of UTF-8."""
    return {"Share-Password": password.encode().decode("utf-8", "surrogateescape")}


@pytest.fixture
async def path(ada: Person) -> str:
    file_id = (await ada.upload(b"secret"))["id"]
    return content_of(await share(ada, file_id, password=PASSWORD))


async def test_password_is_asked_for_and_opens(service: RunningService, path: str) -> None:
    stranger = Stranger(service)
    assert (await (await stranger.get(path.removesuffix("/content"))).json())["needs_password"] is True
    assert await stranger.code(path) == (403, "share_password_required")
    assert await stranger.code(path, headers=_header("something else")) == (403, "wrong_share_password")
    answer = await stranger.get(path, _header(PASSWORD))
    assert (answer.status, await answer.read()) == (200, b"secret")
    decomposed = "pa\u0308ssword u\u0308ber all"  # as macOS may type it
    assert (await stranger.get(path, _header(decomposed))).status == 200


async def test_of_many_guesses_at_once_ten_are_looked_at(service: RunningService, path: str) -> None:
    """A10: parallel guesses, from whatever addresses -> one counter per share."""
    stranger = Stranger(service)
    codes = await asyncio.gather(*(stranger.code(path, headers=_header(f"guess {n}")) for n in range(25)))
    assert sorted(codes) == [(403, "wrong_share_password")] * 10 + [(429, "too_many_guesses")] * 15
    refused = await stranger.get(path, _header(PASSWORD))
    assert (refused.status, refused.headers["Retry-After"]) == (429, "3600")
    await service.fetch("update files.share set attempts_since = now() - interval '1 hour'")
    assert (await stranger.get(path, _header(PASSWORD))).status == 200
    assert (await service.fetch("select attempts from files.share"))[0]["attempts"] == 0


async def test_right_password_is_no_guess(service: RunningService, path: str) -> None:
    stranger = Stranger(service)
    assert (await stranger.ask("HEAD", path, _header(PASSWORD))).status == 200
    answers = await asyncio.gather(*(stranger.ask("HEAD", path, _header(PASSWORD)) for _ in range(40)))
    assert {answer.status for answer in answers} == {200}


async def test_once_found_out_it_is_asked_for_still(service: RunningService, path: str) -> None:
    stranger = Stranger(service)
    assert (await stranger.ask("HEAD", path, _header(PASSWORD))).status == 200
    assert await stranger.code(path, headers=_header("something else")) == (403, "wrong_share_password")
    assert await stranger.code(path) == (403, "share_password_required")


async def test_wrong_password_spends_no_download(service: RunningService, ada: Person) -> None:
    stranger = Stranger(service)
    shared = await share(ada, (await ada.upload(b"secret"))["id"], password=PASSWORD, once=True)
    assert await stranger.code(content_of(shared)) == (403, "share_password_required")
    assert await stranger.code(content_of(shared), headers=_header("wrong one")) == (403, "wrong_share_password")
    assert (await stranger.get(about(shared))).status == 200
    assert await (await stranger.get(content_of(shared), _header(PASSWORD))).read() == b"secret"
