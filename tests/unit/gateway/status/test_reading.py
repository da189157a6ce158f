import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from gateway.status.reading import Reading, increase, of_clients, quantile, read_text


def test_text_of_the_library_is_read_as_it_was_meant() -> None:
    registry = CollectorRegistry()
    counter = Counter("things", "Things.", ("kind", "note"), registry=registry)
    counter.labels("a", 'say "hi"\\\n}').inc(3)
    counter.labels("b", "").inc(4)
    Histogram("took_seconds", "Took.", buckets=(1, 2), registry=registry).observe(1.5)

    reading = Reading(0.0, read_text(generate_latest(registry).decode()))

    assert reading.total("things_total") == 7
    assert reading.value("things_total", kind="a", note='say "hi"\\\n}') == 3
    assert reading.by("things_total", "kind") == {"a": 3, "b": 4}
    assert reading.buckets("took_seconds") == {1.0: 0, 2.0: 1, math.inf: 1}
    assert reading.value("absent") is None


def test_what_is_not_prometheus_text_is_passed_over() -> None:
    text = "<html>\n# HELP x X.\n\nx 3\nx two words\ny nonsense"
    reading = Reading(0.0, read_text(text))
    assert reading.total("x") == 3
    assert math.isnan(reading.total("y"))


def test_probes_and_held_back_answers_are_not_counted_as_clients() -> None:
    samples = [("n", {"route": route}, 1.0) for route in ("/internal/events", "/readyz", "users", "/v1/users/me")]
    assert [labels["route"] for _, labels, _ in of_clients(samples)] == ["users", "/v1/users/me"]


@pytest.mark.parametrize(
    ("share", "counts", "expected"),
    [
        pytest.param(0.5, [10, 10, 10], 0.5, id="inside the first bucket"),
        pytest.param(0.5, [0, 10, 10], 1.5, id="inside the second"),
        pytest.param(0.99, [0, 0, 10], 2.0, id="beyond the last bound"),
        pytest.param(0.5, [0, 0, 0], None, id="nothing"),
        pytest.param(0.5, [], None, id="no buckets"),
    ],
)
def test_quantile_is_what_prometheus_would_say(share: float, counts: list[float], expected: float | None) -> None:
    assert quantile(share, (1.0, 2.0, math.inf), counts) == expected


@given(st.lists(st.integers(0, 50), min_size=3, max_size=3), st.floats(0.01, 0.99))
def test_quantile_lies_within_the_bounds(counts: list[int], share: float) -> None:
    cumulative = [float(sum(counts[: place + 1])) for place in range(3)]
    found = quantile(share, (1.0, 2.0, math.inf), cumulative)
    assert found is None if not sum(counts) else found is not None and 0.0 <= found <= 2.0


def test_counters_that_began_anew_tell_nothing() -> None:
    assert increase([5.0, 9.0], [6.0, 9.0]) == [1.0, 0.0]
    assert increase([5.0, 9.0], [1.0, 2.0]) is None
    assert increase([5.0], [6.0, 9.0]) is None
