"""Hashes and verifies passwords, one after the other, in a process of its own that gives way to all others.

It is run as a script, without the rest of the service, its environment and its keys. It reads a line of JSON from
standard input for each piece of work, answers with one on standard output, and ends with its input.
"""

import ctypes
import json
import os
import signal
import struct
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, BinaryIO

import bcrypt

OURS = "$2b$"  # what other systems hashed so is stored otherwise
_LOWEST_COST = 4
_MEASURED_COST = 6  # 4 ms
NICE = 10  # a tenth of the share of all else: the last value, 19, would be a seventieth, and nobody could sign in
_SLICE = 100_000_000  # nanoseconds
_SCHED_SETATTR = {"x86_64": 314, "aarch64": 274}  # the system call's number

_seconds: dict[int, float] = {}  # that a hash takes here, by its cost


def hash_password(prepared: str, cost: int) -> dict[str, Any]:
    return {"stored": bcrypt.hashpw(prepared.encode("ascii"), bcrypt.gensalt(cost)).decode("ascii")}


def check(stored: str | None, candidates: Sequence[str], cost: int, hashes: int) -> dict[str, Any]:
    """Return which candidate is the right one, and what is wrong with the stored hash itself.

    Without one, or where it can't be read, none is right. What is refused takes as long as so many hashes of this cost,
    unless the stored one takes longer by itself.
    """
    started, done, flaw = time.thread_time(), 0.0, ""
    try:
        if stored is not None:
            for number, candidate in enumerate(candidates):
                if _matches(stored, candidate):
                    return {"right": number}
            done = _work_of(stored, len(candidates), cost, started)
    except ValueError as exc:  # the database holds what none of us wrote
        flaw = str(exc)
    _even_out(cost, hashes - done)
    return {"flaw": flaw}


def _matches(stored: str, candidate: str) -> bool:
    if stored.startswith(OURS):
        return bcrypt.checkpw(candidate.encode("ascii"), stored.encode("ascii"))
    from auth_service import password_hashes  # noqa: PLC0415  few installations need it

    return password_hashes.verify(stored, candidate)


def _work_of(stored: str, times: int, cost: int, started: float) -> float:
    """Return how many hashes of the cost would have taken as long as the checks."""
    if stored.startswith(OURS):
        return times * 2.0 ** (_cost_of(stored) - cost)
    one = _seconds_of_one(cost)  # the first time, that is work, too
    return (time.thread_time() - started) / one


def _even_out(cost: int, missing: float) -> None:
    """Compute what is missing, in hashes of the cost: less would tell of an account.

    Each step of the cost doubles the work, so the lower ones together make up any part of it.
    """
    for lower in range(cost, _LOWEST_COST - 1, -1):
        share = 2.0 ** (lower - cost)
        while missing >= share:
            bcrypt.hashpw(b"", bcrypt.gensalt(lower))
            missing -= share


def _cost_of(stored: str) -> int:
    """Return the cost of a hash of ours. Raises ValueError."""
    return int(stored[len(OURS) :].partition("$")[0])


def _seconds_of_one(cost: int) -> float:
    """Return how long a hash takes a thread here, measured once, at a lower cost."""
    if cost not in _seconds:
        lower = min(cost, _MEASURED_COST)
        _seconds[cost] = min(_seconds_at(lower) for _ in range(3)) * 2.0 ** (cost - lower)
    return _seconds[cost]


def _seconds_at(cost: int) -> float:
    started = time.thread_time()
    bcrypt.hashpw(b"", bcrypt.gensalt(cost))
    return time.thread_time() - started


_WORK: dict[str, Callable[..., dict[str, Any]]] = {"hash": hash_password, "check": check}


def answer(line: bytes) -> bytes:
    wish = json.loads(line)
    return json.dumps(_WORK[wish.pop("do")](**wish)).encode() + b"\n"


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    settled = False
    while line := requests.readline():
        settled = settled or _lower_session()
        answers.write(answer(line))
        answers.flush()


def _lower_session() -> bool:
    """Give way to other sessions, too (Linux): a nice value counts within one alone. False: to be tried again.

    One process at a time may do so that isn't root's, and the next a tenth of a second later.
    """
    try:
        autogroup = os.open("/proc/self/autogroup", os.O_WRONLY)
    except OSError:
        return True
    try:
        os.write(autogroup, b"%d" % NICE)
    except OSError as exc:
        return not isinstance(exc, BlockingIOError)
    finally:
        os.close(autogroup)
    return True


def _lengthen_slices() -> None:
    """Ask for long slices of time: then whoever has the usual short ones needn't wait for the end of ours (Linux 6.12).

    sched_setattr(2), which Python lacks; where it can't be had, that is as well.
    """
    number = _SCHED_SETATTR.get(os.uname().machine)
    if sys.platform == "linux" and number is not None:
        nice = os.getpriority(os.PRIO_PROCESS, 0)
        attributes = struct.pack("=IIQiIQQQ", 48, os.SCHED_OTHER, 0, nice, 0, _SLICE, 0, 0)
        ctypes.CDLL(None).syscall(number, 0, attributes, 0)


def _settle() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)  # whoever stops all of a service at once: begun work is finished
    with suppress(OSError):
        os.nice(NICE)
    _lengthen_slices()
    with suppress(OSError):
        score = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(score, b"1000")  # where memory runs out, we go first
        os.close(score)
    sys.path.append(sys.argv[1])  # where our packages are


if __name__ == "__main__":
    _settle()
    serve(sys.stdin.buffer, sys.stdout.buffer)
