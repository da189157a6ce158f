"""An administrator at work through the whole stack: a command makes them, and a ban reaches every credential."""

from collections.abc import Awaitable, Callable
from functools import partial

import pytest

from tests.e2e.stack import Stack, command
from tests.e2e.visitor import Visitor
from tests.waiting import eventually

KEY = {"name": "backup", "scopes": ["users:read"]}
SOON = 1.0  # seconds within which what was revoked is dead


def asks(who: Visitor, status: int, code: str | None = None) -> Callable[[], Awaitable[bool]]:
    async def ask() -> bool:
        reply = await who.call("GET", "/v1/users/me")
        return reply.status == status and (code is None or reply.code == code)

    return ask


@pytest.fixture
async def admin(stack: Stack, ada: Visitor) -> Visitor:
    made = command("admin", stack.state, ada.email)
    assert (made.returncode, "is an administrator now" in made.stdout) == (0, True), made
    assert (await ada.login()).status == 200
    return ada


async def test_ban_kills_token_cookie_and_key_within_a_second_and_gives_the_key_back(
    admin: Visitor, grace: Visitor
) -> None:
    """A5, disable: no access token works a second after the acknowledgement."""
    made = (await grace.call("POST", "/v1/auth/api-keys", json=KEY)).json()
    program = Visitor(grace.url, grace.address, grace.session, grace.email, {"access_token": made["key"]})
    assert await asks(grace, 200)()
    assert await asks(program, 200)()
    path = f"/v1/admin/users/{grace.user_id}/ban"
    assert (await admin.call("PUT", path, json={"reason": "Spam"})).status == 204
    await eventually(asks(grace, 401), within=SOON)
    await eventually(asks(program, 401), within=SOON)
    assert (await grace.login()).code == "account_banned"
    assert (await admin.call("DELETE", path)).status == 204
    await eventually(asks(program, 200), within=SOON)
    assert await asks(grace, 401)()
    assert (await grace.login()).status == 200


async def test_ban_hides_what_the_person_published_until_it_is_lifted(
    admin: Visitor, grace: Visitor, unique: str
) -> None:
    name = f"Grace {unique}"
    assert (await grace.call("PATCH", "/v1/users/me", json={"display_name": name})).status == 200
    file_id = (await grace.upload(b"for everybody")).json()["id"]
    assert (await grace.call("PATCH", f"/v1/files/{file_id}", json={"public": True})).status == 200
    share = (await grace.call("POST", f"/v1/files/{file_id}/shares", json={})).json()
    signed = (await grace.call("POST", f"/v1/files/{file_id}/signed-urls", json={})).json()["url"]
    drop = (await grace.call("POST", "/v1/files/upload-links", json={})).json()["url"].rpartition("/")[2]
    paths = [f"/v1/files/public/{file_id}", *(each.removeprefix(admin.url) for each in (share["content_url"], signed))]

    async def seen() -> list[int]:
        """What a stranger, and the administrator, get: bytes (by the gateway's cache too), profile, link to send by."""
        stranger = Visitor(admin.url, admin.address, admin.session)
        asked = [(await stranger.call("GET", path)).status for path in paths]
        found = (await admin.call("GET", "/v1/users", params={"q": unique})).json()["items"]
        assert [each["display_name"] for each in found] in ([], [name])
        profile = (await admin.call("GET", f"/v1/users/{grace.user_id}")).status
        sent = (await stranger.call("POST", f"/v1/files/drop/{drop}?name=a.txt", data=b"x")).status
        return [*asked, profile, sent, len(found)]

    published, hidden = [200, 200, 200, 200, 201, 1], [404, 404, 403, 404, 404, 0]
    assert await seen() == published
    path = f"/v1/admin/users/{grace.user_id}/ban"
    assert (await admin.call("PUT", path, json={"reason": "Spam"})).status == 204

    async def agrees(wanted: list[int]) -> bool:
        return await seen() == wanted

    await eventually(partial(agrees, hidden), within=SOON)
    assert (await admin.call("DELETE", path)).status == 204
    await eventually(partial(agrees, published), within=SOON)


