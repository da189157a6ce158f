"""How the audit log is asked for, and how its entries look."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, field

from auth_service.domain.audit import SYSTEM, Action, AuditFilter, Recorded
from auth_service.domain.devices import named_prefix
from shared.errors import InvalidParameter, Violation

Time = Annotated[datetime, Meta(tz=True)]


class AuditFormat(StrEnum):
    NDJSON = "ndjson"
    CSV = "csv"


class _Filters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    account: UUID | None = None
    actor: UUID | None = None
    action: Action | UnsetType = UNSET
    address: Annotated[str, Meta(max_length=64)] | None = None
    since: Time | None = field(name="from", default=None)
    until: Time | None = field(name="to", default=None)


class AuditQuery(_Filters, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`account` is whose account it was about, `actor` who did it; `address` is one, or a network as entries have it.

    `from` is included, `to` isn't.
    """

    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    cursor: Annotated[str, Meta(max_length=64)] | None = None


class AuditExportQuery(_Filters, frozen=True, kw_only=True, forbid_unknown_fields=True):
    format: AuditFormat = AuditFormat.NDJSON


class AuditEntryView(Struct, frozen=True):
    """Who did what, when and from where. `actor_id` is null for a stranger, and all zeros for the system itself."""

    id: UUID
    at: datetime
    action: str
    user_id: UUID | None
    actor_id: UUID | None
    session_id: UUID | None
    address_prefix: str
    user_agent: str
    details: dict[str, str]


class By(StrEnum):
    YOU = "you"
    STRANGER = "stranger"
    ADMINISTRATOR = "administrator"
    SYSTEM = "system"


class OwnEntryView(Struct, frozen=True):
    """What happened to your account. Of an administrator you aren't told who it was, or from where."""

    id: UUID
    at: datetime
    action: str
    by: By
    session_id: UUID | None
    address_prefix: str
    user_agent: str
    details: dict[str, str]


def filter_of(query: _Filters) -> AuditFilter:
    """Raises InvalidParameter."""
    prefix = named_prefix(query.address) if query.address is not None else None
    if prefix == "":
        rule = "is neither an address nor a network as entries have it"
        raise InvalidParameter(f"`address` {rule}.", errors=[Violation("address", rule)])
    action = query.action.value if query.action is not UNSET else None
    return AuditFilter(query.account, query.actor, action, prefix, query.since, query.until)


def present_entry(entry: Recorded) -> AuditEntryView:
    return AuditEntryView(
        id=entry.audit_entry_id,
        at=entry.at,
        action=entry.action,
        user_id=entry.user_id,
        actor_id=entry.actor_id,
        session_id=entry.session_id,
        address_prefix=entry.address_prefix,
        user_agent=entry.user_agent,
        details=dict(entry.details),
    )


def present_own_entry(entry: Recorded) -> OwnEntryView:
    by = _by(entry)
    foreign = by in (By.ADMINISTRATOR, By.SYSTEM)
    return OwnEntryView(
        id=entry.audit_entry_id,
        at=entry.at,
        action=entry.action,
        by=by,
        session_id=None if foreign else entry.session_id,
        address_prefix="" if foreign else entry.address_prefix,
        user_agent="" if foreign else entry.user_agent,
        details=dict(entry.details),
    )


def _by(entry: Recorded) -> By:
    if entry.actor_id is None:
        return By.STRANGER
    if entry.actor_id == entry.user_id:
        return By.YOU
    return By.SYSTEM if entry.actor_id == SYSTEM else By.ADMINISTRATOR
