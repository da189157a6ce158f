"""The route file on disk: its last right content, and whether it has another one now."""

from collections.abc import Callable
from pathlib import Path

from gateway.routes.match import RouteTable

_Stamp = tuple[int, int, int, int] | None  # None while there is no file


class RouteFile:
    """`table` is what the file held when it was last right. Opening one that is wrong raises RoutesError."""

    def __init__(self, path: Path, load: Callable[[Path], RouteTable]) -> None:
        self.path = path
        self._load = load
        self._loaded = self._seen = _stamp(path)
        self.table = load(path)

    def reload(self) -> RouteTable:
        """Read the file anew. Raises RoutesError, and `table` stays as it was."""
        self._loaded = self._seen = _stamp(self.path)  # before it is read: what comes later is a further change
        self.table = self._load(self.path)
        return self.table

    def has_changed(self) -> bool:
        """Whether it is another than was last read, and still since the last call: half a file may well be valid."""
        before, self._seen = self._seen, _stamp(self.path)
        return self._seen == before and self._seen != self._loaded


def _stamp(path: Path) -> _Stamp:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_mtime_ns, stat.st_ino, stat.st_dev, stat.st_size
