"""`make figures`: what it takes to install, start and keep Colonnade, beside PocketBase and what others publish."""

import argparse
import shutil
import subprocess
import sys

from bench import report
from bench.footprint.colonnade import colonnade
from bench.footprint.pocketbase import pocketbase
from bench.machine import describe
from bench.processes import ROOT
from bench.report import Section, Table, Target

_MOST_MEMORY = 200  # MB
_IMAGE = "colonnade:0.1.0"
# What their own documentation asks for, read in November 2026; nothing of it was measured here.
_PUBLISHED = (
    ("Supabase, self-hosted (published)", "4,096 MB at least", "11 containers", "", "", "", ""),
    ("Appwrite, self-hosted (published)", "4,096 MB at least", "18 to 34 containers", "", "", "", ""),
    ("Keycloak, accounts alone (published)", "1,250 MB", "1 process, and a database", "", "", "", ""),
)
_COLUMNS = ("", "memory at rest", "made of", "install", "first start", "next start", "on disk")


def footprint() -> Section:
    ours, theirs = colonnade(), pocketbase()
    tables = [Table("What it takes to have it", _COLUMNS, [ours.row(), theirs.row(), *_PUBLISHED])]
    images = _images()
    if images:
        tables.append(Table("Images", ("", "size"), images))
    targets = [Target("memory at rest, MB", ours.memory, _MOST_MEMORY)]
    notes = () if images else (f"no {_IMAGE} on this machine: make test-compose builds it, and prints its size",)
    return Section(tables, targets, notes)


def _images() -> list[tuple[str, str]]:
    docker = shutil.which("docker")
    if docker is None:
        return []
    asked = [docker, "image", "ls", "--format", "{{.Repository}}:{{.Tag}}\t{{.Size}}", _IMAGE]
    told = subprocess.run(asked, capture_output=True, text=True, check=False).stdout
    return [(name, size) for name, _, size in (line.partition("\t") for line in told.splitlines())]


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.footprint", description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit with 1 where a target is missed")
    parser.add_argument("--save", action="store_true", help="renew the table in docs/operations.md too")
    options = parser.parse_args(arguments)
    machine = describe()
    section = footprint()
    print(f"{machine}\n\n{report.text(section)}\n\n{report.targets_table([section]).text()}", flush=True)
    if options.save:
        tables = "\n\n".join(table.markdown() for table in section.tables)
        report.insert(ROOT / "docs" / "operations.md", "figures", f"{machine}\n\n{tables}")
    return 1 if options.check and report.missed([section]) else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
