"""R2: how a program starts, and how it stops without failing a request."""

import asyncio
import json
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from shared.identity import ANONYMOUS, HEADER, public_jwk
from tests.integration.shared import tiny_program
from tests.stores import ROOT
from tests.unit.shared.forging import GATEWAY, gateway
from tests.waiting import eventually


@dataclass(frozen=True, slots=True)
class Ports:
    public: int
    private: int


@pytest.fixture
def ports() -> Ports:
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return Ports(first.getsockname()[1], second.getsockname()[1])


def start(folder: Path, ports: Ports, failure: str = "", **environ: str) -> subprocess.Popen[str]:
    trust = folder / "trust.json"
    trust.write_text(json.dumps({"gateway": {"keys": [public_jwk(GATEWAY.public_key())]}}), encoding="utf-8")
    return subprocess.Popen(
        [sys.executable, "-m", tiny_program.__name__, failure],
        cwd=ROOT,
        env={
            "PORT": str(ports.public), "PRIVATE_PORT": str(ports.private), "TRUST_FILE": str(trust),
            "DRAIN_SECONDS": "0.5", **environ,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Program:
    process: subprocess.Popen[str]
    ports: Ports
    client: aiohttp.ClientSession

    def ask(self, path: str) -> Any:
        headers = {HEADER: gateway().sign(ANONYMOUS, tiny_program.NAME)}
        return self.client.get(f"http://127.0.0.1:{self.ports.public}{path}", headers=headers)

    async def ready(self) -> int:
        """Return /readyz's status, or 0 while nothing listens."""
        try:
            async with self.client.get(f"http://127.0.0.1:{self.ports.private}/readyz") as answer:
                return answer.status
        except aiohttp.ClientConnectorError:
            return 0

    async def end(self, within: float = 10.0) -> int:
        async def ended() -> bool:
            return self.process.poll() is not None

        await eventually(ended, within=within)
        return self.process.wait()

    def log(self) -> list[dict[str, Any]]:
        """Return the whole log of an ended program."""
        assert self.process.stdout is not None
        return [json.loads(line) for line in self.process.stdout]


@asynccontextmanager
async def running(folder: Path, ports: Ports, failure: str = "", **environ: str) -> AsyncIterator[Program]:
    with start(folder, ports, failure, **environ) as process:
        try:
            async with aiohttp.ClientSession() as client:
                program = Program(process, ports, client)

                async def is_ready() -> bool:
                    return await program.ready() == 200

                await eventually(is_ready)
                yield program
        finally:
            if process.poll() is None:
                process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_stop_drains_finishes_and_exits_cleanly(tmp_path: Path, ports: Ports, number: signal.Signals) -> None:
    """R2: not ready, keeps accepting for the drain delay, finishes, exits."""
    async with running(tmp_path, ports) as program, program.ask("/rest") as resting:
        assert await resting.content.read(6) == b"begun "
        async with program.ask("/hello") as before:
            assert "Connection" not in before.headers

        program.process.send_signal(number)

        async def unready() -> bool:
            return await program.ready() == 503

        await eventually(unready)
        async with program.ask("/hello") as while_draining:
            assert (while_draining.status, await while_draining.text()) == (200, "hello")
            assert while_draining.headers["Connection"] == "close"
        assert await resting.content.read() == b"done"
        assert await program.end() == 0
        events = [line["event.action"] for line in program.log()]
    assert [event for event in events if event in ("started", "stopping", "stopped")] == [
        "started", "stopping", "stopped",
    ]  # fmt: skip
    assert "background_work_failed" in events


async def test_second_signal_ends_the_program_at_once(tmp_path: Path, ports: Ports) -> None:
    """R2: a second signal exits at once."""
    async with running(tmp_path, ports, DRAIN_SECONDS="60") as program:
        program.process.terminate()

        async def unready() -> bool:
            return await program.ready() == 503

        await eventually(unready)
        program.process.terminate()
        assert await program.end(within=2) == -signal.SIGTERM


async def test_service_listens_on_a_socket_instead_of_its_port(tmp_path: Path, ports: Ports) -> None:
    """One that was killed leaves its socket; the next takes it over."""
    path = tmp_path / "tiny.sock"
    for _ in ("first", "next"):
        async with running(tmp_path, ports, SOCKET=str(path)) as program:
            with pytest.raises(aiohttp.ClientConnectorError):
                await program.ask("/hello")
            connector = aiohttp.UnixConnector(str(path))
            async with aiohttp.ClientSession(connector=connector) as client:
                headers = {HEADER: gateway().sign(ANONYMOUS, tiny_program.NAME)}
                async with client.get("http://localhost/hello", headers=headers) as answer:
                    assert (answer.status, await answer.text()) == (200, "hello")
            assert stat.S_IMODE(path.stat().st_mode) & 0o007 == 0
            program.process.kill()


@pytest.mark.parametrize("waiting", [0, 1], ids=["free to connect", "queue is full"])
async def test_socket_at_which_somebody_listens_is_not_taken_over(tmp_path: Path, ports: Ports, waiting: int) -> None:
    path = tmp_path / "tiny.sock"
    with socket.socket(socket.AF_UNIX) as other, socket.socket(socket.AF_UNIX) as client:
        other.bind(str(path))
        other.listen(0)
        if waiting:
            client.connect(str(path))
        status, told = await ended(tmp_path, ports, SOCKET=str(path))
    assert (status, told) == (1, f"tiny: [Errno 98] another program listens there: '{path}'\n")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("tiny.sock", "it must be an absolute path"),
        ("/", "it must be an absolute path"),
        ("/nowhere/at/all.sock", "there is no folder /nowhere/at"),
        (f"/tmp/{'x' * 120}", "bytes at most"),
        ("/etc/hosts", "/etc/hosts is no socket"),
        ("/tmp", "/tmp is no socket"),
    ],
)
async def test_socket_that_cannot_be_is_a_mistake(tmp_path: Path, ports: Ports, path: str, said: str) -> None:
    status, told = await ended(tmp_path, ports, SOCKET=path)
    assert status == 2
    assert told.startswith("settings: SOCKET: ")
    assert said in told


