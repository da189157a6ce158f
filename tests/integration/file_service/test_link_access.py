"""Links are made, listed and revoked by the owner of a file alone."""

from typing import Any

import pytest

from shared.ids import uuid7
from tests.integration.file_service.links import Stranger, content_of, drop_of, share, upload_link
from tests.integration.file_service.running_service import Person, RunningService

OF_A_FILE: list[tuple[str, str, Any]] = [
    ("PATCH", "/v1/files/{file}", {"name": "b"}),
    ("POST", "/v1/files/{file}/shares", {}),
    ("GET", "/v1/files/{file}/shares", None),
    ("DELETE", "/v1/files/{file}/shares/{share}", None),
    ("POST", "/v1/files/{file}/signed-urls", {}),
    ("DELETE", "/v1/files/upload-links/{link}", None),
]
OF_A_PERSON: list[tuple[str, str, Any]] = [
    ("POST", "/v1/files/upload-links", {}),
    ("GET", "/v1/files/upload-links", None),
]


async def _made(ada: Person) -> dict[str, str]:
    file_id = (await ada.upload(b"secret", "a"))["id"]
    return {"file": file_id, "share": (await share(ada, file_id))["id"], "link": (await upload_link(ada))["id"]}


@pytest.mark.parametrize(("method", "path", "body"), OF_A_FILE)
async def test_anothers_is_as_absent_as_none(ada: Person, bob: Person, method: str, path: str, body: Any) -> None:
    """F8, U1: another user's file, share or link -> 404, the same answer as for one that never was."""

    async def ask(ids: dict[str, str]) -> tuple[int, str]:
        answer = await bob.client.request(method, path.format(**ids), json=body, headers=bob.headers)
        return answer.status, (await answer.json())["code"]

    made = await _made(ada)
    never = {name: str(uuid7()) for name in made}
    assert await ask(made) == await ask(never) == (404, "not_found")
    assert (await (await ada.get(f"/v1/files/{made['file']}")).json())["name"] == "a"
    assert len((await (await ada.get(f"/v1/files/{made['file']}/shares")).json())["items"]) == 1
    assert len((await (await ada.get("/v1/files/upload-links")).json())["items"]) == 1


async def test_share_is_revoked_under_its_own_file_alone(service: RunningService, ada: Person) -> None:
    file_id, other = (await ada.upload(b"x"))["id"], (await ada.upload(b"y"))["id"]
    shared = await share(ada, file_id)
    answer = await ada.client.delete(f"/v1/files/{other}/shares/{shared['id']}", headers=ada.headers)
    assert answer.status == 404
    assert (await Stranger(service).get(content_of(shared))).status == 200


@pytest.mark.parametrize(("method", "path", "body"), [*OF_A_FILE, *OF_A_PERSON])
async def test_nobody_makes_links_without_an_account(
    service: RunningService, ada: Person, method: str, path: str, body: Any
) -> None:
    """U9."""
    made = await _made(ada)
    answer = await service.public.request(method, path.format(**made), json=body, headers=Stranger(service).headers)
    assert answer.status == 401


async def test_links_lead_nowhere_but_to_what_they_are_for(service: RunningService, ada: Person) -> None:
    """A share takes no uploads, and an upload link gives nothing out."""
    stranger = Stranger(service)
    shared, link = await share(ada, (await ada.upload(b"x"))["id"]), await upload_link(ada)
    share_token, drop_token = content_of(shared).split("/")[4], drop_of(link).rpartition("/")[2]
    assert (await stranger.ask("POST", f"/v1/files/drop/{share_token}", data=b"x")).status == 404
    assert await stranger.code(f"/v1/files/shared/{drop_token}/content") == (404, "not_found")
