"""The steps of a history, each of which is compared with what must come of it at once."""

import asyncio
from collections.abc import Callable

from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from shared.credentials import session_in_cookie
from tests.integration.auth_service.family import Expected, Family
from tests.integration.auth_service.people import PASSWORD, Person, Reply
from tests.integration.auth_service.session_steps import LOGIN, SessionSteps

PICK = st.integers(0, 1_000)
LATER = ("at once", "45 seconds", "11 minutes", "16 days")
MOST_PEOPLE = 2


def _some(condition: Callable[[Family], bool]) -> Callable[["SessionMachine"], bool]:
    return lambda machine: any(condition(each) for each in machine.families)


def _lives(family: Family) -> bool:
    return family.lives


def _live_app(family: Family) -> bool:
    return family.lives and not family.cookie


def _live_browser(family: Family) -> bool:
    return family.lives and bool(family.cookie)


def _robbed(family: Family) -> bool:
    return family.stolen is not None


class SessionMachine(SessionSteps):
    # People come

    @initialize()
    def somebody(self) -> None:
        self.register()

    @precondition(lambda machine: len(machine.passwords) < MOST_PEOPLE)
    @rule()
    def register(self) -> None:
        person = self.run(self.service.register())
        self.passwords[person.email] = PASSWORD
        self.families.append(Family(person, person.session_id))

    @precondition(_some(_lives))
    @rule(pick=PICK, browser=st.booleans(), anew=st.booleans())
    def sign_in(self, pick: int, browser: bool, anew: bool) -> None:  # noqa: FBT001  hypothesis passes by name
        """On a device more, or in the browser that has a session already."""
        family = self.pick(pick, _lives)
        person = family.person
        body = {"email": person.email, "password": self.passwords[person.email]}
        if not browser:
            reply = self.run(self.service.post(LOGIN, body))
            assert reply.status == 200, reply
            newcomer = Person(person.email, reply.body)
            new = Family(newcomer, newcomer.session_id)
        else:
            before = family.cookie if anew else ""
            cookie = self.run(self.sign_in_browser(body | {"session": "browser"}, before))
            session_id = session_in_cookie(cookie)
            assert session_id is not None
            new = Family(person, session_id, cookie)
            if before:
                family.reason = "signed_in_anew"
        self.make_room(new)
        self.families.append(new)

    # Their clients refresh

    @precondition(_some(_live_app))
    @rule(pick=PICK, tabs=st.sampled_from([1, 1, 2, 5]), use=st.booleans(), later=st.sampled_from(LATER))
    def refresh(self, pick: int, tabs: int, use: bool, later: str) -> None:  # noqa: FBT001  as above
        """By several tabs at once, at both replicas: they share what any of them gets."""
        family = self.pick(pick, _live_app)
        self.refresh_once(family, later, tabs, use=use)

    def refresh_once(self, family: Family, later: str, tabs: int = 1, *, use: bool = True) -> None:
        token = self.present(family, family.held, tabs)
        if token is None:
            assert family.thief_got_on, "an honest client was logged out"
            return
        family.held = token
        if use:
            self.confirm(family, token[0])
        self.pass_time(family, later)

    @precondition(_some(_live_app))
    @rule(pick=PICK, patient=st.booleans(), later=st.sampled_from(LATER))
    def lose_an_answer(self, pick: int, patient: bool, later: str) -> None:  # noqa: FBT001  as above
        """The client goes on with what it has."""
        family = self.pick(pick, _live_app)
        self.settle(family)
        expected = family.expect(family.held[0])
        self.run(self.replicas.lose_answer(family.held[1], patient=patient))
        self.look_what_came(family, expected)
        self.pass_time(family, later)

    @precondition(_some(_live_app))
    @rule(pick=PICK)
    def cut_the_database(self, pick: int) -> None:
        """In the midst of refreshes, before or after their commit."""
        family = self.pick(pick, _live_app)
        self.settle(family)
        expected = family.expect(family.held[0])

        async def cut() -> list[Reply]:
            calls = [each.refresh(family.held[1]) for each in self.replicas.services for _ in range(2)]
            *replies, _ = await asyncio.gather(*calls, self.replicas.cut_database())
            return [reply for reply in replies if isinstance(reply, Reply)]

        replies = self.run(cut())
        assert {reply.status for reply in replies} <= (
            {200, 503, 429} if expected is not Expected.REUSE else {401, 503}
        )
        self.look_what_came(family, expected)
        for reply in replies:
            if reply.status == 200:
                family.give(family.generation, reply.body["refresh_token"])
                family.held = (family.generation, reply.body["refresh_token"])

    @precondition(_some(_live_app))
    @rule(pick=PICK)
    def use(self, pick: int) -> None:
        """The gateway sees the newest access token that the client got."""
        family = self.pick(pick, _live_app)
        self.confirm(family, family.held[0])

    @precondition(_some(_lives))
    @rule(pick=PICK, later=st.sampled_from(LATER))
    def wait(self, pick: int, later: str) -> None:
        self.pass_time(self.pick(pick, _lives), later)

    @rule()
    def replace_a_replica(self) -> None:
        self.run(self.replicas.replace_first())

    # A thief

    @precondition(_some(_live_app))
    @rule(pick=PICK)
    def steal(self, pick: int) -> None:
        family = self.pick(pick, _live_app)
        family.stolen = family.held

    @precondition(_some(_robbed))
    @rule(pick=PICK, use=st.booleans())
    def thief_refreshes(self, pick: int, use: bool) -> None:  # noqa: FBT001  as above
        """Behind the owner, who refreshed and used it half a minute ago, it is found: `expect` says so."""
        family = self.pick(pick, _robbed)
        assert family.stolen is not None
        token = self.present(family, family.stolen, 1)
        if token is None:
            family.stolen = None
            return
        family.stolen, family.thief_got_on = token, True
        if use:
            self.confirm(family, token[0])

    @precondition(_some(_live_app))
    @rule(pick=PICK)
    def thief_comes_after_the_owner(self, pick: int) -> None:
        """A2: who refreshed, used it, and was half a minute ahead; unless another thief is, and then that is found."""
        family = self.pick(pick, _live_app)
        stolen = family.held
        self.refresh_once(family, "45 seconds")
        if family.lives and family.held != stolen:  # it wasn't refreshed too often
            assert self.present(family, stolen, 1) is None
            assert family.reason == "refresh_token_reuse"

    # They leave

    @precondition(_some(_lives))
    @rule(pick=PICK, scope=st.sampled_from(["this", "others", "all"]))
    def log_out(self, pick: int, scope: str) -> None:
        family = self.pick(pick, _lives)
        reply = self.run(self.service.post("/v1/auth/logout", {"scope": scope}, person=self.asking(family)))
        assert reply.status == 204
        if scope == "this":
            family.reason = "logout"
        else:
            self.end_others(family, "logout_elsewhere", spare=scope == "others")

    @precondition(_some(_live_app))
    @rule(pick=PICK)
    def log_out_while_refreshing(self, pick: int) -> None:
        """A5: whatever the refresh gets, nothing works once the logout is acknowledged."""
        family = self.pick(pick, _live_app)

        async def race() -> list[Reply]:
            first, last = self.replicas.services
            person = self.asking(family)
            return list(
                await asyncio.gather(last.refresh(family.held[1]), first.post("/v1/auth/logout", person=person))
            )

        refreshed, left = self.run(race())
        assert left.status == 204
        [row] = self.run(self.rows([family.session_id]))
        family.reason = row["revoked_reason"]
        assert family.reason == "logout" or (family.reason == "refresh_token_reuse" and family.thief_got_on)
        family.generation = row["generation"]
        if refreshed.status == 200:
            family.give(family.generation, refreshed.body["refresh_token"])

    @precondition(_some(_lives))
    @rule(pick=PICK, other=PICK)
    def revoke_one(self, pick: int, other: int) -> None:
        family = self.pick(pick, _lives)
        mine = self.of(family.person)
        ended = mine[other % len(mine)]
        path = f"/v1/auth/sessions/{ended.session_id}"
        assert self.run(self.service.call("DELETE", path, person=self.asking(family))).status == 204
        ended.reason = "revoked_by_owner"

    @precondition(_some(_lives))
    @rule(pick=PICK)
    def change_password(self, pick: int) -> None:
        family = self.pick(pick, _lives)
        old = self.passwords[family.person.email]
        body = {"current_password": old, "new_password": f"{old[:40]} and {len(self.families)} {pick}"}
        assert self.run(self.service.post("/v1/auth/password", body, person=self.asking(family))).status == 204
        self.passwords[family.person.email] = body["new_password"]
        self.end_others(family, "password_changed", spare=True)

    @precondition(_some(_lives))
    @rule(pick=PICK)
    def delete_account(self, pick: int) -> None:
        """U10: no token of any session works, each end was told, and nobody is told of it but that it is over."""
        family = self.pick(pick, _lives)
        mine = [each for each in self.families if each.person.user_id == family.person.user_id]
        live = {str(each.session_id) for each in mine if each.lives}
        body = {"password": self.passwords[family.person.email]}
        reply = self.run(self.service.post("/v1/auth/account/deletion", body, person=self.asking(family)))
        assert reply.status == 204
        told = {subject for subject, _ in self.run(self.service.events("session_revoked"))}
        assert live <= told
        del self.passwords[family.person.email]
        for each in mine:
            self.families.remove(each)
            for tokens in each.given.values():
                assert self.run(self.service.refresh(next(iter(tokens)))).code == "session_expired"
        self.register()

    # What is over stays over

    @precondition(_some(lambda family: not family.lives))
    @rule(pick=PICK, which=PICK)
    def come_back(self, pick: int, which: int) -> None:
        """With any token that anybody ever had of it, or with its cookie."""
        family = self.pick(pick, lambda each: not each.lives)
        if family.cookie:
            assert self.run(self.service.verify("browser_session", family.cookie)) is None
            return
        generations = sorted(family.given)
        generation = generations[which % len(generations)]
        assert self.present(family, (generation, next(iter(family.given[generation]))), 1) is None

    @precondition(_some(_live_browser))
    @rule(pick=PICK)
    def browse(self, pick: int) -> None:
        family = self.pick(pick, _live_browser)
        told = self.run(self.service.verify("browser_session", family.cookie))
        assert told is not None, "an honest browser was logged out"
        assert told["credential_id"] == str(family.session_id)

    @invariant()
    def database_agrees(self) -> None:
        rows = {row["session_id"]: row for row in self.run(self.rows([each.session_id for each in self.families]))}
        for each in self.families:
            row = rows[each.session_id]
            if not (each.expired and each.reason is None):  # what has expired may be revoked with the others
                assert row["revoked_reason"] == each.reason
            assert row["generation"] == each.generation
            assert {len(tokens) for tokens in each.given.values()} <= {1}, "a family has two leaves"

    def teardown(self) -> None:
        """Each end was told to the gateways once: by that the access tokens die."""
        told = [subject for subject, _ in self.run(self.service.events("session_revoked"))]
        for each in self.families:
            if each.reason is not None:
                assert told.count(str(each.session_id)) == 1
