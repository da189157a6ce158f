"""Who serves which key of a Valkey Cluster, as its own nodes tell it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from gateway.valkey.budget import within_budget
from gateway.valkey.connection import ValkeyConnection, packed
from gateway.valkey.place import Place
from gateway.valkey.slots import Node, SlotMap, read_slots

_SLOTS = packed("CLUSTER", "SLOTS")


class Topology:
    """What was learnt last. `seeds` are some of the nodes, and say for all of them who we are there."""

    def __init__(self, seeds: Sequence[Place]) -> None:
        self._seeds = seeds
        self._slots = SlotMap()
        self._learning: asyncio.Task[Exception | None] | None = None

    @property
    def nodes(self) -> frozenset[Node]:
        return self._slots.nodes

    def node_of(self, key: bytes) -> Node | None:
        return self._slots.node_of(key)

    def place(self, node: Node) -> Place:
        return replace(self._seeds[0], host=node[0], port=node[1])

    async def learn(self) -> None:
        """Ask a node after the other; all who want to know meanwhile wait for the same. Raises ConnectionError."""
        if self._learning is None or self._learning.done():
            self._learning = asyncio.create_task(self._learn())
        if failure := await asyncio.shield(self._learning):
            raise ConnectionError(f"No node of the Valkey Cluster tells its slots: {failure!r}")

    async def aclose(self) -> None:
        if self._learning is not None:
            self._learning.cancel()
            await asyncio.gather(self._learning, return_exceptions=True)

    async def _learn(self) -> Exception | None:
        """Return what was wrong with the last one, if none could tell."""
        failure: Exception | None = None
        known = [self.place(node) for node in self._slots.nodes]
        for place in [*known, *self._seeds]:
            try:
                self._slots = await _ask(place)
            except (OSError, TimeoutError) as exc:
                failure = exc
            else:
                return None
        return failure


async def _ask(place: Place) -> SlotMap:
    connection = ValkeyConnection(place)
    try:
        (answer,) = await within_budget(connection.burst([_SLOTS]))
    finally:
        connection.close()
    return read_slots(answer, place.host)
