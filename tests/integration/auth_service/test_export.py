"""The export as auth_service makes it; the services beside it are stand-ins that speak as they do."""

import io
import json
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from uuid import UUID

import pytest
from aiohttp import ClientPayloadError, web
from aiohttp.test_utils import TestServer

from auth_service.service.export import MOST_AT_ONCE
from shared.identity import HEADER, Verifier, load_trust
from shared.ids import uuid7
from tests.integration.auth_service.people import HOME, PASSWORD, Gateway, Json, Person, Reply
from tests.integration.auth_service.world import AuthService, running
from tests.stores import DatabaseUrls
from tests.waiting import eventually

EXPORT = "/v1/auth/account/export"
FILES = 250


@dataclass
class Neighbours:
    """user_service and file_service at one address. `breaks` cuts a file's bytes off; `gone` files were deleted."""

    trust: Verifier
    status: int = 200
    breaks: bool = False
    files: list[UUID] = field(default_factory=lambda: [uuid7() for _ in range(FILES)])
    gone: set[UUID] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    hold: bool = False
    held: list[web.StreamResponse] = field(default_factory=list)

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_get("/users/internal/exports/{user_id}", self.profile)
        app.router.add_get("/files/internal/exports/{user_id}", self.list_files)
        app.router.add_get("/files/internal/exports/{user_id}/{kind:shares|upload-links}", self.list_links)
        app.router.add_get("/files/internal/exports/{user_id}/{file_id}", self.content)
        return app

    async def profile(self, request: web.Request) -> web.Response:
        self.asked.append(self.trust.verify(request.headers[HEADER]).subject)
        return web.json_response({"profile": {"display_name": "Ada"}}, status=self.status)

    async def list_files(self, request: web.Request) -> web.Response:
        start, limit = int(request.query.get("cursor", 0)), int(request.query["limit"])
        upto = start + limit
        items = [
            {"id": str(each), "name": f"{number}.txt", "created_at": "2026-01-01T00:00:00Z", "size": 3}
            for number, each in list(enumerate(self.files))[start:upto]
        ]
        return web.json_response({"items": items, "next_cursor": str(upto) if upto < len(self.files) else None})

    async def list_links(self, request: web.Request) -> web.Response:
        """Give a page with one link, and then another."""
        last = "cursor" in request.query
        item = {"id": f"{request.match_info['kind']} {int(last)}"}
        return web.json_response({"items": [item], "next_cursor": None if last else "next"})

    async def content(self, request: web.Request) -> web.StreamResponse:
        file_id = UUID(request.match_info["file_id"])
        if file_id in self.gone:
            raise web.HTTPNotFound
        response = web.StreamResponse()
        response.content_length = 3
        await response.prepare(request)
        await response.write(b"ab")
        if self.breaks:
            assert request.transport is not None
            request.transport.abort()
        await response.write(b"c")
        return response


@pytest.fixture
async def neighbours(gateway: Gateway) -> Neighbours:
    return Neighbours(Verifier(load_trust(gateway.trust_file), "user_service"))


@pytest.fixture
async def service(auth_database: DatabaseUrls, gateway: Gateway, neighbours: Neighbours) -> AsyncIterator[AuthService]:
    async with TestServer(neighbours.app()) as server:
        urls = {name: str(server.make_url(f"/{name[:4].lower()}s")) for name in ("USER", "FILE")}
        internal = {f"{name}_INTERNAL_URL": url for name, url in urls.items()}
        async with running(auth_database, gateway, **internal) as service:
            yield service


async def download(service: AuthService, person: Person) -> zipfile.ZipFile:
    headers = service.gateway.headers(person, HOME)
    async with service.public.post(EXPORT, headers=headers) as response:
        assert response.status == 200, await response.text()
        assert response.content_type == "application/zip"
        assert response.headers["Cache-Control"] == "no-store"
        assert response.headers["Content-Disposition"].startswith('attachment; filename="export-20')
        archive = zipfile.ZipFile(io.BytesIO(await response.read()))
    assert archive.testzip() is None
    return archive


async def refusal(service: AuthService, person: Person) -> Reply:
    return await service.call("POST", EXPORT, person=person)


