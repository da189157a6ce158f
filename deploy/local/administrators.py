"""`make admin EMAIL=...`: makes a person of the running embedded stack an administrator, or takes that back."""

import os
import subprocess
import sys
from pathlib import Path

from deploy.local.errors import LaunchError
from deploy.local.running import recorded
from deploy.local.settings import chosen, read_settings
from deploy.local.stack import Stack
from deploy.local.state import State

_ROOT = Path(__file__).resolve().parent.parent.parent


def admin(*arguments: str) -> int:
    """Run auth_service's own command with what its program is told. Raises LaunchError when nothing runs."""
    if not any(arguments):
        raise LaunchError("Whose? `make admin EMAIL=you@example.org`, and REVOKE=1 to take it back.")
    state = State(read_settings().state)
    running = recorded(state)
    if running is None or not running.launcher.alive:
        raise LaunchError(f"Nothing runs on {state.root}: `make run` first, in another terminal.")
    stack = Stack(read_settings(os.environ | (chosen(state) or {})), state, print)
    command = [sys.executable, "-m", "auth_service", "admin", *arguments]
    environment = stack.environment("auth_service")
    return subprocess.run(command, cwd=_ROOT, env=environment, check=False).returncode  # noqa: S603  no shell reads it
