"""A person's whole visit, through the gateway alone, in every way that an installation is reached."""

import hashlib

import aiohttp

from tests.e2e.places import Place, everywhere
from tests.e2e.visitor import PASSWORD, Visitor
from tests.waiting import eventually

pytestmark = everywhere


async def test_registering_signs_a_person_in_and_their_profile_is_there_at_once(visitor: Visitor, unique: str) -> None:
    registered = await visitor.register(f"ada-{unique}@example.org")
    profile = await visitor.call("GET", "/v1/users/me")

    assert registered.status == 201
    assert set(registered.json()) == {"user_id", "access_token", "token_type", "expires_in", "refresh_token"}
    assert registered.headers["Cache-Control"] == "no-store"
    assert profile.status == 200
    assert profile.json()["id"] == visitor.user_id


async def test_a_person_signs_in_again_and_refreshes(ada: Visitor) -> None:
    first = dict(ada.tokens)

    login = await ada.login()
    refreshed = await ada.call("POST", "/v1/auth/refresh", json={"refresh_token": ada.tokens["refresh_token"]})

    assert login.status == refreshed.status == 200
    assert login.json()["user_id"] == refreshed.json()["user_id"] == first["user_id"]
    assert refreshed.json()["refresh_token"] != login.json()["refresh_token"]


async def test_an_edited_profile_reads_back_and_is_found_by_another_person(
    ada: Visitor, grace: Visitor, unique: str
) -> None:
    name = f"Ada {unique}"

    edited = await ada.call("PATCH", "/v1/users/me", json={"display_name": name, "bio": "First programmer."})
    seen = await grace.call("GET", f"/v1/users/{ada.user_id}")
    found = await grace.call("GET", "/v1/users", params={"q": unique.upper()})

    assert edited.status == 200
    assert edited.json()["display_name"] == name
    assert (seen.json()["display_name"], seen.json()["bio"]) == (name, "First programmer.")
    assert [person["id"] for person in found.json()["items"]] == [ada.user_id]


async def test_a_file_is_uploaded_listed_downloaded_in_parts_and_deleted(ada: Visitor, place: Place) -> None:
    content = b"Notes on the engine\n" * 1000

    made = await ada.upload(content)
    path = f"/v1/files/{made.json()['id']}"
    listed = await ada.call("GET", "/v1/files")
    whole = await ada.call("GET", f"{path}/content")
    part = await ada.call("GET", f"{path}/content", headers={"Range": "bytes=6-7"})
    deleted = await ada.call("DELETE", path)
    gone = await ada.call("GET", path)

    assert made.status == 201
    assert made.headers["Location"] == place.prefix + path
    assert made.json()["sha256"] == hashlib.sha256(content).hexdigest()
    assert [item["id"] for item in listed.json()["items"]] == [made.json()["id"]]
    assert (whole.status, whole.body) == (200, content)
    assert (part.status, part.body, part.headers["Content-Range"]) == (206, b"on", f"bytes 6-7/{len(content)}")
    assert (deleted.status, gone.status, gone.code) == (204, 404, "not_found")


async def test_a_multipart_upload_keeps_the_name_that_the_form_gives(ada: Visitor) -> None:
    form = aiohttp.FormData(quote_fields=False)  # as browsers and curl send it
    form.add_field("file", b"hello", filename="Grüße.txt", content_type="text/plain")

    made = await ada.call("POST", "/v1/files", data=form)

    assert made.status == 201
    assert made.json()["name"] == "Grüße.txt"


async def test_nobody_sees_another_persons_file(ada: Visitor, grace: Visitor) -> None:
    """U1, F8."""
    made = await ada.upload(b"secret")
    path = f"/v1/files/{made.json()['id']}"

    answers = [await grace.call(method, path) for method in ("GET", "DELETE")]
    answers.append(await grace.call("GET", f"{path}/content"))

    assert [answer.code for answer in answers] == ["not_found"] * 3
    assert (await ada.call("GET", f"{path}/content")).body == b"secret"


async def test_logging_out_kills_the_access_token_within_a_second(ada: Visitor) -> None:
    """A5, A6."""
    assert (await ada.call("POST", "/v1/auth/logout")).status == 204

    async def refused() -> bool:
        return (await ada.call("GET", "/v1/users/me")).status == 401

    await eventually(refused, within=1.0)
    refresh = await ada.call("POST", "/v1/auth/refresh", json={"refresh_token": ada.tokens["refresh_token"]})
    assert refresh.status == 401


async def test_a_session_is_revoked_from_another_one(ada: Visitor, place: Place) -> None:
    async with Visitor.at(place.url, **place.connecting) as phone:
        phone.email = ada.email
        await phone.login()
        sessions = (await ada.call("GET", "/v1/auth/sessions")).json()["items"]
        other = next(session["id"] for session in sessions if not session["current"])

        assert (await ada.call("DELETE", f"/v1/auth/sessions/{other}")).status == 204

        async def signed_out() -> bool:
            return (await phone.call("GET", "/v1/users/me")).status == 401

        await eventually(signed_out, within=1.0)
    assert (await ada.call("GET", "/v1/users/me")).status == 200


async def test_changing_the_password_needs_the_old_one_and_replaces_it(ada: Visitor) -> None:
    body = {"current_password": "not the old one", "new_password": "an entirely new one"}
    refused = await ada.call("POST", "/v1/auth/password", json=body)
    changed = await ada.call("POST", "/v1/auth/password", json=body | {"current_password": PASSWORD})

    assert refused.status in (401, 403, 422)
    assert changed.status == 204
    assert (await ada.login()).status == 401
    assert (await ada.login("an entirely new one")).status == 200


async def test_deleting_the_account_removes_it_everywhere(ada: Visitor, grace: Visitor) -> None:
    """U10."""
    await ada.call("PATCH", "/v1/users/me", json={"display_name": "Soon gone"})
    file_id = (await ada.upload(b"soon gone")).json()["id"]

    deleted = await ada.call("POST", "/v1/auth/account/deletion", json={"password": PASSWORD})

    async def gone() -> bool:
        own = await ada.call("GET", f"/v1/files/{file_id}")
        profile = await grace.call("GET", f"/v1/users/{ada.user_id}")
        return (own.status, profile.status) == (401, 404)

    assert deleted.status == 204
    await eventually(gone, within=5.0)
    assert (await ada.login()).status == 401