async def test_export_holds_what_each_service_knows(service: AuthService, neighbours: Neighbours) -> None:
    person = await service.register()
    other = await service.login(person)
    await service.post("/v1/auth/logout", person=other)
    await service.post("/v1/auth/api-keys", {"name": "backup", "scopes": ["files:read"]}, person=person)
    archive = await download(service, person)

    def read(name: str) -> list[Json]:
        rows: list[Json] = json.loads(archive.read(name))
        return rows

    [account] = read("account.json")
    assert (account["id"], account["email"]) == (str(person.user_id), person.email)
    assert len(account["known_devices"]) == 1
    assert [each["revoked_reason"] for each in read("sessions.json")] == [None, "logout"]
    assert [each["name"] for each in read("api_keys.json")] == ["backup"]
    actions = [each["action"] for each in read("audit_log.json")]
    assert {"registered", "signed_in", "signed_out", "account_exported"} <= set(actions)
    assert json.loads(archive.read("profile.json")) == {"profile": {"display_name": "Ada"}}
    assert [each["id"] for each in read("files.json")] == [str(each) for each in neighbours.files]
    assert [each["id"] for each in read("shares.json")] == ["shares 0", "shares 1"]
    assert [each["id"] for each in read("upload_links.json")] == ["upload-links 0", "upload-links 1"]
    for number, each in enumerate(neighbours.files):
        assert archive.read(f"files/{each}/{number}.txt") == b"abc"
    assert neighbours.asked == ["auth_service"]


async def test_export_tells_no_secret_and_nothing_of_others(service: AuthService) -> None:
    person, other = await service.register(), await service.register()
    archive = await download(service, person)
    told = b"".join(archive.read(name) for name in archive.namelist()).decode()
    row = await service.admin.fetchrow("select * from auth.account join auth.session using (user_id)")
    assert row is not None
    for secret in (row["password_hash"], row["secret_hash"].hex(), str(other.user_id), other.email, PASSWORD):
        assert secret not in told


async def test_long_lists_are_whole(service: AuthService) -> None:
    """More than one batch of rows."""
    person = await service.register()
    await service.admin.execute(
        """
        insert into auth.audit_entry (audit_entry_id, action, user_id, actor_id, address_prefix, user_agent, details)
        select gen_random_uuid(), 'signed_in', $1, $1, '', '', '{}' from generate_series(1, 1000)
        """,
        person.user_id,
    )
    entries = json.loads((await download(service, person)).read("audit_log.json"))
    assert len({each["id"] for each in entries}) == 1003


async def test_what_others_did_is_told_without_their_devices(service: AuthService) -> None:
    person = await service.register()
    await service.admin.execute(
        """
        insert into auth.audit_entry (audit_entry_id, action, user_id, actor_id, address_prefix, user_agent, details)
        values ($1, 'banned', $2, $1, '198.51.100.0/24', 'desk of an administrator', '{}')
        """,
        uuid7(),
        person.user_id,
    )
    entries = json.loads((await download(service, person)).read("audit_log.json"))
    [theirs] = [each for each in entries if each["action"] == "banned"]
    assert (theirs["actor"], theirs["address_prefix"], theirs["user_agent"]) == ("another", None, None)
    assert {each["actor"] for each in entries if each is not theirs} == {"you"}


async def test_file_that_is_deleted_meanwhile_is_left_out(service: AuthService, neighbours: Neighbours) -> None:
    neighbours.gone.add(neighbours.files[7])
    archive = await download(service, await service.register())
    assert len([name for name in archive.namelist() if name.startswith("files/")]) == FILES - 1
    assert len(json.loads(archive.read("files.json"))) == FILES


async def test_export_needs_a_session_that_was_proved_lately(service: AuthService, neighbours: Neighbours) -> None:
    person = await service.register()
    await service.admin.execute("update auth.session set authenticated_at = now() - interval '11 minutes'")
    reply = await refusal(service, person)
    assert (reply.status, reply.code) == (401, "insufficient_user_authentication")
    await service.post("/v1/auth/logout", person=person)
    assert (await refusal(service, person)).status == 401
    assert neighbours.asked == []


async def test_service_that_is_away_is_told_before_the_first_byte(service: AuthService, neighbours: Neighbours) -> None:
    person = await service.register()
    neighbours.status = 503
    reply = await refusal(service, person)
    assert (reply.status, reply.code, "Retry-After" in reply.headers) == (503, "unavailable", True)
    entries = await service.admin.fetchval("select count(*) from auth.audit_entry where action = 'account_exported'")
    assert entries == 0


async def test_service_that_goes_away_meanwhile_breaks_the_archive_off(
    service: AuthService, neighbours: Neighbours
) -> None:
    neighbours.breaks = True
    headers = service.gateway.headers(await service.register(), HOME)
    async with service.public.post(EXPORT, headers=headers) as response:
        assert response.status == 200
        with pytest.raises(ClientPayloadError):
            await response.read()


async def test_few_exports_are_made_at_once(service: AuthService, neighbours: Neighbours) -> None:
    """Each holds a place for as long as its reader takes; one who leaves gives it back."""
    neighbours.files = [uuid7() for _ in range(5000)]
    person = await service.register()
    headers = service.gateway.headers(person, HOME)
    held = [await service.public.post(EXPORT, headers=headers) for _ in range(MOST_AT_ONCE)]
    assert {response.status for response in held} == {200}
    assert (await refusal(service, person)).status == 503
    for response in held:
        response.close()

    async def room() -> bool:
        async with service.public.post(EXPORT, headers=headers) as response:
            return response.status == 200

    await eventually(room)
