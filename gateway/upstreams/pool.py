"""An upstream: its instances, who of them gets a request, and when a request is sent a second time."""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from gateway.errors import UpstreamUnavailable, proxy_error
from gateway.upstreams import metrics
from gateway.upstreams.attempt import AttemptFailed
from gateway.upstreams.balancer import any_in, choose, equals
from gateway.upstreams.discovery import Address, Discovery, Lookup, authority, label
from gateway.upstreams.exchange import Exchange
from gateway.upstreams.instance import Instance, PoolLimits
from gateway.upstreams.queue import FairQueue
from gateway.upstreams.requests import UpstreamRequest
from gateway.upstreams.retries import RetryBudget
from shared.logs import log

MOST_ATTEMPTS = 3

Tried = tuple[Instance, ...]


class Started(NamedTuple):
    """A request that was sent at once. Its exchange must be closed, unless its outcome is a failure."""

    instance: Instance
    exchange: Exchange

    def outcome(self) -> "Failed | None":
        """Return how it failed; None if the answer's head is in."""
        failure = self.instance.outcome(self.exchange)
        return None if failure is None else Failed(self.instance, failure)


class Failed(NamedTuple):
    instance: Instance
    failure: AttemptFailed


class Outlook(NamedTuple):
    """How an instance stands; `is_next` where a request would go there, or among several by lot."""

    instance: str
    standing: str
    in_flight: int
    is_full: bool
    is_next: bool


