import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from shared.ids import uuid7
from tests.integration.user_service.running_service import Person, RunningService, running_service
from tests.stores import DatabaseUrls
from user_service.repository import SEARCH


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


@pytest.mark.parametrize(
    ("term", "shown"),
    [
        pytest.param("c4ca4238a0b9", 1, id="one in many"),
        pytest.param("\u043a\u043e\u0432\u0430\u043b", 1, id="one in many, in Cyrillic"),
        pytest.param("person", 20, id="nearly everybody"),
        pytest.param("nobody", 0, id="nobody"),
    ],
)
async def test_search_among_many_reads_few(service: RunningService, bob: Person, term: str, shown: int) -> None:
    """U5: fast; with the values known to the planner, and in the plan that it keeps for a prepared statement."""
    await service.fetch(
        """
        insert into users.profile (user_id, display_name, search)
        select gen_random_uuid(), 'Person', 'person ' || md5(n::text) from generate_series(1, 20000) n
        union all
        select gen_random_uuid(), 'Anna', '\u0430\u043d\u043d\u0430 \u043a\u043e\u0432\u0430\u043b\u0435\u0432\u0430'
        """
    )
    await service.fetch("vacuum analyze users.profile")

    assert await rows_read(service, "force_custom_plan", term) < 2000
    assert await rows_read(service, "force_generic_plan", term) < 2000
    page = await (await bob.get(f"/v1/users?q={term}")).json()
    assert len(page["items"]) == shown


async def rows_read(service: RunningService, plan_cache_mode: str, term: str) -> int:
    """Return how many rows a search for the first page looks at, in the table and in indexes."""
    connection = await asyncpg.connect(service.database.runtime)
    try:
        await connection.execute(f"set plan_cache_mode = {plan_cache_mode}")
        await connection.execute(f"prepare search as {SEARCH}")
        plan = await connection.fetchval(
            f"explain (analyze, format json) execute search ('%{term}%', '00000000-0000-0000-0000-000000000000', 21)"
        )
    finally:
        await connection.close()
    scans = [node for node in flat(json.loads(plan)[0]["Plan"]) if "Relation Name" in node]
    counts = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    return int(sum(node["Actual Loops"] * node.get(count, 0) for node in scans for count in counts))


def flat(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [node, *(each for child in node.get("Plans", []) for each in flat(child))]
