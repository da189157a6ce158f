"""The doctor visits a real stack: a healthy one, and the same with one thing wrong after the other."""

import asyncio
import json
import os
import re
import select
import shutil
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from email.utils import formatdate
from functools import partial
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web

from deploy.doctor.examination import examine
from deploy.doctor.finding import Level
from deploy.doctor.stack import Stack as Patient
from tests.e2e.stack import ROOT, Stack, command, running_stack, state_folder
from tests.waiting import eventually


@pytest.fixture(scope="module")
def routes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copy(ROOT / "gateway" / "routes.toml", tmp_path_factory.mktemp("routes")))


@pytest.fixture(scope="module")
def patient(routes: Path) -> Iterator[Stack]:
    """Not the stack that others share: their visitors and faults would be found here."""
    origin = "https://app.example.org"
    with state_folder() as state, running_stack(state, CORS_ORIGINS=origin, ROUTES_FILE=str(routes)) as running:
        yield running


def visit(stack: Stack, name: str = "doctor") -> tuple[int, list[str]]:
    """Return the exit status, and what isn't ok; the doctor knows the port and origins from the state."""
    done = command(name, stack.state)
    assert not done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) > 25
    return done.returncode, [line for line in lines[:-2] if not line.startswith("ok ")]


def test_healthy_stack_passes_every_check(patient: Stack) -> None:
    assert visit(patient) == (0, [])


def test_machines_get_json(patient: Stack) -> None:
    done = command("doctor-json", patient.state)
    told = json.loads(done.stdout)
    assert told["healthy"]
    subjects = {finding["subject"] for finding in told["findings"]}
    wanted = {"gateway", "clock of Valkey", "schema users", "limits", "signing key", "PUBLIC_URL", "proxies", "secrets"}
    assert wanted | {"CORS origin https://app.example.org", "disk for files", "uploads", "upstreams"} <= subjects


def test_secret_file_that_others_can_read_fails(patient: Stack) -> None:
    secret = patient.state / "secrets" / "password_pepper"
    secret.chmod(0o644)
    try:
        status, told = visit(patient)
    finally:
        secret.chmod(0o600)
    assert status == 1
    assert told == [
        f"FAIL  secret files: {secret} has mode 0644: others can get at it - chmod 600 {secret}, and replace it"
    ]


async def says(stack: Stack, text: str) -> None:
    """Wait until the launcher has said it at the terminal."""
    assert stack.launcher.stdout is not None
    terminal, said = stack.launcher.stdout.fileno(), bytearray()

    async def is_said() -> bool:
        if select.select([terminal], [], [], 0)[0]:
            said.extend(os.read(terminal, 65_536))
        return text in said.decode()

    await eventually(is_said)


async def is_in_force(stack: Stack, *, expected: bool) -> bool:
    async with aiohttp.ClientSession() as session, session.get(f"{stack.private['gateway']}/metrics") as answer:
        return f"gateway_routes_in_force {int(expected)}.0" in await answer.text()


@contextmanager
def first_line_wrong(routes: Path) -> Iterator[None]:
    right = routes.read_text(encoding="utf-8")
    routes.write_text(f"x = 1\n{right}", encoding="utf-8")
    try:
        yield
    finally:
        routes.write_text(right, encoding="utf-8")


async def test_refused_route_file_is_told_until_it_is_mended(patient: Stack, routes: Path) -> None:
    with first_line_wrong(routes):
        await says(patient, f"{routes}:1: ")
        await eventually(partial(is_in_force, patient, expected=False))
        status, told = await asyncio.to_thread(visit, patient)
    assert status == 0
    assert [line.partition(": ")[0] for line in told] == ["warn  routes"]
    await says(patient, f"{routes} is right")
    await eventually(partial(is_in_force, patient, expected=True))


async def counts_in_valkey(stack: Stack, *, expected: bool) -> bool:
    """Whether the gateway knows, which takes a request, where its limits are counted."""
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{stack.url}/") as answer:
            await answer.read()
        async with session.get(f"{stack.private['gateway']}/metrics") as answer:
            return f"gateway_valkey_up {int(expected)}.0" in await answer.text()


async def test_what_hangs_fails(patient: Stack) -> None:
    stopped = [patient.pid("valkey"), patient.pid("file_service")]
    for pid in stopped:
        os.kill(pid, signal.SIGSTOP)
    try:
        await eventually(partial(counts_in_valkey, patient, expected=False))
        status, told = await asyncio.to_thread(visit, patient)
    finally:
        for pid in stopped:
            os.kill(pid, signal.SIGCONT)
        await eventually(partial(counts_in_valkey, patient, expected=True))
    assert status == 1
    assert [line.partition(": ")[0] for line in told] == ["FAIL  file_service", "FAIL  Valkey", "FAIL  limits"]
    assert "no answer within 2.5 s" in told[0]
    assert f"kill -9 {stopped[1]}" in told[0]


@asynccontextmanager
async def late_program() -> AsyncIterator[str]:
    """A program that is ready, and whose clock is a minute behind."""

    async def answer(request: web.BaseRequest) -> web.Response:
        headers = {"Date": formatdate(time.time() - 60, usegmt=True)}
        if request.path == "/readyz":
            return web.json_response({"ready": True, "checks": {}}, headers=headers)
        return web.Response(text='build_info{version="0.1.0"} 1\n', headers=headers)

    runner = web.ServerRunner(web.Server(answer), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{site.port}"
    finally:
        await runner.cleanup()


async def test_clock_that_is_wrong_fails(patient: Stack) -> None:
    async with late_program() as late:
        findings = await examine(Patient(patient.url, patient.private | {"user_service": late}, {}))
    [found] = [finding for finding in findings if finding.level is not Level.OK]
    assert re.match(r"FAIL  clock of user_service: is (59\.|60\.0)", found.line)
    assert "behind this machine's" in found.what


async def test_program_that_is_gone_fails(patient: Stack) -> None:
    gone = patient.private | {"file_service": "http://127.0.0.1:9"}
    findings = await examine(Patient(patient.url, gone, {}))
    assert [finding.subject for finding in findings if finding.level is Level.FAIL] == ["file_service"]


def test_nobody_is_visited_where_nothing_runs() -> None:
    with state_folder() as state:
        done = command("doctor", state)
    assert done.returncode == 1
    assert "make run" in done.stderr
