"""The visit that README.md invites to, as it is pasted into a shell."""

import subprocess
from pathlib import Path

from tests.e2e.stack import ROOT

EXPECTED = ('"display_name":"Ada Lovelace"', "Grace Hopper", "Notes on the engine", '"current":true')


def pasted_visit(url: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Paste it into bash with `folder` as its own, for the installation at `url`. Needs curl."""
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## A visit\n")[2].partition("\n## ")[0]
    visit = "".join(block.partition("```")[0] for block in section.split("```sh\n")[1:])
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", _strict(visit).replace("http://127.0.0.1:8080", url)],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def _strict(visit: str) -> str:
    """Return the visit with a curl that fails where its request does: the README's shows what it was answered."""
    return visit.replace("command curl -sS ", "command curl -sS --fail-with-body ")
