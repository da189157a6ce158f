"""Which machine a result is of."""

import os
import platform
import re
from datetime import UTC, datetime
from pathlib import Path

_BUSY = 0.5  # processes that want to run already


def describe() -> str:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    busy = os.getloadavg()[0]
    warning = f" The machine was busy with other work (load {busy:.1f}): times are too long." if busy > _BUSY else ""
    return (
        f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} CPUs ({found[1] if found else platform.machine()}), "
        f"Linux {platform.release()}, Python {platform.python_version()}.{warning}"
    )
