"""A10: a password can be guessed at one place, where guesses are counted first. Who else would, is found here."""

import ast
from collections.abc import Iterator

from tests.stores import ROOT

SERVICE = ROOT / "auth_service"


def calls(method: str, of: str) -> Iterator[str]:
    """Return the modules that call `method` on something of that name."""
    for path in SERVICE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = ast.unparse(node.func) if isinstance(node, ast.Call) else ""
            if called == f"{of}.{method}" or called.endswith(f".{of}.{method}"):
                yield str(path.relative_to(SERVICE))


def test_passwords_are_verified_by_the_guard_alone() -> None:
    assert set(calls("verify", "hasher")) == {"service/password_guard.py"}


def test_foreign_hashes_are_verified_by_the_hasher_alone() -> None:
    assert set(calls("verify", "password_hashes")) == {"hashing/worker.py"}
    assert set(calls("checkpw", "bcrypt")) == {"hashing/worker.py", "password_hashes/bcrypt.py"}
    assert set(calls("check", "_pool")) == {"passwords.py"}


def test_every_new_password_is_judged_where_it_is_hashed() -> None:
    """Whoever hashes a password that somebody chose has asked `accept_new_password` first."""
    hashing = set(calls("hash", "hasher"))
    assert hashing
    for module in hashing:
        assert "accept_new_password(" in (SERVICE / module).read_text(encoding="utf-8"), module
