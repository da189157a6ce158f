"""The processes that hash. They start when there is something to hash, and end when there was nothing for a while: a
service at rest pays nothing for them.
"""

import threading
import time
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from auth_service.hashing.process import HashingProcess, ProcessLost
from shared.errors import Unavailable
from shared.logs import log

LOOK_EVERY = 5.0  # seconds, for processes that have rested long enough
_SECONDS = 60.0  # for one piece of work, on a machine that is busy with everything else
_IDLE_SECONDS = 30.0
_RETRY_SECONDS = 2

T = TypeVar("T")


class _Hash(msgspec.Struct, frozen=True, tag_field="do", tag="hash"):
    prepared: str
    cost: int


class _Hashed(msgspec.Struct, frozen=True):
    stored: str


class Question(msgspec.Struct, frozen=True, tag_field="do", tag="check"):
    """Which of the candidates is the stored hash of? A refusal is to take as long as so many `hashes` of `cost`."""

    stored: str | None
    candidates: Sequence[str]
    cost: int
    hashes: int


class Checked(msgspec.Struct, frozen=True):
    """Which candidate is right, and why the stored hash couldn't be read, if it couldn't."""

    right: int | None = None
    flaw: str = ""


class HashingPool:
    """For threads that wait: there are never more processes than threads that ask at once."""

    def __init__(self, seconds: float = _SECONDS, idle_seconds: float = _IDLE_SECONDS) -> None:
        self._seconds = seconds
        self._idle_seconds = idle_seconds
        self._resting: list[HashingProcess] = []
        self._working: set[HashingProcess] = set()
        self._lock = threading.Lock()
        self._closed = False

    @property
    def resting(self) -> list[int]:
        """Return the processes that wait for work."""
        return [process.pid for process in self._resting]

    @property
    def working(self) -> list[int]:
        return [process.pid for process in list(self._working)]

    def hash(self, prepared: str, cost: int) -> str:
        """Return the hash. Raises Unavailable where its process is lost."""
        return self._ask(_Hash(prepared, cost), _Hashed).stored

    def check(self, question: Question) -> Checked:
        """Raises Unavailable where its process is lost."""
        return self._ask(question, Checked)

    def rest(self) -> None:
        """End the processes that had nothing to do for long enough."""
        before = time.monotonic() - self._idle_seconds
        with self._lock:
            ending = [process for process in self._resting if process.idle_since <= before]
            self._resting = [process for process in self._resting if process not in ending]
        for process in ending:
            process.end()

    def close(self) -> None:
        """End them all; whoever still waits for one is told that it was lost."""
        with self._lock:
            self._closed = True
            for process in self._working:
                process.kill()
            ending, self._resting = self._resting, []
        for process in ending:
            process.end()

    def _ask(self, request: msgspec.Struct, kind: type[T]) -> T:
        """A process that hangs or dies takes one piece of work with it: the next one gets another process."""
        line = msgspec.json.encode(request)
        try:
            process = self._begin()
        except ProcessLost as exc:
            raise _unavailable(exc) from exc
        try:
            answer = process.ask(line, kind)
        except ProcessLost as exc:
            self._lose(process)
            raise _unavailable(exc) from exc
        self._end(process)
        return answer

    def _begin(self) -> HashingProcess:
        """Return a process that rested, if there is one that hasn't died meanwhile, or a new one."""
        with self._lock:
            if self._closed:
                raise ProcessLost("the program ends")
            while self._resting:
                process = self._resting.pop()
                if process.is_alive:
                    break
                process.end()
            else:
                process = HashingProcess(self._seconds)
            self._working.add(process)
        return process

    def _end(self, process: HashingProcess) -> None:
        process.idle_since = time.monotonic()
        with self._lock:
            self._working.remove(process)
            if not self._closed:
                self._resting.append(process)
                return
        process.end()

    def _lose(self, process: HashingProcess) -> None:
        with self._lock:
            self._working.remove(process)
        process.end()


def _unavailable(lost: ProcessLost) -> Unavailable:
    log.warning("hashing_process_lost", **{"error.message": str(lost)})
    return Unavailable("The password couldn't be looked at.", retry_after=_RETRY_SECONDS)
