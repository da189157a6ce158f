from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from shared.ids import uuid7
from tests.integration.user_service.running_service import Person, RunningService, running_service
from tests.stores import DatabaseUrls


@pytest.fixture
async def service(user_database: DatabaseUrls, tmp_path: Path) -> AsyncIterator[RunningService]:
    async with running_service(user_database, tmp_path) as running:
        yield running


async def name(service: RunningService, *names: str, **more: str) -> list[Person]:
    """Return somebody for each of `names`, in order of their ids."""
    people = [service.person(user_id) for user_id in sorted(uuid7() for _ in names)]
    for person, each in zip(people, names, strict=True):
        assert (await person.patch({"display_name": each, **more})).status == 200
    return people


async def test_people_are_found_by_any_part_of_their_name(service: RunningService, bob: Person) -> None:
    await name(service, "Ada Lovelace", "Grace Hopper")

    assert await bob.search(q="ove") == ["Ada Lovelace"]
    assert await bob.search(q="ace") == ["Ada Lovelace", "Grace Hopper"]
    assert await bob.search(q="da lo") == ["Ada Lovelace"]
    assert await bob.search(q="babbage") == []


@pytest.mark.parametrize(
    ("display_name", "query"),
    [
        pytest.param("Zo\u00eb Stra\u00dfe", "ZOE STRASSE", id="accents and case"),
        pytest.param("Zoe", "z\u00f6\u00eb", id="accents in the query"),
        pytest.param("\u0410\u043d\u043d\u0430", "\u0430\u043d\u041d", id="Cyrillic"),
        pytest.param("\u674e\u5c0f\u660e", "\u674e\u5c0f\u660e", id="Han"),
        pytest.param("100%_real \\o/", "00%_real \\o/", id="characters that like knows"),
        pytest.param("O'Brien; drop table", "o'brien; drop", id="query syntax"),
    ],
)
async def test_search_takes_no_notice_of_case_and_accents(
    service: RunningService, bob: Person, display_name: str, query: str
) -> None:
    await name(service, display_name)
    assert await bob.search(q=query) == [display_name]


async def test_wildcards_stand_for_themselves(service: RunningService, bob: Person) -> None:
    r"""U5: `%`, `_` and `\` have no meaning of their own."""
    await name(service, "Ada Lovelace")

    for query in ("ada%", "a_a lov", "%ada", "ad\\a", "ada lovelace_", "ada\\"):
        assert await bob.search(q=query) == []


async def test_private_and_nameless_profiles_are_never_found(service: RunningService, bob: Person) -> None:
    """U5: private profiles are never found, not by their owner either."""
    (hidden,) = await name(service, "Hidden Person", visibility="private")
    (renamed,) = await name(service, "Former Person")
    await renamed.patch({"display_name": None})

    assert await bob.search(q="person") == []
    assert await hidden.search(q="person") == []
    await hidden.patch({"visibility": "public"})
    assert await bob.search(q="person") == ["Hidden Person"]


async def test_pages_follow_each_other_in_order_of_ids_without_gap_or_twin(
    service: RunningService, bob: Person
) -> None:
    people = await name(service, *(f"Ada {number}" for number in range(7)))
    found, path = [], "/v1/users?q=ada&limit=3"
    sizes = []
    while path:
        response = await bob.get(path)
        page = await response.json()
        found += [item["id"] for item in page["items"]]
        sizes.append(len(page["items"]))
        path = f"/v1/users?q=ada&limit=3&cursor={page['next_cursor']}" if page["next_cursor"] else ""
        assert ("Link" in response.headers) == bool(path)

    assert found == sorted(str(person.user_id) for person in people)
    assert sizes == [3, 3, 1]


async def test_cursor_of_another_search_is_refused(service: RunningService, bob: Person) -> None:
    """U4: a cursor holds for the list that it came with."""
    await name(service, "Ada One", "Ada Two")
    cursor = (await (await bob.get("/v1/users?q=ada&limit=1")).json())["next_cursor"]

    same = await bob.get(f"/v1/users?q=ADA&limit=1&cursor={cursor}")
    other = await bob.get(f"/v1/users?q=one&limit=1&cursor={cursor}")
    forged = await bob.get(f"/v1/users?q=ada&limit=1&cursor={cursor[:-1]}{'A' if cursor[-1] != 'A' else 'B'}")

    assert (same.status, other.status, forged.status) == (200, 400, 400)


async def test_longest_name_there_is_can_be_searched(service: RunningService, bob: Person) -> None:
    """One character that folds to eighteen, eighty times: as much as an index entry can hold."""
    await name(service, "\ufdfa" * 80)
    assert await bob.search(q="\ufdfa" * 3) == ["\ufdfa" * 80]
