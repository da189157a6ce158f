"""Whether a call is within its limit: asked of Valkey in bursts, and of this process's memory while Valkey is away."""

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from itertools import zip_longest
from time import perf_counter
from typing import NamedTuple, Protocol

from hiredis import ReplyError
from prometheus_client import Counter, Gauge

from gateway.limits.cluster import ClusterCounters
from gateway.limits.counters import Call, ValkeyCounters
from gateway.limits.local import LocalLimiter
from gateway.limits.policy import LimitClass, Rate
from gateway.limits.verdict import Verdict
from gateway.valkey.place import is_cluster, read_cluster_url, read_url
from shared.logs import log
from shared.loop_metrics import LoopHistogram

FALLBACKS = Counter("gateway_limit_fallback", "Limit checks answered from memory because Valkey is away.", ("limit",))
VALKEY_UP = Gauge("gateway_valkey_up", "1 while limits are counted in Valkey, 0 while in memory.")

_SECONDS = LoopHistogram(
    "gateway_valkey_seconds",
    "Time that Valkey took for a burst of limit checks.",
    (),
    buckets=(0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25),
).labels()
_LARGEST_BURST = 100  # calls; keeps a burst's answer well within the budget
_PROBE_PAUSE = 0.5  # seconds
_PROBE = Call(LimitClass("probe", (Rate(1_000_000, 1),)), "addr:gateway", 1)
_AWAY = (ReplyError, OSError, TimeoutError)


class Counting(Protocol):
    """Valkey, as one server or as a cluster. Each wait is within the budget, or fails with one of _AWAY.

    There is one of them, or a few while it is learnt anew which node of a cluster has what.
    """

    async def count(self, calls: Sequence[Call]) -> Sequence[Verdict | None]:
        """Return no verdict for what can't be counted, if the rest can."""
        ...

    async def look(self, call: Call) -> Verdict: ...
    async def aclose(self) -> None: ...


class _Waiting(NamedTuple):
    call: Call
    answer: Callable[[Verdict], None]


class Limiter:
    """Calls of one loop tick leave in one burst; while it is away the next one gathers.

    A burst that fails, or isn't answered within the budget, opens the breaker: all calls are then answered from memory
    at once, and a single probe at a time asks Valkey until it counts again. No call waits for more than one budget.
    """

    def __init__(self, counters: Counting, local: LocalLimiter) -> None:
        self._counters = counters
        self._local = local
        self._waiting: list[_Waiting] = []
        self._sender: asyncio.Task[None] | None = None
        self._prober: asyncio.Task[None] | None = None

    async def check(self, limit: LimitClass, subject: str, cost: int = 1) -> Verdict:
        """Count the call if all of the limit's rates allow it. Never fails. `subject` is `limit.subject(...)`."""
        verdict: asyncio.Future[Verdict] = asyncio.get_running_loop().create_future()
        self.submit(Call(limit, subject, cost), partial(_tell, verdict))
        return await verdict

    def submit(self, call: Call, answer: Callable[[Verdict], None]) -> None:
        """Do as `check`, for a caller who doesn't wait: `answer` is called once, at once or later, and never raises."""
        if call.limit.strict:
            remembered = self._local.preview(*call)
            if not remembered.allowed:
                answer(remembered)
                return
        if self._prober is not None:
            answer(self._from_memory(call))
            return
        self._waiting.append(_Waiting(call, answer))
        if self._sender is None:
            self._sender = asyncio.create_task(self._send_all())

    async def look(self, limit: LimitClass, subject: str, cost: int = 1) -> Verdict:
        """Return what `check` would say now, counting nothing. Never fails."""
        remembered = self._local.look(limit, subject, cost)
        if self.is_away or (limit.strict and not remembered.allowed):
            return remembered
        try:
            return await self._counters.look(Call(limit, subject, cost))
        except _AWAY:
            return remembered

    @property
    def is_away(self) -> bool:
        return self._prober is not None

    async def start(self) -> None:
        """Connect, and learn whether Valkey is there. It may as well come later."""
        try:
            await self._counters.count([_PROBE])
        except _AWAY as exc:
            self._open_breaker(exc)
        else:
            VALKEY_UP.set(1)

    async def aclose(self) -> None:
        tasks = [task for task in (self._sender, self._prober) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._counters.aclose()

    async def _send_all(self) -> None:
        try:
            while self._waiting:
                burst, self._waiting = self._waiting[:_LARGEST_BURST], self._waiting[_LARGEST_BURST:]
                await self._send(burst)
        finally:
            left, self._waiting, self._sender = self._waiting, [], None
            self._settle(left, ())  # none, unless the program ends

    async def _send(self, burst: Sequence[_Waiting]) -> None:
        verdicts: Sequence[Verdict | None] = ()
        try:
            if self._prober is None:
                began = perf_counter()
                verdicts = await self._counters.count([waiting.call for waiting in burst])
                _SECONDS.observe(perf_counter() - began)
        except _AWAY as exc:
            self._open_breaker(exc)
        finally:
            self._settle(burst, verdicts)

    def _settle(self, burst: Sequence[_Waiting], verdicts: Sequence[Verdict | None]) -> None:
        """Answer everyone: from memory where there is no verdict."""
        for waiting, verdict in zip_longest(burst, verdicts):
            call = waiting.call
            if verdict is not None and verdict.allowed and call.limit.strict:
                self._local.record(*call)
            waiting.answer(verdict or self._from_memory(call))

    def _from_memory(self, call: Call) -> Verdict:
        FALLBACKS.labels(call.limit.name).inc()
        return self._local.check(*call)

    def _open_breaker(self, reason: Exception) -> None:
        VALKEY_UP.set(0)
        log.warning("valkey_lost", **{"event.reason": repr(reason)})
        self._prober = asyncio.create_task(self._probe_until_back())

    async def _probe_until_back(self) -> None:
        while True:
            try:
                await self._counters.count([_PROBE])
            except _AWAY:
                await asyncio.sleep(_PROBE_PAUSE)
            else:
                break
        self._prober = None
        VALKEY_UP.set(1)
        log.info("valkey_returned")


def _tell(waiter: asyncio.Future[Verdict], verdict: Verdict) -> None:
    if not waiter.done():  # it may have left meanwhile
        waiter.set_result(verdict)


@asynccontextmanager
async def open_limiter(url: str) -> AsyncIterator[Limiter]:
    """A limiter over the Valkey, or Valkey Cluster, at `url`, which need not be there yet."""
    counters = ClusterCounters(read_cluster_url(url)) if is_cluster(url) else ValkeyCounters(read_url(url))
    limiter = Limiter(counters, LocalLimiter())
    await limiter.start()
    try:
        yield limiter
    finally:
        await limiter.aclose()
