"""Room for files and logs, as far as their folders are on this machine."""

import shutil
from pathlib import Path

from deploy.doctor.finding import Finding, fail, ok, warn
from deploy.doctor.stack import Stack

_WARN, _FAIL = 0.10, 0.03  # of the disk
_GIGABYTE = 1e9


def disks(stack: Stack) -> list[Finding]:
    folders = {"files": Path(root)} if (root := stack.told("file_service", "FILES_ROOT")) else {}
    logs = {Path(log).parent for program in stack.environments if (log := stack.told(program, "LOG_FILE"))}
    folders |= {f"logs in {folder}": folder for folder in sorted(logs)}
    return [finding for name, folder in folders.items() if (finding := _disk(name, folder))]


def _disk(name: str, folder: Path) -> Finding | None:
    try:
        usage = shutil.disk_usage(folder)
    except OSError:
        return None
    left = usage.free / usage.total
    what = f"{usage.free / _GIGABYTE:.1f} GB free, {left:.0%} of the disk"
    if left < _WARN:
        return (fail if left < _FAIL else warn)(
            f"disk for {name}", what, "make room: uploads and commits fail on a full disk"
        )
    return ok(f"disk for {name}", what)
