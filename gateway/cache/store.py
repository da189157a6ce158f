"""Kept answers in Valkey, which all gateways share. While it is away nothing is kept, and nobody waits for it.

A path's marker is a random word that its answers are kept with: they count only while it is still the same. So one
command takes away all answers of a path, whatever their queries, and what was asked for before never comes after it.
Each command names one key, and all keys of a path lie in one slot of a cluster.
"""

import asyncio
import secrets
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from gateway.cache.connection import Command, Within
from gateway.cache.entry import Entry, decode, encode
from gateway.cache.key import Key
from gateway.cache.ledger import Ledger
from gateway.cache.link import Link
from gateway.cache.memory import Memory
from gateway.cache.metrics import KEPT_BYTES

_LARGEST_BURST = 16  # look-ups; each may bring a whole body
_MARKER_BYTES = 12
_UNUSED_MS = 120_000  # how long a marker lives that nothing is kept with yet


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of a key: the marker to keep an answer with, and the answer that is kept."""

    marker: bytes
    entry: Entry | None


_Waiting = asyncio.Future[Found | None]


class CacheStore:
    """`within` bounds how long a look-up may take, all in all."""

    def __init__(self, link: Link, ledger: Ledger, memory: Memory, within: Within) -> None:
        self._link = link
        self._ledger = ledger
        self._memory = memory
        self._within = within
        self._waiting: dict[Key, _Waiting] = {}
        self._sender: asyncio.Task[None] | None = None

    async def aclose(self) -> None:
        if self._sender is not None:
            self._sender.cancel()
            await asyncio.gather(self._sender, return_exceptions=True)

    async def find(self, key: Key) -> Found | None:
        """Return what is known of `key`; None if Valkey can't tell at once. Those of one loop tick ask together."""
        if self._link.is_away() or self._memory.is_full:
            return None
        waiting = self._waiting.get(key)
        if waiting is None:
            waiting = self._waiting[key] = asyncio.get_running_loop().create_future()
            if self._sender is None:
                self._sender = asyncio.create_task(self._send_all())
        try:
            found: Found | None = await self._within(asyncio.shield(waiting))
        except TimeoutError:
            return None
        return found

    async def peek(self, key: Key) -> Found | None:
        """Return what `find` would, without leaving a marker."""
        answers = await self._link.write([("GET", key.path), ("GET", key.entry)])
        return None if answers is None else self._found(key, answers[0] or b"", answers[1])

    async def keep(self, key: Key, entry: Entry, seconds: float) -> bool:
        """Keep an answer; return whether it is."""
        data = encode(entry)
        if self._link.is_away() or seconds < 1 or not self._ledger.fits(len(data)):
            return False
        commands: list[Command] = [("UNLINK", name) for name in self._ledger.add(key.entry, len(data))]
        KEPT_BYTES.set(self._ledger.total)
        commands += ("EXPIRE", key.path, int(seconds), "GT"), ("SET", key.entry, data, "EX", int(seconds))
        return await self._link.write(commands) is not None

    async def forget(self, names: Iterable[str]) -> None:
        """Take entries, or all of a path, away: at once, or, where Valkey is away, before it is used again."""
        await self._link.remove(names)

    async def _send_all(self) -> None:
        try:
            while self._waiting:
                keys = list(self._waiting)[:_LARGEST_BURST]
                await self._send(keys, [self._waiting.pop(key) for key in keys])
        finally:
            left, self._waiting, self._sender = self._waiting, {}, None
            _settle(left.values(), ())  # none, unless the program ends

    async def _send(self, keys: Collection[Key], waiting: Collection[_Waiting]) -> None:
        found: list[Found] = []
        try:
            fresh = [secrets.token_bytes(_MARKER_BYTES) for _ in keys]
            commands: list[Command] = []
            for key, marker in zip(keys, fresh, strict=True):
                commands += ("SET", key.path, marker, "NX", "GET", "PX", _UNUSED_MS), ("GET", key.entry)
            answers = await self._link.read(commands) or ()
            for key, marker, before, data in zip(keys, fresh, answers[::2], answers[1::2], strict=False):
                found.append(self._found(key, before or marker, data))
        finally:
            _settle(waiting, found)

    def _found(self, key: Key, marker: bytes, data: bytes | None) -> Found:
        entry = decode(data) if data is not None else None
        if entry is None or entry.marker != marker:
            return Found(marker, None)
        self._ledger.touch(key.entry)
        return Found(marker, self._memory.shared(key.entry, entry))


def _settle(waiting: Iterable[_Waiting], found: Iterable[Found]) -> None:
    """Tell everyone who hasn't left; where nothing was found out, that Valkey can't tell."""
    told = iter(found)
    for each in waiting:
        known = next(told, None)
        if not each.done():
            each.set_result(known)
