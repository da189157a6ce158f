"""Writes log records to standard output and files from a thread of its own, so that a stuck sink stops nobody else."""

import json
import logging
import os
import queue
import select
import threading
from collections.abc import Sequence
from contextlib import suppress
from logging.handlers import RotatingFileHandler
from typing import Any, Protocol

import msgspec

from shared.metrics import LOG_LINES_DROPPED
from shared.settings import LogSettings

_QUEUE_SIZE = 10_000
_COLOURS = {"debug": "2", "info": "36", "warning": "33", "error": "31"}


class LogWriter(threading.Thread):
    """Takes records from a bounded queue and writes them to every sink."""

    def __init__(self, sinks: Sequence["Sink"]) -> None:
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
                try:
                    sink.write(record)
                except Exception:  # noqa: BLE001  one line that can't be written must not end all logging
                    LOG_LINES_DROPPED.inc()
        for sink in self._sinks:
            with suppress(OSError):  # a full disk, once more
                sink.close()

    def finish(self, timeout: float) -> None:
        """Write what is queued, waiting `timeout` seconds at most: a blocked pipe doesn't keep a program alive."""
        self._queue.put(None)
        self.join(timeout)


class Sink(Protocol):
    """One place that lines go to. A place that fails loses its lines, and nothing else."""

    def write(self, record: dict[str, Any]) -> None: ...

    def close(self) -> None: ...


class Descriptor:
    """Standard output, past Python's buffer, whose lock a stuck thread would hold until the program's end aborts."""

    def __init__(self, descriptor: int, *, console: bool) -> None:
        self._descriptor = descriptor
        self._encode = _console_line if console else _json_line

    def write(self, record: dict[str, Any]) -> None:
        rest = memoryview((self._encode(record) + "\n").encode("utf-8", "backslashreplace"))
        while rest:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:  # whoever shares the pipe has made it non-blocking
                select.select((), (self._descriptor,), ())

    def close(self) -> None:
        """Standard output stays open."""


class File:
    """A rotating file: five old ones are kept."""

    def __init__(self, settings: LogSettings) -> None:
        assert settings.file is not None
        settings.file.parent.mkdir(parents=True, exist_ok=True)
        self._handler = _RotatingFile(settings.file, maxBytes=settings.file_max_bytes, backupCount=5, encoding="utf-8")

    def write(self, record: dict[str, Any]) -> None:
        self._handler.emit(logging.LogRecord("", logging.INFO, "", 0, _json_line(record), None, None))

    def close(self) -> None:
        self._handler.close()


class _RotatingFile(RotatingFileHandler):
    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802  logging's own name and signature
        LOG_LINES_DROPPED.inc()


def _json_line(record: dict[str, Any]) -> str:
    try:
        return msgspec.json.encode(record, enc_hook=str).decode()
    except UnicodeEncodeError:  # a lone surrogate, which stands for a byte that wasn't UTF-8
        return json.dumps(record, default=str)


def _console_line(record: dict[str, Any]) -> str:
    rest = dict(record)
    stamp, level, event = rest.pop("@timestamp"), rest.pop("log.level"), rest.pop("event.action")
    rest.pop("ecs.version")
    stack = rest.pop("error.stack_trace", "")
    fields = " ".join(f"{name}={_printable(value)}" for name, value in rest.items() if value not in ("", None))
    return f"{stamp[11:23]} \x1b[{_COLOURS[level]}m{level:<7}\x1b[0m {event} {fields}" + (f"\n{stack}" if stack else "")


def _printable(value: object) -> str:
    """Keep what came from outside from steering the terminal."""
    text = str(value)
    return text if text.isprintable() else repr(text)
