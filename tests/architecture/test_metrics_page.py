"""docs/metrics.md has a row for each metric that the code defines, and no other."""

import importlib
import pkgutil
from collections.abc import Iterator, Sequence

import pytest
from prometheus_client import REGISTRY
from prometheus_client.registry import Collector

import auth_service
import file_service
import gateway
import shared
import user_service
from gateway.workers.reporter import Reporter
from shared.loop_metrics import LoopCounter, LoopHistogram
from tests.metrics_page import PROGRAMS, Row, of_workers, read_rows

_OF_THE_LIBRARY = ("process_", "python_")
Told = tuple[str, str, frozenset[str]]


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return read_rows()


@pytest.fixture(scope="module")
def defined() -> list[Told]:
    """Load all that the programs are made of: a metric is there once its module is."""
    for package in (shared, gateway, auth_service, user_service, file_service):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not module.name.endswith("__main__") and "pictures.worker" not in module.name:
                importlib.import_module(module.name)
    return [*_told(REGISTRY._collector_to_names), *_told(Reporter(())._own._collector_to_names)]


def _told(collectors: Sequence[Collector] | dict[Collector, list[str]]) -> Iterator[Told]:
    for collector in collectors:
        if not type(collector).__module__.startswith(("prometheus_client.metrics", "shared.")):
            continue
        (family,) = collector.describe() if hasattr(collector, "describe") else collector.collect()
        is_ours = isinstance(collector, LoopCounter | LoopHistogram)
        labels: Sequence[str] = getattr(collector, "_label_names" if is_ours else "_labelnames")
        yield family.name + ("_total" if family.type == "counter" else ""), family.type, frozenset(labels)


def test_each_metric_has_its_row_and_each_row_its_metric(rows: list[Row], defined: list[Told]) -> None:
    described = {(row.name, row.kind, row.labels) for row in rows if not row.name.startswith(_OF_THE_LIBRARY)}
    ours = {each for each in defined if _is_the_programs(each[0])}
    assert described == ours


def _is_the_programs(name: str) -> bool:
    """What tests define for themselves in the same process isn't on the page."""
    starts = (
        "http_",
        "event",
        "log_",
        "build_",
        "readiness_",
        "database_",
        "rows_",
        "job",
        "gateway_",
        "auth_",
        "file_",
    )
    return name.startswith(starts)


def test_names_and_units_are_as_prometheus_has_them(rows: list[Row]) -> None:
    for row in rows:
        assert (row.kind == "counter") == row.name.endswith("_total"), row.name
        assert row.kind != "histogram" or row.name.endswith("_seconds"), row.name


def test_no_metric_stands_on_the_page_twice(rows: list[Row]) -> None:
    for program in PROGRAMS:
        names = [row.name for row in rows if row.is_of(program)]
        assert len(names) == len(set(names))
    assert {row.name for row in of_workers(rows)} == {"gateway_workers", "gateway_worker_ends_total"}
