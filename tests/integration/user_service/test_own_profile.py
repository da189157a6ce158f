import asyncio
from uuid import UUID, uuid4

import pytest

from tests.integration.user_service.running_service import Person, RunningService


async def test_profile_exists_as_soon_as_its_owner_asks(ada: Person) -> None:
    response = await ada.get("/v1/users/me")

    profile = await response.json()
    assert response.status == 200
    assert UUID(profile.pop("id")) == ada.user_id
    assert profile.pop("created_at") == profile.pop("updated_at")
    assert profile == {"display_name": "", "bio": "", "visibility": "public", "avatar": None, "avatar_url": None}


async def test_first_uses_at_once_make_one_profile(service: RunningService, ada: Person) -> None:
    responses = await asyncio.gather(*(ada.get("/v1/users/me") for _ in range(20)))

    assert {response.status for response in responses} == {200}
    assert len({await response.text() for response in responses}) == 1
    assert len(await service.fetch("select from users.profile where user_id = $1", ada.user_id)) == 1


async def test_people_who_ask_at_once_get_each_their_own(service: RunningService) -> None:
    """Their profiles are read by one statement."""
    people = [service.person(uuid4()) for _ in range(30)]
    for number, person in enumerate(people[:-1]):
        await person.patch({"display_name": f"Visitor {number}"})

    responses = await asyncio.gather(*(person.get("/v1/users/me") for person in people))

    told = [await response.json() for response in responses]
    assert [UUID(each["id"]) for each in told] == [person.user_id for person in people]
    assert [each["display_name"] for each in told] == [*(f"Visitor {number}" for number in range(29)), ""]


async def test_patch_changes_what_it_names_and_nothing_else(ada: Person) -> None:
    await ada.patch({"display_name": "Ada", "bio": "Counts."})

    response = await ada.patch({"bio": "Computes.\nAnd counts."})

    assert response.status == 200
    told = await response.json()
    assert (told["display_name"], told["bio"]) == ("Ada", "Computes.\nAnd counts.")
    again = await ada.get("/v1/users/me")
    assert await again.json() == told
    assert again.headers["ETag"] == response.headers["ETag"]


async def test_null_resets_a_member(ada: Person) -> None:
    await ada.patch({"display_name": "Ada", "bio": "Counts.", "visibility": "private"})

    profile = await (await ada.patch({"display_name": None, "bio": None, "visibility": None})).json()

    assert (profile["display_name"], profile["bio"], profile["visibility"]) == ("", "", "public")


async def test_empty_patch_changes_nothing(ada: Person) -> None:
    before = await ada.get("/v1/users/me")

    after = await ada.patch({})

    assert after.status == 200
    assert await after.json() == await before.json()
    assert after.headers["ETag"] == before.headers["ETag"]


async def test_merge_patch_media_type_is_taken_and_others_are_not(ada: Person) -> None:
    merge_patch = await ada.patch({"bio": "b"}, {"Content-Type": "application/merge-patch+json"})
    text = await ada.patch({"bio": "c"}, {"Content-Type": "text/plain"})

    assert (merge_patch.status, text.status) == (200, 415)


async def test_unchanged_profile_is_not_sent_again(ada: Person) -> None:
    etag = (await ada.get("/v1/users/me")).headers["ETag"]

    same = await ada.get("/v1/users/me", {"If-None-Match": etag})
    await ada.patch({"bio": "new"})
    changed = await ada.get("/v1/users/me", {"If-None-Match": etag})

    assert (same.status, await same.read()) == (304, b"")
    assert changed.status == 200


@pytest.mark.parametrize("header", ['"0"', '"999"', 'W/"1"', "1", '""', "nonsense"])
async def test_patch_of_another_version_than_the_present_one_is_refused(ada: Person, header: str) -> None:
    response = await ada.patch({"bio": "new"}, {"If-Match": header})

    assert (response.status, (await response.json())["code"]) == (412, "precondition_failed")
    assert (await (await ada.get("/v1/users/me")).json())["bio"] == ""


@pytest.mark.parametrize("body", [{"bio": "new"}, {}])
async def test_patch_that_is_refused_for_its_version_still_makes_the_profile(ada: Person, body: object) -> None:
    response = await ada.patch(body, {"If-Match": '"2"'})

    assert response.status == 412
    assert (await ada.get("/v1/users/me")).headers["ETag"] == '"1"'


async def test_first_uses_at_once_may_be_patches(ada: Person) -> None:
    responses = await asyncio.gather(*(ada.patch({"bio": str(n)}) for n in range(10)))

    assert {response.status for response in responses} == {200}
    assert {response.headers["ETag"] for response in responses} == {f'"{n}"' for n in range(2, 12)}


@pytest.mark.parametrize("header", ['"1"', '"7", "1"', "*"])
async def test_patch_of_the_present_version_is_made(ada: Person, header: str) -> None:
    response = await ada.patch({"bio": "new"}, {"If-Match": header})

    assert (response.status, (await response.json())["bio"]) == (200, "new")


async def test_of_patches_at_once_to_one_version_one_is_made(ada: Person) -> None:
    etag = (await ada.get("/v1/users/me")).headers["ETag"]

    responses = await asyncio.gather(*(ada.patch({"bio": str(n)}, {"If-Match": etag}) for n in range(10)))

    assert sorted(response.status for response in responses) == [200] + [412] * 9


async def test_every_field_that_breaks_a_rule_is_named(ada: Person) -> None:
    """U7: a zero-width space in a name."""
    response = await ada.patch({"display_name": "A\u200bda", "bio": "b" * 2001})

    problem = await response.json()
    assert (response.status, problem["code"]) == (422, "invalid_profile")
    assert [error["pointer"] for error in problem["errors"]] == ["/display_name", "/bio"]


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("Ad\u043cin", id="homoglyph"),
        pytest.param("\u202enimda", id="right to left"),
        pytest.param("Colonnade Support", id="reserved"),
        pytest.param("n" * 81, id="too long"),
        pytest.param(" ", id="empty"),
    ],
)
async def test_display_name_that_breaks_a_rule_is_refused(ada: Person, name: str) -> None:
    """U7: homoglyph, right-to-left and reserved names."""
    response = await ada.patch({"display_name": name})

    assert (response.status, (await response.json())["code"]) == (422, "invalid_profile")
    assert (await (await ada.get("/v1/users/me")).json())["display_name"] == ""
