"""Routes that ask how well and how lately a session was proved (RFC 9470)."""

import time
from typing import Any

import pytest

from tests.integration.gateway.running_gateway import RunningGateway
from tests.integration.gateway.scripted_service import answered
from tests.integration.gateway.test_explain import same, step
from tests.waiting import eventually

CHALLENGE = 'Bearer error="insufficient_user_authentication"'


async def ask(gateway: RunningGateway, path: str, **headers: str) -> tuple[int, str | None, str | None]:
    """Return the status, the code of a problem and its challenge."""
    async with gateway.client.get(f"{gateway.url}/{path}", headers=headers) as answer:
        document: dict[str, Any] = await answer.json(content_type=None)
        return answer.status, document.get("code"), answer.headers.get("WWW-Authenticate")


REFUSED = (401, "insufficient_user_authentication", f'{CHALLENGE}, acr_values="aal2"')


async def test_one_factor_is_refused_where_two_are_asked_for(gateway: RunningGateway) -> None:
    """A19: by tokens and cookies alike, and tokens without the claim count as one."""
    for _ in range(3):
        assert await ask(gateway, "guarded", **gateway.bearer()) == REFUSED
        assert await ask(gateway, "guarded", **gateway.bearer(acr=None)) == REFUSED
        assert await ask(gateway, "guarded", **gateway.bearer(acr="aal1 aal2")) == REFUSED
    assert await ask(gateway, "guarded", Cookie=f"session={gateway.feed.issue_cookie(acr='aal1')}") == REFUSED
    assert not gateway.echo.seen
    assert (await ask(gateway, "guarded", **gateway.bearer(acr="aal2")))[0] == 200
    assert (await ask(gateway, "guarded", Cookie=f"session={gateway.feed.issue_cookie(acr='aal2')}"))[0] == 200
    assert (await ask(gateway, "mine", **gateway.bearer()))[0] == 200


async def test_fast_lane_lets_through_what_is_proved_and_nothing_else(gateway: RunningGateway) -> None:
    """A19: a token that was verified before, on another route."""
    weak, strong = gateway.bearer(), gateway.bearer(acr="aal2")
    for bearer in (weak, strong):
        assert (await ask(gateway, "mine", **bearer))[0] == 200
    before = answered("fast_lane")
    assert (await ask(gateway, "guarded", **strong))[0] == 200
    assert answered("fast_lane") == before + 1
    assert await ask(gateway, "guarded", **weak) == REFUSED


@pytest.mark.parametrize(("ago", "status"), [(590, 200), (610, 401)])
async def test_proof_of_long_ago_is_refused(gateway: RunningGateway, ago: int, status: int) -> None:
    bearer = gateway.bearer(auth_time=int(time.time()) - ago)
    for _ in range(2):
        told, code, challenge = await ask(gateway, "recent", **bearer)
        assert told == status
        if status == 401:
            assert (code, challenge) == ("insufficient_user_authentication", f'{CHALLENGE}, max_age="600"')
    cookie = gateway.feed.issue_cookie(auth_time=int(time.time()) - ago)
    assert (await ask(gateway, "recent", Cookie=f"session={cookie}"))[0] == status


async def test_api_key_proves_nothing(gateway: RunningGateway) -> None:
    key = gateway.feed.issue_key("full", acr="aal2", auth_time=int(time.time()))
    assert (await ask(gateway, "mine", Authorization=f"Bearer {key}"))[0] == 200
    assert (await ask(gateway, "guarded", Authorization=f"Bearer {key}"))[:2] == (403, "session_required")


async def test_cookie_counts_for_more_once_its_session_stepped_up(gateway: RunningGateway) -> None:
    """The event has auth_service asked again, and the session lives on."""
    cookie = gateway.feed.issue_cookie(acr="aal1")
    headers = {"Cookie": f"session={cookie}"}
    assert await ask(gateway, "guarded", **headers) == REFUSED
    gateway.feed.step_up(cookie)

    async def is_let_in() -> bool:
        return (await ask(gateway, "guarded", **headers))[0] == 200

    await eventually(is_let_in, within=1.0)
    assert gateway.feed.asked == [cookie, cookie]


async def test_explain_tells_what_is_wanted_and_what_was_proved(gateway: RunningGateway) -> None:
    token = f"Authorization: {gateway.bearer(auth_time=int(time.time()) - 3700)['Authorization']}"
    report = await same(gateway, "GET", "/guarded", token)
    assert (report["status"], report["code"]) == (401, "insufficient_user_authentication")
    assert "acr = aal2, max_age = 0: aal1 was proved 1 h ago" in step(report, "authentication")["why"]
    report = await same(gateway, "GET", "/recent", token)
    assert "acr = aal1, max_age = 600: aal1 was proved 1 h ago" in step(report, "authentication")["why"]
    key = gateway.feed.issue_key("full")
    report = await same(gateway, "GET", "/guarded", f"Authorization: Bearer {key}")
    assert report["code"] == "session_required"
    assert "nobody has proved anything" in step(report, "authentication")["why"]
    strong = f"Authorization: {gateway.bearer(acr='aal2')['Authorization']}"
    report = await same(gateway, "GET", "/guarded", strong)
    assert report["outcome"] == "forwarded"
    assert step(report, "route")["facts"]["acr"] == "aal2"
