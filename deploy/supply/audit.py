"""`python -m deploy.supply.audit TOOLS LOCK...`: what is known against what the locks install, by pip-audit.

Exits with 0 where every package was looked up and nothing is known; with 1 where something is; and with 2 where a
package could not be looked up: nothing found is only good news where somebody looked.
"""

import json
import re
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_LOCKED = re.compile(r"^([A-Za-z0-9._-]+)==", re.MULTILINE)
_PATIENCE = "15"  # seconds for an answer
FOUND, UNKNOWN = 1, 2


@dataclass
class Verdict:
    known: list[str] = field(default_factory=list)
    looked_up: int = 0
    unknown: list[str] = field(default_factory=list)

    @property
    def status(self) -> int:
        """What is known to be wrong goes before what isn't known."""
        return FOUND if self.known else UNKNOWN if self.unknown else 0


def judge(report: Mapping[str, Any]) -> Verdict:
    """Read pip-audit's JSON."""
    verdict = Verdict()
    for each in report["dependencies"]:
        if "skip_reason" in each:
            verdict.unknown.append(str(each["skip_reason"]))
            continue
        verdict.looked_up += 1
        for flaw in each["vulns"]:
            mended = ", ".join(flaw["fix_versions"]) or "no release yet"
            verdict.known.append(f"{each['name']} {each['version']}: {flaw['id']}, mended in {mended}")
    return verdict


def audit(tools: Path, lock: Path) -> Verdict:
    command = [
        *(str(tools / "bin" / "pip-audit"), "--requirement", str(lock), "--require-hashes", "--disable-pip"),
        *("--format", "json", "--progress-spinner", "off", "--timeout", _PATIENCE),
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603  as in bom.py
    try:
        verdict = judge(json.loads(done.stdout))
    except ValueError:  # it ended before it had anything to say
        return Verdict(unknown=[" ".join(done.stderr.split()[-40:])])
    if not verdict.looked_up and not verdict.unknown and _LOCKED.search(lock.read_text(encoding="utf-8")):
        verdict.unknown.append("pip-audit told nothing of any package")
    return verdict


def main(arguments: Sequence[str]) -> int:
    tools, *locks = map(Path, arguments)
    status = 0
    for lock in locks:
        verdict = audit(tools, lock)
        status = max(status, verdict.status) if FOUND not in (status, verdict.status) else FOUND
        print(f"{lock.name}: {verdict.looked_up} looked up, {len(verdict.known)} advisories, ", end="")
        print(f"{len(verdict.unknown)} could not be looked up")
        for line in verdict.known:
            print(f"  {line}")
        if verdict.unknown:
            print(f"  NOT AUDITED: no source of advisories answered for these, as {verdict.unknown[0]}")
    return status


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
