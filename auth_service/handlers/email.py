"""What links in mails lead to, and what a person does about their address."""

from aiohttp import web

from auth_service.domain.one_time_tokens import Purpose
from auth_service.handlers.callers import device_of, doer_of
from auth_service.handlers.mail_requests import promise
from auth_service.messages.mail import (
    EmailChangeRequest,
    EmailView,
    LinkRequest,
    MailAnswer,
    MailSettingsRequest,
    MailSettingsView,
    ResetRequest,
    present_mail_settings,
)
from auth_service.service.email_change import EmailChange
from auth_service.service.email_verification import EmailVerification
from auth_service.service.mail_settings import MailSettingsKeeping, Wishes
from auth_service.service.password_reset import PasswordReset, Reset
from shared.web.answers import Accepted
from shared.web.context import identity_of

VERIFICATION = web.AppKey("verification", EmailVerification)
PASSWORD_RESET = web.AppKey("password_reset", PasswordReset)
EMAIL_CHANGE = web.AppKey("email_change", EmailChange)
MAIL_SETTINGS = web.AppKey("mail_settings", MailSettingsKeeping)


async def verify_email(request: web.Request, body: LinkRequest) -> None:
    """Confirm an address by the token of the link that was mailed to it."""
    await request.app[VERIFICATION].verify(body.token, device_of(request))


async def reset_password(request: web.Request, body: ResetRequest) -> None:
    """Set a new password by the token of a mailed link.

    All sessions end, and the API keys are revoked unless you keep them. Sign in with the new password then.
    """
    reset = Reset(body.token, body.new_password, body.keep_api_keys)
    await request.app[PASSWORD_RESET].reset(reset, device_of(request))


async def get_email(request: web.Request) -> EmailView:
    """Read your email address."""
    address = await request.app[MAIL_SETTINGS].read(identity_of(request).user_id)
    return EmailView(address.email, address.verified)


async def change_email(request: web.Request, body: EmailChangeRequest) -> Accepted[MailAnswer]:
    """Have the link mailed to a new address that makes it yours.

    Until it is followed the old one stays. The old one is told then, and can undo it for seven days.
    """
    await request.app[EMAIL_CHANGE].ask(doer_of(request), body.email, body.password)
    return promise(Purpose.EMAIL_CHANGE)


async def confirm_email_change(request: web.Request, body: LinkRequest) -> None:
    """Make the new address the account's, by the token of the link that was mailed to it."""
    await request.app[EMAIL_CHANGE].confirm(body.token, device_of(request))


async def undo_email_change(request: web.Request, body: LinkRequest) -> None:
    """Give an account its old address back, by the token of the link that was mailed there.

    All sessions end, API keys are revoked, the password is void, and a link to set a new one is mailed. Second factors
    and linked identities that were added since the day before the change are gone.
    """
    await request.app[EMAIL_CHANGE].undo(body.token, device_of(request))


async def get_mail_settings(request: web.Request) -> MailSettingsView:
    """Read in which language you are written to, and of what."""
    return present_mail_settings(await request.app[MAIL_SETTINGS].read(identity_of(request).user_id))


async def change_mail_settings(request: web.Request, body: MailSettingsRequest) -> MailSettingsView:
    """Change in which language you are written to, and whether of sign-ins from new devices."""
    wishes = Wishes(body.language, body.new_device_notice)
    changed = await request.app[MAIL_SETTINGS].change(identity_of(request).user_id, wishes, device_of(request))
    return present_mail_settings(changed)
