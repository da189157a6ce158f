import asyncio
import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from aiohttp.http_exceptions import BadHttpMethod
from prometheus_client import REGISTRY

from shared import VERSION
from shared.log_writer import Descriptor, LogWriter
from shared.logs import Logs, loggable_path
from shared.settings import Secret
from shared.spans.recorder import Errand
from shared.tracing import HOP, Trace
from tests.unit.shared.journals import JSON, lines_of, logging_to


def dropped() -> float:
    return REGISTRY.get_sample_value("log_lines_dropped_total") or 0.0


def test_event_is_one_line_of_json_with_ecs_names(capfd: pytest.CaptureFixture[str]) -> None:
    with logging_to(JSON) as journal:
        journal.info("user_created", **{"user.id": UUID(int=7), "note": "two\nlines", "none": None, "part": 0.5})

    (line,) = lines_of(capfd)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", line.pop("@timestamp"))
    assert line == {
        "log.level": "info", "message": "user created", "event.action": "user_created", "service.name": "program",
        "service.version": VERSION, "process.pid": os.getpid(),
        "ecs.version": "8.17", "user.id": str(UUID(int=7)), "note": "two\nlines", "none": None, "part": 0.5,
    }  # fmt: skip


def test_failure_is_logged_with_its_type_message_and_stack(capfd: pytest.CaptureFixture[str]) -> None:
    with logging_to(JSON) as journal:
        try:
            _ = 1 / 0
        except ZeroDivisionError as exc:
            journal.error("sum_failed", exc, step=3)

    (line,) = lines_of(capfd)
    assert (line["error.type"], line["error.message"], line["step"]) == ("ZeroDivisionError", "division by zero", 3)
    assert "test_logs.py" in line["error.stack_trace"]


def test_lines_below_the_level_are_not_written(capfd: pytest.CaptureFixture[str]) -> None:
    with logging_to(replace(JSON, level="warning")) as journal:
        for write in (journal.debug, journal.info, journal.warning, journal.error):
            write(write.__name__)
    assert [line["event.action"] for line in lines_of(capfd)] == ["warning", "error"]


def test_everything_queued_is_written_before_the_log_closes_in_order(capfd: pytest.CaptureFixture[str]) -> None:
    with logging_to(JSON) as journal:
        for number in range(2000):
            journal.info("counted", number=number)
    assert [line["number"] for line in lines_of(capfd)] == list(range(2000))


def test_log_that_is_not_started_or_closed_is_silent(capfd: pytest.CaptureFixture[str]) -> None:
    journal = Logs()
    journal.info("early")
    journal.close()
    with logging_to(JSON) as journal:
        pass
    journal.info("late")
    assert not capfd.readouterr().out


@pytest.mark.parametrize(
    "value",
    [
        pytest.param("caf\udce9", id="lone surrogate"),
        pytest.param({"nested": ["caf\udce9", Path("/x")]}, id="lone surrogate inside"),
        pytest.param(Secret("hunter2"), id="secret"),
        pytest.param(object(), id="any object"),
        pytest.param(float("nan"), id="not a number"),
        pytest.param(2**100, id="large number"),
        pytest.param({1: 2, "b": {3}}, id="odd keys"),
    ],
)
def test_line_with_an_odd_value_is_written_all_the_same(capfd: pytest.CaptureFixture[str], value: object) -> None:
    before = dropped()
    with logging_to(JSON) as journal:
        journal.info("odd", value=value)
        journal.info("after")
    found = lines_of(capfd)
    assert [line["event.action"] for line in found] == ["odd", "after"]
    assert "hunter2" not in str(found)
    assert dropped() == before


class Unwritable:
    def __str__(self) -> str:
        raise ValueError("no")


def test_line_that_cannot_be_written_is_counted_and_the_next_one_is_written(capfd: pytest.CaptureFixture[str]) -> None:
    before = dropped()
    with logging_to(JSON) as journal:
        journal.info("bad", value=Unwritable())
        journal.info("good")
    assert [line["event.action"] for line in lines_of(capfd)] == ["good"]
    assert dropped() == before + 1


