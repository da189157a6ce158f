"""Administrators see whose a reported file is, and take it down; nobody else does."""

from collections.abc import Mapping

import pytest

from shared.identity import Identity, Kind
from shared.ids import uuid7
from tests.integration.file_service.links import Stranger, about, content_of, publish, share, sign
from tests.integration.file_service.running_service import Person, RunningService
from tests.integration.file_service.uploading import usage
from tests.unit.file_service.headers.in_memory import picture


@pytest.fixture
def admin(service: RunningService) -> Person:
    user_id = uuid7()
    identity = Identity(Kind.USER, str(user_id), session_id=str(uuid7()), roles=("admin",))
    return Person(service.public, user_id, service.asserted(identity))


async def ask(person: Person, method: str, path: str, headers: Mapping[str, str] | None = None) -> int:
    answer = await person.client.request(method, path, headers=headers or person.headers)
    return answer.status


async def test_file_goes_with_every_way_to_it(service: RunningService, admin: Person, ada: Person) -> None:
    file_id, kept = (await ada.upload(picture("PNG")))["id"], (await ada.upload(b"kept"))["id"]
    ways = [await publish(ada, file_id), content_of(await share(ada, file_id)), await sign(ada, file_id)]
    stranger = Stranger(service)
    assert [(await stranger.get(way)).status for way in ways] == [200, 200, 200]
    assert await ask(admin, "DELETE", f"/v1/admin/files/{file_id}") == 204
    assert [(await stranger.get(way)).status for way in ways] == [404, 404, 403]
    assert await ask(admin, "DELETE", f"/v1/admin/files/{file_id}") == 404
    await service.settled(blobs=1)
    assert await (await ada.content(kept)).read() == b"kept"
    assert (await usage(ada))["bytes"] == 4


async def test_file_is_found_by_its_id_and_by_a_shares_link(
    service: RunningService, admin: Person, ada: Person
) -> None:
    """Also while its owner is banned, and by a link that has a password or is over."""
    view = await ada.upload(b"x", "report.bin")
    shared = await share(ada, view["id"], password="open sesame", once=True)
    token = about(shared).rpartition("/")[2]
    paths = (f"/v1/admin/files/{view['id']}", f"/v1/admin/files/shared/{token}")
    known = {"owner_id": str(ada.user_id), "shares": 1, "file": view}
    await service.accounts.ban(ada.user_id)
    assert [await (await admin.get(path)).json() for path in paths] == [known, known]
    await service.fetch("update files.share set expires_at = now()")
    assert [await (await admin.get(path)).json() for path in paths] == [known | {"shares": 0}] * 2


async def test_what_is_none_is_404(admin: Person) -> None:
    for path in (str(uuid7()), "x", "shared/cols_x", f"shared/{'x' * 60}"):
        assert await ask(admin, "GET", f"/v1/admin/files/{path}") == 404
    assert await ask(admin, "DELETE", f"/v1/admin/files/{uuid7()}") == 404


async def test_nobody_else_may(service: RunningService, ada: Person, admin: Person) -> None:
    """U1, A20: neither strangers, nor the owner, nor other roles, nor an administrator's API key."""
    file_id = (await ada.upload(b"x"))["id"]
    token = about(await share(ada, file_id)).rpartition("/")[2]
    session, someone = str(uuid7()), str(uuid7())
    refused = [
        (service.asserted(Identity(Kind.ANONYMOUS)), 401),
        (service.asserted(Identity(Kind.USER, str(ada.user_id), session_id=session)), 403),
        (service.asserted(Identity(Kind.USER, someone, session_id=session, roles=("editor", "administrator"))), 403),
        (service.asserted(Identity(Kind.USER, someone, api_key_id=session, scopes=("full",), roles=("admin",))), 403),
    ]
    requests = [("GET", file_id), ("DELETE", file_id), ("GET", f"shared/{token}")]
    for headers, status in refused:
        found = [await ask(admin, method, f"/v1/admin/files/{rest}", headers) for method, rest in requests]
        assert found == [status] * 3
    assert (await ada.content(file_id)).status == 200