class Pool:
    """What `exchange` returns must be ended. `authority` is the Host header for all instances: the first URL's."""

    def __init__(self, name: str, urls: Sequence[str], limits: PoolLimits, lookup: Lookup) -> None:
        self.name = name
        self.authority = authority(urls[0])
        self.discovery = Discovery(urls, lookup)
        self._limits = limits
        self._loop = asyncio.get_running_loop()
        self._instances: list[Instance] = []
        self._retired: list[Instance] = []
        self._is_retired = False
        self._queue = FairQueue(limits.queue, limits.queue_seconds)
        self._budget = RetryBudget()
        self._retries = metrics.RETRIES.labels(name)
        self._ejections = metrics.EJECTIONS.labels(name)
        self._queue_seconds = metrics.QUEUE_SECONDS.labels(name)
        metrics.watch_queue(name, self._queue.__len__)
        self.settle()

    @property
    def in_flight(self) -> int:
        return sum(instance.in_flight for instance in self._instances)

    def start(self, request: UpstreamRequest, data: bytes, on_ready: Callable[[], None]) -> Started | None:
        """Send `request`, which is `data`, at once, where that takes no waiting and leaves no doubt; else return None.

        `exchange` does the rest. `on_ready` is called once the answer's head is in, with a short answer's body, or has
        failed to come.
        """
        now, instances = self._loop.time(), self._instances
        instance = instances[0] if len(instances) == 1 else choose(instances, now, repeatable=True)
        if instance is None or instance.is_full or not instance.health.is_in or not self._queue.is_empty:
            return None
        exchange = instance.start(request, data, now, on_ready)
        if exchange is None:
            return None
        self._budget.earn()
        return Started(instance, exchange)

    async def exchange(self, request: UpstreamRequest, failed: Failed | None = None) -> Exchange:
        """Send `request` and return its answer once the head is in. Raises an AppError.

        A request of which nothing was sent goes to another instance, whatever it is. One that was sent and got not one
        byte of an answer is repeated if that does no harm; a POST may have been acted on, so it never is. `failed` is
        what became of it when it was started.
        """
        if failed is None:
            self._budget.earn()
        deadline = self._loop.time() + request.timeout
        tried: Tried = ()
        attempts, repetitions = MOST_ATTEMPTS, request.retries
        while True:
            if failed is None:
                instance = await self._admit(request, tried)
                try:
                    return await instance.exchange(request, deadline)
                except AttemptFailed as failure:
                    failed = Failed(instance, failure)
            self._count(failed.failure)
            attempts -= 1
            repetitions -= failed.failure.sent
            is_over = not attempts or repetitions < 0
            again = None if is_over else self._pass_over(request, failed.failure, (*tried, failed.instance))
            if again is None:
                raise failed.failure.error from failed.failure.error.__cause__
            tried, failed = again, None
            self._retries.inc()

    def _count(self, failure: AttemptFailed) -> None:
        if not failure.stale:
            metrics.FAILURES.labels(self.name, proxy_error(failure.error)).inc()

    def _pass_over(self, request: UpstreamRequest, failure: AttemptFailed, tried: Tried) -> Tried | None:
        """Return who is passed over in a further attempt; None if there must be none."""
        has_another = any_in(self._instances, self._loop.time(), repeatable=request.is_repeatable, tried=tried)
        if not failure.sent:
            return tried if has_another else None
        if failure.answered or not request.is_repeatable or not (has_another or failure.stale):
            return None
        if not self._budget.spend():
            return None
        return tried if has_another else ()

    async def _admit(self, request: UpstreamRequest, tried: Tried) -> Instance:
        """Take a place at an instance; raises UpstreamUnavailable at once if none is in, or if the wait is too long."""
        if self._queue.is_empty and (instance := self._take(request, tried)) is not None:
            return instance
        self._require_any(repeatable=request.is_repeatable, tried=tried)
        started = self._loop.time()
        try:
            return await self._queue.wait(partial(self._take, request, tried))
        finally:
            self._queue_seconds.observe(self._loop.time() - started)

    def _require_any(self, *, repeatable: bool, tried: Tried = ()) -> None:
        if not self._instances:
            raise UpstreamUnavailable("dns_error")
        if not any_in(self._instances, self._loop.time(), repeatable=repeatable, tried=tried):
            raise UpstreamUnavailable("destination_unavailable")

    def outlook(self, *, repeatable: bool) -> list[Outlook]:
        """Return how each instance stands with a request now. Raises UpstreamUnavailable where it would go to none."""
        self._require_any(repeatable=repeatable)
        now = self._loop.time()
        next_ones = equals(self._instances, now, repeatable=repeatable)
        return [
            Outlook(
                instance=label(each.address),
                standing=each.health.standing(now, repeatable=repeatable).name.lower(),
                in_flight=each.in_flight,
                is_full=each.is_full,
                is_next=each in next_ones,
            )
            for each in self._instances
        ]

    def _take(self, request: UpstreamRequest, tried: Tried) -> Instance | None:
        now = self._loop.time()
        instance = choose(self._instances, now, repeatable=request.is_repeatable, tried=tried)
        if instance is not None:
            instance.take(now)
        return instance

    def settle(self) -> None:
        """Have an instance per address known now; those that are gone finish what they have."""
        before = {instance.address: instance for instance in self._instances}
        addresses = self.discovery.addresses
        self._instances = [before.pop(address) if address in before else self._new(address) for address in addresses]
        for instance in before.values():
            metrics.forget(self.name, label(instance.address))
            instance.retire()
            self._retired.append(instance)

    def _new(self, address: Address) -> Instance:
        instance = Instance(address, self._limits, self._queue.serve, self._note_ejection)
        metrics.watch(self.name, label(address), instance)
        return instance

    def _note_ejection(self, instance: Instance) -> None:
        self._ejections.inc()
        log.warning("upstream_ejected", **{"service.target.name": self.name, "server.address": label(instance.address)})

    async def discover(self) -> None:
        await self.discovery.refresh()
        if not self._is_retired:  # meanwhile: its metrics are its successor's, or nobody's
            self.settle()

    def sweep(self) -> None:
        now = self._loop.time()
        self._retired = [instance for instance in self._retired if instance.is_busy]
        for instance in (*self._instances, *self._retired):
            instance.sweep(now)
        self._queue.serve()  # an ejection may have ended, an instance appeared

    def retire(self) -> None:
        """Keep no connection any more. What is being exchanged, or about to be, still comes to its end."""
        self._is_retired = True
        metrics.forget_queue(self.name)
        for instance in self._instances:
            metrics.forget(self.name, label(instance.address))
            instance.retire()

    def close(self) -> None:
        self.retire()
        for instance in (*self._instances, *self._retired):
            instance.close()
