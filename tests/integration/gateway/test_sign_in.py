"""Routes of pages: a browser that nobody is signed in with is led to sign in, and back."""

from pathlib import Path

import pytest

from shared.credentials import new_session_cookie
from shared.ids import uuid7
from tests.integration.gateway.conftest import ready
from tests.integration.gateway.running_gateway import RunningGateway, run_gateway
from tests.integration.gateway.test_explain import same, step
from tests.unit.gateway.authentication.issuing import ISSUER

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


async def ask(gateway: RunningGateway, path: str, method: str = "GET", **headers: str) -> tuple[int, str | None]:
    """Return the status, and where it leads."""
    sent = BROWSER | {name.replace("_", "-"): value for name, value in headers.items()}
    async with gateway.client.request(method, gateway.url + path, headers=sent, allow_redirects=False) as answer:
        return answer.status, answer.headers.get("Location")


async def test_browser_without_a_session_is_led_to_sign_in_and_back(gateway: RunningGateway) -> None:
    """Without a cookie, and with one whose session has ended or that is none: G9, never forwarded as anonymous."""
    ended = new_session_cookie(uuid7())
    for cookie in ("a=b", f"session={ended}", "session=x", f"session={ended}; session={ended}"):
        led = await ask(gateway, "/pages/1?cursor=a&b=%C3%A4%20c", Cookie=cookie)
        assert led == (303, "/account/sign-in?return_to=/pages/1%3Fcursor%3Da%26b%3D%25C3%25A4%2520c")
    assert (await ask(gateway, "/pages", "HEAD"))[0] == 303
    assert not gateway.echo.seen


async def test_browser_with_a_session_is_let_in(gateway: RunningGateway) -> None:
    assert await ask(gateway, "/pages/1", Cookie=f"session={gateway.feed.issue_cookie()}") == (200, None)


async def test_way_back_from_a_form_is_its_routes_own_path(gateway: RunningGateway) -> None:
    ended = f"session={new_session_cookie(uuid7())}"
    led = await ask(gateway, "/pages/1/delete", "POST", Cookie=ended, Origin=ISSUER)
    assert led == (303, "/account/sign-in?return_to=/pages")


async def test_programs_are_told_and_not_led(gateway: RunningGateway) -> None:
    assert await ask(gateway, "/pages", Accept="application/json") == (401, None)
    assert await ask(gateway, "/pages", Accept="*/*") == (401, None)
    assert await ask(gateway, "/signed") == (401, None)


async def test_what_is_refused_for_another_reason_is_told(gateway: RunningGateway) -> None:
    key = gateway.feed.issue_key("full")
    assert await ask(gateway, "/pages", Authorization=f"Bearer {key}") == (403, None)
    cookie = f"session={gateway.feed.issue_cookie()}"
    assert await ask(gateway, "/pages", "POST", Cookie=cookie, Sec_Fetch_Site="cross-site") == (403, None)


async def test_explain_tells_where_a_browser_is_led_and_why(gateway: RunningGateway) -> None:
    report = await same(gateway, "GET", "/pages/1", f"Accept: {BROWSER['Accept']}", "Cookie: session=x")
    assert (report["outcome"], report["status"]) == ("answered", 303)
    assert step(report, "authentication")["why"].endswith("; led to /account/sign-in?return_to=/pages/1")
    report = await same(gateway, "GET", "/pages/1", "Cookie: session=x")
    assert (report["outcome"], report["code"]) == ("refused", "invalid_session")


@pytest.mark.parametrize("path", ["/pages/1", "/at/home/pages/1"])
async def test_way_is_below_the_prefix_of_public_url(tmp_path: Path, valkey_url: str, path: str) -> None:
    async with run_gateway(tmp_path, valkey_url, PUBLIC_URL="http://app.example.org/at/home") as running:
        await ready(running)
        assert await ask(running, path) == (303, "/at/home/account/sign-in?return_to=/pages/1")
