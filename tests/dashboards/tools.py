"""Prometheus' own programs, as Debian packages them; nothing of them is started but what a test starts."""

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_ABSENT = """{name} is absent. These tests ask a real Prometheus:
  apt-get install --no-install-recommends prometheus prometheus-alertmanager
or, without installing anything, where `apt-get download prometheus prometheus-alertmanager` has left the packages:
  for each in *.deb; do dpkg -x $each unpacked; done; PROMETHEUS_BIN=unpacked/usr/bin make test-dashboards"""


class ToolAbsent(Exception):
    """The message says how to come by it."""


@dataclass(frozen=True)
class Tools:
    prometheus: Path
    promtool: Path
    amtool: Path
    alertmanager: Path

    @classmethod
    def find(cls) -> "Tools":
        """Look in PROMETHEUS_BIN, then on PATH. Raises ToolAbsent."""
        alertmanager = _find("prometheus-alertmanager") or _required("alertmanager")
        return cls(_required("prometheus"), _required("promtool"), _required("amtool"), alertmanager)


def _required(name: str) -> Path:
    if (found := _find(name)) is None:
        raise ToolAbsent(_ABSENT.format(name=name))
    return found


def _find(name: str) -> Path | None:
    places = os.pathsep.join(filter(None, (os.environ.get("PROMETHEUS_BIN"), os.environ.get("PATH"))))
    found = shutil.which(name, path=places)
    return Path(found).absolute() if found else None


def run(tool: Path, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([tool, *arguments], capture_output=True, text=True, check=False, timeout=120)
