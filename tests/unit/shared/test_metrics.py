import asyncio
import platform
import time

import pytest
from prometheus_client import REGISTRY
from prometheus_client.parser import text_string_to_metric_families

from shared import metrics
from shared.metrics import REQUEST_SECONDS, exposition, process_metrics
from tests.waiting import eventually


def test_exposition_is_what_prometheus_reads() -> None:
    REQUEST_SECONDS.labels("GET", "/v1/things/{thing_id}", "200").observe(0.02)
    families = {family.name: family for family in text_string_to_metric_families(exposition().decode())}
    for name in (
        "http_request_duration_seconds", "http_requests_in_flight", "log_lines_dropped", "event_loop_lag_seconds",
        "database_pool_connections", "build_info", "process_resident_memory_bytes",
    ):  # fmt: skip
        assert name in families
    sample = next(
        sample
        for sample in families["http_request_duration_seconds"].samples
        if sample.labels.get("route") == "/v1/things/{thing_id}" and sample.labels.get("le") == "0.025"
    )
    assert sample.value >= 1


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
