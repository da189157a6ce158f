"""Signing in with others: whom a provider names, the sign-in that is under way there, and whose account it opens."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum, auto
from uuid import UUID

from auth_service.domain.accounts import Account

FEDERATED = "fed"  # a method's name beside those of RFC 8176: another has looked who it is
FLOW_LIFETIME = timedelta(minutes=10)  # for a person at the provider's pages
CODE_LIFETIME = timedelta(seconds=60)  # for an app that is on its way to fetch its tokens
# How long a second use of a code is known: longer than a sign-in may wait for its second factor.
SPENT_CODE_KEPT = timedelta(minutes=30)
MOST_IDENTITIES = 20  # of one account


@dataclass(frozen=True, slots=True)
class ExternalIdentity:
    """Somebody as a provider knows them. `issuer` and `subject` together are one person for ever; an address is not.

    `email` is none where the provider tells none; `email_verified`: it says that the person receives its mail.
    """

    provider: str
    issuer: str
    subject: str
    email: str | None
    email_verified: bool


@dataclass(frozen=True, slots=True)
class LinkedIdentity:
    """What the account's owner is shown."""

    identity_id: UUID
    provider: str
    email: str | None
    linked_at: datetime
    last_used_at: datetime


@dataclass(frozen=True, slots=True)
class Linker:
    """The person who links an identity to their account, and the session that they do it by."""

    user_id: UUID
    session_id: UUID


@dataclass(frozen=True, slots=True)
class AppReturn:
    """An app that will fetch what comes of it: where it is reached, and the hash of what it will have to show there.

    `challenge` is that of RFC 7636, S256.
    """

    redirect_uri: str
    challenge: str


@dataclass(frozen=True, slots=True)
class Flow:
    """A sign-in that waits for the provider's answer, as it is stored: sealed.

    It ends where it began: in the browser whose cookie has `browser_hash`, at `return_to`; or in an `app`. With a
    `linker` nobody signs in, but what is proved is linked to their account.
    """

    provider: str
    nonce: str
    verifier: str
    browser_hash: bytes = b""
    return_to: str = ""
    app: AppReturn | None = None
    linker: Linker | None = None


@dataclass(frozen=True, slots=True)
class Handover:
    """What a provider has proved and an app has yet to fetch, as it is stored: sealed."""

    identity: ExternalIdentity
    challenge: str
    linker: Linker | None = None


class Verdict(Enum):
    CREATE = auto()
    LINK = auto()
    REFUSE = auto()


def judge_newcomer(identity: ExternalIdentity, account: Account | None) -> Verdict:
    """Return what to do with an identity that no account has; `account` is the one with its address.

    An address alone proves nothing unless both sides have seen it work: whoever registered a stranger's address here,
    or wrote it into their profile there, must not meet that stranger in one account.
    """
    if account is None:
        return Verdict.CREATE
    return Verdict.LINK if identity.email_verified and account.email_verified else Verdict.REFUSE
