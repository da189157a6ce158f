"""What travels where mail is asked for and answered."""

from typing import Literal

from msgspec import Struct

from auth_service.domain.addresses import Address
from auth_service.domain.sessions import SessionKind

Language = Literal["en", "de"]


class AddressRequest(Struct, frozen=True, forbid_unknown_fields=True):
    email: str


class MailAnswer(Struct, frozen=True):
    """A mail is on its way if there is reason for one. What it brings is good for `expires_in` seconds."""

    expires_in: int


class CodeAnswer(Struct, frozen=True):
    """Show `challenge` again together with the code that the mail brings."""

    challenge: str
    expires_in: int


class LinkRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """`token` is the one in the mailed link's query."""

    token: str


class ResetRequest(Struct, frozen=True, forbid_unknown_fields=True):
    token: str
    new_password: str
    keep_api_keys: bool = False


class LinkSignInRequest(Struct, frozen=True, forbid_unknown_fields=True):
    token: str
    session: SessionKind = SessionKind.TOKEN


class CodeSignInRequest(Struct, frozen=True, forbid_unknown_fields=True):
    email: str
    challenge: str
    code: str
    session: SessionKind = SessionKind.TOKEN


class EmailChangeRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Without `password` you must have proved who you are in the last ten minutes."""

    email: str
    password: str | None = None


class EmailView(Struct, frozen=True):
    email: str
    verified: bool


class MailSettingsRequest(Struct, frozen=True, forbid_unknown_fields=True):
    language: Language | None = None
    new_device_notice: bool | None = None


class MailSettingsView(Struct, frozen=True):
    language: str
    new_device_notice: bool


def present_mail_settings(address: Address) -> MailSettingsView:
    return MailSettingsView(address.language, address.new_device_notice)