async def test_file_is_taken_down_by_an_administrator_alone(stack: Stack, admin: Visitor, grace: Visitor) -> None:
    file_id = (await grace.upload(b"for everybody")).json()["id"]
    share = (await grace.call("POST", f"/v1/files/{file_id}/shares", json={})).json()
    path = f"/v1/admin/files/{file_id}"
    assert (await grace.call("GET", path)).code == (await grace.call("DELETE", path)).code == "insufficient_scope"
    known = (await admin.call("GET", f"/v1/admin/files/shared/{share['url'].rpartition('/')[2]}")).json()
    assert (known["owner_id"], known["file"]["id"], known["shares"]) == (grace.user_id, file_id, 1)
    assert (await admin.call("DELETE", path)).status == 204
    assert (await admin.call("DELETE", path)).status == 404
    assert (await grace.call("GET", share["content_url"].removeprefix(grace.url))).status == 404
    assert (await grace.call("GET", f"/v1/files/{file_id}")).status == 404

    async def told() -> bool:
        lines = [line for line in stack.log("file_service") if line["event.action"] == "file_taken_down"]
        return (admin.user_id, file_id) in [(line["user.id"], line["colonnade.file.id"]) for line in lines]

    await eventually(told)


async def test_role_that_is_taken_is_worth_nothing_within_a_second(
    stack: Stack, admin: Visitor, grace: Visitor
) -> None:
    assert command("admin", stack.state, grace.email).returncode == 0
    assert (await grace.login()).status == 200
    assert (await grace.call("GET", "/v1/admin/users?limit=1")).status == 200
    path = f"/v1/admin/users/{grace.user_id}/roles"
    assert (await admin.call("PUT", path, json={"roles": []})).status == 204

    async def refused() -> bool:
        return (await grace.call("GET", "/v1/admin/users?limit=1")).status == 401

    await eventually(refused, within=SOON)
    assert (await grace.login()).status == 200
    assert (await grace.call("GET", "/v1/admin/users?limit=1")).code == "insufficient_scope"


async def test_log_is_exported_through_the_gateway_and_told_in_the_programs_own_log(
    stack: Stack, admin: Visitor
) -> None:
    reply = await admin.call("GET", f"/v1/admin/audit/export?format=csv&account={admin.user_id}")
    assert (reply.status, reply.headers["Content-Type"]) == (200, "text/csv; charset=utf-8; header=present")
    assert admin.user_id in reply.body.decode()

    async def told() -> bool:
        lines = [line for line in stack.log("auth_service") if line["event.action"] == "audit"]
        whats = {(line["colonnade.audit.action"], line.get("user.id")) for line in lines}
        return ("audit_exported", admin.user_id) in whats

    await eventually(told)
    text = str([line for line in stack.log("auth_service") if line["event.action"] == "audit"])
    assert admin.email not in text
    assert "127." not in text


def test_signing_key_is_changed_by_a_command(stack: Stack) -> None:
    done = command("new-signing-key", stack.state)
    assert (done.returncode, done.stderr) == (0, ""), done
    assert "signs from" in done.stdout or "was made before" in done.stdout


async def test_person_without_the_role_gets_nothing(stack: Stack, grace: Visitor) -> None:
    paths = ("/v1/admin/users", "/v1/admin/audit", "/v1/admin/audit/export", f"/v1/admin/files/{grace.user_id}")
    for path in paths:
        reply = await grace.call("GET", path)
        assert (reply.status, reply.code) == (403, "insufficient_scope")
    refused = command("admin", stack.state, "nobody@example.org")
    assert (refused.returncode, "Nobody has registered" in refused.stderr) == (1, True)
    assert "EMAIL=" in command("admin", stack.state, "").stderr
