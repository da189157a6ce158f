"""What anybody can ask for who names an address: a mail to it. Nobody learns from it whether there is an account.

Whoever asks is answered when the wish is stored, sealed. Only the job that fulfils it looks at the account: so the
work, the time and the answer are the same for every address.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from uuid import UUID

import msgspec

from auth_service.domain.accounts import Account
from auth_service.domain.addresses import Address
from auth_service.domain.one_time_tokens import Purpose
from auth_service.domain.sessions import DISTRUSTED
from auth_service.emails import Email, parse_email
from auth_service.errors import TooManyMails
from auth_service.mail.orders import Template
from auth_service.mail.outbox import Outbox, new_order
from auth_service.marks import Marks
from auth_service.repository.addresses import AddressRepository
from auth_service.repository.mail_counts import WINDOW, MailCountRepository
from auth_service.repository.sessions import SessionRepository
from auth_service.sealing import WrongSealingKey
from auth_service.service.one_time_mail import OneTimeMail, recipient_of
from shared.db import Connection, Database
from shared.jobs.model import GiveUp, Job

MAIL_REQUEST = "mail_request"
_WISH_LIFE = timedelta(hours=1)
_NOTICE_LIFE = timedelta(days=1)


class Wish(StrEnum):
    VERIFY = "verify"
    RESET = "reset"
    CODE = "code"
    LINK = "link"
    EMAIL_CHANGE = "email_change"


class MailRequest(msgspec.Struct, frozen=True):
    """`challenge` goes with a code; `user_id` and `email` are who wants to have the address, and as it is written.

    `proved_at` is since when that account has had the password that it had then: with another the wish is void. It is
    none in what the release before stored. `session_id` is of the session that wishes another address: it is void once
    that was ended as one that somebody else may have had.
    """

    wish: Wish
    email_key: str
    challenge: str = ""
    user_id: UUID | None = None
    email: str = ""
    proved_at: datetime | None = None
    session_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class MailRequests:
    database: Database
    outbox: Outbox
    marks: Marks

    async def ask(self, wish: Wish, address: str, challenge: str = "") -> None:
        """Have a mail sent, if the address has an account and hasn't had its share. Raises InvalidEmail."""
        async with self.database.transaction() as connection:
            await self._store(connection, MailRequest(wish, parse_email(address).key, challenge))

    async def ask_change(self, connection: Connection, account: Account, email: Email, session_id: UUID) -> None:
        """Have the owner of `email` asked whether it is to become the account's address. Raises TooManyMails.

        Needs the account held, as it was when it was proved.
        """
        if not await MailCountRepository(connection).count(self.marks.mail_subject(str(account.user_id))):
            raise TooManyMails(WINDOW)
        request = MailRequest(
            Wish.EMAIL_CHANGE,
            email.key,
            user_id=account.user_id,
            email=email.address,
            proved_at=account.password_changed_at,
            session_id=session_id,
        )
        await self._store(connection, request)

    async def _store(self, connection: Connection, request: MailRequest) -> None:
        await self.outbox.add(connection, MAIL_REQUEST, request, datetime.now(UTC) + _WISH_LIFE)


@dataclass(frozen=True, slots=True)
class MailRequestWork:
    """The job. Done twice it sends two mails, both good: that harms nobody."""

    database: Database
    outbox: Outbox
    mail: OneTimeMail
    marks: Marks

    async def fulfil(self, job: Job) -> None:
        try:
            request = msgspec.json.decode(self.outbox.open(job), type=MailRequest)
        except (WrongSealingKey, msgspec.MsgspecError):
            raise GiveUp("it was sealed with another key, or by a newer program") from None
        async with self.database.transaction() as connection:
            address = await AddressRepository(connection).find(request.email_key)
            if not await self._is_due(connection, request, address):
                return
            if request.wish is Wish.EMAIL_CHANGE:
                await self._offer_address(connection, request, address)
            elif address is not None:
                await self._send(connection, request, address)

    async def _is_due(self, connection: Connection, request: MailRequest, address: Address | None) -> bool:
        """Whether there is anybody to write to, and something to say, and not too often: strangers flood nobody."""
        if address is None and request.wish is not Wish.EMAIL_CHANGE:
            return False
        if address is not None and address.verified and request.wish is Wish.VERIFY:
            return False
        return await MailCountRepository(connection).count(self.marks.mail_subject(request.email_key))

    async def _send(self, connection: Connection, request: MailRequest, address: Address) -> None:
        recipient = recipient_of(address)
        if request.wish is Wish.CODE:
            await self.mail.send_code(connection, request.challenge, recipient)
        elif request.wish is Wish.LINK:
            await self.mail.send_link(connection, Purpose.SIGN_IN_LINK, recipient)
        elif request.wish is Wish.RESET:
            await self.mail.send_link(connection, Purpose.RESET, recipient)
        else:
            await self.mail.send_link(connection, Purpose.VERIFY, recipient)

    async def _offer_address(self, connection: Connection, request: MailRequest, taken: Address | None) -> None:
        """Ask the new address; where it is another account's, tell that one's owner instead.

        The account is held, so that whoever changes its password, or ends the session that wished it, voids the link,
        or finds that none was made.
        """
        assert request.user_id is not None
        if taken is not None and taken.user_id != request.user_id:
            await tell_registered(connection, self.outbox, taken.email, taken.language)
            return
        asking = await AddressRepository(connection).hold(request.user_id, request.proved_at)
        if asking is not None and not await _is_distrusted(connection, request.session_id):
            recipient = replace(recipient_of(asking), email=request.email, email_key=request.email_key)
            await self.mail.send_link(connection, Purpose.EMAIL_CHANGE, recipient)


async def _is_distrusted(connection: Connection, session_id: UUID | None) -> bool:
    return session_id is not None and await SessionRepository(connection).find_reason(session_id) in DISTRUSTED


async def tell_registered(connection: Connection, outbox: Outbox, email: str, language: str) -> None:
    """Tell an account's owner that somebody wanted to use its address."""
    order = new_order(Template.ALREADY_REGISTERED, email, language)
    await outbox.post(connection, order, datetime.now(UTC) + _NOTICE_LIFE)
