"""Histories of one session over the pure rule: an owner with a bad network, and perhaps a thief."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from auth_service.domain.refreshing import GRACE, REFRESHES_PER_WINDOW, WINDOW, Rotation, Verdict, judge
from auth_service.refresh_tokens import RefreshToken, RefreshTokens
from shared.ids import uuid7
from shared.settings import Secret

TOKENS = RefreshTokens(Secret("k" * 32))


class Histories(RuleBasedStateMachine):
    """Tells what must happen from who was handed which token, without looking at hashes or at the rule."""

    @initialize()
    def sign_in(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)
        first = TOKENS.first(uuid7())
        self.line = [first]  # every token that ever was current
        self.owner = first
        self.stolen: list[RefreshToken] = []
        self.thief_came = False
        self.rotated_at = self.now
        self.confirmed = False
        self.session = Rotation(
            secret_hash=first.secret_hash,
            generation=1,
            confirmed_generation=0,
            created_at=self.now,
            rotated_at=self.now,
            last_used_at=self.now,
            revoked_at=None,
            window_started_at=self.now,
            window_count=0,
        )

    @rule(lost=st.booleans())
    def owner_refreshes(self, lost: bool) -> None:  # noqa: FBT001  hypothesis passes by name
        successor = self.present(self.owner)
        if successor is not None and not lost:
            self.owner = successor

    @rule()
    def owner_uses_access_token(self) -> None:
        generation = max(self.owner.generation, self.session.confirmed_generation)
        if generation <= self.session.generation:
            self.session = replace(self.session, confirmed_generation=generation)
        self.confirmed = self.confirmed or self.owner.generation == len(self.line)

    @rule(seconds=st.sampled_from([1, 20, 30, 600, 86_400]))
    def time_passes(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule()
    def thief_copies(self) -> None:
        self.stolen.append(self.owner)

    @precondition(lambda self: self.stolen)
    @rule(data=st.data())
    def thief_refreshes(self, data: st.DataObject) -> None:
        self.thief_came = True
        successor = self.present(data.draw(st.sampled_from(self.stolen)))
        if successor is not None:
            self.stolen.append(successor)

    def present(self, token: RefreshToken) -> RefreshToken | None:
        """Present a token as the service would, and check the verdict against the history."""
        verdict = judge(TOKENS.presented(token), self.session, self.now)
        if verdict not in (Verdict.TOO_OFTEN, Verdict.EXPIRED):
            assert verdict is self.expected(token)
        self.carry_out(verdict, token)
        return TOKENS.successors(token)[0] if verdict in (Verdict.ROTATE, Verdict.REPLAY) else None

    def expected(self, token: RefreshToken) -> Verdict:
        if self.session.revoked_at is not None:
            return Verdict.REVOKED
        if token == self.line[-1]:
            return Verdict.ROTATE
        in_time = not self.confirmed or self.now - self.rotated_at < GRACE
        return Verdict.REPLAY if token in self.line[-2:] and in_time else Verdict.REUSE

    def carry_out(self, verdict: Verdict, token: RefreshToken) -> None:
        if verdict is Verdict.ROTATE:
            successor = TOKENS.successors(token)[0]
            self.line.append(successor)
            self.rotated_at, self.confirmed = self.now, False
            self.session = replace(
                self.session,
                secret_hash=successor.secret_hash,
                generation=successor.generation,
                rotated_at=self.now,
            )
        if verdict in (Verdict.ROTATE, Verdict.REPLAY):
            fresh = self.now - self.session.window_started_at >= WINDOW
            self.session = replace(
                self.session,
                last_used_at=self.now,
                window_started_at=self.now if fresh else self.session.window_started_at,
                window_count=1 if fresh else self.session.window_count + 1,
            )
        if verdict is Verdict.REUSE:
            self.session = replace(self.session, revoked_at=self.now)

    @invariant()
    def owner_alone_is_never_signed_out(self) -> None:
        assert self.thief_came or self.session.revoked_at is None

    @invariant()
    def one_token_at_most_rotates(self) -> None:
        verdicts = [judge(TOKENS.presented(token), self.session, self.now) for token in self.line]
        assert verdicts.count(Verdict.ROTATE) <= 1

    @invariant()
    def limit_holds(self) -> None:
        assert self.session.window_count <= REFRESHES_PER_WINDOW


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
