"""For administrators. What changes anything needs a session that was proved within ten minutes."""

from uuid import UUID

from aiohttp import web

from auth_service.domain.administration import AccountFilter
from auth_service.emails import fold_part
from auth_service.handlers.api_keys import API_KEYS
from auth_service.handlers.callers import doer_of
from auth_service.handlers.sessions import SESSION_LISTS
from auth_service.messages.accounts import ApiKeyView, SessionsQuery, SessionView, present_api_key, present_session
from auth_service.messages.administration import (
    AccountDetailsView,
    AccountsQuery,
    AccountView,
    BanRequest,
    PasswordVoidRequest,
    RolesRequest,
    present_account,
    present_details,
)
from auth_service.repository.account_search import AccountSearch
from auth_service.service.administration import Administration
from shared.errors import InvalidParameter, Violation
from shared.web.answers import Page
from shared.web.paging import PageQuery, decode_cursor, make_page

ADMINISTRATION = web.AppKey("administration", Administration)
ACCOUNT_SEARCH = web.AppKey("account_search", AccountSearch)
_FEWEST = 3  # letters or digits: with fewer no index helps


async def search_accounts(request: web.Request, query: AccountsQuery) -> Page[AccountView]:
    """Search accounts, newest first, by a part of their address, id, role, ban or verification."""
    part = fold_part(query.email) if query.email is not None else None
    if part is not None and sum(map(str.isalnum, part)) < _FEWEST:
        rule = f"needs {_FEWEST} letters or digits"
        raise InvalidParameter(f"`email` {rule}.", errors=[Violation("email", rule)])
    wanted = AccountFilter(part, query.id, query.role, query.banned, query.verified)
    scope = f"accounts {wanted}"
    before = decode_cursor(scope, query.cursor)
    found = await request.app[ACCOUNT_SEARCH].list_page(wanted, before, query.limit + 1)
    return make_page(scope, found, query.limit, key=lambda each: each.user_id, present=present_account)


async def get_account(request: web.Request, user_id: UUID) -> AccountDetailsView:
    """Read an account: what it may, whether it is banned, and how many sessions, API keys and factors it has."""
    return present_details(await request.app[ADMINISTRATION].get(user_id))


async def set_roles(request: web.Request, user_id: UUID, body: RolesRequest) -> None:
    """Set an account's roles. Where they change, its sessions end, so that nothing tells of the old ones."""
    await request.app[ADMINISTRATION].set_roles(doer_of(request), user_id, body.roles)


async def ban_account(request: web.Request, user_id: UUID, body: BanRequest) -> None:
    """Ban an account: its sessions end, its API keys stop within a second, and nobody signs in to it."""
    await request.app[ADMINISTRATION].ban(doer_of(request), user_id, body.reason, body.until)


async def unban_account(request: web.Request, user_id: UUID) -> None:
    """Lift a ban. API keys that weren't deleted are good again."""
    await request.app[ADMINISTRATION].unban(doer_of(request), user_id)


async def void_password(request: web.Request, user_id: UUID, body: PasswordVoidRequest | None) -> None:
    """Make the password void until its owner sets a new one by mail; sessions end, API keys are revoked unless kept."""
    keep = (body or PasswordVoidRequest()).keep_api_keys
    await request.app[ADMINISTRATION].void_password(doer_of(request), user_id, keep_api_keys=keep)


async def reset_account_factors(request: web.Request, user_id: UUID) -> None:
    """Take all second factors and recovery codes of an account away, whose owner has lost them and is told by mail."""
    await request.app[ADMINISTRATION].reset_factors(doer_of(request), user_id)


async def sign_out_account(request: web.Request, user_id: UUID) -> None:
    """End all sessions of an account."""
    await request.app[ADMINISTRATION].sign_out(doer_of(request), user_id)


async def delete_any_account(request: web.Request, user_id: UUID) -> None:
    """Delete an account and all that belongs to it, everywhere."""
    await request.app[ADMINISTRATION].delete(doer_of(request), user_id)


async def list_account_api_keys(request: web.Request, user_id: UUID, query: PageQuery) -> Page[ApiKeyView]:
    """List an account's API keys, newest first, without their secrets."""
    await request.app[ADMINISTRATION].get(user_id)
    scope = f"api keys of {user_id}"
    found = await request.app[API_KEYS].list_page(user_id, decode_cursor(scope, query.cursor), query.limit + 1)
    return make_page(scope, found, query.limit, key=lambda key: key.api_key_id, present=present_api_key)


async def delete_account_api_key(request: web.Request, user_id: UUID, api_key_id: UUID) -> None:
    """Revoke an API key of an account."""
    await request.app[ADMINISTRATION].delete_api_key(doer_of(request), user_id, api_key_id)


async def list_account_sessions(request: web.Request, user_id: UUID, query: SessionsQuery) -> Page[SessionView]:
    """List an account's live sessions, newest first; or, with `?ended=true`, those that ended, when and why."""
    await request.app[ADMINISTRATION].get(user_id)
    lists = request.app[SESSION_LISTS]
    read = lists.list_ended if query.ended else lists.list_live
    scope = f"{'ended ' if query.ended else ''}sessions of {user_id}"
    found = await read(user_id, decode_cursor(scope, query.cursor), query.limit + 1)
    return make_page(scope, found, query.limit, key=lambda each: each.session_id, present=present_session)


async def end_account_session(request: web.Request, user_id: UUID, session_id: UUID) -> None:
    """End a session of an account."""
    await request.app[ADMINISTRATION].end_session(doer_of(request), user_id, session_id)
