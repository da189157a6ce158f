"""One request is one tree, over every program that had a part in it, and nothing in it tells of a person."""

import os
import secrets
import signal

import pytest

from deploy.follow.__main__ import main
from tests.e2e.stack import Stack
from tests.e2e.visitor import PASSWORD, Visitor
from tests.otlp_receiver import Receiver, Seen
from tests.waiting import eventually

PROGRAMS = {"gateway", "auth_service", "user_service", "file_service"}
FOLLOWERS = ("user_service", "file_service")


def traced(trace_id: str) -> dict[str, str]:
    return {"traceparent": f"00-{trace_id}-{'b7' * 8}-00", "tracestate": "vendor=theirs"}


async def whole(receiver: Receiver, trace_id: str, *services: str) -> list[Seen]:
    """Wait for what these programs tell of the trace."""

    async def look() -> list[Seen]:
        spans = receiver.of(trace_id)
        return spans if {span.service for span in spans} >= set(services) else []

    return await eventually(look)


def is_connected(spans: list[Seen]) -> bool:
    """Whether every span but the gateway's own, whose parent is the client's, has a parent that is there."""
    known = {span.span_id for span in spans}
    orphans = [span for span in spans if span.parent_id not in known]
    return len(known) == len(spans) and [(span.service, span.kind) for span in orphans] == [("gateway", "server")]


async def test_one_request_is_one_connected_tree(stack: Stack, receiver: Receiver, ada: Visitor) -> None:
    trace_id = secrets.token_hex(16)
    reply = await ada.call("GET", "/v1/users/me", headers=ada.authorization() | traced(trace_id))
    assert reply.status == 200
    spans = await whole(receiver, trace_id, "gateway", "user_service")
    assert is_connected(spans)
    by_place = {(span.service, span.kind): span for span in spans if span.name != "limit"}
    own, call = by_place["gateway", "server"], by_place["gateway", "client"]
    served, asked = by_place["user_service", "server"], by_place["user_service", "client"]
    assert own.name == "GET users"
    assert own.parent_id == "b7" * 8
    assert (call.name, call.parent_id) == ("user_service", own.span_id)
    assert (served.name, served.parent_id) == ("GET /v1/users/me", call.span_id)
    assert asked.name.startswith("ProfileRepository.")
    assert asked.parent_id == served.span_id
    assert own.attributes["http.response.status_code"] == 200
    assert own.seconds >= call.seconds >= served.seconds >= asked.seconds > 0
    assert [span.parent_id for span in spans if span.name == "limit"] == [own.span_id]


async def test_what_a_request_leaves_to_be_done_goes_on_in_its_trace(stack: Stack, receiver: Receiver) -> None:
    trace_id = secrets.token_hex(16)
    async with Visitor.at(stack.url) as grace:
        registration = {"email": "grace.traced@example.org", "password": PASSWORD}
        reply = await grace.call("POST", "/v1/auth/register", json=registration, headers=traced(trace_id))
        assert reply.status == 201

    async def names() -> set[str]:
        seen = {f"{span.service}: {span.name}" for span in receiver.of(trace_id) if span.kind == "consumer"}
        return seen if later <= seen and is_connected(receiver.of(trace_id)) else set()

    later = {"auth_service: mail job"} | {f"{each}: auth_service user_registered" for each in FOLLOWERS}
    await eventually(names)
    transactions = [span.name for span in receiver.of(trace_id) if span.service == "auth_service"]
    assert "begin" in transactions
    assert "commit" in transactions
    assert "publish" in transactions


async def test_what_is_not_sampled_is_kept_where_it_fails(stack: Stack, receiver: Receiver, ada: Visitor) -> None:
    """`files` has a share of nothing: of two requests that one is exported which found nobody to answer it."""
    well, badly = secrets.token_hex(16), secrets.token_hex(16)
    reply = await ada.call("GET", "/v1/files", headers=ada.authorization() | traced(well))
    assert reply.status == 200
    before = stack.pid("file_service")
    os.kill(before, signal.SIGKILL)
    reply = await ada.call("GET", "/v1/files", headers=ada.authorization() | traced(badly))
    assert reply.status >= 500
    spans = await whole(receiver, badly, "gateway")
    assert receiver.of(well) == []
    (own,) = (span for span in spans if span.kind == "server")
    assert own.failed
    assert own.attributes["colonnade.kept_for"] == "failure"
    assert own.attributes["http.response.status_code"] == reply.status
    await eventually(stack.ready)


async def test_nothing_that_is_exported_tells_of_a_person(receiver: Receiver, ada: Visitor) -> None:
    search, share, secret = secrets.token_hex(16), secrets.token_hex(16), secrets.token_urlsafe(24)
    await ada.call("GET", f"/v1/users?query=ada&token={secret}", headers=ada.authorization() | traced(search))
    await ada.call("GET", f"/s/{secret}", headers=traced(share))
    await whole(receiver, search, "gateway", "user_service")
    await whole(receiver, share, "gateway", "file_service")
    exported = b"".join(receiver.bodies)
    for told in (secret, "example.org", PASSWORD, ada.user_id, *ada.tokens.values()):
        assert str(told).encode() not in exported
    assert b"select " not in exported


async def test_receiver_is_told_what_is_configured(stack: Stack, receiver: Receiver) -> None:
    async def services() -> bool:
        return PROGRAMS >= {span.service for span in receiver.spans} >= {"gateway", "auth_service"}

    await eventually(services)
    assert {each["x-tenant"] for each in receiver.headers} == {"colonnade tests"}


async def test_request_is_followed_through_all_programs_by_its_id(
    stack: Stack, capsys: pytest.CaptureFixture[str]
) -> None:
    async with Visitor.at(stack.url) as hedy:
        registration = {"email": "hedy.followed@example.org", "password": PASSWORD}
        reply = await hedy.call("POST", "/v1/auth/register", json=registration)
        assert reply.status == 201
    wanted = reply.headers["X-Request-Id"]

    async def told() -> str:
        status = main([wanted, str(stack.state / "logs")])
        text = capsys.readouterr().out
        done = all(part in text for part in ("job done", "user_service", "file_service"))
        return text if status == 0 and done else ""

    rows = (await eventually(told)).splitlines()
    first, second = (row.split(" ms  ")[-1] for row in rows[2:4])
    assert first.startswith("gateway ")
    assert "POST register 201" in first
    assert second.startswith("  auth_service ")
    assert all("auth_service" in row or "applied" in row for row in rows[3:])