def test_console_form_is_for_people(capfd: pytest.CaptureFixture[str]) -> None:
    with logging_to(replace(JSON, format="console")) as journal:
        journal.warning("disk_filling", free="10 MB", empty="", path="/a\x1b[2Jb\n")
        journal.error("failed", ValueError("why"))
    out = capfd.readouterr().out
    first, second = out.splitlines()[:2]
    assert re.match(r"\d\d:\d\d:\d\d\.\d{3} \x1b\[33mwarning\x1b\[0m disk_filling ", first)
    assert r"free=10 MB path='/a\x1b[2Jb\n'" in first
    assert "empty" not in first
    assert "\x1b[31merror" in second
    assert "ValueError: why" in out


def test_auto_is_json_unless_a_person_looks_on(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with logging_to(replace(JSON, format="auto")) as journal:
        journal.info("piped")
    assert lines_of(capfd)[0]["event.action"] == "piped"
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    with logging_to(replace(JSON, format="auto")) as journal:
        journal.info("watched")
    assert "\x1b[36minfo" in capfd.readouterr().out


def test_line_tells_for_whom_something_is_done(capfd: pytest.CaptureFixture[str]) -> None:
    trace = Trace("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203330", "00f067aa0ba902b7")
    with logging_to(JSON) as journal:
        token = HOP.set(Errand(trace, None, "request-1"))
        journal.info("mail_sent")
        HOP.reset(token)
        journal.info("idle")
    first, second = lines_of(capfd)
    ids = (first["trace.id"], first["span.id"], first["parent.id"], first["http.request.id"])
    assert ids == (*trace[:3], "request-1")
    assert "trace.id" not in second


def test_full_disk_loses_the_files_lines_only(capfd: pytest.CaptureFixture[str]) -> None:
    before = dropped()
    with logging_to(replace(JSON, file=Path("/dev/full"))) as journal:
        journal.info("first")
        journal.info("second")
    assert [line["event.action"] for line in lines_of(capfd)] == ["first", "second"]
    assert dropped() >= before + 2


def test_libraries_write_through_our_log(capfd: pytest.CaptureFixture[str]) -> None:
    with logging_to(JSON):
        logging.getLogger("aiohttp.server").warning("odd %s", "request")
        logging.getLogger("asyncio").error("failed", exc_info=ValueError("why"))
        logging.getLogger("chatty").info("nothing")
        logging.getLogger("careless").error("%d", "not a number")
    found = lines_of(capfd)
    assert [(line["log.logger"], line["log.level"], line["message"]) for line in found] == [
        ("aiohttp.server", "warning", "odd request"),
        ("asyncio", "error", "failed"),
        ("careless", "error", "%d"),
    ]
    assert found[1]["error.type"] == "ValueError"


def test_client_that_leaves_while_it_is_answered_is_no_error(capfd: pytest.CaptureFixture[str]) -> None:
    """Its request's own line says so; aiohttp's server would tell it with a stack, as if a handler had failed."""
    with logging_to(replace(JSON, level="debug")):
        server = logging.getLogger("aiohttp.server")
        server.error("Error handling request", exc_info=ConnectionResetError("Cannot write to closing transport"))
        server.error("Error handling request", exc_info=ValueError("a bug"))
    assert [line["log.level"] for line in lines_of(capfd)] == ["debug", "error"]


def test_malformed_request_is_told_of_without_its_bytes(capfd: pytest.CaptureFixture[str]) -> None:
    with logging_to(JSON):
        server = logging.getLogger("aiohttp.server")
        server.error("Error handling request from %s", "", exc_info=BadHttpMethod("Authorization: Bearer secret"))
    (line,) = lines_of(capfd)
    assert (line["log.level"], line["error.type"]) == ("warning", "BadHttpMethod")
    assert "secret" not in str(line)


@contextmanager
def writing_to_pipe(*, blocking: bool) -> Iterator[tuple[LogWriter, int]]:
    """Yield a writer into a pipe, and the pipe's other end; what is never read is read at the end."""
    read, write = os.pipe()
    os.set_blocking(write, blocking)
    writer = LogWriter([Descriptor(write, console=False)])
    writer.start()
    try:
        yield writer, read
    finally:
        os.set_blocking(read, False)
        while writer.is_alive():
            with suppress(BlockingIOError):
                os.read(read, 1_000_000)
            writer.finish(0.01)
        os.close(read)
        os.close(write)


@pytest.mark.parametrize("blocking", [True, False])
async def test_blocked_pipe_blocks_nobody_and_what_is_dropped_is_counted(*, blocking: bool) -> None:
    """R14: nobody reads the pipe; the loop goes on, and each line that finds no room counts."""
    before = dropped()
    with writing_to_pipe(blocking=blocking) as (writer, _):
        loop = asyncio.get_running_loop()
        longest = 0.0
        for _ in range(300):
            start = loop.time()
            for _ in range(50):
                writer.put({"event.action": "x" * 100})
            await asyncio.sleep(0)
            longest = max(longest, loop.time() - start)
        start = loop.time()
        writer.finish(0.2)
        assert loop.time() - start < 1
        assert longest < 0.5
    assert 3000 < dropped() - before <= 5000


_TALKS_TO_NOBODY = """
import sys
from shared.logs import log
from shared.settings import LogSettings
log.start("program", LogSettings("info", "json", None, 20_000))
for _ in range(5000):
    log.info("said", text="x" * 100)
log.close(0.1)
print("left", file=sys.stderr)
"""


def test_program_ends_in_order_while_its_output_is_blocked() -> None:
    """R14: the thread that is stuck in the pipe holds no lock that the end of the program needs."""
    with subprocess.Popen(
        [sys.executable, "-c", _TALKS_TO_NOBODY], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        assert program.wait(timeout=20) == 0
        assert program.stderr is not None
        assert program.stderr.read() == "left\n"


@pytest.mark.parametrize("blocking", [True, False])
def test_slow_reader_gets_whole_lines_in_order(*, blocking: bool) -> None:
    got = bytearray()
    with writing_to_pipe(blocking=blocking) as (writer, read):
        for number in range(2000):
            writer.put({"number": number, "text": "x" * 200})
        while got.count(b"\n") < 2000:
            got += os.read(read, 3001)
    assert [json.loads(line)["number"] for line in got.splitlines()] == list(range(2000))


def test_reader_that_is_gone_costs_lines_and_nothing_else() -> None:
    before = dropped()
    read, write = os.pipe()
    os.close(read)
    writer = LogWriter([Descriptor(write, console=False)])
    writer.start()
    writer.put({"event.action": "x"})
    writer.finish(5)
    os.close(write)
    assert not writer.is_alive()
    assert dropped() == before + 1


@pytest.mark.parametrize(
    ("path", "logged"),
    [
        ("/v1/users/me", "/v1/users/me"),
        (f"/v1/files/{UUID(int=7)}/content", f"/v1/files/{UUID(int=7)}/content"),
        (f"/s/{'A1_-' * 11}", "/s/***"),
        (f"/s/{'a' * 43}/x/{'b' * 64}", "/s/***/x/***"),
        (f"/s/{'A1_-' * 6}", "/s/***"),
        (f"/s/{'A1_-' * 5}", f"/s/{'A1_-' * 5}"),
        ("/.well-known/oauth-authorization-server", "/.well-known/oauth-authorization-server"),
        (f"/v1/files/{UUID(int=7)}{UUID(int=7)}", "/v1/files/***"),
        ("", ""),
    ],
)  # fmt: skip
def test_path_is_logged_without_what_looks_like_a_secret(path: str, logged: str) -> None:
    assert loggable_path(path) == logged
