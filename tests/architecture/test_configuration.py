"""docs/configuration.md names every variable that is read, by which program, and its default."""

import ast
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

import auth_service.settings
import file_service.settings
import gateway.settings
import user_service.settings
from deploy.backup.settings import InstallationSettings, VaultSettings
from deploy.doctor.settings import DoctorSettings
from deploy.local import settings as launcher
from deploy.roles import RolesSettings
from deploy.upgrade.settings import InstallationSettings as UpgradeSettings
from deploy.upgrade.settings import ServiceSettings
from gateway.edge.cors import ALLOWED, EXPOSED
from shared.program import MigrationSettings
from shared.sampling import Rules
from shared.settings import Env, Secret
from tests.stores import ROOT

T = TypeVar("T")

SERVICES = ("auth_service", "user_service", "file_service")
GROUPS = {"all": ("gateway", *SERVICES), "services": SERVICES}
READERS: dict[str, Callable[[Env], object]] = {
    "gateway": gateway.settings.Settings.from_env,
    "auth_service": auth_service.settings.Settings.from_env,
    "user_service": user_service.settings.Settings.from_env,
    "file_service": file_service.settings.Settings.from_env,
    "migrate": MigrationSettings.from_env,
    "deploy.roles": RolesSettings.from_env,
    "deploy.doctor": DoctorSettings.from_env,
    "deploy.upgrade": lambda env: (ServiceSettings.from_env(env), UpgradeSettings.from_env(env)),
    "deploy.backup": lambda env: (VaultSettings.from_env(env), InstallationSettings.from_env(env)),
}


OTHERS = {
    "CACHE_URL": "VALKEY_URL",
    "DATABASE_DIRECT_URL": "DATABASE_URL",
    "SCRATCH_ADMIN_URL": "DATABASE_ADMIN_URL",
}


class Watched(Env):
    """An empty environment that remembers what it was asked for, and with which default."""

    def __init__(self) -> None:
        super().__init__({})
        self.asked: dict[str, object] = {}

    def _read(self, name: str, default: T | None, parse: Callable[[str], T], placeholder: T | None = None) -> T:
        self.asked[name] = default
        return super()._read(name, default, parse, placeholder)


def shown(name: str, default: object) -> str:
    """Write a default as the table does."""
    if name == "BCRYPT_THREADS":
        return "number of CPUs"
    if default is None:
        return "required"
    if isinstance(default, Secret):
        # Another secret that there is already, or nothing.
        return f"`{OTHERS[name]}`" if name in OTHERS else "none"
    if isinstance(default, Rules):
        return "everything" if default.keeps_all else f"`{default.rest:.0%}`"
    if isinstance(default, Path) and default.is_absolute():
        default = default.relative_to(ROOT)
    return f"`{default}`" if str(default) else "none"


def launcher_reads(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    watched = Watched()
    monkeypatch.setattr(launcher, "Env", lambda _environ: watched)
    launcher.read_settings()
    return watched.asked


def actual(monkeypatch: pytest.MonkeyPatch) -> set[tuple[str, str, str]]:
    """Return (variable, program, default) of everything that is read."""
    found = {("make run", name): default for name, default in launcher_reads(monkeypatch).items()}
    for program, read in READERS.items():
        watched = Watched()
        read(watched)
        found |= {(program, name): default for name, default in watched.asked.items()}
    return {(name, program, shown(name, default)) for (program, name), default in found.items()}


def documented() -> list[tuple[str, str, str]]:
    """Return the same of the table."""
    rows = []
    for line in (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8").splitlines():
        if not line.startswith("| `"):
            continue
        variable, program, default, _ = [cell.strip() for cell in line.strip("|").split("|")]
        programs = GROUPS.get(program) or tuple(each.strip() for each in program.split(","))
        defaults = default.split(", ") * (1 if ", " in default else len(programs))
        rows += [(variable.strip("`"), each, own) for each, own in zip(programs, defaults, strict=True)]
    return rows


def test_table_is_what_the_programs_read(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = documented()
    assert set(rows) == actual(monkeypatch)
    assert len(rows) == len(set(rows))


def test_number_of_cpus_is_the_default_of_nothing_else() -> None:
    watched = Watched()
    auth_service.settings.Settings.from_env(watched)
    assert watched.asked["BCRYPT_THREADS"] == (os.cpu_count() or 1)


def test_every_settings_module_is_looked_at() -> None:
    """A class with `from_env` that nobody calls above would escape the comparison."""
    # What others are made of, or read a part of again.
    composed = {
        "ProcessSettings",
        "ScrubSettings",
        "DatabaseSettings",
        "StorageSettings",
        "LogSettings",
        "TraceSettings",
        "PreviewSettings",
        "_FromEnv",
        "_Settings",
    }
    found = set()
    for path in ROOT.glob("[!.]*/**/*.py"):
        if path.relative_to(ROOT).parts[0] in ("tests", "bench"):
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ClassDef) and any(getattr(each, "name", "") == "from_env" for each in node.body):
                found.add(f"{path.parent.name}.{node.name}" if node.name == "Settings" else node.name)
    assert found - composed == {
        "gateway.Settings", *(f"{service}.Settings" for service in SERVICES), "MigrationSettings", "RolesSettings",
        "DoctorSettings", "VaultSettings", "SecretsSettings", "InstallationSettings", "ServiceSettings",
    }  # fmt: skip


@pytest.mark.parametrize("page", ["README.md", "docs/deployment.md"])
def test_other_pages_name_no_variable_that_does_not_exist(page: str) -> None:
    known = {variable for variable, _, _ in documented()}
    for line in (ROOT / page).read_text(encoding="utf-8").splitlines():
        cells = line.split("|")
        if line.startswith("| `") and len(cells) == 5 and cells[1].strip(" `,").isupper():
            names = {each.strip(" `") for each in cells[1].split(",")}
            assert names <= known


def test_headers_of_pages_of_other_origins_are_listed() -> None:
    page = (ROOT / "docs" / "configuration.md").read_text(encoding="utf-8")
    section = page.partition("## Pages of other origins")[2].partition("\n## ")[0]
    lists = [part for part in section.split("\n\n") if part.startswith("`")]
    assert [re.findall("`([^`]+)`", each) for each in lists] == [ALLOWED.split(", "), EXPOSED.split(", ")]
