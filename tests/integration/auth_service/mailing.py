"""auth_service with a mail server, and what people do with the mails that they get."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.integration.auth_service.people import Gateway, Person, Reply
from tests.integration.auth_service.world import AuthService, running
from tests.mail_server import Mail, MailServer, mail_server
from tests.stores import DatabaseUrls
from tests.waiting import eventually

FORGOT, RESET = "/v1/auth/password/forgot", "/v1/auth/password/reset"
RESEND, VERIFY = "/v1/auth/email/verify/resend", "/v1/auth/email/verify"
CHANGE, CONFIRM, UNDO = "/v1/auth/email", "/v1/auth/email/confirm", "/v1/auth/email/undo"
CODE, BY_CODE = "/v1/auth/sign-in/code", "/v1/auth/sign-in/code/confirm"
LINK, BY_LINK = "/v1/auth/sign-in/link", "/v1/auth/sign-in/link/confirm"
NEW_PASSWORD = "another horse battery"


@dataclass(frozen=True)
class Mailing:
    service: AuthService
    server: MailServer

    async def ask(self, path: str, email: str) -> Reply:
        reply = await self.service.post(path, {"email": email})
        assert reply.status == 202, reply
        return reply

    async def link(self, path: str, email: str, subject: str) -> Mail:
        """Ask for a mail and return the one that comes for it."""
        before = len(self.server.to(email, subject))
        await self.ask(path, email)

        async def another() -> Mail | None:
            found = self.server.to(email, subject)
            return found[-1] if len(found) > before else None

        mail = await eventually(another)
        assert mail is not None
        return mail

    async def reset_link(self, email: str) -> Mail:
        return await self.link(FORGOT, email, "new password")

    async def reset(self, token: str, password: str = NEW_PASSWORD, **more: Any) -> Reply:
        return await self.service.post(RESET, {"token": token, "new_password": password} | more)

    async def verify(self, person: Person) -> None:
        mail = await self.server.mail_to(person.email, "Confirm your email address")
        reply = await self.service.post(VERIFY, {"token": mail.token})
        assert reply.status == 204, reply

    async def reserve_address(self) -> None:
        """Let the one account have changed its address, which can still be undone."""
        await self.service.admin.execute(
            """
            insert into auth.one_time_token (token_hash, purpose, user_id, email, email_key, expires_at)
            select sha256(''), 'email_undo', user_id, email, email_key, now() + interval '7 days' from auth.account;
            update auth.account set email = 'new@example.org', email_key = 'new@example.org';
            """
        )

    async def settled(self) -> None:
        """Wait until there is no job that can be done now."""

        async def idle() -> bool:
            return not await self.service.admin.fetchval("select count(*) from auth.job where failed_at is null")

        await eventually(idle)


@asynccontextmanager
async def mailing(urls: DatabaseUrls, gateway: Gateway, **changes: str) -> AsyncIterator[Mailing]:
    async with (
        mail_server() as server,
        running(urls, gateway, SMTP_URL=server.url, PUBLIC_URL="https://people.example", **changes) as service,
    ):
        yield Mailing(service, server)


def told(reply: Reply) -> tuple[object, ...]:
    """Return what a stranger can see of an answer, without what is new in each."""
    own = ("x-request-id", "date", "traceparent")
    body = {name: len(str(value)) if name == "challenge" else value for name, value in reply.body.items()}
    return reply.status, body, sorted((name, value) for name, value in reply.headers.items() if name.lower() not in own)
