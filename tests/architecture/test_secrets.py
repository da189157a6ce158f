"""docs/secrets.md names every secret that a program reads, and every file that an installation keeps one in."""

import re
from pathlib import Path

import pytest

from deploy.compose.provision import shares
from deploy.originals import Originals
from tests.architecture.test_configuration import READERS, Watched, launcher_reads
from tests.stores import ROOT

PAGE = (ROOT / "docs" / "secrets.md").read_text(encoding="utf-8")
INVENTORY = PAGE[PAGE.index("## Inventory") : PAGE.index("## Changing each")]
_SECRET_LIKE = re.compile(
    r"PASSWORD$|PASSPHRASE|PEPPER|SECRET(?!S)|TOKEN$|(?<!PUBLIC)_KEY($|_FILE$|_ID$)|(DATABASE|SMTP|VALKEY|CACHE)_([A-Z]+_)?URL$"
)


class Noting(Watched):
    """Remembers as well which variables are read as secrets."""

    def __init__(self) -> None:
        super().__init__()
        self.secrets: set[str] = set()

    def secret(self, name: str, default: object = None) -> object:  # type: ignore[override]  # the answer is the same
        self.secrets.add(name)
        return super().secret(name, default)  # type: ignore[arg-type]


def read_variables(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """Return what is read as a secret, and what has the name of one."""
    found = {name for name in launcher_reads(monkeypatch) if _SECRET_LIKE.search(name)}
    for read in READERS.values():
        noting = Noting()
        read(noting)
        found |= noting.secrets | {name for name in noting.asked if _SECRET_LIKE.search(name)}
    return found


def test_every_secret_that_is_read_is_in_the_inventory(monkeypatch: pytest.MonkeyPatch) -> None:
    read = read_variables(monkeypatch)
    assert {"REFRESH_KEY", "IDENTITY_KEY_FILE", "TLS_KEY_FILE", "AWS_SESSION_TOKEN", "SMTP_URL"} <= read
    assert {name for name in read if f"`{name}`" not in INVENTORY} == set()


def test_inventory_names_nothing_that_is_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    named = {name for name in re.findall(r"`([A-Z][A-Z_]+)`", INVENTORY) if _SECRET_LIKE.search(name)}
    assert named - read_variables(monkeypatch) == set()


def test_every_original_is_in_the_inventory(tmp_path: Path) -> None:
    originals = Originals(tmp_path)
    list(shares(originals))
    told = set(re.findall(r"`([a-z_]+(?:\.pem)?)`", INVENTORY))
    alike = {f"{schema}_{role}" for schema in ("users", "files") for role in ("owner", "runtime")}  # as auth's
    assert {path.name for path in tmp_path.iterdir()} - alike - {"trust.json"} <= told
