"""Browsers' cookies and API keys on their way through the gateway."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from shared.credentials import new_api_key, new_session_cookie
from shared.identity import HEADER, Identity, Kind, Verifier, load_trust
from shared.ids import uuid7
from tests.integration.gateway.running_gateway import RunningGateway
from tests.unit.gateway.authentication.issuing import ISSUER
from tests.waiting import eventually

OURS = {"Origin": ISSUER}


async def ask(gateway: RunningGateway, path: str, method: str = "GET", **headers: str) -> tuple[int, str | None]:
    """Return the status, and the code of a problem."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with gateway.client.request(method, f"{gateway.url}/{path}", headers=sent) as answer:
        document: dict[str, Any] = await answer.json(content_type=None)
        return answer.status, document.get("code")


def asserted(gateway: RunningGateway, folder: Path) -> Identity:
    """Return what the service was told last."""
    verifier = Verifier(load_trust(folder / "trust.json"), "user_service")
    return verifier.verify(gateway.echo.seen[-1].headers[HEADER])


async def test_service_is_told_of_a_session_or_of_a_key_and_of_nothing_wider(
    gateway: RunningGateway, tmp_path: Path
) -> None:
    """Assertions are per credential: a narrow key's is never that of the same person's session."""
    cookie, key = gateway.feed.issue_cookie(), gateway.feed.issue_key("files:read")
    session, narrow = gateway.feed.holders[cookie], gateway.feed.holders[key]
    narrow["user_id"] = session["user_id"]
    for _ in range(2):
        assert await ask(gateway, "reading", Cookie=f"session={cookie}") == (200, None)
        told = asserted(gateway, tmp_path)
        assert (told.kind, told.subject) == (Kind.USER, session["user_id"])
        assert (told.session_id, told.api_key_id) == (session["credential_id"], "")
        assert (told.scopes, told.amr) == (("full",), ("pwd",))
        assert await ask(gateway, "reading", Authorization=f"Bearer {key}") == (200, None)
        told = asserted(gateway, tmp_path)
        assert (told.subject, told.session_id, told.api_key_id) == (session["user_id"], "", narrow["credential_id"])
        assert (told.scopes, told.amr) == (("files:read",), ())


async def test_key_gets_as_far_as_its_scopes(gateway: RunningGateway) -> None:
    """A20: and never to what needs a session, whatever they are."""
    narrow, wide = gateway.feed.issue_key("notes"), gateway.feed.issue_key("full")
    assert await ask(gateway, "mine", Authorization=f"Bearer {narrow}") == (200, None)
    assert await ask(gateway, "reading", Authorization=f"Bearer {narrow}") == (403, "insufficient_scope")
    assert await ask(gateway, "reading", Authorization=f"Bearer {wide}") == (200, None)
    assert await ask(gateway, "signed", Authorization=f"Bearer {wide}") == (403, "session_required")
    assert await ask(gateway, "signed", Cookie=f"session={gateway.feed.issue_cookie()}") == (200, None)
    assert (await ask(gateway, "signed", **gateway.bearer()))[0] == 200


@pytest.mark.parametrize("path", ["mine", "maybe", "signed", "reading"])
async def test_bad_credentials_are_refused_and_never_forwarded_as_anonymous(gateway: RunningGateway, path: str) -> None:
    """G9: malformed, invented, doubled."""
    cookie, key = new_session_cookie(uuid7()), new_api_key()
    for value in (cookie, cookie[:-1], "", "x", f'"{cookie}"'):
        assert await ask(gateway, path, Cookie=f"a=b; session={value}") == (401, "invalid_session")
    good = gateway.feed.issue_cookie()
    assert await ask(gateway, path, Cookie=f"session={good}; session={good}") == (401, "invalid_session")
    for value in (key, key[:-1], "colk_"):
        assert await ask(gateway, path, Authorization=f"Bearer {value}") == (401, "invalid_token")
    assert not gateway.echo.seen


async def test_two_cookie_headers_are_no_way_round(gateway: RunningGateway) -> None:
    """G9, G26 in spirit."""
    line = f"Cookie: session={gateway.feed.issue_cookie()}\r\n"
    request = f"GET /mine HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{line}{line}\r\n"
    assert (await gateway.raw(request.encode())).startswith(b"HTTP/1.1 401")


@pytest.mark.parametrize("form", ["Bearer\t{0}", "Bearer  {0}", "Basic {0}", "{0}", "bearer{0}", "Bearer {0} {0}"])
async def test_key_is_sent_in_one_way_alone(gateway: RunningGateway, form: str) -> None:
    """G26"""
    line = f"Authorization: {form.format(gateway.feed.issue_key('full'))}\r\n"
    request = f"GET /maybe HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{line}\r\n"
    assert (await gateway.raw(request.encode())).startswith(b"HTTP/1.1 401")
    assert not gateway.echo.seen


async def test_public_routes_ignore_credentials(gateway: RunningGateway, tmp_path: Path) -> None:
    for cookie in (gateway.feed.issue_cookie(), "rubbish"):
        assert await ask(gateway, "open", "POST", Cookie=f"session={cookie}") == (200, None)
        assert asserted(gateway, tmp_path).kind is Kind.ANONYMOUS
    assert await ask(gateway, "open", Authorization=f"Bearer {new_api_key()}") == (200, None)
    assert not gateway.feed.asked


