"""Register and log in, with tokens or with a cookie: the ways in which a session begins."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from auth_service.domain.accounts import Account, NewAccount
from auth_service.domain.devices import Device
from auth_service.domain.passwords import accept_new_password
from auth_service.domain.sessions import NewSession
from auth_service.emails import parse_email
from auth_service.errors import InvalidCredentials, TooManyAttempts
from auth_service.marks import Marks
from auth_service.metrics import LOGINS, REGISTRATIONS
from auth_service.passwords import PasswordHasher
from auth_service.repository.accounts import AccountRepository
from auth_service.repository.sessions import SessionRepository
from auth_service.service.browser_sessions import BrowserCookie, BrowserOpening, end_replaced, open_browser_session
from auth_service.service.password_guard import PasswordGuard
from auth_service.service.tokens import TokenIssuer, Tokens
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
            await self._begin(connection, opening.session)
            await publish(connection, "auth", [NewEvent("user_registered", str(user_id))])
        REGISTRATIONS.inc()
        return opening.tokens

    async def log_in(self, address: str, password: str, device: Device) -> Tokens:
        """Begin a session with tokens. Raises InvalidEmail, InvalidCredentials, TooManyAttempts, Unavailable."""
        with _counted():
            account = await self._prove(address, password, device)
            opening = await self.issuer.open(account.user_id, device)
            async with self.database.transaction() as connection:
                await self._enter(connection, account, opening.session)
        return opening.tokens

    async def log_in_browser(
        self, address: str, password: str, device: Device, replaced: BrowserCookie | None
    ) -> BrowserOpening:
        """Begin a session with a cookie, and end the one that the browser had, if `replaced` is genuine.

        Raises as `log_in`.
        """
        with _counted():
            account = await self._prove(address, password, device)
            opening = open_browser_session(account.user_id, device)
            async with self.database.transaction() as connection:
                await self._enter(connection, account, opening.session)
                await publish(connection, "auth", await end_replaced(connection, replaced))
        return opening

    async def _prove(self, address: str, password: str, device: Device) -> Account:
        email = parse_email(address)
        account = await AccountRepository(self.database).find(email.key, self.marks.fingerprint(device))
        right = await self.guard.prove(email.key, account, password, device)
        if account is None or not right:
            raise InvalidCredentials
        return account

    async def _enter(self, connection: Connection, account: Account, session: NewSession) -> None:
        # The hash took time: a password that was changed meanwhile must not open a session any more.
        if not await AccountRepository(connection).hold(account):
            raise InvalidCredentials
        await self._begin(connection, session)

    async def _begin(self, connection: Connection, session: NewSession) -> None:
        await SessionRepository(connection).add(session)
        await AccountRepository(connection).remember_device(session.user_id, self.marks.fingerprint(session.device))


@contextmanager
def _counted() -> Iterator[None]:
    try:
        yield
    except (InvalidCredentials, TooManyAttempts) as exc:
        LOGINS.labels(exc.code).inc()
        raise
    LOGINS.labels("success").inc()
