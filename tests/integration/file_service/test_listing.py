import re

import asyncpg

from file_service.repository.files import LIST_PAGE
from tests.integration.file_service.running_service import Person
from tests.stores import DatabaseUrls


async def test_files_are_listed_newest_first_page_by_page(ada: Person) -> None:
    stored = [(await ada.upload(b"x"))["id"] for _ in range(7)]
    seen, path = [], "/v1/files?limit=3"
    sizes = []
    while path:
        answer = await ada.get(path)
        page = await answer.json()
        sizes.append(len(page["items"]))
        seen += [item["id"] for item in page["items"]]
        link = re.fullmatch(r'<(\?.+)>; rel="next"', answer.headers.get("Link", ""))
        assert (link is None) == (page["next_cursor"] is None)
        path = f"/v1/files{link[1]}" if link else ""
    assert (seen, sizes) == (sorted(stored, reverse=True), [3, 3, 1])  # ids of one millisecond are in no order of time


async def test_list_goes_on_behind_a_file_that_was_deleted(ada: Person) -> None:
    for _ in range(3):
        await ada.upload(b"x")
    page = await (await ada.get("/v1/files?limit=1")).json()
    assert await ada.delete(page["items"][0]["id"]) == 204
    rest = await (await ada.get(f"/v1/files?cursor={page['next_cursor']}")).json()
    assert (len(rest["items"]), rest["next_cursor"]) == (2, None)


MANY = """
    insert into files.owner (owner_id, bytes) select gen_random_uuid(), 0 from generate_series(1, 20);
    insert into files.file (file_id, owner_id, name, size, content_type, sha256)
    select gen_random_uuid(), owner_id, 'x', 1, 'text/plain', sha256(owner_id::text::bytea)
    from files.owner, generate_series(1, 500);
    analyze files.file
"""


async def test_any_page_of_many_files_is_read_from_the_index(file_database: DatabaseUrls) -> None:
    """In the plan that is kept for a prepared statement, too: it must begin at the page, not at the newest file."""
    connection = await asyncpg.connect(file_database.admin)
    try:
        await connection.execute(MANY)
        owner = await connection.fetchval("select owner_id from files.owner limit 1")
        await connection.execute("set plan_cache_mode = force_generic_plan")
        await connection.execute(f"prepare page as {LIST_PAGE}")
        rows = await connection.fetch(f"explain execute page ('{owner}', '{owner}', 20)")
    finally:
        await connection.close()
    plan = "\n".join(row[0] for row in rows)
    assert "file_id < $2" in plan
    assert "Filter" not in plan
    assert "Sort" not in plan
