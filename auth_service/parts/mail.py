"""All that has to do with mail, put together: what people ask for, and the jobs that do it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from auth_service.core import Core
from auth_service.handlers.email import EMAIL_CHANGE, MAIL_SETTINGS, PASSWORD_RESET, VERIFICATION
from auth_service.handlers.mail_requests import MAIL_REQUESTS, MAIL_SIGN_IN
from auth_service.handlers.pages.mailed_links import LINKS
from auth_service.mail.delivery import Delivery
from auth_service.mail.outbox import MAIL, SCHEMA
from auth_service.mail.templates import MailTemplates
from auth_service.mail.transport import Smtp
from auth_service.service.email_change import EmailChange
from auth_service.service.email_verification import EmailVerification
from auth_service.service.mail_requests import MAIL_REQUEST, MailRequests, MailRequestWork
from auth_service.service.mail_settings import MailSettingsKeeping
from auth_service.service.mail_sign_in import MailSignIn
from auth_service.service.mailed_links import MailedLinks
from auth_service.service.password_reset import PasswordReset
from auth_service.service.registration import REGISTRATION
from shared.jobs.model import Kind
from shared.jobs.worker import open_jobs
from shared.lifecycle import Lifecycle
from shared.logs import log

_MAIL_SECONDS, _MAIL_ATTEMPTS = 60.0, 30  # the attempts take a day


def serve_mail(app: web.Application, core: Core) -> None:
    requests = MailRequests(core.database, core.outbox, core.marks)
    app[MAIL_REQUESTS] = requests
    app[MAIL_SIGN_IN] = MailSignIn(core.database, requests, core.attempts, core.marks, core.entrance)
    app[VERIFICATION] = EmailVerification(core.database)
    app[PASSWORD_RESET] = PasswordReset(core.database, core.hasher, core.password_context, core.outbox)
    app[EMAIL_CHANGE] = EmailChange(core.database, requests, core.registrar.mail, core.passwords, core.marks)
    app[LINKS] = MailedLinks(core.database)
    app[MAIL_SETTINGS] = MailSettingsKeeping(core.database)


@asynccontextmanager
async def open_mail(core: Core, lifecycle: Lifecycle) -> AsyncIterator[None]:
    """Do the jobs. Raises BadTemplate, so that a program with a mail that can't be written doesn't start."""
    wishes = MailRequestWork(core.database, core.outbox, core.registrar.mail, core.marks)
    kinds = {MAIL_REQUEST: Kind(wishes.fulfil), REGISTRATION: Kind(core.registrar.make)}
    settings, public_url = core.settings.mail, core.settings.process.public_url
    templates = MailTemplates(public_url, settings.templates, core.settings.process.site.name)
    templates.check()
    if settings.server is not None:
        delivery = Delivery(
            core.outbox, templates, Smtp(settings.server, settings.timeout), settings.sender, public_url
        )
        kinds[MAIL] = Kind(delivery.send, timeout=_MAIL_SECONDS, most_attempts=_MAIL_ATTEMPTS)
    else:
        log.warning("mail_not_configured", message="set SMTP_URL: mails wait until they have expired")
    async with open_jobs(SCHEMA, core.database, kinds, lifecycle):
        yield