async def ended(folder: Path, ports: Ports, failure: str = "", **environ: str) -> tuple[int, str]:
    """Return the exit status and the standard error of a program that ends by itself."""
    process = start(folder, ports, failure, **environ)
    try:
        _, told = await asyncio.to_thread(process.communicate, timeout=20)
    finally:
        process.kill()
    return process.returncode, told


@pytest.mark.parametrize("which", ["public", "private"])
async def test_busy_port_is_told_in_one_line(tmp_path: Path, ports: Ports, which: str) -> None:
    with socket.create_server(("127.0.0.1", getattr(ports, which))):
        status, told = await ended(tmp_path, ports)
    assert status == 1
    (line,) = told.splitlines()
    assert line.startswith("tiny: ")
    assert str(getattr(ports, which)) in line
    assert "address already in use" in line.lower()


async def test_start_that_fails_otherwise_is_told_in_one_line(tmp_path: Path, ports: Ports) -> None:
    assert await ended(tmp_path, ports, "start") == (1, "tiny: the first line and the second\n")


async def test_log_file_that_cannot_be_written_is_told_in_one_line(tmp_path: Path, ports: Ports) -> None:
    status, told = await ended(tmp_path, ports, LOG_FILE=str(tmp_path / "trust.json" / "log"))
    assert status == 1
    assert len(told.splitlines()) == 1
    assert "trust.json" in told


async def test_wrong_settings_are_told_before_anything_starts(tmp_path: Path, ports: Ports) -> None:
    status, told = await ended(tmp_path, ports, LOG_LEVEL="loud", PUBLIC_URL="x")
    assert status == 2
    assert [line.split()[1] for line in told.splitlines()] == ["PUBLIC_URL", "LOG_LEVEL"]


async def test_failure_at_the_end_is_told_too(tmp_path: Path, ports: Ports) -> None:
    async with running(tmp_path, ports, "end", DRAIN_SECONDS="0") as program:
        program.process.terminate()
        assert await program.end() == 1
        assert program.log()[-1]["event.action"] == "program_failed"
