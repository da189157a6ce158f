"""Which release an upgrade begins with."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_FILE = Path(__file__).with_name("previous.toml")


@dataclass(frozen=True, slots=True)
class Release:
    """`commit` has its source. `schemas` are the versions that its programs expect, by service."""

    version: str
    commit: str
    schemas: Mapping[str, int]


def previous_release() -> Release:
    told = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return Release(told["version"], told["commit"], told["schemas"])
