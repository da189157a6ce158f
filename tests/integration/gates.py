"""Holds what the product is doing, at one place, while something else happens."""

import asyncio
from typing import Any

import pytest


class Gate:
    """The first call of a function stops before it, or `after` it has done its work, until the gate is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: object, name: str, *, after: bool = False) -> None:
        self._reached, self._open = asyncio.Event(), asyncio.Event()
        original = getattr(owner, name)

        async def held(*args: Any, **kwargs: Any) -> Any:
            first = not self._reached.is_set()
            if first and not after:
                await self._wait()
            result = await original(*args, **kwargs)
            if first and after:
                await self._wait()
            return result

        monkeypatch.setattr(owner, name, held)

    async def reached(self) -> None:
        await self._reached.wait()

    def open(self) -> None:
        self._open.set()

    async def _wait(self) -> None:
        self._reached.set()
        await self._open.wait()
