"""`python -m deploy.local run|try|migrate|admin EMAIL|import FILE|new-signing-key|scrub|doctor|memory`, and
`backup TO|verify-backup FROM|restore FROM|prune-backups FOLDER KEEP|upgrade-plan|forget PATH|check-stopped`.

With `--with-parent` it ends with whoever started it.
"""

import os
import pkgutil
import signal
import sys

from deploy.local.errors import LaunchError
from deploy.local.processes import LINUX, die_with_parent

# Imported when asked for: the last two work without the packages that the others need.
_COMMANDS = {
    "run": "deploy.local.launcher:run",
    "try": "deploy.local.trying:run_wide",
    "migrate": "deploy.local.launcher:migrate",
    "admin": "deploy.local.service_commands:admin",
    "import": "deploy.local.service_commands:import_users",
    "new-signing-key": "deploy.local.service_commands:new_signing_key",
    "scrub": "deploy.local.service_commands:scrub",
    "doctor": "deploy.local.doctor:doctor",
    "doctor-json": "deploy.local.doctor:doctor_json",
    "memory": "deploy.local.memory:memory",
    "backup": "deploy.local.backups:back_up",
    "verify-backup": "deploy.local.backups:verify",
    "restore": "deploy.local.backups:restore",
    "prune-backups": "deploy.local.backups:prune",
    "upgrade-plan": "deploy.local.upgrades:plan",
    "upgrade-plan-json": "deploy.local.upgrades:plan_json",
    "forget": "deploy.local.forgetting:forget",
    "check-stopped": "deploy.local.forgetting:check_stopped",
}
_WITH_ARGUMENTS = (
    *("admin", "import", "new-signing-key", "scrub", "forget"),
    *("backup", "verify-backup", "restore", "prune-backups"),
)


def main(arguments: list[str]) -> int:
    commands = [argument for argument in arguments if argument != "--with-parent"]
    if not commands or commands[0] not in _COMMANDS or (len(commands) > 1 and commands[0] not in _WITH_ARGUMENTS):
        print(f"usage: python -m deploy.local {'|'.join(_COMMANDS)}", file=sys.stderr)
        return 2
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # the imports take a while: no traceback for a Ctrl-C meanwhile
    if commands != arguments and LINUX:
        die_with_parent(signal.SIGTERM, os.getppid())
    try:
        status: int = pkgutil.resolve_name(_COMMANDS[commands[0]])(*commands[1:])
    except LaunchError as exc:
        print(f"colonnade: {exc}", file=sys.stderr)
        return 1
    return status


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
