"""Writes log records to standard output and files from a thread of its own, so that a stuck sink stops nobody else."""

import json
import os
import queue
import select
import stat
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import msgspec

from shared.metrics import LOG_LINES_DROPPED, LOG_LINES_WAITING

_QUEUE_SIZE = 10_000
_BATCH = 250
_GATHERING = 0.01  # seconds: lines that come together leave together, as waking a thread costs more than a line
_OLD_FILES = 5
_COLOURS = {"debug": "2", "info": "36", "warning": "33", "error": "31"}

Record = dict[str, Any] | msgspec.Struct
Encode = Callable[[Record], bytes]


class Sink(Protocol):
    """One place that lines go to. A place that fails loses its lines, and nothing else."""

    @property
    def encode(self) -> Encode: ...

    def write(self, lines: Sequence[bytes]) -> None: ...

    def close(self) -> None: ...


class LogWriter(threading.Thread):
    """Takes records from a bounded queue and writes them to every sink."""

    def __init__(self, sinks: Sequence[Sink]) -> None:
        super().__init__(name="log-writer", daemon=True)
        self._queue: queue.SimpleQueue[Record | None] = queue.SimpleQueue()
        self._sinks = sinks
        LOG_LINES_WAITING.set_function(self._queue.qsize)

    def put(self, record: Record) -> None:
        if self._queue.qsize() >= _QUEUE_SIZE:
            LOG_LINES_DROPPED.inc()
            return
        self._queue.put(record)

    def run(self) -> None:
        while (record := self._queue.get()) is not None:
            time.sleep(_GATHERING)
            more = min(self._queue.qsize(), _BATCH)
            records = [record, *(self._queue.get() for _ in range(more))]
            self._write([each for each in records if each is not None])
            if None in records:
                break
        for sink in self._sinks:
            sink.close()

    def _write(self, records: Sequence[Record]) -> None:
        lines = {encode: _encoded(records, encode) for encode in {sink.encode for sink in self._sinks}}
        for sink in self._sinks:
            try:
                sink.write(lines[sink.encode])
            except Exception:  # noqa: BLE001  lines that can't be written must not end all logging
                LOG_LINES_DROPPED.inc(len(lines[sink.encode]))

    def finish(self, timeout: float) -> None:
        """Write what is queued, waiting `timeout` seconds at most: a blocked pipe doesn't keep a program alive."""
        self._queue.put(None)
        self.join(timeout)


class Descriptor:
    """Standard output, past Python's buffer, whose lock a stuck thread would hold until the program's end aborts."""

    def __init__(self, descriptor: int, *, console: bool, shared: bool = False) -> None:
        self._descriptor = descriptor
        self._in_blocks = shared and stat.S_ISFIFO(os.fstat(descriptor).st_mode)
        self.encode = console_line if console else json_line

    def write(self, lines: Sequence[bytes]) -> None:
        for block in _whole_blocks(lines) if self._in_blocks else (b"".join(lines),):
            self._write(block)

    def _write(self, block: bytes) -> None:
        rest = memoryview(block)
        while rest:
            try:
                rest = rest[os.write(self._descriptor, rest) :]
            except BlockingIOError:  # whoever shares the pipe has made it non-blocking
                select.select((), (self._descriptor,), ())

    def close(self) -> None:
        """Standard output stays open."""


def _whole_blocks(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Join lines up to what a pipe takes in one piece, so that no other process's come in between."""
    block = b""
    for line in lines:
        if block and len(block) + len(line) > select.PIPE_BUF:
            yield block
            block = b""
        block += line
    if block:
        yield block


class File:
    """A file of at most `max_bytes`; five old ones are kept. One that logrotate has moved or cut is begun anew."""

    def __init__(self, path: Path, max_bytes: int) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.encode = json_line
        self._path = path
        self._max_bytes = max_bytes
        self._file = path.open("ab", buffering=0)

    def write(self, lines: Sequence[bytes]) -> None:
        room = self._max_bytes - self._size()
        block = bytearray()
        for line in lines:
            if len(block) + len(line) > room:
                self._append(block)
                self._rotate()
                block, room = bytearray(), self._max_bytes
            block += line
        self._append(block)

    def close(self) -> None:
        self._file.close()

    def _size(self) -> int:
        """Return how long the file is, which may have been cut, or taken away to be kept, by another program."""
        ours = os.fstat(self._file.fileno())
        try:
            there = self._path.stat()
        except FileNotFoundError:
            there = None
        if there is None or (there.st_dev, there.st_ino) != (ours.st_dev, ours.st_ino):
            self._open_anew()
            ours = os.fstat(self._file.fileno())
        return ours.st_size

    def _open_anew(self) -> None:
        fresh = self._path.open("ab", buffering=0)
        self._file.close()
        self._file = fresh

    def _append(self, block: bytearray) -> None:
        if self._file.write(block) != len(block):
            raise OSError("the disk is full")

    def _rotate(self) -> None:
        names = [self._path, *(self._path.with_name(f"{self._path.name}.{number + 1}") for number in range(_OLD_FILES))]
        for name, older in reversed(list(pairwise(names))):
            with suppress(FileNotFoundError):
                name.replace(older)
        self._open_anew()


def _encoded(records: Sequence[Record], encode: Encode) -> list[bytes]:
    try:
        return [encode(record) for record in records]
    except Exception:  # noqa: BLE001  which of them it is shows one by one
        return [line for record in records for line in _if_possible(record, encode)]


def _if_possible(record: Record, encode: Encode) -> Sequence[bytes]:
    try:
        return (encode(record),)
    except Exception:  # noqa: BLE001  as above, for one line
        LOG_LINES_DROPPED.inc()
        return ()


_encoder = msgspec.json.Encoder(enc_hook=str)


def json_line(record: Record) -> bytes:
    try:
        return _encoder.encode(record) + b"\n"
    except UnicodeEncodeError:  # a lone surrogate, which stands for a byte that wasn't UTF-8
        return json.dumps(_fields(record), default=str).encode() + b"\n"


def console_line(record: Record) -> bytes:
    rest = _fields(record)
    stamp, level, event = rest.pop("@timestamp"), rest.pop("log.level"), rest.pop("event.action")
    for name in ("ecs.version", "service.version"):
        rest.pop(name, None)
    if rest["message"] == event.replace("_", " "):
        del rest["message"]
    stack = rest.pop("error.stack_trace", "")
    fields = " ".join(f"{name}={_printable(value)}" for name, value in rest.items() if value not in ("", None))
    line = f"{stamp[11:23]} \x1b[{_COLOURS[level]}m{level:<7}\x1b[0m {event} {fields}\n" + (
        f"{stack}\n" if stack else ""
    )
    return line.encode("utf-8", "backslashreplace")


def _fields(record: Record) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(record) if isinstance(record, msgspec.Struct) else dict(record)
    return fields


def _printable(value: object) -> str:
    """Keep what came from outside from steering the terminal."""
    text = str(value)
    return text if text.isprintable() else repr(text)
