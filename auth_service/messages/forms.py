"""What people fill in: the fields of the pages' forms, and the queries of their addresses."""

from typing import Annotated, Literal

from msgspec import Meta, Struct


class ReturnQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """`return_to`: the page to go on to. What isn't one of ours is ignored."""

    return_to: str = ""


class SignInForm(Struct, frozen=True, forbid_unknown_fields=True):
    email: str
    password: str


class ApiKeyForm(Struct, frozen=True, forbid_unknown_fields=True):
    """`days` is how long the key lives, 0 for as long as it isn't revoked."""

    name: Annotated[str, Meta(max_length=1000)]
    days: Annotated[int, Meta(ge=0, le=3650)]
    scopes: Annotated[list[Annotated[str, Meta(max_length=64)]], Meta(max_length=50)] = []


class CodeForm(Struct, frozen=True, forbid_unknown_fields=True):
    """A code of an authenticator app."""

    code: Annotated[str, Meta(max_length=1000)]


class RecoveryCodeForm(Struct, frozen=True, forbid_unknown_fields=True):
    recovery_code: Annotated[str, Meta(max_length=1000)]


class PasswordForm(Struct, frozen=True, forbid_unknown_fields=True):
    password: str


class PasskeyForm(Struct, frozen=True, forbid_unknown_fields=True):
    """`credential` is JSON that the script writes."""

    credential: str


class NewPasskeyForm(Struct, frozen=True, forbid_unknown_fields=True):
    name: Annotated[str, Meta(max_length=1000)]
    credential: str


class LinkQuery(Struct, frozen=True, forbid_unknown_fields=True):
    """`token` is that of a mailed link."""

    token: str = ""


class AddressForm(Struct, frozen=True, forbid_unknown_fields=True):
    email: str


class MailSignInForm(Struct, frozen=True, forbid_unknown_fields=True):
    """`way`: whether a code or a link is to be mailed."""

    email: str
    way: Literal["code", "link"] = "code"


class NewPasswordForm(Struct, frozen=True, forbid_unknown_fields=True):
    new_password: str
    keep_api_keys: bool = False


class NewAddressForm(Struct, frozen=True, forbid_unknown_fields=True):
    """`password` is left out where the account has none."""

    email: str
    password: str | None = None


class MailSettingsForm(Struct, frozen=True, forbid_unknown_fields=True):
    """A box that isn't ticked isn't sent."""

    language: Literal["en", "de"]
    new_device_notice: bool = False
