"""What surrounds every handler: ids, the one line per request, metrics, and failures told without their insides."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from aiohttp import ClientError
from prometheus_client import REGISTRY
from yarl import URL

from shared.identity import ANONYMOUS
from shared.log_writer import Record
from shared.logs import log
from tests.unit.shared.forging import AUDIENCE, gateway
from tests.unit.shared.web.small_service import PERSON, SmallService, problem
from tests.waiting import eventually

TRACE = "0af7651916cd43dd8448eb211c80319c"


@dataclass
class Collected:
    """Stands where the log's writing thread is."""

    records: list[dict[str, Any]] = field(default_factory=list)

    def put(self, record: Record) -> None:
        self.records.append(msgspec.to_builtins(record))

    def of(self, event: str) -> list[dict[str, Any]]:
        return [record for record in self.records if record["event.action"] == event]


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch) -> Collected:
    found = Collected()
    monkeypatch.setattr(log, "_writer", found)
    return found


def requests_counted(method: str, route: str, status: int) -> float:
    labels = {"method": method, "route": route, "status": str(status)}
    return REGISTRY.get_sample_value("http_request_duration_seconds_count", labels) or 0.0


async def test_request_is_one_line_without_query_or_credentials(service: SmallService, collected: Collected) -> None:
    secret = "s" * 43
    await service.get(
        f"/v1/parts/{secret}/1?x={secret}",
        headers={"traceparent": f"00-{TRACE}-b7ad6b7169203331-01", "X-Request-Id": "request-1", "Cookie": secret},
    )
    (line,) = collected.of("request")
    assert {name: line[name] for name in (
        "http.request.method", "http.route", "url.path", "http.response.status_code", "http.request.id", "trace.id",
        "user.id",
    )} == {
        "http.request.method": "GET", "http.route": "/v1/parts/{name}/{number}", "url.path": "/v1/parts/***/1",
        "http.response.status_code": 400, "http.request.id": "request-1", "trace.id": TRACE,
        "user.id": PERSON.subject,
    }  # fmt: skip
    assert line["event.duration"] > 0
    assert secret not in json.dumps(collected.records)


@pytest.mark.parametrize("path", ["/v1/greeting", "/v1/whole", "/v1/failure", "/nowhere"])
async def test_well_formed_request_id_is_echoed_on_every_kind_of_answer(service: SmallService, path: str) -> None:
    answer = await service.get(path, headers={"X-Request-Id": "request-1"})
    assert answer.headers.getall("X-Request-Id") == ["request-1"]


@pytest.mark.parametrize("received", ["short", "a" * 65, "with space", "x<script>x"])
async def test_any_other_request_id_is_replaced(service: SmallService, received: str) -> None:
    answer = await service.get("/v1/greeting", headers={"X-Request-Id": received})
    assert answer.headers["X-Request-Id"] != received
    assert len(answer.headers["X-Request-Id"]) == 32


async def test_unknown_failure_tells_the_caller_nothing_and_the_operator_the_stack(
    service: SmallService, collected: Collected
) -> None:
    answer = await service.get("/v1/failure", ANONYMOUS)
    assert await problem(answer) == (500, "internal_error")
    assert "hunter2" not in await answer.text()
    assert "Traceback" not in await answer.text()
    (line,) = collected.of("request_failed")
    assert line["error.type"] == "RuntimeError"
    assert "in fail\n" in line["error.stack_trace"]
    assert line["http.request.id"] == answer.headers["X-Request-Id"]


async def test_outage_tells_the_caller_when_to_come_back_and_the_operator_the_cause(
    service: SmallService, collected: Collected
) -> None:
    answer = await service.get("/v1/outage", ANONYMOUS)
    assert await problem(answer) == (503, "unavailable")
    assert answer.headers["Retry-After"] == "3"
    assert "hunter2" not in await answer.text()
    (line,) = collected.of("request_refused")
    assert "socket of hunter2" in line["error.message"]


async def test_failure_after_the_answer_has_begun_cuts_the_connection(
    service: SmallService, collected: Collected
) -> None:
    before = requests_counted("GET", "/v1/half", 500)
    answer = await service.get("/v1/half", ANONYMOUS)
    assert answer.status == 200
    with pytest.raises(ClientError):
        await answer.read()

    async def recorded() -> bool:
        return requests_counted("GET", "/v1/half", 500) == before + 1

    await eventually(recorded)
    assert [line["http.response.status_code"] for line in collected.of("request")] == [500]
    assert collected.of("request_failed")


async def test_client_that_leaves_is_recorded_as_such(service: SmallService, collected: Collected) -> None:
    reader, writer = await asyncio.open_connection(service.public.host, service.public.port)
    writer.write(b"POST /v1/notes HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\nExpect: 100-continue\r\n")
    writer.write(f"X-Identity: {gateway().sign(PERSON, AUDIENCE)}\r\nContent-Type: application/json\r\n\r\n1".encode())
    assert await reader.readline() == b"HTTP/1.1 100 Continue\r\n"
    writer.close()
    await writer.wait_closed()

    async def recorded() -> bool:
        return bool(collected.of("request"))

    await eventually(recorded)
    assert collected.of("request")[0]["http.response.status_code"] in (400, 499)
    assert not collected.of("request_failed")


async def test_method_that_does_not_exist_here_is_refused_with_those_that_do(service: SmallService) -> None:
    answer = await service.ask("PATCH", "/v1/things")
    assert await problem(answer) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(",")) == {"GET", "HEAD", "POST"}


async def test_methods_that_no_route_has_share_one_label(service: SmallService) -> None:
    for method in ("PROPFIND", "MKCALENDAR", "M-SEARCH"):
        assert (await service.ask(method, "/nowhere")).status == 404
        assert requests_counted(method, "unmatched", 404) == 0
    assert requests_counted("other", "unmatched", 404) >= 3


async def test_made_up_paths_share_one_label(service: SmallService) -> None:
    before = requests_counted("GET", "unmatched", 404)
    for number in range(3):
        await service.get(f"/nowhere/{number}")
    assert requests_counted("GET", "unmatched", 404) == before + 3


@pytest.mark.parametrize("path", [b"/\xff\xfe", b"/%ff", b"/a%00b", b"/%ed%a0%80", "/é".encode(), b"/a%0d%0aX:%20y"])
async def test_path_of_any_bytes_is_answered_by_a_problem(
    service: SmallService, collected: Collected, path: bytes
) -> None:
    reader, writer = await asyncio.open_connection(service.public.host, service.public.port)
    head = b"GET " + path + b" HTTP/1.1\r\nHost: h\r\nConnection: close\r\nX-Identity: "
    writer.write(head + gateway().sign(PERSON, AUDIENCE).encode() + b"\r\n\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert answer.split(b" ")[1] in (b"400", b"404")
    assert b"\nX: y" not in answer
    if b"problem+json" in answer:
        document = json.loads(answer.partition(b"\r\n\r\n")[2])
        assert str(URL(document["instance"], encoded=True)) == document["instance"]
        assert document["instance"].isascii()
    assert not collected.of("request_failed")


async def test_stopping_service_answers_and_closes_each_connection(service: SmallService) -> None:
    """R2: it finishes what it is asked, and sends the caller elsewhere for the next request."""
    assert "close" not in (await service.get("/v1/greeting")).headers.get("Connection", "")
    service.lifecycle.begin_stop()
    for path in ("/v1/greeting", "/v1/whole", "/v1/failure", "/nowhere"):
        assert (await service.get(path)).headers["Connection"] == "close"
