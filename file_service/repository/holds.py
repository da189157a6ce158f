"""SQL of holds: what keeps blobs from being deleted while somebody copies them."""

from shared.db import Connection
from shared.purge import Purge

PURGE_HOLDS = Purge(
    "collection_holds",
    """
    delete from files.collection_hold where holder in (
        select holder from files.collection_hold where until <= now() limit $1
    ) returning holder
    """,
)


async def may_delete(connection: Connection) -> bool:
    """Tell whether blobs may be deleted from storage until the transaction ends.

    Whoever inserts a hold meanwhile waits for that end: once the insert has returned, nothing is deleted any more.
    """
    await connection.execute("lock table files.collection_hold in share mode")
    return not await connection.fetchval("select exists (select from files.collection_hold where until > now())")