async def test_authorization_decides_alone(gateway: RunningGateway, tmp_path: Path) -> None:
    """Its page needs no right origin then: what a foreign page can't add, no foreign page has sent."""
    cookie = f"session={gateway.feed.issue_cookie()}"
    foreign = {"Origin": "https://app.example.org", "Cookie": cookie}
    assert await ask(gateway, "mine", "POST", **gateway.bearer(), **foreign) == (200, None)
    assert asserted(gateway, tmp_path).session_id == gateway.issuer.session_id
    assert await ask(gateway, "mine", Authorization="Bearer rubbish", Cookie=cookie) == (401, "invalid_token")


@pytest.mark.parametrize(
    ("method", "headers", "expected"),
    [
        ("GET", {}, (200, None)),
        ("GET", {"Origin": "https://evil.example", "Sec_Fetch_Site": "cross-site"}, (200, None)),
        ("POST", {"Origin": ISSUER}, (200, None)),
        ("POST", {"Sec_Fetch_Site": "same-origin"}, (200, None)),
        ("DELETE", {"Origin": ISSUER}, (200, None)),
        ("POST", {}, (403, "cross_site_request")),
        ("POST", {"Content_Type": "text/plain", "Origin": "https://evil.example"}, (403, "cross_site_request")),
        ("POST", {"Content_Type": "text/plain", "Sec_Fetch_Site": "cross-site"}, (403, "cross_site_request")),
        ("POST", {"Origin": "null"}, (403, "cross_site_request")),
        ("POST", {"Origin": "https://app.example.org"}, (403, "cross_site_request")),
        ("PATCH", {"Sec_Fetch_Site": "same-site"}, (403, "cross_site_request")),
        ("DELETE", {"Origin": ISSUER + "0"}, (403, "cross_site_request")),
    ],
)
async def test_cookie_changes_something_from_our_own_pages_alone(
    gateway: RunningGateway, method: str, headers: dict[str, str], expected: tuple[int, str | None]
) -> None:
    """A26: a form's text/plain from another site, and all its relatives."""
    cookie = f"session={gateway.feed.issue_cookie()}"
    for path in ("mine", "maybe"):
        assert await ask(gateway, path, method, Cookie=cookie, **headers) == expected
    assert bool(gateway.echo.seen) == (expected[0] == 200)


async def test_session_cookie_goes_no_further_unless_a_route_asks(gateway: RunningGateway) -> None:
    cookie, key = gateway.feed.issue_cookie(), gateway.feed.issue_key("full")
    await ask(gateway, "mine", Cookie=f"theme=dark; session={cookie}; x=y")
    assert gateway.echo.seen[-1].headers["Cookie"] == "theme=dark; x=y"
    await ask(gateway, "mine", Authorization=f"Bearer {key}", Cookie=f"session={cookie}")
    assert "Cookie" not in gateway.echo.seen[-1].headers
    assert "Authorization" not in gateway.echo.seen[-1].headers
    await ask(gateway, "judging", Cookie=f"session={cookie}")
    assert gateway.echo.seen[-1].headers["Cookie"] == f"session={cookie}"


@pytest.mark.parametrize("kind", ["key", "cookie"])
async def test_revoked_credential_is_refused_within_a_second(gateway: RunningGateway, kind: str) -> None:
    credential = gateway.feed.issue_key("full") if kind == "key" else gateway.feed.issue_cookie()
    headers = {"Authorization": f"Bearer {credential}"} if kind == "key" else {"Cookie": f"session={credential}"}
    assert await ask(gateway, "mine", **headers) == (200, None)
    gateway.feed.withdraw(credential)

    async def is_refused() -> bool:
        return (await ask(gateway, "mine", **headers))[0] == 401

    await eventually(is_refused, within=1.0)


@pytest.mark.parametrize("kind", ["key", "cookie"])
async def test_without_auth_service_known_credentials_go_on_and_new_ones_wait(
    gateway: RunningGateway, kind: str
) -> None:
    """R4: 503 with Retry-After for what can't be checked."""

    def issue() -> dict[str, str]:
        if kind == "key":
            return {"Authorization": f"Bearer {gateway.feed.issue_key('full')}"}
        return {"Cookie": f"session={gateway.feed.issue_cookie()}"}

    known, new = issue(), issue()
    assert await ask(gateway, "mine", **known) == (200, None)
    gateway.feed.is_down = True
    gateway.feed.wake()
    assert await ask(gateway, "mine", **known) == (200, None)
    async with gateway.client.get(f"{gateway.url}/mine", headers=new) as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
    gateway.feed.is_down = False
    assert await ask(gateway, "mine", **new) == (200, None)


async def test_crowd_with_one_new_cookie_costs_one_question(gateway: RunningGateway) -> None:
    cookie = {"Cookie": f"session={gateway.feed.issue_cookie()}"}
    gateway.feed.pause.clear()
    crowd = [asyncio.create_task(ask(gateway, "mine", **cookie)) for _ in range(50)]

    async def is_asked() -> bool:
        return bool(gateway.feed.asked)

    await eventually(is_asked)
    gateway.feed.pause.set()
    assert await asyncio.gather(*crowd) == [(200, None)] * 50
    assert len(gateway.feed.asked) == 1
