"""The search's SQL: a page costs about as much whatever is looked for, and however far down the list it is."""

from collections.abc import Sequence
from time import monotonic
from uuid import UUID

from asyncpg import Record

from shared.db import Db
from shared.ids import LOWEST
from user_service.domain import Found, Profile
from user_service.repository.rows import COLUMNS, present

SAMPLED = 500  # profiles that tell whether a longer walk would fill the page
WALKED = 6000  # that one page looks at, at most, in an index that holds their names
MOST_MATCHES = 1000  # that the trigram index is asked for; each costs as much as ten of a walk
_REMEMBERED = 60.0  # seconds for which a term is known to have more matches than that
_MOST_REMEMBERED = 1000  # terms

# Nobody finds who is banned. Bans end by themselves, so no index can leave them out: the few matches of a page are
# looked up one by one, which a subselect has the planner do.
_SEEN = "(select banned_until from users.profile where profile.user_id = {}.user_id) > now() is not true"

# Frequent matches fill a page from the next profiles alone, most often from the first few. The walk is a long one only
# where they are dense enough among the first ones to fill it, or where $4 says so. `reached` is where it ended without
# having filled the page; null when it was full, or ended with the list.
NEAR = f"""
    with walk as materialized (
        select case when $4 or count(*) * {WALKED} >= $3 * {SAMPLED} then {WALKED} else {SAMPLED} end as length from (
            select from (
                select search from users.profile
                where visibility = 'public' and search <> '' and user_id > $2 order by user_id limit {SAMPLED}
            ) as sample where search like $1 limit 1 + $3 * {SAMPLED} / {WALKED}
        ) as matches
    ), near as materialized (
        select user_id from (
            select user_id, search from users.profile
            where visibility = 'public' and search <> '' and user_id > $2
            order by user_id limit (select length from walk)
        ) as walked where search like $1 and {_SEEN.format("walked")} order by user_id limit $3
    )
    select
        case when (select count(*) from near) < $3 then (
            select user_id from users.profile where visibility = 'public' and search <> '' and user_id > $2
            order by user_id offset (select length - 1 from walk) limit 1
        ) end as reached,
        (select length from walk) as length,
        {COLUMNS}
    from (select) as always left join (near join users.profile using (user_id)) on true order by user_id
"""  # noqa: S608  our own constants

# Rare matches come from the trigram index, all at once: it knows no order. `matching` is materialized, though it is
# read up to the limit only, since the planner then doesn't take the limit for a reason to read the table instead. From
# it the term is hidden in a subselect, or it would plan each search anew, which takes longer than the search.
FAR = f"""
    with matching as materialized (
        select user_id from users.profile
        where visibility = 'public' and search <> '' and search like (select $1::text)
    ), found as materialized (
        select user_id from matching limit {MOST_MATCHES}
    ), page as (
        select user_id from (select user_id from found where user_id > $2 order by user_id) as sorted
        where {_SEEN.format("sorted")} limit $3
    )
    select (select count(*) from found) as matches,
        {COLUMNS}
    from (select) as always left join (page join users.profile using (user_id)) on true order by user_id
"""  # noqa: S608  our own constants


class ProfileSearch:
    def __init__(self, db: Db) -> None:
        self._db = db
        self._frequent: dict[str, float] = {}  # terms with too many matches for the trigram index, and until when

    async def search(self, term: str, after: UUID | None, limit: int) -> Found:
        """Return public profiles whose name holds `term`, a folded text, in order of their ids.

        Where matches are neither dense enough for a walk nor few enough for the trigram index, there are fewer than
        `limit` of them, perhaps none, and the search goes on behind `Found.upto`.
        """
        bounds = (f"%{_escape(term)}%", after or LOWEST, limit)
        frequent = self._frequent.get(term, 0.0) > monotonic()
        near = await self._db.fetch(NEAR, *bounds, frequent)
        if near[0]["reached"] is not None and not frequent:
            far = await self._db.fetch(FAR, *bounds)
            if far[0]["matches"] < MOST_MATCHES:
                return Found(_profiles(far), None)
            self._remember(term)
            if near[0]["length"] < WALKED:
                near = await self._db.fetch(NEAR, *bounds, True)
        return Found(_profiles(near), near[0]["reached"])

    def _remember(self, term: str) -> None:
        if len(self._frequent) >= _MOST_REMEMBERED:
            self._frequent.clear()
        self._frequent[term] = monotonic() + _REMEMBERED


def _profiles(rows: Sequence[Record]) -> list[Profile]:
    return [present(row) for row in rows if row["user_id"] is not None]


def _escape(term: str) -> str:
    r"""Take their meaning in `like` from \, % and _."""
    return term.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
