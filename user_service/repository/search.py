"""The search's SQL: a page costs about as much whatever is looked for, and however far down the list it is."""

from uuid import UUID

from shared.db import Db
from shared.ids import LOWEST
from user_service.domain import Found
from user_service.repository.rows import present

WALKED = 2000  # profiles that one page looks at, in an index that holds their names
MOST_MATCHES = 1000  # that the trigram index is asked for

# Frequent matches fill a page from the next profiles alone, most often from the first few. `reached` is where the walk
# ended without having filled it; null when it was full, or ended with the list.
NEAR = f"""
    with near as materialized (
        select user_id from (
            select user_id, search from users.profile
            where visibility = 'public' and search <> '' and user_id > $2 order by user_id limit {WALKED}
        ) as walk where search like $1 order by user_id limit $3
    )
    select
        case when (select count(*) from near) < $3 then (
            select user_id from users.profile
            where visibility = 'public' and search <> '' and user_id > $2 order by user_id offset {WALKED - 1} limit 1
        ) end as reached,
        user_id, display_name, bio, visibility, created_at, updated_at, version
    from (select) as always left join (near join users.profile using (user_id)) on true order by user_id
"""  # noqa: S608  our own constants

# Rare matches come from the trigram index, all at once: it knows no order. `matching` is materialized, though it is
# read up to the limit only, since the planner then doesn't take the limit for a reason to read the table instead.
FAR = f"""
    with matching as materialized (
        select user_id from users.profile where visibility = 'public' and search <> '' and search like $1
    ), found as materialized (
        select user_id from matching limit {MOST_MATCHES}
    ), page as (
        select user_id from found where user_id > $2 order by user_id limit $3
    )
    select (select count(*) from found) as matches,
        user_id, display_name, bio, visibility, created_at, updated_at, version
    from (select) as always left join (page join users.profile using (user_id)) on true order by user_id
"""  # noqa: S608  our own constants


class ProfileSearch:
    def __init__(self, db: Db) -> None:
        self._db = db

    async def search(self, term: str, after: UUID | None, limit: int) -> Found:
        """Return public profiles whose name holds `term`, a folded text, in order of their ids.

        Where matches are neither dense enough for a walk nor few enough for the trigram index, there are fewer than
        `limit` of them, perhaps none, and the search goes on behind `Found.upto`.
        """
        bounds = (f"%{_escape(term)}%", after or LOWEST, limit)
        near = await self._db.fetch(NEAR, *bounds)
        upto = near[0]["reached"]
        if upto is not None:
            far = await self._db.fetch(FAR, *bounds)
            if far[0]["matches"] < MOST_MATCHES:
                near, upto = far, None
        return Found([present(row) for row in near if row["user_id"] is not None], upto)


def _escape(term: str) -> str:
    r"""Take their meaning in `like` from \, % and _."""
    return term.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
