"""What the pages rest on."""

from pathlib import Path

from aiohttp import web

from auth_service.core import Core
from auth_service.handlers.pages import second_factor
from auth_service.handlers.pages.kept import KEPT, Keeping
from auth_service.handlers.pages.notices import MESSAGES
from auth_service.handlers.pages.visitors import PEOPLE, Visitors
from auth_service.repository.accounts import AccountRepository
from auth_service.routes.pages import FRAME
from auth_service.secret_keys import derive_keys
from auth_service.service.credentials import CredentialKeeping
from shared.web.cookies import HostCookie
from shared.web.pages.csrf import CsrfTokens
from shared.web.pages.kit import PAGE_KIT, PageKit, PageSettings
from shared.web.pages.languages import TRANSLATIONS, read_language
from shared.web.pages.notices import Notices

_PACKAGE = Path(__file__).parents[1]
TEMPLATES = _PACKAGE / "templates"
GERMAN = read_language("de", TRANSLATIONS / "de.toml", _PACKAGE / "translations" / "de.toml")


def serve_pages(app: web.Application, core: Core) -> None:
    """Give the application what its pages rest on."""
    accounts, key, public_url = (
        AccountRepository(core.database),
        core.settings.refresh_key,
        core.settings.process.public_url,
    )
    notices = Notices.of(derive_keys(key, "page notices"), MESSAGES)
    app[PEOPLE] = accounts
    kept_keys = derive_keys(key, "page steps")
    app[KEPT] = {name: Keeping.named(name, public_url, kept_keys) for name in ("enrolment", "mail_code")}
    app[second_factor.PENDING] = HostCookie.of(public_url, second_factor.PENDING_COOKIE)
    app[PAGE_KIT] = PageKit(
        PageSettings(
            public_url=public_url,
            templates=(TEMPLATES,),
            csrf=CsrfTokens(*derive_keys(key, "page forms")),
            notices=notices,
            frame=FRAME,
            recognise=Visitors(CredentialKeeping(core.database, core.settings.second_factor), accounts).recognise,
            languages={GERMAN.code: GERMAN},
        )
    )
