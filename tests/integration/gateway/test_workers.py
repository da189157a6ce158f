"""Several processes behind one port, told of as one."""

import asyncio
import os
import signal
import time
from asyncio import StreamReader, StreamWriter
from pathlib import Path

import aiohttp
import pytest

from tests.authority import Authority
from tests.integration.gateway.raw_service import raw_server
from tests.integration.gateway.running_gateway import TABLE, route
from tests.integration.gateway.test_program import process, variables
from tests.integration.gateway.workers import Workers, all_have_ended, children_of, run_workers
from tests.ports import free_port
from tests.waiting import eventually


class Held:
    """A service that answers when it is let to."""

    def __init__(self) -> None:
        self.asked = 0
        self.released = asyncio.Event()

    async def talk(self, reader: StreamReader, writer: StreamWriter) -> None:
        while True:
            await reader.readuntil(b"\r\n\r\n")
            self.asked += 1
            await self.released.wait()
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")


async def outcome(workers: Workers, path: str) -> int:
    """Return the status of a POST, which no client sends twice; 0 where the connection broke."""
    try:
        return await workers.ask("POST", path)
    except aiohttp.ClientError:
        return 0


async def test_all_workers_serve_and_their_metrics_add_up(tmp_path: Path, valkey_url: str) -> None:
    async with run_workers(tmp_path, valkey_url, WORKERS="3") as workers:
        statuses = await asyncio.gather(*(workers.get("/") for _ in range(300)))
        assert set(statuses) == {200}
        assert await workers.answered("home") == 300
        assert await workers.metric("gateway_workers") == 3
        assert await workers.metric("gateway_valkey_up") == 1
        status, page = await workers.private("/status")
        assert status == 200
        assert '<h3>gateway <span class="tag' in page  # of all workers together

        async def all_have_served() -> bool:
            logs = [workers.log(f"worker_{number}") for number in (1, 2, 3)]
            return all(any(line.get("http.route") == "home" for line in log) for log in logs)

        await eventually(all_have_served)
        assert len({await workers.pid(f"worker_{number}") for number in (1, 2, 3)}) == 3


async def test_killed_worker_takes_only_its_own_requests_with_it(tmp_path: Path, valkey_url: str) -> None:
    """R3: kill -9 one of two -> only its in-flight requests fail; it comes back, and no counter goes back."""
    held = Held()
    async with raw_server(held.talk) as service, run_workers(tmp_path, valkey_url, USER_URL=service) as workers:
        assert await asyncio.gather(*(workers.get("/") for _ in range(40))) == [200] * 40
        waiting = [asyncio.create_task(outcome(workers, "/open")) for _ in range(24)]

        async def all_wait() -> bool:
            return held.asked == 24

        await eventually(all_wait)
        assert await workers.answered("home") == 40
        assert await workers.metric("http_requests_in_flight") == 24
        await workers.kill(await workers.pid("worker_1"))
        left = await workers.metric("http_requests_in_flight")
        assert await workers.answered("home") == 40
        assert await asyncio.gather(*(workers.get("/") for _ in range(40))) == [200] * 40
        held.released.set()
        statuses = await asyncio.gather(*waiting)
        assert (statuses.count(200), statuses.count(0)) == (left, 24 - left)
        await eventually(workers.is_ready)
        assert await workers.answered("home") == 80
        assert await workers.metric("gateway_worker_ends_total") == 1
        (told,) = [line for line in workers.log("reporter") if line["event.action"] == "process_ended"]
        assert (told["colonnade.worker.name"], told["colonnade.worker.status"]) == ("worker_1", -signal.SIGKILL)


async def test_unready_worker_makes_the_gateway_unready(tmp_path: Path, valkey_url: str) -> None:
    async with run_workers(tmp_path, valkey_url) as workers:
        await workers.kill(await workers.pid("worker_2"))
        status, body = await workers.private("/readyz")
        assert status == 503
        assert '"worker_2": "' in body
        assert (await workers.private("/livez"))[0] == 200
        await eventually(workers.is_ready)


async def test_what_else_the_private_port_serves_is_answered_by_a_worker(tmp_path: Path, valkey_url: str) -> None:
    async with run_workers(tmp_path, valkey_url) as workers:
        status, body = await workers.private("/internal/nothing?a=b%2Fc")
        assert status == 401
        assert '"unauthenticated"' in body
        assert '"/internal/nothing' in body
        for _ in range(4):
            status, body = await workers.private("/explain?path=%2Fopen%3Fa%3Db%252Fc")
            assert status == 200
            assert "by route open" in body


async def test_stop_finishes_what_is_being_answered_and_fails_nothing(tmp_path: Path, valkey_url: str) -> None:
    """R2"""
    held = Held()
    async with raw_server(held.talk) as service, run_workers(tmp_path, valkey_url, USER_URL=service) as workers:
        children = await children_of(workers.supervisor.pid)
        assert len(children) == 3
        waiting = [asyncio.create_task(workers.get("/open")) for _ in range(8)]

        async def all_wait() -> bool:
            return held.asked == 8

        await eventually(all_wait)
        workers.supervisor.send_signal(signal.SIGTERM)

        async def is_unready() -> bool:
            return (await workers.private("/readyz"))[0] == 503

        await eventually(is_unready)
        assert await asyncio.gather(*(workers.get("/") for _ in range(20))) == [200] * 20
        held.released.set()
        assert await asyncio.gather(*waiting) == [200] * 8
        assert await asyncio.wait_for(workers.supervisor.wait(), 10) == 0
        assert await all_have_ended(children)


