import pytest

from file_service.parts.sharing import SHARING_PURGES
from file_service.repository.shares import LIST_SHARES
from shared.db import open_database
from shared.ids import HIGHEST
from shared.purge import purge
from shared.settings import DatabaseSettings, Secret
from tests.integration.file_service.links import share, upload_link
from tests.integration.file_service.running_service import Person, RunningService


@pytest.mark.parametrize(
    ("change", "kept"),
    [
        ("update files.share set expires_at = now() - interval '29 days'", (2, 1)),
        ("update files.share set expires_at = now() - interval '31 days'", (0, 1)),
        ("update files.share set spent_at = now() - interval '31 days' where once", (1, 1)),
        ("update files.upload_link set expires_at = now() - interval '29 days'", (2, 1)),
        ("update files.upload_link set expires_at = now() - interval '31 days'", (2, 0)),
    ],
)
async def test_links_that_are_over_go_after_thirty_days(
    service: RunningService, ada: Person, change: str, kept: tuple[int, int]
) -> None:
    file_id = (await ada.upload(b"x"))["id"]
    await share(ada, file_id)
    await share(ada, file_id, once=True)
    await upload_link(ada)
    await service.fetch(change)
    url = Secret(service.database.runtime)
    async with open_database(DatabaseSettings(url, url, pool_size=2, timeout=5)) as database:
        await purge(database, SHARING_PURGES)
    shares, links = await service.fetch("select from files.share"), await service.fetch("select from files.upload_link")
    assert (len(shares), len(links)) == kept


MANY = """
    insert into files.share (share_id, file_id, token_digest, inline, once, expires_at)
    select gen_random_uuid(), file_id, sha256(number::text::bytea || uuid_send(file_id)), false, false,
        now() + make_interval(mins => number)
    from files.file, generate_series(1, 80) as number;
    analyze files.share; analyze files.file
"""


async def test_a_files_shares_are_read_by_their_index(service: RunningService, ada: Person) -> None:
    file_ids = [(await ada.upload(b"x"))["id"] for _ in range(40)]
    for statement in MANY.split(";"):
        await service.fetch(statement)
    listing = LIST_SHARES.replace("$1", f"'{ada.user_id}'").replace("$2", f"'{file_ids[0]}'")
    listing = listing.replace("$3", f"'{HIGHEST}'").replace("$4", "21")
    purging = SHARING_PURGES[0].sql.replace("$1", "1000")
    for sql, index in ((listing, "share_file_id_share_id_idx"), (purging, "share_over_at_idx")):
        plan = "\n".join(row[0] for row in await service.fetch(f"explain {sql}"))
        assert index in plan, plan
