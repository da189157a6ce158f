"""Processes that hash, for tests: a few that all hashers share, or none, where what is computed is to be counted."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import bcrypt
import msgspec
import pytest

from auth_service.hashing import worker
from auth_service.hashing.pool import HashingPool
from auth_service.hashing.process import HashingProcess

T = TypeVar("T")


class _Kept(HashingPool):
    def close(self) -> None:
        """Whoever comes next finds the processes there."""


@pytest.fixture(scope="session", autouse=True)
def shared_processes() -> Iterator[None]:
    """Tests open hundreds of services: each would start processes of its own."""
    pool = _Kept()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("auth_service.passwords.HashingPool", lambda: pool)
        yield
    HashingPool.close(pool)


@contextmanager
def counted_rounds(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Hash in this process, and note how many rounds each hash of bcrypt takes."""
    rounds: list[int] = []

    def ask(_process: HashingProcess, line: bytes, kind: type[T]) -> T:
        return msgspec.json.decode(worker.answer(line), type=kind)

    def counting(work: Callable[[bytes, bytes], T]) -> Callable[[bytes, bytes], T]:
        def counted(password: bytes, salt: bytes) -> T:
            rounds.append(2 ** int(salt.split(b"$")[2]))
            return work(password, salt)

        return counted

    with monkeypatch.context() as patch:
        patch.setattr(HashingProcess, "ask", ask)
        patch.setattr(bcrypt, "hashpw", counting(bcrypt.hashpw))
        patch.setattr(bcrypt, "checkpw", counting(bcrypt.checkpw))
        yield rounds
