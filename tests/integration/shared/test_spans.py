"""What is recorded, what of it is kept, and a receiver that is away, slow or refuses."""

import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest

from shared.db import Database, open_database
from shared.sampling import Rules
from shared.secret import Secret
from shared.settings import TraceSettings
from shared.spans import export
from shared.spans.export import OtlpExporter
from shared.spans.metrics import SPANS_DROPPED
from shared.spans.recorder import MOST_SPANS, errand, recorder
from shared.tracing import HOP, Span, Trace
from tests.e2e.stack import ROOT
from tests.integration.shared.tables import settings_for
from tests.otlp_receiver import Receiver, receiving
from tests.waiting import eventually

SAMPLED = Trace("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203330", "00f067aa0ba902b7", sampled=True, state="a=1")
OTHER = SAMPLED._replace(sampled=False)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "_GATHERING", 0.01)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as running:
        yield running


@contextmanager
def recording(url: str, rules: Rules | None = None) -> Iterator[OtlpExporter]:
    exporter = OtlpExporter("program", TraceSettings(url, Secret("")))
    exporter.start()
    recorder.start(rules or Rules(rest=0.0, slow=10.0), exporter)
    try:
        yield exporter
    finally:
        recorder.close()


def finish(trace: Trace, *, seconds: float = 0.0, failed: bool = False) -> None:
    now = time.perf_counter()
    recorder.finish(trace, Span("GET things", "server", now - seconds, now, {}, trace.span_id), [], failed=failed)


def dropped() -> float:
    return float(SPANS_DROPPED._value.get())


async def kept_for(receiver: Receiver) -> list[object]:
    return [span.attributes.get("colonnade.kept_for") for span in receiver.spans]


async def test_sampled_and_failed_and_slow_ones_are_kept_and_say_why(receiver: Receiver) -> None:
    with recording(receiver.url):
        finish(OTHER)
        finish(SAMPLED)
        finish(OTHER, failed=True)
        finish(OTHER, seconds=11.0)
        finish(OTHER, seconds=9.0)
        assert await eventually(lambda: _when(receiver, 3)) == [None, "failure", "slow"]
    slow = receiver.spans[2]
    assert slow.seconds == pytest.approx(11.0, abs=0.01)
    assert (slow.trace_id, slow.span_id, slow.parent_id) == OTHER[:3]
    assert [span.failed for span in receiver.spans] == [False, True, False]


async def _when(receiver: Receiver, count: int) -> list[object]:
    return await kept_for(receiver) if len(receiver.spans) >= count else []


async def test_statements_are_named_by_who_asks_them_and_not_by_their_text(receiver: Receiver, url: str) -> None:
    async def ask_for_things(database: Database) -> None:
        await database.fetchval("select 'secret text' where 1 = $1", 1)

    with recording(receiver.url):
        async with open_database(settings_for(url)) as database:
            with errand("counting", SAMPLED.traceparent):
                await ask_for_things(database)
                async with database.transaction() as connection:
                    await connection.execute("select 1")
        await eventually(lambda: _when(receiver, 5))
    own = next(span for span in receiver.spans if span.kind == "consumer")
    asked = [span for span in receiver.spans if span is not own]
    here = "test_statements_are_named_by_who_asks_them_and_not_by_their_text"
    assert own.parent_id == SAMPLED.span_id
    assert [span.name for span in asked] == [f"{here}.<locals>.ask_for_things", "begin", here, "commit"]
    assert {span.parent_id for span in asked} == {own.span_id}
    assert all(b"secret text" not in body for body in receiver.bodies)


async def test_errand_that_raises_has_failed_and_leaves_nothing_behind(receiver: Receiver) -> None:
    with recording(receiver.url):
        with pytest.raises(ZeroDivisionError), errand("dividing", None):
            _ = 1 // 0
        assert HOP.get() is None
        assert await eventually(lambda: _when(receiver, 1)) == ["failure"]


async def test_hop_that_asks_endlessly_is_told_by_its_first_spans(receiver: Receiver, url: str) -> None:
    with recording(receiver.url), errand("walking", SAMPLED.traceparent) as hop:
        async with open_database(settings_for(url)) as database:
            for _ in range(MOST_SPANS + 50):
                await database.fetchval("select 1")
        assert hop.spans is not None
        assert len(hop.spans) == MOST_SPANS


async def test_receiver_that_is_away_costs_nobody_time_and_what_is_lost_is_counted(receiver: Receiver) -> None:
    before = dropped()
    receiver.status = 400
    with recording(receiver.url):
        finish(SAMPLED)

        async def lost() -> bool:
            return dropped() == before + 1

        await eventually(lost)
        receiver.status = 200
        finish(SAMPLED)
        await eventually(lambda: _when(receiver, 1))


async def test_queue_is_bounded_while_a_receiver_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "_QUEUE_SIZE", 20)
    before = dropped()
    exporter = OtlpExporter("program", TraceSettings("http://127.0.0.1:9", Secret("")))  # and nobody takes from it
    recorder.start(Rules(rest=0.0), exporter)
    try:
        for _ in range(50):
            finish(SAMPLED)
    finally:
        recorder.start(Rules(), exporter)
        recorder._exporter = None
        recorder.close()
    assert dropped() - before == 30


def test_shares_decide_on_routes() -> None:
    class Nowhere:
        def put(self, finished: object) -> None: ...

        def close(self, timeout: float) -> None: ...

    recorder.start(Rules(rest=0.5), Nowhere())
    try:
        sampled = sum(recorder.samples("GET", "users") for _ in range(2000))
        recorder.start(Rules(rest=0.0), Nowhere())
        assert not any(recorder.samples("GET", "users") for _ in range(100))
    finally:
        recorder.close()
    assert 800 < sampled < 1200


def test_nothing_of_opentelemetry_is_loaded_unless_it_is_wanted() -> None:
    programs = "gateway.app, user_service.app, shared.serve"
    script = f"import sys, {programs}\nprint([name for name in sys.modules if name.startswith('opentelemetry')])"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
