"""At a session's end, searches every log that it made for every secret that it used, and for fields of other names.

With xdist each process does so for its own tests, and the one that gave them out tells of it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shared import VERSION
from shared.log_writer import File, LogWriter
from shared.logs import log
from tests import harvest
from tests.ecs import unknown_fields
from tests.ledger import ledger

_FOLDER = pytest.StashKey[Path]()
_FOUND = pytest.StashKey[list[str]]()
_LARGEST = 200_000_000  # bytes
_OUTPUT = "logs_tell"
_kept: list[Path] = []


def begin(config: pytest.Config, folder: Path) -> None:
    """Have this process's own log written to `folder`, where further logs may be put, and take secrets down."""
    config.stash[_FOLDER] = folder
    _kept[:] = [folder]
    harvest.install()
    resume(folder)


def resume(folder: Path) -> None:
    """Write on, after a test that has started and ended the log itself."""
    if log._writer is None:
        log._writer, log._level, log._name = LogWriter([File(folder / "tests.log", _LARGEST)]), 10, "tests"
        log._constant = {"service.name": "tests", "service.version": VERSION, "ecs.version": "8.17"}
        log._writer.start()


def keep(logs: Path, name: str) -> None:
    """Keep the logs of a stack that is about to be removed."""
    if _kept and logs.is_dir():
        for each in logs.iterdir():
            if each.is_file():
                (_kept[0] / f"{name}-{each.name}").write_bytes(each.read_bytes())


def logs_of(base: Path) -> Iterator[Path]:
    """Return what the tests have logged to their folders."""
    for each in base.rglob("*log*"):
        if each.is_file() and not each.is_symlink() and 0 < each.stat().st_size <= _LARGEST:
            yield each


def look(base: Path) -> list[str]:
    """Return what the logs tell that they must not."""
    files = list(logs_of(base))
    leaks = [f"{leak.what} ({leak.form}) in {leak.file}: {leak.line}" for leak in ledger.search(files)]
    return leaks + [f"field {name!r} in {file}" for name, file in unknown_fields(files).items()]


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    config, found = session.config, session.config.stash.get(_FOUND, [])
    folder = config.stash.get(_FOLDER, None)
    if folder is not None:
        log.close()
        found = found + look(folder.parent)
        config.stash[_FOUND] = found
    output: dict[str, Any] | None = getattr(config, "workeroutput", None)
    if output is not None:
        output[_OUTPUT] = found
    elif found:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    found = getattr(node, "workeroutput", {}).get(_OUTPUT, [])
    node.config.stash[_FOUND] = node.config.stash.get(_FOUND, []) + found


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    found = config.stash.get(_FOUND, [])
    if found:
        terminalreporter.section("logs tell what they must not", red=True)
        for line in found:
            terminalreporter.line(line)
