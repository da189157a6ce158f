"""A mail that is to be written: which one, to whom, and what to fill in."""

from enum import StrEnum

from msgspec import Struct


class Template(StrEnum):
    """Each is a file `.txt`, whose first line is the subject, and one `.html`, in the folder of each language."""

    VERIFY = "verify"  # link
    ALREADY_REGISTERED = "already_registered"
    RESET = "reset"  # link
    SIGN_IN_CODE = "sign_in_code"  # code
    SIGN_IN_LINK = "sign_in_link"  # link
    EMAIL_CHANGE = "email_change"  # link; to the new address
    EMAIL_CHANGED = "email_changed"  # link, new_email; to the old address
    EMAIL_RESTORED = "email_restored"  # link, factors, identities; to the address that is the account's again
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  a mail's name
    NEW_DEVICE = "new_device"  # device, network
    FACTOR_ADDED = "factor_added"  # factor
    FACTOR_REMOVED = "factor_removed"  # factor
    ACCOUNT_DELETED = "account_deleted"  # by: owner or administrator; to the address that the account had
    IDENTITY_LINKED = "identity_linked"  # provider
    IDENTITY_UNLINKED = "identity_unlinked"  # provider


class MailOrder(Struct, frozen=True):
    """`at` is when it was ordered, as its reader is told."""

    template: Template
    to: str
    language: str
    at: str
    values: dict[str, str]
