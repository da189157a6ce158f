"""SQL of the counters of mails that anybody can have sent to an address."""

from datetime import timedelta

from shared.db import Db

LIMIT, WINDOW = 5, timedelta(hours=1)  # to one address, over all kinds of mail that don't need its owner


class MailCountRepository:
    """Takes a pool, or a connection already inside a transaction."""

    def __init__(self, db: Db) -> None:
        self._db = db

    async def count(self, subject: bytes) -> bool:
        """Count a mail; False, and not counted, where the address has had its share."""
        return bool(
            await self._db.fetchval(
                """
                insert into auth.mail_count as c (subject, mails) values ($1, 1)
                on conflict on constraint mail_count_pkey do update set
                    mails = case when c.window_started_at <= now() - $3::interval then 1 else c.mails + 1 end,
                    window_started_at =
                        case when c.window_started_at <= now() - $3::interval then now() else c.window_started_at end
                where c.mails < $2 or c.window_started_at <= now() - $3::interval
                returning true
                """,
                subject,
                LIMIT,
                WINDOW,
            )
        )
