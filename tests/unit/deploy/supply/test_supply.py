import json
import os
from pathlib import Path
from typing import Any

import pytest

from deploy.supply import audit
from deploy.supply.bom import system_packages
from deploy.supply.licences import refused

FLAW = {"id": "PYSEC-2026-1", "fix_versions": ["1.1"], "aliases": []}
CLEAN = {"name": "a", "version": "1.0", "vulns": []}
FLAWED = {"name": "b", "version": "1.0", "vulns": [FLAW]}
SKIPPED = {"name": "c", "skip_reason": "Dependency not found on PyPI and could not be audited: c (1.0)"}


@pytest.mark.parametrize(
    ("dependencies", "status"),
    [
        pytest.param([CLEAN], 0, id="nothing is known"),
        pytest.param([CLEAN, FLAWED], 1, id="an advisory"),
        pytest.param([CLEAN, SKIPPED], 2, id="one could not be looked up"),
        pytest.param([FLAWED, SKIPPED], 1, id="an advisory goes first"),
    ],
)
def test_only_what_was_looked_up_passes(dependencies: list[dict[str, Any]], status: int) -> None:
    assert audit.judge({"dependencies": dependencies}).status == status


def tools_that_say(folder: Path, said: str) -> Path:
    program = folder / "bin" / "pip-audit"
    program.parent.mkdir()
    program.write_text(f"#!/bin/sh\ncat <<'EOS'\n{said}\nEOS\n")
    program.chmod(0o755)
    return folder


@pytest.mark.parametrize(
    ("said", "status", "told"),
    [
        pytest.param("", 2, "NOT AUDITED", id="it broke off"),
        pytest.param('{"dependencies": []}', 2, "NOT AUDITED", id="it looked at nothing"),
        pytest.param(json.dumps({"dependencies": [SKIPPED]}), 2, "NOT AUDITED", id="nobody to ask"),
        pytest.param(json.dumps({"dependencies": [FLAWED]}), 1, "PYSEC-2026-1, mended in 1.1", id="an advisory"),
        pytest.param(json.dumps({"dependencies": [CLEAN]}), 0, "1 looked up, 0 advisories", id="nothing"),
    ],
)
def test_audit_never_passes_silently(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], said: str, status: int, told: str
) -> None:
    lock = tmp_path / "runtime.txt"
    lock.write_text("a==1.0 \\\n    --hash=sha256:00\n")
    assert audit.main([os.fspath(tools_that_say(tmp_path, said)), os.fspath(lock)]) == status
    assert told in capsys.readouterr().out


def component(*licences: dict[str, Any], purl: str = "pkg:pypi/a@1") -> dict[str, Any]:
    return {"name": "a", "version": "1", "purl": purl, "licenses": list(licences)}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (component({"license": {"id": "MIT"}}), []),
        (component({"expression": "Apache-2.0 AND (BSD-3-Clause OR MIT)"}), []),
        (component({"license": {"name": "License :: OSI Approved :: BSD License"}}), []),
        (component({"license": {"id": "AGPL-3.0-only"}}), ["a 1: AGPL-3.0-only"]),
        (component({"expression": "MIT AND GPL-2.0-only"}), ["a 1: MIT AND GPL-2.0-only"]),
        (component(), ["a 1: says nothing"]),
        (component(purl="pkg:deb/debian/libc6@2"), []),
    ],
)
def test_licence_that_is_not_on_the_list_is_told(found: dict[str, Any], expected: list[str]) -> None:
    assert list(refused({"components": [found]})) == expected


def test_system_packages_are_named_as_debian_does() -> None:
    [found] = system_packages(["libssl3 3.0.17-1~deb12u2 amd64\n", "\n"])
    assert found["purl"] == "pkg:deb/debian/libssl3@3.0.17-1~deb12u2?arch=amd64&distro=debian-12"
    assert (found["name"], found["version"]) == ("libssl3", "3.0.17-1~deb12u2")
