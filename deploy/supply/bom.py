"""`python -m deploy.supply.bom TOOLS SHIPPED OUT [PACKAGES]`: write OUT, a CycloneDX 1.6 document of what is shipped.

TOOLS and SHIPPED are venvs: one with cyclonedx-py, one with exactly what the locks install. PACKAGES is a file with the
system packages of an image, `name version architecture` a line, as dpkg-query tells them.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from deploy.supply.licences import licences, refused

_PYPROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"
_DISTRIBUTION = "debian-12"  # of deploy/Dockerfile


def python_packages(tools: Path, shipped: Path) -> dict[str, Any]:
    """Return the document of a venv. Raises CalledProcessError."""
    command = [
        *(str(tools / "bin" / "cyclonedx-py"), "environment", str(shipped / "bin" / "python")),
        *("--pyproject", str(_PYPROJECT), "--spec-version", "1.6", "--output-reproducible", "--output-format", "JSON"),
        *("--output-file", "-"),
    ]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)  # noqa: S603  constants, and our caller's folders
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def system_packages(lines: Iterable[str]) -> Iterator[dict[str, str]]:
    """Yield a component for each line of dpkg-query's `${Package} ${Version} ${Architecture}`."""
    for line in lines:
        if not line.strip():
            continue
        name, version, architecture = line.split()
        purl = f"pkg:deb/debian/{quote(name)}@{quote(version, safe='')}?arch={architecture}&distro={_DISTRIBUTION}"
        yield {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def summary(bom: Mapping[str, Any]) -> Iterator[str]:
    for component in bom["components"]:
        yield f"{component['name']:<24} {component['version']:<14} {', '.join(licences(component))}"


def main(arguments: list[str]) -> int:
    tools, shipped, out, *packages = map(Path, arguments)
    bom = python_packages(tools, shipped)
    for path in packages:
        bom["components"] += system_packages(path.read_text(encoding="utf-8").splitlines())
    out.write_text(json.dumps(bom, indent=2) + "\n", encoding="utf-8")
    print("\n".join(summary(bom)))
    unknown = list(refused(bom))
    for line in unknown:
        print(f"licence not on the list: {line}", file=sys.stderr)
    print(f"{out}: {len(bom['components'])} components", file=sys.stderr)
    return 1 if unknown else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
