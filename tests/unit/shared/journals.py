"""A log of its own for a test."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from shared.logs import Logs
from shared.settings import LogSettings

JSON = LogSettings(level="info", format="json", file=None, file_max_bytes=20_000)


@contextmanager
def logging_to(settings: LogSettings) -> Iterator[Logs]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    root.handlers.clear()
    logs = Logs()
    logs.start("program", settings)
    try:
        yield logs
    finally:
        logs.close()
        root.handlers[:] = handlers
        root.setLevel(level)


def lines_of(capfd: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capfd.readouterr().out.splitlines()]
