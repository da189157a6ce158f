"""The one door: by whatever a person has proved to be themselves, their session begins here."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from uuid import UUID

from auth_service.domain.accounts import Account, Proof
from auth_service.domain.audit import Action, AuditEntry
from auth_service.domain.devices import Device
from auth_service.domain.languages import DEFAULT
from auth_service.domain.requirement import Requirement
from auth_service.domain.sessions import NewSession, SessionKind
from auth_service.domain.standing import Standing
from auth_service.errors import AccountBanned, EmailNotVerified, InvalidCredentials, InvalidSignInCode
from auth_service.mail.outbox import Outbox
from auth_service.marks import Marks
from auth_service.repository.accounts import AccountRepository
from auth_service.repository.administration import AdministrationRepository
from auth_service.repository.audit import AuditRepository
from auth_service.repository.sessions import SessionRepository
from auth_service.repository.spent_codes import SpentCodeRepository
from auth_service.service.browser_sessions import BrowserCookie, end_replaced
from auth_service.service.ending import end_excess
from auth_service.service.pending_sign_ins import ask_second_factor
from auth_service.service.tokens import TokenIssuer, Tokens
from shared.credentials import new_session_cookie
from shared.db import Connection, Database
from shared.errors import Unavailable
from shared.events.publish import NewEvent, publish
from shared.ids import uuid7
from shared.opaque_tokens import digest

Still = Callable[[Connection], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who comes in, and how they will hold their session. A genuine cookie in `replaced` ends its own.

    `language` is the one to write to them in, if an account is made for them now. `on_page`: they are at one of our
    pages, which hands out no tokens.
    """

    device: Device
    kind: SessionKind = SessionKind.TOKEN
    replaced: BrowserCookie | None = None
    language: str = DEFAULT
    on_page: bool = False

    def of_kind(self, kind: SessionKind) -> "Visitor":
        """Return them as they began a sign-in that waited: only a browser's session takes the place of another."""
        return Visitor(self.device, kind, self.replaced if kind is SessionKind.BROWSER else None, self.language)


@dataclass(frozen=True, slots=True)
class Admission:
    """What a person gets who was let in: tokens, or the value of a cookie."""

    user_id: UUID
    credential: Tokens | str


@dataclass(frozen=True, slots=True)
class Opening:
    """A session that is to be stored, and what is good once it is."""

    session: NewSession
    admission: Admission
    replaced: BrowserCookie | None
    provider: str = ""  # as in Proof
    code_hash: bytes | None = None  # as in Proof


@dataclass(frozen=True, slots=True)
class Entrance:
    database: Database
    marks: Marks
    issuer: TokenIssuer
    outbox: Outbox
    verified_first: bool  # nobody is let in before their address is verified
    most_sessions: int  # that an account may have at once
    requirement: Requirement  # whom nobody is let in as by one factor alone

    async def admit(self, proof: Proof, visitor: Visitor, still: Still | None = None) -> Admission:
        """Begin a session. Raises InvalidCredentials where the proof has become void meanwhile, or Unavailable.

        `still` asks, once the account is held, for what it was proved by, and raises where that is gone.

        Raises AccountBanned, EmailNotVerified; SecondFactorRequired where the account has a second factor and one alone
        was proved, and SecondFactorEnrolmentRequired where it has none and has to; InvalidSignInCode where the proof
        came by a code that was used again meanwhile.
        """
        opening = await self.make_ready(proof, visitor)
        async with self.database.transaction() as connection:
            await self.hold(connection, proof.account)
            if still is not None:
                await still(connection)
            owed = await ask_second_factor(connection, proof, visitor.device, visitor.kind, self.requirement)
            if owed is None:
                await publish(connection, "auth", await self.begin(connection, opening))
        if owed is not None:
            raise owed
        return opening.admission

    async def make_ready(self, proof: Proof, visitor: Visitor) -> Opening:
        """Make what `begin` will store, for what was proved. Raises EmailNotVerified, Unavailable."""
        account = proof.account
        if self.verified_first and not account.email_verified:
            raise EmailNotVerified
        opening = await self.prepare(account.user_id, Standing.now(proof.methods, account.roles), visitor)
        return replace(opening, provider=proof.provider, code_hash=proof.code_hash)

    async def hold(self, connection: Connection, account: Account) -> None:
        """Hold the account until the transaction ends, as it was when it was proved.

        Proving took time: what was changed meanwhile, as a password, must not open a session any more. Raises
        InvalidCredentials, AccountBanned; or Unavailable, where the token that is ready names roles of a moment ago.
        """
        if not await AccountRepository(connection).hold(account):
            raise InvalidCredentials
        roles, ban = await AdministrationRepository(connection).read_standing(account.user_id)
        if ban is not None:
            raise AccountBanned(ban.reason, ban.until)
        if roles != account.roles:
            raise Unavailable("The account was changed in this moment.")

    async def prepare(self, user_id: UUID, standing: Standing, visitor: Visitor) -> Opening:
        """Make what `begin` will store. Raises Unavailable."""
        session_id, device = uuid7(), visitor.device
        if visitor.kind is SessionKind.BROWSER:
            cookie = new_session_cookie(session_id)
            session = NewSession(session_id, user_id, digest(cookie), device, standing, SessionKind.BROWSER)
            return Opening(session, Admission(user_id, cookie), visitor.replaced)
        token = self.issuer.first(session_id)
        session = NewSession(session_id, user_id, token.secret_hash, device, standing)
        tokens = await self.issuer.issue(user_id, token, standing)
        return Opening(session, Admission(user_id, tokens), visitor.replaced)

    async def begin(self, connection: Connection, opening: Opening) -> list[NewEvent]:
        """Store the session and return the events to publish as the transaction's last step.

        The transaction holds the account, or has just made it: the sessions that are too many then are ended here.
        Raises InvalidSignInCode where the code that led here was used again; if it is later, that ends the session.
        """
        session = opening.session
        if opening.code_hash is not None:
            await _bind(connection, opening.code_hash, session)
        events = await end_replaced(connection, opening.replaced)
        await SessionRepository(connection).add(session)
        if await AccountRepository(connection).remember_device(session.user_id, self.marks.fingerprint(session.device)):
            await self.outbox.tell_new_device(connection, session.user_id, session.device)
        details = {"methods": " ".join(session.standing.methods), "kind": session.kind.value}
        details |= {"provider": opening.provider} if opening.provider else {}
        entry = AuditEntry(
            Action.SIGNED_IN, session.device, session.user_id, session.user_id, session.session_id, details
        )
        await AuditRepository(connection).record(entry)
        return events + await end_excess(connection, session, self.most_sessions)


async def _bind(connection: Connection, code_hash: bytes, session: NewSession) -> None:
    if not await SpentCodeRepository(connection).note_session(code_hash, session.session_id):
        raise InvalidSignInCode
