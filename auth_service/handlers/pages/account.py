from aiohttp import web

from auth_service.handlers.account import ACCOUNT
from auth_service.handlers.callers import COOKIE, device_of, doer_of, session_of
from auth_service.handlers.pages.notices import notice
from auth_service.handlers.pages.visitors import PEOPLE
from auth_service.messages.accounts import DeletionRequest, PasswordChangeRequest
from auth_service.service.account import PasswordChange
from shared.errors import NotFound
from shared.web.context import identity_of
from shared.web.pages.answers import SeeOther, View


async def show_account(request: web.Request) -> View:
    """What the account is, and where each part of it is changed."""
    account = await request.app[PEOPLE].find_by_id(identity_of(request).user_id, b"")
    if account is None:
        raise NotFound
    return View("account/overview.html", {"account": account})


async def show_password(request: web.Request) -> View:
    """The form for another password, or for the first."""
    return View("account/password.html", await has_password(request))


async def show_deletion(request: web.Request) -> View:
    """The form that ends it all."""
    return View("account/deletion.html", await has_password(request))


async def has_password(request: web.Request) -> dict[str, object]:
    """Return what forms go by that ask for the password where there is one."""
    account = await request.app[PEOPLE].find_by_id(identity_of(request).user_id, b"")
    return {"has_password": account is not None and account.password_hash is not None}


async def change_password_on_page(request: web.Request, body: PasswordChangeRequest) -> SeeOther:
    change = PasswordChange(session_of(request), body.current_password, body.new_password, body.keep_api_keys)
    await request.app[ACCOUNT].change_password(identity_of(request).user_id, change, device_of(request))
    return SeeOther("/account", notice("password_changed"))


async def delete_account_on_page(request: web.Request, body: DeletionRequest) -> SeeOther:
    await request.app[ACCOUNT].delete(doer_of(request), body.password)
    return SeeOther("/account/sign-in", notice("account_deleted"), [request.app[COOKIE].clear()])
