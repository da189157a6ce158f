import math
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY, CollectorRegistry, Histogram, generate_latest

from shared.loop_metrics import LoopCounter, LoopHistogram

BUCKETS = (0.1, 0.5, 2)


@pytest.fixture
def counter() -> Iterator[LoopCounter]:
    counter = LoopCounter("things", "Things.", ("kind",))
    yield counter
    REGISTRY.unregister(counter)


def test_counter_counts_by_its_labels(counter: LoopCounter) -> None:
    counter.labels("a").inc()
    counter.labels("a").inc()
    counter.labels("b").inc()
    assert REGISTRY.get_sample_value("things_total", {"kind": "a"}) == 2
    assert REGISTRY.get_sample_value("things_total", {"kind": "b"}) == 1


def test_child_is_asked_for_with_all_of_its_labels(counter: LoopCounter) -> None:
    with pytest.raises(ValueError, match="kind"):
        counter.labels("a", "b")


@given(st.lists(st.floats(min_value=0, max_value=5), max_size=20))
def test_histogram_tells_what_the_library_s_own_would(values: list[float]) -> None:
    """An independent oracle: prometheus_client's histogram."""
    theirs, registry = CollectorRegistry(), CollectorRegistry()
    oracle = Histogram("wait_seconds", "Waits.", ("kind",), buckets=BUCKETS, registry=theirs)
    ours = LoopHistogram("wait_seconds", "Waits.", ("kind",), BUCKETS)
    try:
        for value in (*values, *BUCKETS):
            oracle.labels("a").observe(value)
            ours.labels("a").observe(value)
        registry.register(ours)
        for name in ("bucket", "count", "sum"):
            for bound in ("0.1", "0.5", "2.0", "+Inf") if name == "bucket" else ("",):
                labels = {"kind": "a"} | ({"le": bound} if bound else {})
                expected = theirs.get_sample_value(f"wait_seconds_{name}", labels)
                assert expected is not None
                assert math.isclose(registry.get_sample_value(f"wait_seconds_{name}", labels) or 0.0, expected)
        assert b'wait_seconds_bucket{kind="a",le="+Inf"}' in generate_latest(registry)
    finally:
        REGISTRY.unregister(ours)
