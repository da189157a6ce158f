"""What /explain says of cookies and API keys."""

import json

import pytest

from shared.credentials import new_api_key, new_session_cookie
from shared.ids import uuid7
from tests.integration.gateway.running_gateway import RunningGateway
from tests.integration.gateway.test_explain import explain, same, step
from tests.unit.gateway.authentication.issuing import ISSUER


async def test_key_is_told_as_whom_it_stands_for_and_leaves_no_trace(gateway: RunningGateway) -> None:
    key = gateway.feed.issue_key("files:read")
    holder = gateway.feed.holders[key]
    for _ in range(2):
        report = await explain(gateway, "GET", "/reading", f"Authorization: Bearer {key}")
        authentication = step(report, "authentication")
        assert f"user {holder['user_id']}, API key {holder['credential_id']}; it never expires" in authentication["why"]
        assert authentication["facts"]["who"]["kind"] == "api_key"
        assert dict(report["request_headers"])["X-Identity"]["key"] == holder["credential_id"]
        assert key not in json.dumps(report)
    assert len(gateway.feed.asked) == 2  # it wasn't remembered
    assert (await same(gateway, "GET", "/signed", f"Authorization: Bearer {key}"))["code"] == "session_required"


async def test_cookie_is_told_without_being_shown(gateway: RunningGateway) -> None:
    cookie = gateway.feed.issue_cookie()
    report = await same(gateway, "GET", "/signed", f"Cookie: session={cookie}")
    assert "session " + str(gateway.feed.holders[cookie]["credential_id"]) in step(report, "authentication")["why"]
    assert cookie not in json.dumps(report)
    report = await explain(gateway, "GET", "/mine", "Authorization: Bearer rubbish", f"Cookie: session={cookie}")
    assert "the session's cookie doesn't count beside it" in step(report, "authentication")["why"]


@pytest.mark.parametrize(
    ("page", "code"),
    [((f"Origin: {ISSUER}",), ""), ((), "cross_site_request"), (("Origin: null",), "cross_site_request")],
)
async def test_page_that_a_cookie_comes_from_is_judged_alike(
    gateway: RunningGateway, page: tuple[str, ...], code: str
) -> None:
    """A26"""
    cookie = f"Cookie: session={gateway.feed.issue_cookie()}"
    assert (await same(gateway, "POST", "/mine", cookie, *page))["code"] == code


async def test_exact_flaw_is_told_to_operators(gateway: RunningGateway) -> None:
    """Clients get one answer for all of them."""
    key, cookie = new_api_key(), new_session_cookie(uuid7())
    for header, reason in (
        (f"Authorization: Bearer {key[:-1]}", "its checksum is wrong"),
        (f"Authorization: Bearer {key}", "or its owner is banned"),
        (f"Cookie: session={cookie[:-1]}", "its checksum is wrong"),
        (f"Cookie: session={cookie}", "auth_service doesn't know it"),
        (f"Cookie: session={cookie}; session={cookie}", "there are 2 cookies"),
    ):
        report = await same(gateway, "GET", "/maybe", header)
        assert report["status"] == 401
        assert reason in step(report, "authentication")["why"]
