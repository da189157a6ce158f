"""Finds the lines about one request in logs, wherever they were collected."""

import json
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

Line = dict[str, Any]

_IDS = ("http.request.id", "trace.id", "span.id")


class NothingToRead(Exception):
    """There is no log where one was said to be."""


@dataclass(frozen=True, slots=True)
class Found:
    """The lines about what was asked for, and how many others were read."""

    lines: list[Line]
    files: int
    read: int


@contextmanager
def opened(places: Sequence[str]) -> Iterator[list[Path]]:
    """Yield the files: those named, all logs of a folder, and for `-` what standard input holds."""
    files: list[Path] = []
    with tempfile.TemporaryDirectory() as folder:
        for place in places:
            path = Path(place)
            if place == "-":
                path = Path(folder) / "stdin.log"
                with path.open("wb") as copy:
                    shutil.copyfileobj(sys.stdin.buffer, copy)
            files += sorted(path.glob("*.log*")) if path.is_dir() else [path]
        if not files:
            raise NothingToRead(f"There is no log in {', '.join(places)}.")
        yield files


def find(wanted: str, files: Sequence[Path]) -> Found:
    """Return all lines of the traces that `wanted`, the id of a request, a trace or a span, is part of.

    Raises NothingToRead.
    """
    read = 0
    traces: set[str] = set()
    for text in _texts(files):
        read += 1
        if wanted in text and (line := _parsed(text)) is not None and wanted in (line.get(name) for name in _IDS):
            traces.add(line.get("trace.id", ""))
    lines = [] if not traces else [line for text in _texts(files) if (line := _of(text, wanted, traces)) is not None]
    return Found(lines, len(files), read)


def _of(text: str, wanted: str, traces: set[str]) -> Line | None:
    line = _parsed(text) if "trace.id" in text or wanted in text else None
    if line is None or not (line.get("trace.id") in traces or line.get("http.request.id") == wanted):
        return None
    return line


def _texts(files: Iterable[Path]) -> Iterator[str]:
    for file in files:
        try:
            with file.open(encoding="utf-8", errors="replace") as opened_file:
                yield from opened_file
        except OSError as exc:
            raise NothingToRead(f"{file}: {exc.strerror}") from exc


def _parsed(text: str) -> Line | None:
    """Return a line of ours, past what a collector has put before it (`gateway-1  | `)."""
    start = text.find("{")
    try:
        line = json.loads(text[start:])
        datetime.fromisoformat(line["@timestamp"])
    except (ValueError, KeyError, TypeError):
        return None
    return line if isinstance(line, dict) else None
