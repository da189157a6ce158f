"""The chart, rendered by Helm itself, as its reader in Kubernetes would see it."""

import json
import subprocess
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from tests.stores import ROOT

Manifest = dict[str, Any]

CHART = ROOT / "deploy" / "helm" / "colonnade"
HELM = ROOT / ".helm" / "helm"
TOOLS = ROOT / ".helm" / "venv" / "bin"
VALUES = {"default": None} | {path.stem: path for path in sorted((Path(__file__).parent / "values").glob("*.yaml"))}
PROGRAMS = ("gateway", "auth_service", "user_service", "file_service")
SERVICES = PROGRAMS[1:]
_READ_YAML = "import json, sys, yaml; json.dump([each for each in yaml.safe_load_all(sys.stdin) if each], sys.stdout)"


def helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([HELM, *arguments], capture_output=True, text=True, check=False)


def read_yaml(text: str) -> list[Any]:
    """Read YAML with the validator's own reader: Colonnade has none."""
    command: list[str | Path] = [TOOLS / "python", "-c", _READ_YAML]
    found = subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
    documents: list[Any] = json.loads(found)
    return documents


def validated(folder: Path, text: str, version: str) -> subprocess.CompletedProcess[str]:
    """Have manifests judged by the schemas of one version of Kubernetes; nothing unknown passes."""
    (folder / "manifests.yaml").write_text(text)
    command: list[str | Path] = [TOOLS / "kubernetes-validate", "--strict", "-k", version, folder / "manifests.yaml"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def values_arguments(name: str) -> list[str]:
    path = VALUES[name]
    return [] if path is None else ["--values", str(path)]


@cache
def rendered(name: str, *more: str) -> str:
    """Return what Helm makes of one of VALUES, and of further arguments."""
    answer = helm("template", "colonnade", str(CHART), *values_arguments(name), *more)
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


@cache
def manifests(name: str) -> list[Manifest]:
    return read_yaml(rendered(name))


def of_kind(name: str, kind: str) -> dict[str, Manifest]:
    """Return the manifests of one kind, by the component that they are about."""
    found = [each for each in manifests(name) if each["kind"] == kind]
    return {each["metadata"]["labels"]["app.kubernetes.io/component"]: each for each in found}


def pods(name: str) -> Iterator[tuple[str, Manifest]]:
    """Yield every pod's component and specification, of Deployments and of Jobs."""
    for kind in ("Deployment", "Job"):
        for component, manifest in of_kind(name, kind).items():
            yield component, manifest["spec"]["template"]["spec"]


def container(pod: Manifest) -> Manifest:
    [only] = pod["containers"]
    found: Manifest = only
    return found


def environment(pod: Manifest) -> Mapping[str, str]:
    return {each["name"]: each["value"] for each in container(pod)["env"]}


def program(name: str, which: str) -> Manifest:
    pod: Manifest = of_kind(name, "Deployment")[which]["spec"]["template"]["spec"]
    return pod
