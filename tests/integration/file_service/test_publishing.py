from typing import Any

import pytest

from shared.ids import uuid7
from tests.integration.file_service.links import Stranger, patch, publish
from tests.integration.file_service.running_service import Person, RunningService, running_service
from tests.stores import DatabaseUrls


async def test_file_is_renamed_to_a_harmless_label(ada: Person) -> None:
    """F11: a traversal, a control character in a name -> a label; the bytes stay where they are."""
    view = await ada.upload(b"text", "old.txt")
    answer = await patch(ada, view["id"], name="../../etc/\u202epass\u0007wd\n.txt")
    changed = await answer.json()
    assert (answer.status, changed) == (200, view | {"name": "passwd .txt"})
    content = await ada.content(view["id"])
    assert content.headers["Content-Disposition"] == 'attachment; filename="passwd .txt"'
    assert await content.read() == b"text"


async def test_merge_patch_is_understood_too(ada: Person) -> None:
    view = await ada.upload(b"text", "old.txt")
    headers = {**ada.headers, "Content-Type": "application/merge-patch+json"}
    answer = await ada.client.patch(f"/v1/files/{view['id']}", data=b'{"name": "new.txt"}', headers=headers)
    assert (answer.status, (await answer.json())["name"]) == (200, "new.txt")


async def test_what_a_patch_does_not_name_stays(ada: Person) -> None:
    view = await ada.upload(b"text", "a.txt")
    assert await (await patch(ada, view["id"])).json() == view
    assert (await (await patch(ada, view["id"], public=True)).json()) == view | {"public": True}
    assert (await (await patch(ada, view["id"], name="b.txt")).json()) == view | {"public": True, "name": "b.txt"}


@pytest.mark.parametrize("change", [{"name": "b.txt"}, {"public": True}])
async def test_only_the_version_that_is_named_is_changed(ada: Person, change: dict[str, Any]) -> None:
    view = await ada.upload(b"text", "a.txt")
    before = (await ada.get(f"/v1/files/{view['id']}")).headers["ETag"]
    first = await patch(ada, view["id"], {"If-Match": before}, **change)
    assert (first.status, first.headers["ETag"] == before) == (200, False)
    assert first.headers["ETag"] == (await ada.get(f"/v1/files/{view['id']}")).headers["ETag"]
    second = await patch(ada, view["id"], {"If-Match": before}, name="c.txt")
    assert (second.status, (await second.json())["code"]) == (412, "precondition_failed")


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({"name": ""}, id="no name"),
        pytest.param({"name": None}, id="null"),
        pytest.param({"name": "a\0"}, id="NUL"),
        pytest.param({"name": "n" * 1025}, id="over-long"),
        pytest.param({"public": "yes"}, id="no boolean"),
        pytest.param({"public": None}, id="null for public"),
        pytest.param({"owner_id": str(uuid7())}, id="another owner"),
        pytest.param({"size": 0}, id="what can't be changed"),
    ],
)
async def test_bad_patch_is_refused(ada: Person, body: dict[str, Any]) -> None:
    view = await ada.upload(b"text")
    answer = await patch(ada, view["id"], **body)
    assert (answer.status, (await answer.json())["code"]) == (400, "malformed_body")
    assert await (await ada.get(f"/v1/files/{view['id']}")).json() == view


async def test_public_file_is_read_by_anybody_until_it_is_not(service: RunningService, ada: Person) -> None:
    stranger = Stranger(service)
    view = await ada.upload(b"poster", "poster.txt")
    assert await stranger.code(f"/v1/files/public/{view['id']}") == (404, "not_found")
    path = await publish(ada, view["id"])
    answer = await stranger.get(path)
    assert (answer.status, await answer.read()) == (200, b"poster")
    assert answer.headers["Cache-Control"] == "public, no-cache"
    assert (await stranger.get(path, {"If-None-Match": answer.headers["ETag"]})).status == 304
    await publish(ada, view["id"], public=False)
    assert await stranger.code(path) == (404, "not_found")
    await publish(ada, view["id"])
    assert await ada.delete(view["id"]) == 204
    assert await stranger.code(path) == (404, "not_found")


async def test_caches_may_be_allowed_to_use_public_files_without_asking(
    file_database: DatabaseUrls, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("public")
    async with running_service(file_database, folder, FILE_PUBLIC_SECONDS="60") as service:
        ada = service.person(uuid7())
        path = await publish(ada, (await ada.upload(b"x"))["id"])
        assert (await Stranger(service).get(path)).headers["Cache-Control"] == "public, max-age=60"
