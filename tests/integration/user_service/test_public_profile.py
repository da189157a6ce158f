import pytest

from shared.ids import uuid7
from tests.integration.user_service.running_service import Person


async def test_public_profile_is_seen_by_others_without_what_is_the_owners_own(ada: Person, bob: Person) -> None:
    own = await (await ada.patch({"display_name": "Ada", "bio": "Counts."})).json()

    response = await bob.get(f"/v1/users/{ada.user_id}")

    assert response.status == 200
    assert await response.json() == {key: own[key] for key in ("id", "display_name", "bio", "created_at", "avatar_url")}


async def test_public_profile_that_did_not_change_is_not_sent_again(ada: Person, bob: Person) -> None:
    await ada.patch({"display_name": "Ada"})
    etag = (await bob.get(f"/v1/users/{ada.user_id}")).headers["ETag"]

    response = await bob.get(f"/v1/users/{ada.user_id}", {"If-None-Match": f'"other", {etag}'})

    assert response.status == 304


async def test_private_profile_is_like_an_absent_one_to_all_but_its_owner(ada: Person, bob: Person) -> None:
    """U1: an id route as another user."""
    await ada.patch({"display_name": "Ada", "visibility": "private"})

    private = await bob.get(f"/v1/users/{ada.user_id}")
    absent = await bob.get(f"/v1/users/{uuid7()}")
    own = await ada.get(f"/v1/users/{ada.user_id}")

    volatile = ("instance", "request_id")
    told = [{k: v for k, v in (await each.json()).items() if k not in volatile} for each in (private, absent)]
    assert (private.status, absent.status, own.status) == (404, 404, 200)
    assert told[0] == told[1]


async def test_own_public_profile_exists_before_anything_else_was_asked(ada: Person) -> None:
    assert (await ada.get(f"/v1/users/{ada.user_id}")).status == 200


async def test_somebody_elses_profile_is_not_made_by_looking(ada: Person, bob: Person) -> None:
    assert (await bob.get(f"/v1/users/{ada.user_id}")).status == 404


async def test_profile_is_changed_by_its_owner_alone(ada: Person, bob: Person) -> None:
    """U1: there is no way to address another's profile for a change."""
    response = await bob.client.patch(f"/v1/users/{ada.user_id}", json={"bio": "x"}, headers=bob.headers)
    assert response.status == 405


@pytest.mark.parametrize("name", ["1", "-1", "null", "%00", "0190%00", "me%2F", "ME", "9" * 5000, "%F0%9F%A6%8A"])
async def test_what_is_no_id_names_nobody(ada: Person, name: str) -> None:
    response = await ada.get(f"/v1/users/{name}")
    assert (response.status, (await response.json())["code"]) == (404, "not_found")
