from datetime import UTC, datetime, timedelta
from uuid import UUID

from aiohttp import web

from auth_service.domain.api_keys import MOST_KEYS
from auth_service.errors import InvalidScope
from auth_service.handlers.api_keys import API_KEYS
from auth_service.handlers.callers import doer_of
from auth_service.handlers.pages.notices import notice
from auth_service.messages.forms import ApiKeyForm
from auth_service.service.api_keys import KeyWish
from shared.errors import Violation
from shared.web.context import identity_of
from shared.web.pages.answers import SeeOther, View

_PATH = "/account/api-keys"
# What the shipped routes ask for. A key for a route of one's own is made with the JSON API, which takes any scope.
OFFERED = (
    ("users:read", "Read profiles", "Yours, and those that others let be found"),
    ("users:write", "Change your profile", ""),
    ("files:read", "Read your files", ""),
    ("files:write", "Upload and delete files", ""),
    ("full", "All of these, and whatever is added later", "Never the account itself, its sessions or its keys"),
)
# What a key that one has may do, in the words that it was made with.
LABELS = {scope: label for scope, label, _ in OFFERED} | {"full": "All that a key can"}
LIFETIMES = ((30, "30 days"), (90, "90 days"), (365, "A year"), (0, "Until it is revoked"))


async def show_api_keys(request: web.Request) -> View:
    """One's keys, and the form to make another."""
    keys = await request.app[API_KEYS].list_page(identity_of(request).user_id, None, MOST_KEYS)
    values = {"keys": keys, "offered": OFFERED, "labels": LABELS, "lifetimes": LIFETIMES}
    return View("account/api_keys.html", values)


async def create_api_key_on_page(request: web.Request, body: ApiKeyForm) -> SeeOther:
    if not body.scopes:
        raise InvalidScope("Choose what the key may do.", errors=[Violation("/scopes", "is needed")])
    expires_at = datetime.now(UTC) + timedelta(days=body.days) if body.days else None
    wish = KeyWish(body.name, body.scopes, expires_at)
    made = await request.app[API_KEYS].create(doer_of(request), wish)
    return SeeOther(_PATH, notice("api_key_created", name=made.key.name, secret=made.secret))


async def delete_api_key_on_page(request: web.Request, api_key_id: UUID) -> SeeOther:
    await request.app[API_KEYS].delete(doer_of(request), api_key_id)
    return SeeOther(_PATH, notice("api_key_deleted"))
