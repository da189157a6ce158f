import asyncio
import io
import platform
import time

import pytest
from prometheus_client import REGISTRY
from prometheus_client.openmetrics.parser import text_fd_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families

from shared import metrics
from shared.metrics import REQUEST_SECONDS, exposition, process_metrics
from tests.waiting import eventually


def test_exposition_is_what_prometheus_reads() -> None:
    REQUEST_SECONDS.labels("GET", "/v1/things/{thing_id}", "200").observe(0.02)
    families = {family.name: family for family in text_string_to_metric_families(exposition()[0].decode())}
    for name in (
        "http_request_duration_seconds", "http_requests_in_flight", "log_lines_dropped", "event_loop_lag_seconds",
        "http_problems", "build_info", "process_resident_memory_bytes",
    ):  # fmt: skip
        assert name in families
    sample = next(
        sample
        for sample in families["http_request_duration_seconds"].samples
        if sample.labels.get("route") == "/v1/things/{thing_id}" and sample.labels.get("le") == "0.025"
    )
    assert sample.value >= 1


def test_openmetrics_tells_the_trace_of_a_slow_request_too() -> None:
    REQUEST_SECONDS.labels("GET", "/v1/slow", "200").observe(7.5, "4bf92f3577b34da6a3ce929d0e0e4736")
    accept = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"  # Prometheus'
    body, content_type = exposition(accept)
    assert content_type == "application/openmetrics-text; version=1.0.0; charset=utf-8"
    families = {family.name: family for family in openmetrics_families(io.StringIO(body.decode()))}  # type: ignore[no-untyped-call]
    exemplars = {
        sample.labels["le"]: sample.exemplar.labels
        for sample in families["http_request_duration_seconds"].samples
        if sample.labels.get("route") == "/v1/slow" and sample.exemplar is not None
    }
    assert exemplars == {"10.0": {"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"}}


@pytest.mark.parametrize("accept", ["", "*/*", "text/plain;version=0.0.4", "application/openmetrics-text;q=0"])
def test_plain_text_has_no_traces(accept: str) -> None:
    REQUEST_SECONDS.labels("GET", "/v1/slow", "200").observe(7.5, "4bf92f3577b34da6a3ce929d0e0e4736")
    body, content_type = exposition(accept)
    assert content_type == "text/plain; version=0.0.4; charset=utf-8"
    assert b"4bf92f3577b34da6a3ce929d0e0e4736" not in body


def test_times_of_creation_are_not_told() -> None:
    """They would be a second series beside each counter and histogram."""
    assert b"_created gauge" not in exposition()[0]


async def test_what_runs_is_told_while_the_program_lives() -> None:
    async with process_metrics("program", "1.2.3"):
        labels = {"service": "program", "version": "1.2.3", "python": platform.python_version()}
        assert REGISTRY.get_sample_value("build_info", labels) == 1


async def test_blocked_event_loop_shows_in_its_lag(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "_LAG_INTERVAL", 0.02)

    def late() -> float:
        total = REGISTRY.get_sample_value("event_loop_lag_seconds_count") or 0
        return total - (REGISTRY.get_sample_value("event_loop_lag_seconds_bucket", {"le": "0.1"}) or 0)

    before = late()
    async with process_metrics("program", "1.2.3"):
        await asyncio.sleep(0)
        time.sleep(0.2)  # noqa: ASYNC251  blocking the loop is the point

        async def shown() -> bool:
            return late() > before

        await eventually(shown)
