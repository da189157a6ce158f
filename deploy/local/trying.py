"""`make try`: the stack as `make run` serves it, with limits by address and person that nobody meets who tries it out.

It is a command of its own, and for this machine alone: listening on loopback says nothing of who comes through a proxy
in front, so no default may make limits wide. What services count by themselves (wrong passwords, mails to one
address) stays.
"""

import os
import re
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

from deploy.local.environments import LOOPBACK
from deploy.local.errors import LaunchError
from deploy.local.launcher import run
from deploy.local.settings import read_settings
from deploy.local.state import State, write_atomically

_WIDE = 'policy = "100000 per minute"'
_POLICY = re.compile(r'^policy *= *".*"', re.MULTILINE)
_ROUTES = Path(__file__).resolve().parent.parent.parent / "gateway" / "routes.toml"


def run_wide() -> int:
    """Serve until told to stop. Raises LaunchError when it can't be done, or others could reach it."""
    settings = read_settings()
    _keep_to_this_machine(settings.host)
    state = State(settings.state)
    state.create()
    routes = WideCopy(Path(os.environ.get("ROUTES_FILE") or _ROUTES), state.root / "wide-routes.toml")
    os.environ["ROUTES_FILE"] = str(routes.path)
    return run(routes.follow)


class WideCopy:
    """A route file, `path`, that follows another: with all that changes there, but for its limits."""

    def __init__(self, source: Path, path: Path) -> None:
        """Raises LaunchError where the source can't be read."""
        self.path = path
        self._source = source
        try:
            self._text = self._copy()
        except (OSError, UnicodeDecodeError) as exc:
            raise LaunchError(f"ROUTES_FILE: can't read {source}: {exc}") from None

    def follow(self) -> None:
        """Take over what has changed. An editor may be about to replace the file: the next time is soon."""
        with suppress(OSError, UnicodeDecodeError):
            if self._source.read_text(encoding="utf-8") != self._text:
                self._text = self._copy()
                print(f"{self._source} has changed: the gateway gets it, with wide limits.", flush=True)

    def _copy(self) -> str:
        text = self._source.read_text(encoding="utf-8")
        write_atomically(self.path, widened(text).encode())
        return text


def _keep_to_this_machine(host: str) -> None:
    """Raises LaunchError."""
    here = (LOOPBACK, "::1", "localhost")
    reached_at = urlsplit(os.environ.get("PUBLIC_URL", "")).hostname or LOOPBACK
    told = "`make try` has next to no limits, so it"
    if host not in here or reached_at not in here:
        raise LaunchError(f"{told} is for this machine alone, not for {host} and {reached_at}: use `make run`.")
    if os.environ.get("TRUSTED_PROXIES"):
        raise LaunchError(f"{told} stands behind no proxy: use `make run`, or unset TRUSTED_PROXIES.")


def widened(routes: str) -> str:
    """Return the route file with every limit out of the way."""
    return _POLICY.sub(_WIDE, routes)
