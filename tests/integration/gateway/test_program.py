"""The gateway as a process: how it starts, refuses to start, and stops."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.integration.gateway.running_gateway import TABLE, route, write_keys
from tests.ports import free_port
from tests.waiting import eventually


def variables(folder: Path, valkey_url: str, **changes: str) -> dict[str, str]:
    (folder / "routes.toml").write_text(TABLE)
    ports = {"PORT": str(free_port()), "PRIVATE_PORT": str(free_port())}
    return (
        write_keys(folder)
        | ports
        | {"VALKEY_URL": valkey_url, "ROUTES_FILE": str(folder / "routes.toml"), "DRAIN_SECONDS": "0.5"}
        | changes
    )


@asynccontextmanager
async def process(environ: dict[str, str], program: str = "gateway") -> AsyncIterator[asyncio.subprocess.Process]:
    pipe = asyncio.subprocess.PIPE
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", program, env={"PATH": os.environ["PATH"]} | environ, stdout=pipe, stderr=pipe
    )
    try:
        yield started
    finally:
        if started.returncode is None:
            started.kill()
        await started.communicate()


async def status_of(port: str, path: str) -> tuple[int, str]:
    """The status, 0 while nobody answers, and what the answer says about the connection."""
    try:
        async with aiohttp.ClientSession() as client, client.get(f"http://127.0.0.1:{port}{path}") as answer:
            return answer.status, answer.headers.get("Connection", "")
    except aiohttp.ClientError:
        return 0, ""


async def up(environ: dict[str, str]) -> None:
    async def answers() -> bool:
        return (await status_of(environ["PORT"], "/"))[0] == 200

    await eventually(answers)


async def test_stopping_gateway_goes_unready_answers_on_and_exits(tmp_path: Path, valkey_url: str) -> None:
    """R2"""
    environ = variables(tmp_path, valkey_url)
    async with process(environ) as running:
        await up(environ)
        running.send_signal(signal.SIGTERM)

        async def says_close() -> bool:
            return await status_of(environ["PORT"], "/") == (200, "close")

        await eventually(says_close)
        assert (await status_of(environ["PRIVATE_PORT"], "/readyz"))[0] == 503
        assert (await status_of(environ["PRIVATE_PORT"], "/livez"))[0] == 200
        assert await asyncio.wait_for(running.wait(), 10) == 0


async def test_request_that_is_being_answered_is_finished(tmp_path: Path, valkey_url: str) -> None:
    """R2"""
    arrived = asyncio.Event()

    async def slow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        arrived.set()
        await asyncio.sleep(1)  # longer than the drain delay: that is what is tested
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        writer.close()

    service = await asyncio.start_server(slow, "127.0.0.1", 0)
    environ = variables(
        tmp_path, valkey_url, DRAIN_SECONDS="0.1", USER_URL=f"http://127.0.0.1:{service.sockets[0].getsockname()[1]}"
    )
    async with service, process(environ) as running:
        await up(environ)
        asking = asyncio.create_task(status_of(environ["PORT"], "/open"))
        await arrived.wait()
        running.send_signal(signal.SIGTERM)
        assert (await asking)[0] == 200
        assert await asyncio.wait_for(running.wait(), 10) == 0


async def test_second_signal_exits_at_once(tmp_path: Path, valkey_url: str) -> None:
    """R2"""
    environ = variables(tmp_path, valkey_url, DRAIN_SECONDS="60")
    async with process(environ) as running:
        await up(environ)
        running.send_signal(signal.SIGTERM)

        async def says_close() -> bool:
            return (await status_of(environ["PORT"], "/"))[1] == "close"

        await eventually(says_close)
        running.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(running.wait(), 5) == -signal.SIGTERM


@pytest.mark.parametrize(
    ("changes", "expected_status", "expected"),
    [
        pytest.param({"AIOHTTP_NO_EXTENSIONS": "1"}, 1, "C parser", id="G34 without the C parser"),
        pytest.param({"TRUSTED_PROXIES": "here"}, 2, "TRUSTED_PROXIES", id="bad network"),
        pytest.param({"CORS_ORIGINS": "*"}, 2, "CORS_ORIGINS", id="bad origin"),
        pytest.param({"CORS_HEADERS": "X-Mine, *"}, 2, "CORS_HEADERS: '*'", id="any header of pages"),
        pytest.param({"CORS_EXPOSE": "X Mine"}, 2, "CORS_EXPOSE: 'X Mine'", id="bad header for pages"),
        pytest.param({"VALKEY_URL": ""}, 2, "VALKEY_URL", id="missing setting"),
        pytest.param({"TLS_CERT_FILE": "/nowhere"}, 2, "TLS_KEY_FILE", id="certificate without a key"),
        pytest.param(
            {"TLS_CERT_FILE": "/nowhere", "TLS_KEY_FILE": "/none"},
            2,
            "no usable pair",
            id="certificate that isn't there",
        ),
        pytest.param(
            {"TLS_CERT_FILE": "/nowhere", "TLS_KEY_FILE": "/none"}, 2, "https://", id="TLS for an http PUBLIC_URL"
        ),
        pytest.param({"HTTP_PORT": "1"}, 2, "HTTP_PORT", id="port that leads nowhere"),
        pytest.param({"SOCKET": "/run/gateway.sock"}, 2, "SOCKET is for services", id="clients without an address"),
        pytest.param({"PUBLIC_URL": "http://h/a//b"}, 2, "canonical", id="path that no request has"),
    ],
)
async def test_gateway_refuses_to_start(
    tmp_path: Path, changes: dict[str, str], expected_status: int, expected: str
) -> None:
    """G34"""
    async with process(variables(tmp_path, "redis://127.0.0.1:9", **changes)) as running:
        _, said = await asyncio.wait_for(running.communicate(), 10)
    assert running.returncode == expected_status
    assert expected in said.decode()
    assert "Traceback" not in said.decode()


async def test_mistake_in_the_route_file_is_named_with_its_line(tmp_path: Path) -> None:
    """R12"""
    environ = variables(tmp_path, "redis://127.0.0.1:9")
    (tmp_path / "routes.toml").write_text(TABLE.replace('policy = "2 per hour"', 'policy = "2 per fortnight"'))
    async with process(environ) as running:
        _, said = await asyncio.wait_for(running.communicate(), 10)
    assert running.returncode == 2
    assert "routes.toml:7:" in said.decode()


async def test_hangup_reloads_the_routes_and_never_ends_the_process(tmp_path: Path, valkey_url: str) -> None:
    """R12"""
    environ = variables(tmp_path, valkey_url, LOG_FILE=str(tmp_path / "log"))
    async with process(environ) as running:
        await up(environ)
        (tmp_path / "routes.toml").write_text("what = 1\n" + TABLE)
        running.send_signal(signal.SIGHUP)

        async def is_refused() -> bool:
            return "routes.toml:1: unknown key 'what'" in (tmp_path / "log").read_text()

        await eventually(is_refused)
        (tmp_path / "routes.toml").write_text(TABLE + route("fresh", upstream="local"))
        running.send_signal(signal.SIGHUP)

        async def is_taken_over() -> bool:
            return "routes_reloaded" in (tmp_path / "log").read_text()

        await eventually(is_taken_over)
        assert (await status_of(environ["PORT"], "/"))[0] == 200
        running.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(running.wait(), 10) == 0
