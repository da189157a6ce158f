import asyncio
import time

import pytest

from shared.errors import Unavailable
from shared.web import health
from tests.unit.shared.journals import JSON, lines_of, logging_to
from tests.unit.shared.web.small_service import SmallService


async def told(service: SmallService) -> tuple[int, dict[str, object]]:
    answer = await service.private.get("/readyz")
    return answer.status, await answer.json()


async def fine() -> None:
    """Ready."""


async def test_program_whose_checks_pass_is_ready(service: SmallService) -> None:
    service.checks["database"] = fine
    assert await told(service) == (200, {"ready": True, "checks": {"database": "ok"}})


async def test_unready_program_says_what_is_missing_and_why(service: SmallService) -> None:
    async def away() -> None:
        raise Unavailable("The database can't be reached.") from ConnectionRefusedError("refused")

    async def silent() -> None:
        raise ValueError

    service.checks.update(database=away, other=silent, fine=fine)
    status, body = await told(service)
    assert status == 503
    assert body == {"ready": False, "checks": {
        "database": "The database can't be reached. (ConnectionRefusedError('refused'))", "other": "ValueError",
        "fine": "ok",
    }}  # fmt: skip


async def test_check_that_fails_is_logged_once_and_so_is_its_end(
    service: SmallService, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """Whatever it says meanwhile: probes ask every few seconds."""
    troubles = iter(("wrong key", "no answer", "", "wrong key"))

    async def away() -> None:
        if trouble := next(troubles):
            raise Unavailable(trouble)

    service.checks["storage"] = away
    with logging_to(JSON) as logs:
        monkeypatch.setattr(health, "log", logs)
        for _ in range(4):
            await told(service)
    lines = [line for line in lines_of(capfd) if "colonnade.check" in line]
    assert [(line["event.action"], line["log.level"], line.get("error.message")) for line in lines] == [
        ("check_failed", "info", "wrong key"),  # as a start goes
        ("check_passes_again", "info", None),
        ("check_failed", "warning", "wrong key"),
    ]


async def test_check_that_hangs_is_given_up(service: SmallService, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "_PATIENCE", 0.1)

    async def hang() -> None:
        await asyncio.Event().wait()

    service.checks.update(one=hang, two=hang)
    start = time.monotonic()
    late = "no answer within 0.1 s"
    assert await told(service) == (503, {"ready": False, "checks": {"one": late, "two": late}})
    assert time.monotonic() - start < 1


async def test_stopping_program_is_alive_and_not_ready(service: SmallService) -> None:
    """R2: not ready as soon as it was told to stop."""
    service.lifecycle.begin_stop()
    assert await told(service) == (503, {"ready": False, "checks": {"process": "stopping"}})
    assert (await service.private.get("/livez")).status == 200


async def test_metrics_are_told_without_credentials_and_nothing_else_is(service: SmallService) -> None:
    answer = await service.private.get("/metrics")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert "http_requests_in_flight" in await answer.text()
    for path in ("/metrics/", "/internal/events", "/"):
        assert (await service.private.get(path)).status == 401
