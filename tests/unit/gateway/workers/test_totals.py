"""Adding up what several workers have measured, over their deaths."""

import asyncio
import os
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from gateway.workers.samples import Family, Sample, Snapshot, fetch, handing_over, take_snapshot
from gateway.workers.totals import Totals
from shared.metrics import exposition


class Worker:
    """A process's metrics, with some of each kind counted."""

    def __init__(self, pid: int, served: int) -> None:
        self.pid = pid
        self.registry = CollectorRegistry()
        Counter("served", "Served.", ("route",), registry=self.registry).labels("a").inc(served)
        Gauge("busy", "Busy.", registry=self.registry).set(served)
        Gauge("gateway_valkey_up", "Up.", registry=self.registry).set(served % 2)
        Gauge("gateway_revocation_feed_silence_seconds", "Lag.", registry=self.registry).set(served)
        took = Histogram("took_seconds", "Took.", buckets=(1, 2), registry=self.registry)
        for _ in range(served):
            took.observe(1.5)

    def snapshot(self) -> Snapshot:
        return Snapshot(self.pid, take_snapshot(self.registry).families)


def told(totals: Totals) -> dict[str, float]:
    """Return what Prometheus would read."""
    text = generate_latest(totals).decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {sample.name + sample.labels.get("le", ""): sample.value for sample in samples}


def test_counters_histograms_and_gauges_of_all_are_added_up() -> None:
    totals = Totals()
    totals.note("one", Worker(1, 3).snapshot())
    totals.note("two", Worker(2, 4).snapshot())
    assert told(totals) == {
        "served_total": 7,
        "busy": 7,
        "took_seconds_bucket1.0": 0,
        "took_seconds_bucket2.0": 7,
        "took_seconds_bucket+Inf": 7,
        "took_seconds_count": 7,
        "took_seconds_sum": 10.5,
        "gateway_valkey_up": 0,
        "gateway_revocation_feed_silence_seconds": 4,
    }


def test_later_word_of_one_process_takes_the_earlier_ones_place() -> None:
    totals = Totals()
    for served in (1, 5, 9):
        totals.note("one", Worker(1, served).snapshot())
    assert told(totals)["served_total"] == 9


def test_worker_that_does_not_answer_keeps_its_counters_and_has_no_gauges() -> None:
    """R3: a counter never goes back."""
    totals = Totals()
    totals.note("one", Worker(1, 3).snapshot())
    totals.note("two", Worker(2, 4).snapshot())
    totals.note("one", None)
    assert (told(totals)["served_total"], told(totals)["took_seconds_count"], told(totals)["busy"]) == (7, 7, 4)


def test_successors_add_to_what_the_dead_had_counted() -> None:
    """R3"""
    totals = Totals()
    for pid in range(1, 30):
        totals.note("one", Worker(pid, 0).snapshot())
        assert told(totals)["served_total"] == 2 * (pid - 1)
        totals.note("one", Worker(pid, 2).snapshot())
        totals.note("one", None)
        assert told(totals)["served_total"] == told(totals)["took_seconds_count"] == 2 * pid
    assert "busy" not in told(totals)


def test_last_trace_of_all_workers_is_told() -> None:
    totals = Totals()
    for worker, trace, at in (("one", "aa", 50.0), ("two", "bb", 70.0), ("three", "cc", 60.0)):
        bucket = Sample("took_seconds_bucket", {"le": "+Inf"}, 1.0, (trace, 0.25, at))
        totals.note(worker, Snapshot(1, [Family("took_seconds", "Took.", "histogram", [bucket])]))
    told, _ = exposition("application/openmetrics-text", totals)
    assert b'took_seconds_bucket{le="+Inf"} 3.0 # {trace_id="bb"} 0.25 70.0' in told


async def test_snapshot_crosses_the_socket_whole(tmp_path: Path) -> None:
    async with handing_over(tmp_path / "samples"):
        first, second = await asyncio.gather(fetch(tmp_path / "samples"), fetch(tmp_path / "samples"))
    names = {family.name for family in first.families}
    assert "http_request_duration_seconds" in names
    assert (first.pid, second.pid) == (os.getpid(), os.getpid())
