"""The status page of the running stack."""

import re
from http import HTTPStatus

import aiohttp
import pytest

from gateway.status import watch as watching
from gateway.status.watch import Watch
from tests.e2e.stack import PROGRAMS, Stack
from tests.e2e.visitor import Visitor
from tests.ports import free_port
from tests.waiting import eventually


@pytest.fixture
async def page(stack: Stack, ada: Visitor) -> tuple[aiohttp.ClientResponse, str]:
    await ada.call("GET", "/v1/users/me")
    async with aiohttp.ClientSession() as session, session.get(f"{stack.private['gateway']}/status") as answer:
        return answer, await answer.text()


async def test_page_shows_every_program_ready(page: tuple[aiohttp.ClientResponse, str]) -> None:
    answer, text = page
    assert answer.status == HTTPStatus.OK
    for program in PROGRAMS:
        assert re.search(rf'<h3>{program} <span class="tag">ready</span>', text), program
    for pillar in ("Valkey, limits", "Revocations", "PostgreSQL, auth_service", "Disk of files"):
        assert f'<li class="well"><strong>{pillar}</strong>' in text
    assert '<th scope="row">users</th>' in text
    assert text.count('<article class="tile') == 6


async def test_page_may_load_and_run_only_what_is_ours(page: tuple[aiohttp.ClientResponse, str], stack: Stack) -> None:
    answer, text = page
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    loaded = re.findall(r'(?:href|src)="(/status/assets/[^"]+)"', text)
    assert len(loaded) == 4
    async with aiohttp.ClientSession() as session:
        for path in loaded:
            async with session.get(stack.private["gateway"] + path) as asset:
                assert asset.status == HTTPStatus.OK, path
                assert asset.content_type in ("text/css", "text/javascript", "image/svg+xml")


async def test_page_is_not_to_be_had_by_the_public_port(stack: Stack, visitor: Visitor) -> None:
    assert (await visitor.call("GET", "/status")).status == HTTPStatus.NOT_FOUND


async def test_program_that_is_away_is_told_with_its_reason(stack: Stack) -> None:
    """R1"""
    nowhere = f"http://127.0.0.1:{free_port()}"
    watch = Watch({"user_service": nowhere, "file_service": "http://no-such-host.invalid:9083"})
    gateway, users, files = await watch.look(stack.private["gateway"])
    assert gateway.reading is not None
    assert not gateway.unready
    assert "onnect" in users.unreachable
    assert files.unreachable


async def test_what_was_seen_is_forgotten_when_nobody_looks(stack: Stack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "_LONGEST", 0.05)
    watch = Watch({})
    assert await watch.look(stack.private["gateway"])

    async def is_forgotten() -> bool:
        return not watch._seen

    await eventually(is_forgotten)
    assert await watch.look(stack.private["gateway"])


async def test_many_who_look_ask_the_programs_once(stack: Stack) -> None:
    watch = Watch({"user_service": stack.private["user_service"]})
    first = await watch.look(stack.private["gateway"])
    assert await watch.look(stack.private["gateway"]) is first
