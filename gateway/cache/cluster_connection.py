"""The same over a Valkey Cluster: each command to the node that serves its key."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from gateway.cache.connection import CacheConnection, Command, Commands, Within
from gateway.valkey.place import Place
from gateway.valkey.slots import Node
from gateway.valkey.topology import Topology


class CacheClusterConnection:
    """What `CacheConnection` is to one server. After any failure it asks anew which node serves what."""

    def __init__(self, seeds: Sequence[Place], within: Within) -> None:
        self._topology = Topology(seeds)
        self._within = within
        self._nodes: dict[Node, CacheConnection] = {}

    async def burst(self, commands: Commands) -> list[Any]:
        if not self._topology.nodes:
            await self._topology.learn()
        try:
            return await self._burst(commands)
        except OSError:  # the node is away, or isn't the one any more
            with suppress(OSError):
                await self._topology.learn()
            raise

    async def aclose(self) -> None:
        await self._topology.aclose()
        await asyncio.gather(*(each.aclose() for each in self._nodes.values()))

    async def _burst(self, commands: Commands) -> list[Any]:
        by_node: dict[Node, list[int]] = defaultdict(list)
        for i, command in enumerate(commands):
            by_node[self._node_of(command)].append(i)
        answers: list[Any] = [None] * len(commands)

        async def ask(node: Node, numbers: Sequence[int]) -> None:
            for i, answer in zip(numbers, await self._at(node).burst([commands[i] for i in numbers]), strict=True):
                answers[i] = answer

        asked = (ask(node, numbers) for node, numbers in by_node.items())
        for failure in await asyncio.gather(*asked, return_exceptions=True):  # none is left for the next burst
            if failure is not None:
                raise failure
        return answers

    def _node_of(self, command: Command) -> Node:
        """A command without a key may go to any."""
        if len(command) == 1:
            return min(self._topology.nodes)
        key = command[1]
        node = self._topology.node_of(key if isinstance(key, bytes) else str(key).encode())
        if node is None:
            raise ConnectionError("No node of the Valkey Cluster serves the key.")
        return node

    def _at(self, node: Node) -> CacheConnection:
        if node not in self._nodes:
            self._nodes[node] = CacheConnection(self._topology.place(node).url, self._within)
        return self._nodes[node]
