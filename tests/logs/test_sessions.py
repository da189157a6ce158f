"""The search at the end of a session, in sessions of their own: those that leak fail, whatever their tests say."""

import os
import subprocess
import sys

import pytest

from tests.stores import ROOT

_LEAKS = """
import aiohttp, pytest
from aiohttp import web
from shared.logs import log

async def test_that_leaks() -> None:
    async def sign_in(request: web.Request) -> web.Response:
        log.info("signed_in", port=1, message=(await request.json())["password"])
        return web.json_response({"refresh_token": "r" * 43})

    app = web.Application()
    app.router.add_post("/", sign_in)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    async with aiohttp.ClientSession() as session:
        body = {"password": "correct horse PASSWORD"}
        async with session.post(f"http://127.0.0.1:{runner.addresses[0][1]}/", json=body) as answer:
            await answer.json()
    await runner.cleanup()
"""


@pytest.mark.parametrize("processes", ["0", "2"])
@pytest.mark.parametrize(("password", "expected"), [("LEAK", 1), ("", 0)], ids=["it leaks", "it doesn't"])
def test_session_that_leaks_fails_though_its_tests_pass(processes: str, password: str, expected: int) -> None:
    """The plugin and all: a session of its own, whose one test logs a password that it has sent."""
    source = (
        _LEAKS if password else _LEAKS.replace("port=1, ", "").replace('(await request.json())["password"]', '"ada"')
    )
    test = ROOT / "tests" / "architecture" / f"test_of_a_session_{os.getpid()}.py"
    test.write_text(source)
    try:
        command = [sys.executable, "-m", "pytest", "-q", "-n", processes, str(test)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    finally:
        test.unlink()
    assert "1 passed" in done.stdout, done.stdout + done.stderr
    assert done.returncode == expected, done.stdout
    assert ("password (raw)" in done.stdout) is bool(expected)
    assert ("field 'port'" in done.stdout) is bool(expected)
    assert "correct horse PASSWORD" not in done.stdout
