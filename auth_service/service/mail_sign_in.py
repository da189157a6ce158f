"""Signing in with what was mailed: a code that is typed, or a link that is followed."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from auth_service.domain.accounts import Account, Proof
from auth_service.domain.audit import Action, AuditEntry
from auth_service.domain.devices import Device
from auth_service.domain.one_time_tokens import Purpose, code_digest, new_challenge, tidy_code
from auth_service.domain.sessions import EndReason
from auth_service.domain.standing import MAILBOX
from auth_service.emails import parse_email
from auth_service.errors import InvalidLink, InvalidMailCode
from auth_service.marks import Marks
from auth_service.repository.accounts import AccountRepository
from auth_service.repository.one_time_tokens import OneTimeTokenRepository
from auth_service.service.attempt_guard import AttemptGuard
from auth_service.service.email_verification import note_received
from auth_service.service.entrance import Admission, Entrance, Visitor
from auth_service.service.mail_requests import MailRequests, Wish
from auth_service.service.one_time_mail import link_digest
from auth_service.service.taking_over import take_over
from shared.db import Database
from shared.events.publish import publish


@dataclass(frozen=True, slots=True)
class TypedCode:
    """What somebody shows: `challenge` is what they were answered when they asked for the code."""

    email: str
    challenge: str
    code: str


@dataclass(frozen=True, slots=True)
class MailSignIn:
    database: Database
    requests: MailRequests
    attempts: AttemptGuard
    marks: Marks
    entrance: Entrance

    async def ask_code(self, address: str) -> str:
        """Have a code mailed, and return the challenge that it will be good with. Raises InvalidEmail, Unavailable."""
        challenge = new_challenge()
        await self.requests.ask(Wish.CODE, address, challenge)
        return challenge

    async def by_code(self, typed: TypedCode, visitor: Visitor) -> Admission:
        """Begin a session. Raises InvalidEmail, InvalidMailCode, TooManyAttempts, and what `Entrance.admit` does."""
        email = parse_email(typed.email)
        account = await AccountRepository(self.database).find(email.key, self.marks.fingerprint(visitor.device))
        proved: Account | None = None

        async def look() -> bool:
            nonlocal proved
            hashed = code_digest(typed.challenge, tidy_code(typed.code))
            owner = account.user_id if account is not None else uuid4()  # nobody's: the work is the same
            proved = await self._spend(Purpose.SIGN_IN_CODE, hashed, visitor.device, owner)
            return proved is not None

        right = await self.attempts.judge(email.key, account, visitor.device, look)
        if proved is None or not right:
            raise InvalidMailCode
        return await self.entrance.admit(Proof(proved, (MAILBOX,)), visitor)

    async def by_link(self, token: str, visitor: Visitor) -> Admission:
        """Begin a session. Raises InvalidLink, and what `Entrance.admit` does. There is nothing to guess."""
        proved = await self._spend(Purpose.SIGN_IN_LINK, link_digest(token), visitor.device)
        if proved is None:
            raise InvalidLink
        return await self.entrance.admit(Proof(proved, (MAILBOX,)), visitor)

    async def _spend(
        self, purpose: Purpose, hashed: bytes, device: Device, owner: UUID | None = None
    ) -> Account | None:
        """Spend what was mailed, and return the account as it is then: whoever shows it receives the account's mail.

        With `owner`, that account's alone: what is guessed counts against the account that was named, and no other.
        """
        async with self.database.transaction() as connection:
            spent = await OneTimeTokenRepository(connection).spend(purpose, hashed, owner)
            if spent is None:
                return None
            if await note_received(connection, AuditEntry(Action.EMAIL_VERIFIED, device, spent.user_id)):
                await publish(connection, "auth", await take_over(connection, spent.user_id, EndReason.ADDRESS_PROVED))
            return await AccountRepository(connection).find_by_id(spent.user_id, self.marks.fingerprint(device))
