"""What the steps of a history are made of: asking, and comparing the answers with what must come of it."""

import asyncio
from collections.abc import Callable, Iterable
from http.cookies import SimpleCookie
from uuid import UUID

import asyncpg
from hypothesis.stateful import RuleBasedStateMachine

from tests.integration.auth_service.clients import MOST_SESSIONS, Replicas
from tests.integration.auth_service.family import Expected, Family
from tests.integration.auth_service.people import HOME, Person, Reply
from tests.integration.auth_service.world import AuthService

LOGIN = "/v1/auth/login"
TOO_OFTEN = 429
TIMES = {"at once": 0.0, "45 seconds": 45.0, "11 minutes": 660.0, "16 days": 16 * 86_400.0}


class SessionSteps(RuleBasedStateMachine):
    """`families` are the sessions of this history, `passwords` by address."""

    replicas: Replicas

    def __init__(self) -> None:
        super().__init__()
        self.run = self.replicas.run
        self.families: list[Family] = []
        self.passwords: dict[str, str] = {}

    @property
    def service(self) -> AuthService:
        return self.replicas.services[0]

    def pick(self, number: int, condition: Callable[[Family], bool]) -> Family:
        found = [each for each in self.families if condition(each)]
        return found[number % len(found)]

    def asking(self, family: Family) -> Person:
        return family.person if not family.cookie else self.run(self.service.holder("browser_session", family.cookie))

    def present(self, family: Family, token: tuple[int, str], times: int) -> tuple[int, str] | None:
        """Refresh, compare with what must come of it, and return the token that was given."""
        self.settle(family)
        expected = family.expect(token[0])
        services = self.replicas.services

        async def ask() -> list[Reply]:
            return await asyncio.gather(*(services[number % 2].refresh(token[1]) for number in range(times)))

        replies = self.run(ask())
        if TOO_OFTEN in {reply.status for reply in replies}:
            assert expected in (Expected.NEXT, Expected.SAME)
            replies = [reply for reply in replies if reply.status != TOO_OFTEN]
            if not replies:
                return token
        if expected in (Expected.NEXT, Expected.SAME):
            return self._given(family, expected, replies)
        self._refused(family, expected, replies)
        return None

    def _given(self, family: Family, expected: Expected, replies: Iterable[Reply]) -> tuple[int, str]:
        family.moved(family.generation + (expected is Expected.NEXT))
        given = set()
        for reply in replies:
            assert reply.status == 200, reply
            given.add(reply.body["refresh_token"])
            family.give(family.generation, reply.body["refresh_token"])
        [token] = given
        return family.generation, token

    def _refused(self, family: Family, expected: Expected, replies: Iterable[Reply]) -> None:
        if expected is Expected.REUSE:
            family.reason = "refresh_token_reuse"
        for reply in replies:
            assert reply.status == 401
            if expected is Expected.EXPIRED:  # revoked with the others later, perhaps
                assert reply.code in ("session_expired", "session_revoked")
            else:
                assert (reply.code, reply.body["reason"]) == ("session_revoked", family.reason)

    def settle(self, family: Family) -> None:
        if family.unsure:
            self.pass_time(family, "45 seconds")

    def pass_time(self, family: Family, time: str) -> None:
        """Not on and on: what is over for long is purged."""
        if seconds := TIMES[time] * family.lives:
            family.pass_time(seconds)
            self.run(self.service.let_time_pass(family.session_id, time))

    def confirm(self, family: Family, generation: int) -> None:
        seen = {"session_id": str(family.session_id), "generation": generation}
        reply = self.run(self.service.internal("POST", "/internal/confirmations", {"confirmations": [seen]}))
        assert reply.status == 204
        if family.reason is None:
            family.confirmed = max(family.confirmed, generation)

    def look_what_came(self, family: Family, expected: Expected) -> None:
        """Nobody was told whether it was committed, so the row says it: either way is right, and no third."""
        [row] = self.run(self.rows([family.session_id]))
        if expected is Expected.REUSE:
            assert family.thief_got_on, "an honest client was logged out"
            assert row["revoked_reason"] in (None, "refresh_token_reuse")
            family.reason = row["revoked_reason"]
            return
        assert row["revoked_reason"] is None
        assert row["generation"] - family.generation in ((0, 1) if expected is Expected.NEXT else (0,))
        family.moved(row["generation"])
        family.used.pretended += float(row["used"]) - family.used.seconds

    def end_others(self, family: Family, reason: str, *, spare: bool) -> None:
        for each in self.of(family.person):
            if not (spare and each is family):
                each.reason = reason

    async def rows(self, session_ids: list[UUID]) -> list[asyncpg.Record]:
        return await self.service.admin.fetch(
            """
            select session_id, generation, revoked_reason, last_used_at,
                   extract(epoch from now() - last_used_at) as used
            from auth.session where session_id = any($1::uuid[])
            """,
            session_ids,
        )

    def make_room(self, new: Family) -> None:
        """Those that were used longest ago go, and no more than are too many."""
        others = sorted(self.of(new.person), key=lambda each: each.used.seconds, reverse=True)
        rows = {row["session_id"]: row for row in self.run(self.rows([each.session_id for each in others]))}
        gone = [each for each in others if rows[each.session_id]["revoked_reason"] == "too_many_sessions"]
        assert len(gone) == max(0, len(others) + 1 - MOST_SESSIONS)
        kept = [rows[each.session_id]["last_used_at"] for each in others if each not in gone]
        for each in gone:
            assert all(rows[each.session_id]["last_used_at"] <= used for used in kept)
            each.reason = "too_many_sessions"

    def of(self, person: Person) -> list[Family]:
        return [each for each in self.families if each.person.user_id == person.user_id and each.lives]

    async def sign_in_browser(self, body: dict[str, str], before: str) -> str:
        headers = self.service.gateway.headers(None, HOME) | ({"Cookie": f"session={before}"} if before else {})
        async with self.service.public.post(LOGIN, json=body, headers=headers) as response:
            assert response.status == 200
            return SimpleCookie(response.headers["Set-Cookie"])["session"].value
