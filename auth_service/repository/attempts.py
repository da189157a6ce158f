"""SQL of the counters of wrong passwords."""

from datetime import datetime

from auth_service.domain.attempts import LIMIT, WINDOW, Counter
from auth_service.errors import TooManyAttempts
from shared.db import Db


class AttemptRepository:
    def __init__(self, db: Db) -> None:
        self._db = db

    async def count(self, counter: Counter) -> datetime:
        """Count one attempt and return its window's start. Raises TooManyAttempts, and doesn't count, at the limit.

        One statement, and before the password is looked at: parallel guesses can't all pass a check first.
        """
        started_at = await self._db.fetchval(
            """
            insert into auth.login_failure as f (subject, bucket, failures) values ($1, $2, 1)
            on conflict on constraint login_failure_pkey do update set
                failures = case when f.window_started_at <= now() - $4::interval then 1 else f.failures + 1 end,
                told = case when f.window_started_at <= now() - $4::interval then 0 else f.told end,
                window_started_at =
                    case when f.window_started_at <= now() - $4::interval then now() else f.window_started_at end
            where f.failures < $3 or f.window_started_at <= now() - $4::interval
            returning window_started_at
            """,
            counter.subject,
            counter.bucket,
            LIMIT,
            WINDOW,
        )
        if started_at is None:
            await self._refuse(counter)
        assert isinstance(started_at, datetime)
        return started_at

    async def _refuse(self, counter: Counter) -> None:
        wait = await self._db.fetchval(
            """
            select window_started_at + $3::interval - now() from auth.login_failure where subject = $1 and bucket = $2
            """,
            counter.subject,
            counter.bucket,
            WINDOW,
        )
        raise TooManyAttempts(wait or WINDOW)

    async def take_back(self, counter: Counter, window_started_at: datetime) -> None:
        """Uncount one attempt of that window, which was no wrong guess."""
        await self._db.execute(
            """
            update auth.login_failure set failures = failures - 1
            where subject = $1 and bucket = $2 and window_started_at = $3 and failures > 0
            """,
            counter.subject,
            counter.bucket,
            window_started_at,
        )
