"""Says at the terminal what is wrong with the person's own route file once it has changed.

The gateway judges it by itself, and goes on with the one before it; this is for whoever edits it and looks here.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

_Stamp = tuple[int, int, int] | None  # None while there is no file


class RouteFileWatch:
    """`look` is to be called about once in `every` seconds. Without a path there is nothing to look at."""

    def __init__(self, path: str | None, tell: Callable[[str], None]) -> None:
        self.every = 1.0 if path else 60.0
        self._path = Path(path) if path else None
        self._tell = tell
        self._judged = self._seen = self._stamp()

    def look(self) -> None:
        """Judge a file that has changed and then been still: half a file is nobody's mistake."""
        before, self._seen = self._seen, self._stamp()
        if self._seen == before and self._seen != self._judged:
            self._judged = self._seen
            self._judge()

    def _judge(self) -> None:
        check = [sys.executable, "-m", "gateway", "check", str(self._path)]
        try:
            done = subprocess.run(check, capture_output=True, text=True, check=False)  # noqa: S603  our own program
        except OSError as exc:  # no room for a process now is no reason to end those that are
            self._tell(f"The route file has changed, and can't be checked here: {exc}")
            return
        if done.returncode:
            self._tell(f"The changed route file is wrong, so the one before it stays in force:\n{done.stderr.rstrip()}")
        else:
            self._tell(f"The route file has changed: {done.stdout.rstrip()}")

    def _stamp(self) -> _Stamp:
        if self._path is None:
            return None
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_mtime_ns, found.st_ino, found.st_size
