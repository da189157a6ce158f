"""A shell that pages are pasted into, which writes down what every request was answered."""

import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from tests.e2e.stack import ROOT, Stack

_CURL = """#!/bin/bash
heads=$(mktemp)
PATH=${PATH#*:} command curl -D "$heads" "$@"
code=$?
status=$(grep -a '^HTTP/' "$heads" | tail -1 | cut -d' ' -f2)
rm "$heads"
echo "$AT ${status:-000} ${EXPECTED:--} $code" >> "$CALLS"
exit $code
"""
_MAKE = f"""#!/bin/bash
PATH=${{PATH#*:}} exec make -s -f {ROOT}/Makefile -o .venv/.embedded BIN={Path(sys.executable).parent} "$@"
"""
_BEGIN = 'set -eu\nat() { export AT=$1 EXPECTED="${2:-}"; }\n'
_FAILURE = 400
_REFUSED = 22  # curl's code for a status of 400 or more, where it was told to fail by that


@dataclass(frozen=True, slots=True)
class Call:
    """A request: the line that it stands in, its answer's status, and the one that the line's comment promises.

    curl's own `code` says of a request that was answered whether what came could be kept, too.
    """

    line: int
    status: int
    expected: int | None
    code: int

    @property
    def went_well(self) -> bool:
        return self.code in (0, _REFUSED) and self.status > 0


@dataclass(frozen=True, slots=True)
class Pasted:
    ran: "subprocess.CompletedProcess[str]"
    calls: list[Call]

    @property
    def surprises(self) -> list[Call]:
        """Return the requests that failed where the page says nothing of it, or were answered otherwise than it says.

        What a comment promises is of the last request of its line, as those within `$(...)` come before.
        """
        found: list[Call] = []
        for _, calls in groupby(self.calls, key=lambda call: call.line):
            *before, last = calls
            found += [call for call in before if call.status >= _FAILURE or not call.went_well]
            found += [last] if _surprising(last) else []
        return found


def _surprising(call: Call) -> bool:
    if call.expected is not None:
        return call.status != call.expected or not call.went_well
    return call.status >= _FAILURE or not call.went_well


def paste(script: str, stack: Stack, folder: Path) -> Pasted:
    """Paste it into bash, with the folder as its own."""
    tools = folder / "tools"
    tools.mkdir()
    for name, text in (("curl", _CURL), ("make", _MAKE)):
        (tools / name).write_text(text, encoding="utf-8")
        (tools / name).chmod(0o755)
    script = script.replace("http://127.0.0.1:8080", stack.url).replace("http://127.0.0.1:8084", stack.mail)
    told = folder / "calls"
    told.touch()
    environ = {
        "PATH": f"{tools}:/usr/local/bin:/usr/bin:/bin",
        "PYTHONPATH": str(ROOT),
        "STATE_DIR": str(stack.state),
        "CALLS": str(told),
        "AT": "0",
    }
    ran = subprocess.run(
        ["bash", "-c", _BEGIN + script],
        cwd=folder,
        env=environ,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=180,
        check=False,
    )
    return Pasted(ran, list(_calls(told.read_text(encoding="utf-8").splitlines())))


def _calls(lines: Iterable[str]) -> Iterable[Call]:
    for line in lines:
        at, status, expected, code = line.split()
        yield Call(int(at), int(status), int(expected) if expected != "-" else None, int(code))
