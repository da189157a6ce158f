"""What administrators send and are answered."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Struct

from auth_service.domain.administration import AccountDetails, AccountSummary
from auth_service.domain.bans import StandingBan
from auth_service.domain.roles import MOST_ROLES
from shared.web.paging import PageQuery

Flag = bool | None


class AccountsQuery(PageQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`email` is any part of the address with three letters or digits at least; accounts fit all that is given."""

    email: Annotated[str, Meta(min_length=3, max_length=254)] | None = None
    id: UUID | None = None
    role: Annotated[str, Meta(max_length=32)] | None = None
    banned: Flag = None
    verified: Flag = None


class RolesRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """All roles that the account will have."""

    roles: Annotated[list[Annotated[str, Meta(max_length=32)]], Meta(max_length=MOST_ROLES)]


class BanRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """`reason` is told to the person when they sign in; without `until` the ban has no end."""

    reason: Annotated[str, Meta(max_length=1000)]
    until: Annotated[datetime, Meta(tz=True)] | None = None


class PasswordVoidRequest(Struct, frozen=True, forbid_unknown_fields=True):
    keep_api_keys: bool = False


class BanView(Struct, frozen=True):
    reason: str
    at: datetime
    until: datetime | None


class AccountView(Struct, frozen=True):
    """An account in a list. `ban` is null unless one holds."""

    id: UUID
    email: str
    email_verified: bool
    has_password: bool
    roles: list[str]
    created_at: datetime
    ban: BanView | None


class AccountDetailsView(AccountView, frozen=True, kw_only=True):
    """`last_used_at` is of its latest session; `counts` says how many live sessions and the like it has."""

    password_changed_at: datetime
    last_used_at: datetime | None
    counts: dict[str, int]


def present_account(account: AccountSummary) -> AccountView:
    return AccountView(
        id=account.user_id,
        email=account.email,
        email_verified=account.email_verified,
        has_password=account.has_password,
        roles=list(account.roles),
        created_at=account.created_at,
        ban=_present_ban(account.ban),
    )


def present_details(account: AccountDetails) -> AccountDetailsView:
    view = present_account(account.summary)
    return AccountDetailsView(
        *(getattr(view, name) for name in AccountView.__struct_fields__),
        password_changed_at=account.password_changed_at,
        last_used_at=account.last_used_at,
        counts=dict(account.counts),
    )


def _present_ban(standing: StandingBan | None) -> BanView | None:
    return BanView(standing.ban.reason, standing.at, standing.ban.until) if standing is not None else None
