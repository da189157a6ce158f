"""Register and log in: the two ways in which a session begins."""

from dataclasses import dataclass

from auth_service.domain.accounts import NewAccount
from auth_service.domain.devices import Device
from auth_service.domain.passwords import accept_new_password
from auth_service.emails import parse_email
from auth_service.errors import InvalidCredentials, TooManyAttempts
from auth_service.marks import Marks
from auth_service.metrics import LOGINS, REGISTRATIONS
from auth_service.passwords import PasswordHasher
from auth_service.repository.accounts import AccountRepository
from auth_service.repository.sessions import SessionRepository
from auth_service.service.password_guard import PasswordGuard
from auth_service.service.tokens import Opening, TokenIssuer, Tokens
from shared.db import Connection, Database
from shared.events.publish import NewEvent, publish
from shared.ids import uuid7


@dataclass(frozen=True, slots=True)
class SignIn:
    database: Database
    hasher: PasswordHasher
    guard: PasswordGuard
    marks: Marks
    issuer: TokenIssuer

    async def register(self, address: str, password: str, device: Device) -> Tokens:
        """Make an account and its first session. Raises InvalidEmail, WeakPassword, EmailTaken, Unavailable.

        The password is hashed before the address is looked at, so that the time tells nothing.
        """
        email = parse_email(address)
        password_hash = await self.hasher.hash(accept_new_password(password))
        user_id = uuid7()
        opening = await self.issuer.open(user_id, device)
        async with self.database.transaction() as connection:
            await AccountRepository(connection).add(NewAccount(user_id, email.address, email.key, password_hash))
            await self._begin(connection, opening)
            await publish(connection, "auth", [NewEvent("user_registered", str(user_id))])
        REGISTRATIONS.inc()
        return opening.tokens

    async def log_in(self, address: str, password: str, device: Device) -> Tokens:
        """Begin a session. Raises InvalidEmail, InvalidCredentials, TooManyAttempts, Unavailable."""
        try:
            tokens = await self._log_in(address, password, device)
        except (InvalidCredentials, TooManyAttempts) as exc:
            LOGINS.labels(exc.code).inc()
            raise
        LOGINS.labels("success").inc()
        return tokens

    async def _log_in(self, address: str, password: str, device: Device) -> Tokens:
        email = parse_email(address)
        account = await AccountRepository(self.database).find(email.key, self.marks.fingerprint(device))
        right = await self.guard.prove(email.key, account, password, device)
        if account is None or not right:
            raise InvalidCredentials
        opening = await self.issuer.open(account.user_id, device)
        async with self.database.transaction() as connection:
            # The hash took time: a password that was changed meanwhile must not open a session any more.
            if not await AccountRepository(connection).hold(account):
                raise InvalidCredentials
            await self._begin(connection, opening)
        return opening.tokens

    async def _begin(self, connection: Connection, opening: Opening) -> None:
        session = opening.session
        await SessionRepository(connection).add(session)
        await AccountRepository(connection).remember_device(session.user_id, self.marks.fingerprint(session.device))
