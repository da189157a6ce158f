"""Counting in a Valkey Cluster: each subject at the node that serves its slot, whatever becomes of the others."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress

from hiredis import ReplyError

from gateway.limits.counters import Call, ValkeyCounters, verdict_of
from gateway.limits.verdict import Verdict
from gateway.valkey.budget import within_budget
from gateway.valkey.connection import Answer
from gateway.valkey.place import Place
from gateway.valkey.slots import Node
from gateway.valkey.topology import Topology
from shared.logs import log

_PROBE_PAUSE = 0.5  # seconds
_AWAY = (ReplyError, OSError, TimeoutError)


class ClusterCounters:
    """What `ValkeyCounters` is for one server. A call that can't be counted has no verdict.

    A node that fails is asked nothing more until it answers again, or others have taken over what it served.
    """

    def __init__(self, seeds: Sequence[Place]) -> None:
        self._topology = Topology(seeds)
        self._nodes: dict[Node, ValkeyCounters] = {}
        self._probes: dict[Node, asyncio.Task[None]] = {}

    async def count(self, calls: Sequence[Call]) -> list[Verdict | None]:
        """Count each call that its limit allows. Raises OSError or ReplyError where the cluster as a whole is away."""
        if not self._topology.nodes:
            await self._topology.learn()
        answers = await self._ask(calls)
        moved = [i for i, answer in enumerate(answers) if _is_told(answer, "MOVED")]
        if moved:  # the slot went to another node: nothing was counted
            await self._topology.learn()
            for i, answer in zip(moved, await self._ask([calls[i] for i in moved]), strict=True):
                answers[i] = answer
        for i, answer in enumerate(answers):
            if _is_told(answer, "ASK"):  # the slot is on its way there
                answers[i] = await self._ask_there(_named(answer), calls[i])
        if self._topology.nodes <= self._probes.keys():
            raise ConnectionError("All nodes of the Valkey Cluster are away.")
        if all(isinstance(answer, ReplyError) for answer in answers):  # as with a slot that nobody serves
            raise answers[0]  # type: ignore[misc]  # it is one
        return [_verdict(call, answer) for call, answer in zip(calls, answers, strict=True)]

    async def look(self, call: Call) -> Verdict:
        node = self._topology.node_of(call.key)
        if node is None or node in self._probes:
            raise ConnectionError("the node is away")
        return await self._at(node).look(call)

    async def aclose(self) -> None:
        probes = tuple(self._probes.values())
        for probe in probes:
            probe.cancel()
        await asyncio.gather(*probes, self._topology.aclose(), return_exceptions=True)
        for node in self._nodes.values():
            await node.aclose()

    async def _ask(self, calls: Sequence[Call]) -> list[Answer]:
        """Ask all nodes at the same time; None stands for what one that is away was to be asked."""
        by_node: dict[Node, list[int]] = defaultdict(list)
        for i, call in enumerate(calls):
            node = self._topology.node_of(call.key)
            if node is not None and node not in self._probes:
                by_node[node].append(i)
        answers: list[Answer] = [None] * len(calls)

        async def ask(node: Node, numbers: list[int]) -> None:
            for i, answer in zip(numbers, await self._ask_node(node, [calls[i] for i in numbers]), strict=False):
                answers[i] = answer

        await asyncio.gather(*(ask(node, numbers) for node, numbers in by_node.items()))
        return answers

    async def _ask_node(self, node: Node, calls: Sequence[Call]) -> list[Answer]:
        try:
            return await within_budget(self._at(node).ask(calls))
        except (OSError, TimeoutError) as exc:
            self._lose(node, exc)
            return []

    async def _ask_there(self, node: Node, call: Call) -> Answer:
        if node in self._probes:
            return None
        try:
            return await within_budget(self._at(node).ask_as_told(call))
        except (OSError, TimeoutError) as exc:
            self._lose(node, exc)
            return None

    def _at(self, node: Node) -> ValkeyCounters:
        if node not in self._nodes:
            self._nodes[node] = ValkeyCounters(self._topology.place(node))
        return self._nodes[node]

    def _lose(self, node: Node, reason: Exception) -> None:
        if node not in self._probes:
            log.warning("valkey_node_lost", node=f"{node[0]}:{node[1]}", reason=repr(reason))
            self._probes[node] = asyncio.create_task(self._probe_until_back(node))

    async def _probe_until_back(self, node: Node) -> None:
        """Wait until the node answers, or is no primary any more; meanwhile learn who has taken its slots."""
        while True:
            await asyncio.sleep(_PROBE_PAUSE)
            with suppress(*_AWAY):
                await self._topology.learn()
                if node in self._topology.nodes:
                    await within_budget(self._at(node).reach())
                break
        del self._probes[node]
        log.info("valkey_node_returned", node=f"{node[0]}:{node[1]}")


def _is_told(answer: Answer, word: str) -> bool:
    return isinstance(answer, ReplyError) and str(answer).startswith(f"{word} ")


def _named(redirection: Answer) -> Node:
    """Return the node in ASK SLOT HOST:PORT."""
    host, _, port = str(redirection).split()[2].rpartition(":")
    return host, int(port)


def _verdict(call: Call, answer: Answer) -> Verdict | None:
    if answer is None or isinstance(answer, ReplyError):
        return None
    return verdict_of(call, answer)
