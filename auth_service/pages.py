"""The table of pages, beside that of the API's routes, and what the pages rest on."""

from pathlib import Path

from aiohttp import web

from auth_service.core import Core
from auth_service.handlers.pages.account import change_password_on_page, delete_account_on_page, show_account
from auth_service.handlers.pages.api_keys import create_api_key_on_page, delete_api_key_on_page, show_api_keys
from auth_service.handlers.pages.notices import MESSAGES
from auth_service.handlers.pages.sessions import end_other_sessions, end_session, show_sessions
from auth_service.handlers.pages.sign_in import HOME, register, show_register, show_sign_in, sign_in, sign_out
from auth_service.handlers.pages.visitors import PEOPLE, Visitors
from auth_service.repository.accounts import AccountRepository
from auth_service.secret_keys import derive_key
from auth_service.service.credentials import CredentialKeeping
from shared.web.pages.csrf import CsrfTokens
from shared.web.pages.kit import PAGE_KIT, PageKit, PageSettings
from shared.web.pages.languages import TRANSLATIONS, read_language
from shared.web.pages.notices import Notices
from shared.web.pages.page import Frame, Link
from shared.web.pages.table import fixed, form, page

TEMPLATES = Path(__file__).with_name("templates")
GERMAN = read_language("de", TRANSLATIONS / "de.toml", Path(__file__).with_name("translations") / "de.toml")

_SIGN_IN = page("/account/sign-in", show_sign_in)
_REGISTER = page("/account/register", show_register)
_ACCOUNT = page(HOME, show_account, signed_in=True)
_PASSWORD = page("/account/password", fixed("account/password.html"), signed_in=True)
_SESSIONS = page("/account/sessions", show_sessions, signed_in=True)
_API_KEYS = page("/account/api-keys", show_api_keys, signed_in=True)
_DELETION = page("/account/deletion", fixed("account/deletion.html"), signed_in=True)
_WRONG_PASSWORD = {"wrong_password": "current_password"}

PAGES = (
    _SIGN_IN,
    form("/account/sign-in", sign_in, on=_SIGN_IN, faults={"invalid_credentials": "password"}),
    _REGISTER,
    form("/account/register", register, on=_REGISTER, faults={"email_taken": "email"}),
    form("/account/sign-out", sign_out, on=_ACCOUNT),
    _ACCOUNT,
    _PASSWORD,
    form("/account/password", change_password_on_page, on=_PASSWORD, faults=_WRONG_PASSWORD),
    _SESSIONS,
    form("/account/sessions/others/end", end_other_sessions, on=_SESSIONS),
    form("/account/sessions/{session_id}/end", end_session, on=_SESSIONS),
    _API_KEYS,
    form("/account/api-keys", create_api_key_on_page, on=_API_KEYS),
    form("/account/api-keys/{api_key_id}/delete", delete_api_key_on_page, on=_API_KEYS),
    _DELETION,
    form("/account/deletion", delete_account_on_page, on=_DELETION, faults={"wrong_password": "password"}),
)

FRAME = Frame(
    sign_in="/account/sign-in",
    home=HOME,
    sign_out="/account/sign-out",
    navigation=(
        Link(HOME, "Overview"),
        Link("/account/password", "Password"),
        Link("/account/sessions", "Sessions"),
        Link("/account/api-keys", "API keys"),
        Link("/account/deletion", "Delete account"),
    ),
)


def serve_pages(app: web.Application, core: Core) -> None:
    """Give the application what its pages rest on."""
    accounts = AccountRepository(core.database)
    key = core.settings.refresh_key
    app[PEOPLE] = accounts
    app[PAGE_KIT] = PageKit(
        PageSettings(
            public_url=core.settings.process.public_url,
            templates=(TEMPLATES,),
            csrf=CsrfTokens(derive_key(key, "page forms")),
            notices=Notices(derive_key(key, "page notices"), MESSAGES),
            frame=FRAME,
            recognise=Visitors(CredentialKeeping(core.database), accounts).recognise,
            languages={GERMAN.code: GERMAN},
        )
    )