async def test_signal_to_every_process_is_one_stop(tmp_path: Path, valkey_url: str) -> None:
    """R2: as systemd sends it; a worker that hears of it twice must not take that for the second signal."""
    async with run_workers(tmp_path, valkey_url) as workers:
        for pid in (*await children_of(workers.supervisor.pid), workers.supervisor.pid):
            os.kill(pid, signal.SIGTERM)
        assert await asyncio.gather(*(workers.get("/") for _ in range(20))) == [200] * 20
        assert (await workers.private("/livez"))[0] == 200
        assert await asyncio.wait_for(workers.supervisor.wait(), 10) == 0


async def test_second_signal_ends_all_at_once(tmp_path: Path, valkey_url: str) -> None:
    """R2"""
    async with run_workers(tmp_path, valkey_url, DRAIN_SECONDS="60") as workers:
        children = await children_of(workers.supervisor.pid)
        workers.supervisor.send_signal(signal.SIGTERM)

        async def is_unready() -> bool:
            return (await workers.private("/readyz"))[0] == 503

        await eventually(is_unready)
        workers.supervisor.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(workers.supervisor.wait(), 5) == -signal.SIGTERM
        await eventually(lambda: all_have_ended(children))


async def test_killed_supervisor_leaves_no_orphan(tmp_path: Path, valkey_url: str) -> None:
    """Its children finish what they are answering first, as they do for every stop."""
    held = Held()
    async with raw_server(held.talk) as service, run_workers(tmp_path, valkey_url, USER_URL=service) as workers:
        children = await children_of(workers.supervisor.pid)
        waiting = asyncio.create_task(workers.get("/open"))

        async def is_asked() -> bool:
            return held.asked == 1

        await eventually(is_asked)
        workers.supervisor.kill()
        held.released.set()
        assert await waiting == 200
        await eventually(lambda: all_have_ended(children))


async def test_killed_reporter_is_started_again(tmp_path: Path, valkey_url: str) -> None:
    async with run_workers(tmp_path, valkey_url) as workers:
        known = {await workers.pid(name) for name in ("worker_1", "worker_2")}
        (reporter,) = set(await children_of(workers.supervisor.pid)) - known
        await workers.kill(reporter)
        await eventually(workers.is_ready)
        assert await workers.get("/") == 200


async def test_hangup_reloads_the_routes_in_all_workers(tmp_path: Path, valkey_url: str) -> None:
    """R12: a worker that starts later has what was last right, and not what the file holds now."""
    async with run_workers(tmp_path, valkey_url) as workers:
        (tmp_path / "routes.toml").write_text(TABLE + route("fresh"))
        workers.supervisor.send_signal(signal.SIGHUP)

        async def have_all(event: str) -> bool:
            logs = [workers.log(name) for name in ("worker_1", "worker_2")]
            return all(any(line["event.action"] == event for line in log) for log in logs)

        await eventually(lambda: have_all("routes_reloaded"))
        (tmp_path / "routes.toml").write_text("what = 1\n" + TABLE)
        workers.supervisor.send_signal(signal.SIGHUP)
        await eventually(lambda: have_all("routes_refused"))
        await workers.kill(await workers.pid("worker_1"))
        await workers.kill(await workers.pid("worker_2"))
        await eventually(workers.is_ready)
        assert set(await asyncio.gather(*(workers.get("/fresh") for _ in range(20)))) == {503}


@pytest.mark.parametrize("which", ["PORT", "PRIVATE_PORT"])
async def test_busy_port_is_told_in_one_line(tmp_path: Path, which: str) -> None:
    environ = variables(tmp_path, "redis://127.0.0.1:9", WORKERS="2")
    taken = await asyncio.start_server(lambda *_: None, "127.0.0.1", int(environ[which]))
    async with taken, process(environ) as running:
        _, said = await asyncio.wait_for(running.communicate(), 10)
    assert running.returncode == 1
    assert said.decode() == f"gateway: can't listen on 127.0.0.1 port {environ[which]}: address already in use\n"


async def test_workers_share_the_ports_for_https_and_http_too(tmp_path: Path, valkey_url: str) -> None:
    authority = Authority(tmp_path)
    pair, port, http = authority.issue("127.0.0.1"), free_port(), free_port()
    tls = {"TLS_CERT_FILE": str(pair.certificate), "TLS_KEY_FILE": str(pair.key)}
    own = {"PORT": str(port), "HTTP_PORT": str(http), "PUBLIC_URL": f"https://127.0.0.1:{port}"}
    async with run_workers(tmp_path, valkey_url, **tls, **own) as workers:
        client, context = workers.client, authority.client()
        for _ in range(10):
            async with client.get(f"https://127.0.0.1:{port}/", ssl=context) as answer:
                assert answer.status == 200
            headers = {"Accept": "text/html"}
            async with client.get(f"http://127.0.0.1:{http}/docs", headers=headers, allow_redirects=False) as answer:
                assert answer.headers["Location"] == f"https://127.0.0.1:{port}/docs"
        expiry = await workers.metric("gateway_tls_certificate_expiry_timestamp_seconds")
        assert 0 < expiry - time.time() < 100 * 365 * 86_400


async def test_second_gateway_never_shares_the_port_by_mistake(tmp_path: Path, valkey_url: str) -> None:
    async with run_workers(tmp_path, valkey_url) as workers, process(workers.environ) as second:
        _, said = await asyncio.wait_for(second.communicate(), 10)
        assert second.returncode == 1
        assert b"address already in use" in said


async def test_workers_that_cannot_start_end_the_gateway(tmp_path: Path) -> None:
    environ = variables(tmp_path, "redis://127.0.0.1:9", WORKERS="2", PORT=str(free_port()))
    (tmp_path / "key.pem").write_text("no key")
    async with process(environ) as running:
        _, said = await asyncio.wait_for(running.communicate(), 20)
    assert running.returncode == 1
    assert said.decode().startswith("gateway: ")
