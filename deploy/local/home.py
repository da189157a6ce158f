"""Where the database lives and as whom it runs.

PostgreSQL refuses to run as root. Started by root it runs as `nobody`, who needs to reach its data and its programs:
what lies behind a closed folder, such as root's own home, is kept under /var/lib/colonnade instead.
"""

import os
import re
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import LaunchError
from deploy.local.outside import OUTSIDE, copied_bindir, make_place
from deploy.local.processes import Account, reachable
from deploy.local.state import State, make_folder

_NOBODY = Account(65534, 65534)
_LONGEST_NAME = len("/services/auth_service.sock")  # of a socket
_PLAIN = re.compile(r"[\w/.~+-]+", re.ASCII)
_SOCKET_LIMIT = 103  # bytes of a whole path: 107 on Linux, 103 on macOS


@dataclass(frozen=True, slots=True)
class Home:
    """`sockets` is for all sockets, those of each user in a folder of its own. `account` is None: it runs as us."""

    data: Path
    sockets: Path
    bindir: Path
    account: Account | None

    @property
    def postgres_sockets(self) -> Path:
        return self.sockets / "postgres"

    @property
    def service_sockets(self) -> Path:
        return self.sockets / "services"

    @property
    def exists(self) -> bool:
        return (self.data / "PG_VERSION").is_file()


def find_home(state: State, bindir: Path) -> Home:
    """Decide, make what is missing, and keep to where the data already is."""
    try:
        if os.geteuid() != 0:
            return Home(state.root / "postgres", _socket_folder(state, None), bindir, None)
        account = _account(state)
        data = _data_folder(state, account)
        return Home(data, _socket_folder(state, account), _reachable_bindir(state, bindir, account), account)
    except OSError as exc:
        raise LaunchError(f"Can't prepare a place for PostgreSQL: {exc}.") from exc


def _account(state: State) -> Account:
    """Data made by an ordinary user stays theirs when root starts the stack."""
    with suppress(FileNotFoundError):
        owner = (state.root / "postgres").stat()
        if owner.st_uid != 0:
            return Account(owner.st_uid, owner.st_gid)
    return _NOBODY


def _data_folder(state: State, account: Account) -> Path:
    inside, outside = state.root / "postgres", OUTSIDE / state.instance / "postgres"
    if outside.exists():
        return outside
    if reachable(account, state.root):
        return inside
    if inside.exists():
        raise LaunchError(f"User {account.uid}, who owns the database in {inside}, can't pass the folders above it.")
    return make_place(state.instance) / outside.name


def _socket_folder(state: State, account: Account | None) -> Path:
    """Prefer the state's own folder.

    A path that is too long for a socket, closed to the database, or more than some of what we start can read in its
    settings (spaces, commas), is left for /tmp.
    """
    folder = state.root / "run"
    short = len(os.fsencode(folder)) + _LONGEST_NAME <= _SOCKET_LIMIT
    if not short or not _PLAIN.fullmatch(str(folder)) or (account and not reachable(account, state.root)):
        folder = Path("/tmp") / f"colonnade-{state.instance}"  # noqa: S108  random name, and ownership is checked
    make_folder(folder, 0o711)
    _check_ours(folder)
    for each in ("postgres", "services"):
        make_folder(folder / each, 0o700)
    if account:
        os.chown(folder / "postgres", account.uid, account.gid)
    return folder


def _check_ours(folder: Path) -> None:
    found = folder.lstat()
    if folder.is_symlink() or found.st_uid != os.geteuid() or found.st_mode & 0o022:
        raise LaunchError(f"{folder} belongs to somebody else or is open to others: remove it and start again.")


def _reachable_bindir(state: State, bindir: Path, account: Account) -> Path:
    return bindir if reachable(account, bindir / "postgres") else copied_bindir(bindir, state.instance)
