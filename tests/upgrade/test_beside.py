"""What one release began, the other continues, in both directions and through either release's services."""

import secrets
from collections.abc import AsyncIterator
from functools import partial

import pytest

from tests.e2e.visitor import PASSWORD, Reply, Visitor
from tests.upgrade.columns import Columns
from tests.upgrade.visit import add, begin, digest, refresh
from tests.waiting import eventually

ORIGIN = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture(params=[("old", "new"), ("new", "old")], ids=["begun by the old", "begun by the new"])
def releases(request: pytest.FixtureRequest) -> tuple[str, str]:
    """Whose gateway begins it, and whose continues."""
    found: tuple[str, str] = request.param
    return found


@pytest.fixture
async def here(columns: Columns, releases: tuple[str, str]) -> AsyncIterator[Visitor]:
    """Somebody who has registered where it begins."""
    async with columns.visitor(releases[0]) as person:
        reply = await person.register(f"ada-{secrets.token_hex(6)}@example.org")
        assert reply.status == 201, reply.body
        yield person


@pytest.fixture
def there(columns: Columns, releases: tuple[str, str], here: Visitor) -> Visitor:
    """The same person, where it continues."""
    return columns.elsewhere(here, releases[1])


async def test_access_tokens_and_refresh_tokens_go_from_one_release_to_the_other(here: Visitor, there: Visitor) -> None:
    for _ in range(3):
        assert (await there.call("GET", "/v1/users/me")).status == 200
        await refresh(there)
        assert (await here.call("GET", "/v1/users/me")).status == 200
        await refresh(here)


async def test_refresh_token_that_is_used_again_ends_the_session_in_both(here: Visitor, there: Visitor) -> None:
    """A2: the thief is found whichever release each of them meets."""
    stolen = await refresh(here)
    await refresh(there)
    assert (await here.call("GET", "/v1/users/me")).status == 200  # confirms the generation
    await refresh(here)
    again = await there.call("POST", "/v1/auth/refresh", json={"refresh_token": stolen})

    assert again.status == 401
    for person in (here, there):
        await eventually(partial(_is_refused, person))


async def test_browsers_cookie_is_known_to_both_and_ends_in_both(here: Visitor, there: Visitor) -> None:
    body = {"email": here.email, "password": PASSWORD, "session": "browser"}
    signed_in = await here.call("POST", "/v1/auth/login", json=body)
    cookie = {"Cookie": signed_in.headers["Set-Cookie"].partition(";")[0]}
    here.tokens = there.tokens = {}

    assert (await there.call("GET", "/v1/users/me", headers=cookie)).status == 200
    assert (await here.call("GET", "/v1/users/me", headers=cookie)).status == 200
    assert (await there.call("POST", "/v1/auth/logout", headers=cookie | ORIGIN)).status == 204

    async def refused() -> bool:
        return (await here.call("GET", "/v1/users/me", headers=cookie)).status == 401

    await eventually(refused)


async def test_api_key_is_known_to_both_and_revoked_in_both(here: Visitor, there: Visitor) -> None:
    made = (await here.call("POST", "/v1/auth/api-keys", json={"name": "robot", "scopes": ["users:read"]})).json()
    robots = [
        Visitor(each.url, each.address, each.session, "", {"access_token": made["key"]}) for each in (here, there)
    ]
    for robot in robots:
        assert (await robot.call("GET", "/v1/users/me")).status == 200

    assert (await there.call("DELETE", f"/v1/auth/api-keys/{made['id']}")).status == 204

    for robot in robots:
        await eventually(partial(_is_refused, robot))


async def test_profile_that_one_release_wrote_is_read_and_found_by_the_other(here: Visitor, there: Visitor) -> None:
    name = f"Ada {secrets.token_hex(6)}"
    edited = await here.call("PATCH", "/v1/users/me", json={"display_name": name})
    read = await there.call("GET", "/v1/users/me")
    found = await there.call("GET", "/v1/users", params={"q": name})
    again = await there.call(
        "PATCH", "/v1/users/me", json={"bio": "Wrote it."}, headers={"If-Match": read.headers["ETag"]}
    )

    assert (edited.status, read.json()["display_name"]) == (200, name)
    assert [each["id"] for each in found.json()["items"]] == [here.user_id]
    assert again.status == 200
    assert (await here.call("GET", "/v1/users/me")).json()["bio"] == "Wrote it."


async def test_file_that_one_release_stored_is_served_and_deleted_by_the_other(here: Visitor, there: Visitor) -> None:
    content = secrets.token_bytes(200_000)
    made = await here.upload(content)
    path = f"/v1/files/{made.json()['id']}"

    assert [each["id"] for each in (await there.call("GET", "/v1/files")).json()["items"]] == [made.json()["id"]]
    assert (await there.call("GET", f"{path}/content")).body == content
    assert (await there.call("DELETE", path)).status == 204
    assert (await here.call("GET", path)).status == 404
    assert (await here.call("GET", "/v1/files/usage")).json()["bytes"] == 0


async def test_upload_that_one_release_began_is_continued_by_the_other(here: Visitor, there: Visitor) -> None:
    content = secrets.token_bytes(300_000)
    path = await begin(here, len(content))
    turns = [there, here] * 5
    while await add(turns.pop(), path, content) < len(content):
        assert turns

    [listed] = (await here.call("GET", "/v1/files")).json()["items"]
    for person in (here, there):
        body = (await person.call("GET", f"/v1/files/{listed['id']}/content")).body
        assert digest(body) == digest(content) == listed["sha256"]


async def test_repeated_request_is_done_once_whichever_release_gets_it(here: Visitor, there: Visitor) -> None:
    key = {"Idempotency-Key": secrets.token_hex(16), "Content-Type": "text/plain"}
    made = [await each.call("POST", "/v1/files", data=b"once", headers=key) for each in (here, there, here)]

    assert [reply.status for reply in made] == [201] * 3
    assert len({reply.json()["id"] for reply in made}) == 1


async def test_deleted_account_is_gone_from_every_service_of_both(here: Visitor, there: Visitor) -> None:
    """U10: the events that one release writes are followed by the other."""
    made = await here.upload(b"soon gone")
    assert (await there.call("PATCH", "/v1/users/me", json={"display_name": "Soon gone"})).status == 200
    deleted = await there.call("POST", "/v1/auth/account/deletion", json={"password": PASSWORD})
    assert deleted.status == 204

    async with Visitor.at(here.url) as other:
        assert (await other.register(f"grace-{secrets.token_hex(6)}@example.org")).status == 201
        for url in (here.url, there.url):
            looking = Visitor(url, other.address, other.session, "", other.tokens)

            async def gone(looking: Visitor = looking) -> bool:
                return (await looking.call("GET", f"/v1/users/{here.user_id}")).status == 404

            await eventually(gone)
        for each in (here, there):
            await eventually(partial(_is_refused, each))
    assert made.status == 201


async def _is_refused(person: Visitor) -> bool:
    reply: Reply = await person.call("GET", "/v1/users/me")
    return reply.status == 401
