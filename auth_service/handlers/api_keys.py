from uuid import UUID

from aiohttp import web

from auth_service.handlers.callers import doer_of
from auth_service.messages.accounts import (
    ApiKeyRequest,
    ApiKeyView,
    NewApiKeyView,
    present_api_key,
    present_new_api_key,
)
from auth_service.service.api_keys import ApiKeyKeeping, KeyWish
from shared.web.answers import Created, Page
from shared.web.context import identity_of
from shared.web.paging import PageQuery, decode_cursor, make_page

API_KEYS = web.AppKey("api_keys", ApiKeyKeeping)


async def create_api_key(request: web.Request, body: ApiKeyRequest) -> Created[NewApiKeyView]:
    """Make an API key for a program of yours, which sends it as a bearer token.

    The key is told in this answer and never again. It can do what its scopes allow, but neither touch the account nor
    its sessions and keys. An account has at most 50.
    """
    wish = KeyWish(body.name, body.scopes, body.expires_at)
    made = await request.app[API_KEYS].create(doer_of(request), wish)
    location = f"/v1/auth/api-keys/{made.key.api_key_id}"
    return Created(present_new_api_key(made), location=location)


async def list_api_keys(request: web.Request, query: PageQuery) -> Page[ApiKeyView]:
    """List your API keys, newest first, without their secrets."""
    user_id = identity_of(request).user_id
    scope = f"api keys {user_id}"
    found = await request.app[API_KEYS].list_page(user_id, decode_cursor(scope, query.cursor), query.limit + 1)
    return make_page(scope, found, query.limit, key=lambda key: key.api_key_id, present=present_api_key)


async def get_api_key(request: web.Request, api_key_id: UUID) -> ApiKeyView:
    """Read what is known of one of your API keys."""
    return present_api_key(await request.app[API_KEYS].get(identity_of(request).user_id, api_key_id))


async def delete_api_key(request: web.Request, api_key_id: UUID) -> None:
    """Revoke one of your API keys. It is refused everywhere within a second."""
    await request.app[API_KEYS].delete(doer_of(request), api_key_id)
