"""Structured logs: one JSON line per event with ECS names, written by a thread, so that a blocked pipe never blocks
the event loop. What doesn't fit the bounded queue is dropped and counted.
"""

import logging
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Mapping
from logging.handlers import RotatingFileHandler
from typing import Any, Protocol, TextIO

import msgspec

from shared.metrics import LOG_LINES_DROPPED
from shared.settings import LogSettings

_QUEUE_SIZE = 10_000
_LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
_COLOURS = {"debug": "2", "info": "36", "warning": "33", "error": "31"}

Fields = Mapping[str, object]


class _Writer(threading.Thread):
    """Takes encoded lines from a bounded queue and writes them to every sink."""

    def __init__(self, sinks: list["_Sink"]) -> None:
        super().__init__(name="log-writer", daemon=True)
        self._queue: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
        self._sinks = sinks

    def put(self, record: dict[str, Any]) -> None:
        if self._queue.qsize() >= _QUEUE_SIZE:
            LOG_LINES_DROPPED.inc()
            return
        self._queue.put(record)

    def run(self) -> None:
        while (record := self._queue.get()) is not None:
            for sink in self._sinks:
                sink.write(record)

    def close(self, timeout: float) -> None:
        """Write what is queued, waiting `timeout` seconds at most: a blocked pipe doesn't keep a program alive."""
        self._queue.put(None)
        self.join(timeout)


class _Sink(Protocol):
    """One place that lines go to. A place that fails loses its lines, and nothing else."""

    def write(self, record: dict[str, Any]) -> None: ...


class _Stream:
    def __init__(self, stream: TextIO, *, console: bool) -> None:
        self._stream = stream
        self._encode = _console_line if console else _json_line

    def write(self, record: dict[str, Any]) -> None:
        try:
            self._stream.write(self._encode(record) + "\n")
            self._stream.flush()
        except (OSError, ValueError):
            LOG_LINES_DROPPED.inc()


class _File:
    """A rotating file: five old ones are kept."""

    def __init__(self, settings: LogSettings) -> None:
        assert settings.file is not None
        settings.file.parent.mkdir(parents=True, exist_ok=True)
        self._handler = RotatingFileHandler(
            settings.file, maxBytes=settings.file_max_bytes, backupCount=5, encoding="utf-8"
        )

    def write(self, record: dict[str, Any]) -> None:
        self._handler.emit(logging.LogRecord("", logging.INFO, "", 0, _json_line(record), None, None))


def _json_line(record: dict[str, Any]) -> str:
    return msgspec.json.encode(record, enc_hook=str).decode()


def _console_line(record: dict[str, Any]) -> str:
    rest = dict(record)
    stamp, level, event = rest.pop("@timestamp"), rest.pop("log.level"), rest.pop("event.action")
    rest.pop("ecs.version")
    stack = rest.pop("error.stack_trace", "")
    fields = " ".join(f"{name}={value}" for name, value in rest.items() if value not in ("", None))
    return f"{stamp[11:23]} \x1b[{_COLOURS[level]}m{level:<7}\x1b[0m {event} {fields}" + (f"\n{stack}" if stack else "")


class Logs:
    """The process's log. Inert until `start`, so that a module may hold it from import on."""

    def __init__(self) -> None:
        self._writer: _Writer | None = None
        self._level = 0
        self._service = ""

    def start(self, service: str, settings: LogSettings) -> None:
        console = settings.format == "console" or (settings.format == "auto" and sys.stdout.isatty())
        sinks: list[_Sink] = [_Stream(sys.stdout, console=console)]
        if settings.file is not None:
            sinks.append(_File(settings))
        self._service, self._level = service, _LEVELS[settings.level]
        self._writer = _Writer(sinks)
        self._writer.start()
        logging.basicConfig(handlers=[_Bridge(self)], level=logging.WARNING, force=True)

    def close(self, timeout: float = 2.0) -> None:
        if self._writer is not None:
            self._writer.close(timeout)
            self._writer = None

    def debug(self, event: str, **fields: object) -> None:
        self.write("debug", event, fields)

    def info(self, event: str, **fields: object) -> None:
        self.write("info", event, fields)

    def warning(self, event: str, **fields: object) -> None:
        self.write("warning", event, fields)

    def error(self, event: str, exc: BaseException | None = None, **fields: object) -> None:
        self.write("error", event, _described(exc) | fields if exc is not None else fields)

    def write(self, level: str, event: str, fields: Fields) -> None:
        """Queue one line. Fields are named as in ECS where it has a name, and never hold a secret."""
        if self._writer is None or _LEVELS[level] < self._level:
            return
        now = time.time()
        stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03d}Z"
        record: dict[str, Any] = {
            "@timestamp": stamp,
            "log.level": level,
            "event.action": event,
            "service.name": self._service,
            "process.pid": os.getpid(),
            "ecs.version": "8.17",
        }
        self._writer.put(record | dict(fields))


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
        level = "error" if record.levelno >= logging.ERROR else "warning"
        exc = record.exc_info[1] if record.exc_info else None
        fields: dict[str, object] = {"log.logger": record.name, "message": record.getMessage()}
        self._logs.write(level, "library_message", (_described(exc) if exc else {}) | fields)


log = Logs()
