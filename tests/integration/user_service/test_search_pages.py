"""U5: whatever is looked for, its pages make up its result, and none of them costs much."""

import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from shared.ids import uuid7
from tests.integration.user_service.running_service import Person, RunningService, running_service
from tests.stores import Databases
from user_service.domain import search_term
from user_service.repository import ProfileSearch
from user_service.repository.search import FAR, MOST_MATCHES, NEAR, SAMPLED, WALKED

PEOPLE = 4 * WALKED
SYLLABLES = ("ada", "bo", "chen", "da", "el", "fi", "ga", "hal", "\u0430\u043d\u043d\u0430")
# By term, how often it occurs in each quarter of all profiles: those that take the walk, the index, both, and neither.
WORDS = {
    "everywhere": (0.9, 0.9, 0.9, 0.9),
    "scattered": (0.02, 0.02, 0.02, 0.02),
    "ordinary": (0.06, 0.06, 0.06, 0.06),
    "early": (0.8, 0.0, 0.0, 0.001),
    "late": (0.0, 0.0, 0.0, 0.7),
    "ends": (0.3, 0.0, 0.0, 0.3),
    "rare": (0.0005, 0.0005, 0.0005, 0.0005),
}

Row = tuple[UUID, str, str, str]


@pytest.fixture(scope="module")
async def service(databases: Databases, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[RunningService]:
    folder = tmp_path_factory.mktemp("user_service")
    async with databases.clone("user_service") as database, running_service(database, folder) as running:
        yield running


@pytest.fixture(scope="module")
async def rows(service: RunningService) -> list[Row]:
    """Fill the table, and return user_id, display_name, search and visibility of each row in order of ids."""
    chance = random.Random(1)
    ids = sorted(uuid7() for _ in range(PEOPLE))
    made = [(user_id, *_profile(chance, 4 * at // PEOPLE)) for at, user_id in enumerate(ids)]
    connection = await asyncpg.connect(service.database.admin)
    try:
        await connection.copy_records_to_table(
            "profile",
            schema_name="users",
            columns=["user_id", "display_name", "search", "visibility"],
            records=made,
        )
        await connection.execute("vacuum analyze users.profile")
    finally:
        await connection.close()
    return made


def _profile(chance: random.Random, quarter: int) -> tuple[str, str, str]:
    visibility = "private" if chance.random() < 0.1 else "public"
    if chance.random() < 0.1:
        return "", "", visibility
    words = [word for word, often in WORDS.items() if chance.random() < often[quarter]]
    name = " ".join(["".join(chance.choices(SYLLABLES, k=3)), *words])
    return name, name, visibility


async def pages(person: Person, term: str, limit: int) -> list[list[str]]:
    found, cursor = [], ""
    while True:
        page = await (await person.get(f"/v1/users?q={term}&limit={limit}{cursor}")).json()
        found.append([item["id"] for item in page["items"]])
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


@pytest.mark.parametrize("seed", range(25))
async def test_pages_together_are_the_result(service: RunningService, rows: list[Row], ada: Person, seed: int) -> None:
    chance = random.Random(seed)
    raw = chance.choice(
        [*WORDS, "".join(chance.choices(SYLLABLES, k=2)), "here", "lyrare", chance.choice(rows)[1][1:6]]
    )
    term = search_term(raw)
    if term is None:
        pytest.skip("too short to be searched for")
    limit = chance.choice((19, 40, 100))
    expected = [str(user_id) for user_id, _, name, visibility in rows if visibility == "public" and term in name]

    found = await pages(ada, raw, limit)

    assert [each for page in found for each in page] == expected
    assert all(len(page) <= limit for page in found)
    assert len(found) <= len(expected) // limit + 2 + PEOPLE // WALKED


async def test_page_where_matches_have_thinned_out_is_short_and_not_the_last(
    service: RunningService, rows: list[Row], ada: Person
) -> None:
    """More matches than the index is asked for, and none of them near: the page says where to go on."""
    sizes = [len(page) for page in await pages(ada, "early", 100)]

    assert sum(sizes) > MOST_MATCHES
    assert min(sizes[:-1]) < 100, sizes


async def test_pages_of_an_ordinary_term_are_full(service: RunningService, rows: list[Row], ada: Person) -> None:
    """More matches than the index is asked for, and each page's are some thousand profiles apart."""
    sizes = [len(page) for page in await pages(ada, "ordinary", 100)]

    assert sum(sizes) > MOST_MATCHES
    assert set(sizes[:-1]) == {100}


@asynccontextmanager
async def recorded(service: RunningService) -> AsyncIterator[tuple[ProfileSearch, list[str]]]:
    """Lend a search, and what it asks for until the block ends."""
    asked: list[str] = []
    connection = await asyncpg.connect(service.database.direct)
    connection.add_query_logger(lambda query: asked.append(query.query))
    try:
        yield ProfileSearch(connection), asked
    finally:
        await connection.close()


async def test_term_with_too_many_matches_is_asked_of_the_index_once(service: RunningService, rows: list[Row]) -> None:
    async with recorded(service) as (search, asked):
        first = await search.search("early", rows[PEOPLE // 3][0], 21)
        again = await search.search("early", rows[PEOPLE // 3][0], 21)

    assert again == first
    assert asked == [NEAR, FAR, NEAR, NEAR]


async def test_rare_term_takes_a_short_walk_to_the_index(service: RunningService, rows: list[Row]) -> None:
    async with recorded(service) as (search, asked):
        found = await search.search("rare", None, 101)

    assert found.upto is None
    assert asked == [NEAR, FAR]
    assert await rows_read(service, "force_generic_plan", NEAR, ("rare", rows[0][0], 101, False)) <= 3 * SAMPLED + 101


@pytest.mark.parametrize("mode", ["force_custom_plan", "force_generic_plan"])
@pytest.mark.parametrize("term", [*WORDS, "\u0430\u043d\u043d\u0430", "nobody at all"])
async def test_search_reads_few_rows(service: RunningService, rows: list[Row], mode: str, term: str) -> None:
    """U5: fast; with the values known to the planner, and in the plan that it keeps for a prepared statement."""
    for after in (rows[0][0], rows[PEOPLE // 2][0], rows[-30][0]):
        for patient in (False, True):
            assert await rows_read(service, mode, NEAR, (term, after, 21, patient)) <= SAMPLED + 2 * WALKED + 21
    assert await rows_read(service, mode, FAR, (term, rows[0][0], 21)) <= MOST_MATCHES + 2 * 21  # each, and its ban


async def rows_read(service: RunningService, mode: str, sql: str, arguments: tuple[object, ...]) -> int:
    """Return how many rows a statement of the search looks at, in the table and in indexes."""
    connection = await asyncpg.connect(service.database.direct)
    term, *rest = arguments
    values = ", ".join(f"'{value}'" for value in (f"%{term}%", *rest))
    try:
        await connection.execute(f"set plan_cache_mode = {mode}")
        await connection.execute(f"prepare search as {sql}")
        plan = await connection.fetchval(f"explain (analyze, format json) execute search ({values})")
    finally:
        await connection.close()
    scans = [node for node in flat(json.loads(plan)[0]["Plan"]) if "Relation Name" in node]
    counts = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")
    return int(sum(node["Actual Loops"] * node.get(count, 0) for node in scans for count in counts))


def flat(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [node, *(each for child in node.get("Plans", []) for each in flat(child))]
