"""Register, and log in with a password."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from auth_service.domain.accounts import NewAccount, Proof
from auth_service.domain.devices import Device
from auth_service.domain.passwords import PasswordContext, accept_new_password
from auth_service.domain.standing import PASSWORD, Standing
from auth_service.emails import parse_email
from auth_service.errors import InvalidCredentials, SecondFactorRequired, TooManyAttempts
from auth_service.marks import Marks
from auth_service.metrics import LOGINS, REGISTRATIONS
from auth_service.passwords import PasswordHasher
from auth_service.repository.accounts import AccountRepository
from auth_service.service.entrance import Admission, Entrance, Visitor
from auth_service.service.password_guard import PasswordGuard
from auth_service.service.registration import Registrar
from auth_service.service.rehashing import Rehashing
from shared.db import Database
from shared.events.publish import publish
from shared.ids import uuid7


@dataclass(frozen=True, slots=True)
class SignIn:
    database: Database
    hasher: PasswordHasher
    guard: PasswordGuard
    marks: Marks
    entrance: Entrance
    context: PasswordContext
    rehashing: Rehashing
    registrar: Registrar

    async def register(self, address: str, password: str, visitor: Visitor) -> Admission | None:
        """Make an account and its first session. Raises InvalidEmail, WeakPassword, EmailTaken, Unavailable.

        Raises SecondFactorEnrolmentRequired where a session takes a second factor: the account is made all the same.

        None where the address has to be verified first: then nobody is told here whether it has an account already.
        The password is hashed before the address is looked at, so that the time tells nothing.
        """
        email = parse_email(address)
        accepted = accept_new_password(password, "/password", self.context.about(email.address))
        password_hash = await self.hasher.hash(accepted)
        new = NewAccount(uuid7(), email.address, email.key, password_hash, language=visitor.language)
        if self.registrar.verified_first:
            await self.registrar.put_off(new, visitor.device)
            return None
        if self.entrance.requirement.asks(()):
            return await self._register_first(new, visitor)
        opening = await self.entrance.prepare(new.user_id, Standing.now((PASSWORD,)), visitor)
        async with self.database.transaction() as connection:
            events = await self.registrar.add(connection, new, visitor.device)
            events += await self.entrance.begin(connection, opening)
            await publish(connection, "auth", events)
        REGISTRATIONS.inc()
        return opening.admission

    async def _register_first(self, new: NewAccount, visitor: Visitor) -> Admission:
        """Make the account, and have it pass the door as every other, where a second factor is asked for."""
        async with self.database.transaction() as connection:
            await publish(connection, "auth", await self.registrar.add(connection, new, visitor.device))
        REGISTRATIONS.inc()
        account = await AccountRepository(self.database).find_by_id(new.user_id, self.marks.fingerprint(visitor.device))
        if account is None:
            raise InvalidCredentials  # deleted in this moment
        return await self.entrance.admit(Proof(account, (PASSWORD,)), visitor)

    async def log_in(self, address: str, password: str, visitor: Visitor) -> Admission:
        """Begin a session.

        Raises InvalidEmail, InvalidCredentials, TooManyAttempts, SecondFactorRequired, Unavailable.
        """
        with _counted():
            return await self.entrance.admit(await self._prove(address, password, visitor.device), visitor)

    async def _prove(self, address: str, password: str, device: Device) -> Proof:
        email = parse_email(address)
        self.hasher.check_room()  # a storm of logins costs the database nothing
        account = await AccountRepository(self.database).find(email.key, self.marks.fingerprint(device))
        right = await self.guard.prove(email.key, account, password, device)
        if account is None or not right:
            raise InvalidCredentials
        return Proof(await self.rehashing.renew(account, password), (PASSWORD,))


@contextmanager
def _counted() -> Iterator[None]:
    try:
        yield
    except (InvalidCredentials, TooManyAttempts, SecondFactorRequired) as exc:
        LOGINS.labels(exc.code).inc()
        raise
    LOGINS.labels("success").inc()
