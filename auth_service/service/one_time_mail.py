"""Mails with a link or a code in them.

The links, which the pages answer. A GET never spends anything, since scanners fetch links: the page asks for a click
and posts the token to the route beside it.

    page                                 then POST                                 with
    /account/verify?token=T              /v1/auth/email/verify                     {"token": T}
    /account/reset?token=T               /v1/auth/password/reset                   {"token": T, "new_password": ...}
    /account/sign-in/link?token=T        /v1/auth/sign-in/link/confirm             {"token": T, "session": "browser"}
    /account/email/confirm?token=T       /v1/auth/email/confirm                    {"token": T}
    /account/email/undo?token=T          /v1/auth/email/undo                       {"token": T}

A token is a secret in a query: these pages send `Referrer-Policy: no-referrer`, and no log of ours holds queries.
"""

from dataclasses import dataclass
from urllib.parse import urlencode

from auth_service.domain.addresses import Address
from auth_service.domain.one_time_tokens import Purpose, Recipient, code_digest, is_link_token, new_code, new_link_token
from auth_service.errors import InvalidLink
from auth_service.mail.orders import Template
from auth_service.mail.outbox import Outbox, new_order
from auth_service.repository.one_time_tokens import OneTimeTokenRepository
from shared.db import Connection
from shared.opaque_tokens import digest

PAGES = {
    Purpose.VERIFY: "/account/verify",
    Purpose.RESET: "/account/reset",
    Purpose.SIGN_IN_LINK: "/account/sign-in/link",
    Purpose.EMAIL_CHANGE: "/account/email/confirm",
    Purpose.EMAIL_UNDO: "/account/email/undo",
}
_TEMPLATES = {
    Purpose.VERIFY: Template.VERIFY,
    Purpose.RESET: Template.RESET,
    Purpose.SIGN_IN_LINK: Template.SIGN_IN_LINK,
    Purpose.EMAIL_CHANGE: Template.EMAIL_CHANGE,
    Purpose.EMAIL_UNDO: Template.EMAIL_CHANGED,
}


@dataclass(frozen=True, slots=True)
class OneTimeMail:
    """Every link begins with PUBLIC_URL, whatever a request calls us."""

    outbox: Outbox
    public_url: str

    async def send_link(
        self,
        connection: Connection,
        purpose: Purpose,
        recipient: Recipient,
        template: Template | None = None,
        **values: str,
    ) -> None:
        """Mail a new link; it, and the mail, are good if the transaction commits."""
        token = new_link_token()
        expires_at = await OneTimeTokenRepository(connection).add(purpose, digest(token), recipient)
        link = f"{self.public_url}{PAGES[purpose]}?{urlencode({'token': token})}"
        order = new_order(template or _TEMPLATES[purpose], recipient.email, recipient.language, values | {"link": link})
        await self.outbox.post(connection, order, expires_at)

    async def send_code(self, connection: Connection, challenge: str, recipient: Recipient) -> None:
        """Mail a code that is good together with the challenge."""
        code = new_code()
        hashed = code_digest(challenge, code)
        expires_at = await OneTimeTokenRepository(connection).add(Purpose.SIGN_IN_CODE, hashed, recipient)
        half = len(code) // 2
        values = {"code": f"{code[:half]} {code[half:]}"}
        order = new_order(Template.SIGN_IN_CODE, recipient.email, recipient.language, values)
        await self.outbox.post(connection, order, expires_at)


def link_digest(token: str) -> bytes:
    """Return what is stored of a link's token. Raises InvalidLink for what we can't have made."""
    if not is_link_token(token):
        raise InvalidLink
    return digest(token)


def recipient_of(address: Address) -> Recipient:
    return Recipient(address.user_id, address.email, address.email_key, address.language)
