"""Structured logs: one JSON line per event with ECS names, written by a thread, so that a blocked pipe never blocks
the event loop. What doesn't fit the bounded queue is dropped and counted.
"""

import logging
import os
import re
import sys
import time
import traceback
from collections.abc import Mapping

import msgspec

from shared import VERSION
from shared.log_writer import Descriptor, File, LogWriter, Sink
from shared.sampling import Sampler
from shared.settings import LogSettings
from shared.tracing import HOP

_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}

_STDOUT = 1
_MALFORMED = (
    "aiohttp.http_exceptions"  # who raises them quotes what came, which may be a secret; by name: not all have aiohttp
)
_ECS = "8.17"
# 40 characters and more are what random secrets have: share links, upload URLs. Somebody may have lost a part of one,
# which is as little to be known; ids of rows look otherwise, and names of ours have neither capitals nor digits.
_SHORTEST_SECRET = 24
_UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(?:/|$)"
_SECRET_SEGMENT = re.compile(
    rf"(?<=/)(?:[A-Za-z0-9_=.~-]{{40,}}|(?!{_UUID})(?=[^/]*[A-Z0-9])[A-Za-z0-9_=.~-]{{24,}})(?=/|$)"
)

Fields = Mapping[str, object]
_NOTHING: Fields = {}

_NAMES = {
    "timestamp": "@timestamp",
    "level": "log.level",
    "message": "message",
    "event": "event.action",
    "service": "service.name",
    "version": "service.version",
    "pid": "process.pid",
    "ecs": "ecs.version",
}


class Line(msgspec.Struct, rename=_NAMES, kw_only=True, omit_defaults=True):
    """A line of a fixed form, for what is logged with every request: a third of the cost of one with free fields.

    What is empty isn't written: an empty address, say, is none.
    """

    timestamp: str = ""
    level: str = ""
    message: str = ""
    event: str = ""
    service: str = ""
    version: str = ""
    pid: int = 0
    ecs: str = ""


class Logs:
    """The process's log. Inert until `start`, so that a module may hold it from import on."""

    def __init__(self) -> None:
        self._writer: LogWriter | None = None
        self._level = 0
        self._name = ""
        self._pid = 0
        self._constant: Fields = {}
        self._sampler: Sampler | None = None

    def start(self, service: str, settings: LogSettings) -> None:
        console = settings.format == "console" or (settings.format == "auto" and sys.stdout.isatty())
        sinks: list[Sink] = [Descriptor(_STDOUT, console=console, shared=settings.shares_output)]
        if settings.file is not None:
            sinks.append(File(settings.file, settings.file_max_bytes))
        self._level = _LEVELS[settings.level]
        self._name, self._pid = service, os.getpid()
        self._constant = {
            "service.name": service,
            "service.version": VERSION,
            "process.pid": self._pid,
            "ecs.version": _ECS,
        }
        self._sampler = Sampler(settings.sample) if not settings.sample.keeps_all else None
        self._writer = LogWriter(sinks)
        self._writer.start()
        logging.basicConfig(handlers=[_Bridge(self)], level=logging.WARNING, force=True)

    def close(self, timeout: float = 2.0) -> None:
        if self._writer is not None:
            self._writer.finish(timeout)
            self._writer = None

    def debug(self, event: str, /, **fields: object) -> None:
        self.write("debug", event, fields)

    def info(self, event: str, /, **fields: object) -> None:
        self.write("info", event, fields)

    def warning(self, event: str, /, **fields: object) -> None:
        self.write("warning", event, fields)

    def error(self, event: str, exc: BaseException | None = None, /, **fields: object) -> None:
        self.write("error", event, _described(exc) | fields if exc is not None else fields)

    def write(self, level: str, event: str, fields: Fields) -> None:
        """Queue one line. Fields are named as in ECS where it has a name, and never hold a secret."""
        if self._writer is None or _LEVELS[level] < self._level:
            return
        message = event.replace("_", " ")
        head = {"@timestamp": _timestamp(), "log.level": level, "message": message, "event.action": event}
        self._writer.put({**head, **self._constant, **_under_way(), **fields})

    def line(self, level: str, event: str, line: Line) -> None:
        """Queue a line of a fixed form, as `write` does one of free fields."""
        if self._writer is None or _LEVELS[level] < self._level:
            return
        line.timestamp, line.level, line.event = _timestamp(), level, event
        line.service, line.version, line.pid, line.ecs = self._name, VERSION, self._pid, _ECS
        self._writer.put(line)

    def draw(self, method: str, route: str, status: int, seconds: float) -> float:
        """Return the share of all lines like this one that are written, if it is itself; else 0."""
        return 1.0 if self._sampler is None else self._sampler.draw(method, route, status, seconds)


class _Clock:
    """The time as RFC 3339 has it; what changes only once a second is made once a second."""

    def __init__(self) -> None:
        self._last = (0, "")

    def __call__(self) -> str:
        now = time.time()
        second, text = self._last
        if second != int(now):
            second, text = self._last = int(now), time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now))
        return f"{text}.{int((now - second) * 1000):03d}Z"


_timestamp = _Clock()


def _under_way() -> Fields:
    """Return the ids of what is being done, for whoever follows it through all programs."""
    hop = HOP.get()
    if hop is None:
        return _NOTHING
    ids = {"trace.id": hop.trace.trace_id, "span.id": hop.trace.span_id, "parent.id": hop.trace.parent_id}
    return {**ids, "http.request.id": hop.request_id} if hop.request_id else ids


def _described(exc: BaseException) -> dict[str, object]:
    return {
        "error.type": type(exc).__qualname__,
        "error.message": str(exc),
        "error.stack_trace": "".join(traceback.format_exception(exc)),
    }


class _Bridge(logging.Handler):
    """Brings the lines of libraries that use `logging` (aiohttp, asyncio) into ours."""

    def __init__(self, logs: Logs) -> None:
        super().__init__()
        self._logs = logs

    def emit(self, record: logging.LogRecord) -> None:
        exc = record.exc_info[1] if record.exc_info else None
        level = "error" if record.levelno >= logging.ERROR else "warning"
        told = _described(exc) if exc else {}
        if type(exc).__module__ == _MALFORMED:
            level, told = "warning", {"error.type": type(exc).__qualname__}
        if record.name == "aiohttp.server" and isinstance(exc, ConnectionError):
            level = "debug"  # the client left, which its request's own line tells
        fields: dict[str, object] = {"log.logger": record.name, "message": _message(record)}
        self._logs.write(level, "library_message", told | fields)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except Exception:  # noqa: BLE001  a library's slip in formatting isn't worth a failed request
        return str(record.msg)


def loggable_path(path: str) -> str:
    """Return `path` without those segments that look like secrets."""
    if len(path) <= _SHORTEST_SECRET:
        return path
    return _SECRET_SEGMENT.sub("***", path)


log = Logs()
