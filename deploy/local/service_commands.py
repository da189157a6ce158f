"""`make admin EMAIL=...`, `make import FILE=...`, `make new-signing-key`, `make scrub`: services' own commands.

They run with what the embedded stack's programs are told.
"""

import os
import subprocess
import sys
from pathlib import Path

from deploy.local.errors import LaunchError
from deploy.local.running import running_on
from deploy.local.settings import chosen, read_settings
from deploy.local.stack import Stack
from deploy.local.state import State

_ROOT = Path(__file__).resolve().parent.parent.parent


def admin(*arguments: str) -> int:
    """Make a person an administrator, or take that back. Raises LaunchError when nothing runs."""
    if not any(arguments):
        raise LaunchError("Whose? `make admin EMAIL=you@example.org`, and REVOKE=1 to take it back.")
    return _run("auth_service", "admin", *arguments)


def import_users(*arguments: str) -> int:
    """Take over accounts of another system. Raises LaunchError when nothing runs."""
    if not any(arguments):
        raise LaunchError("Of which file? `make import FILE=users.ndjson`.")
    return _run("auth_service", "import", str(Path(arguments[0]).absolute()) if arguments[0] != "-" else "-")


def new_signing_key(*arguments: str) -> int:
    """Begin to change the key that tokens are signed with. Raises LaunchError when nothing runs."""
    return _run("auth_service", "rotate-keys", *arguments)


def scrub(*arguments: str) -> int:
    """Compare all stored files with the database. Raises LaunchError when nothing runs."""
    return _run("file_service", "scrub", *arguments)


def _run(program: str, *arguments: str) -> int:
    """Run the command with what its program is told, and return its status."""
    state = State(read_settings().state)
    running_on(state)
    stack = Stack(read_settings(os.environ | (chosen(state) or {})), state, print)
    command = [sys.executable, "-m", program, *arguments]
    environment = stack.environment(program)
    return subprocess.run(command, cwd=_ROOT, env=environment, check=False).returncode  # noqa: S603  no shell reads it
