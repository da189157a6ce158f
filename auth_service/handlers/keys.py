import msgspec
from aiohttp import web

from auth_service.key_ring import KeyRing
from auth_service.messages.accounts import KeySet
from shared.web.answers import Answer

KEYS = web.AppKey("keys", KeyRing)
_CACHED = {"Cache-Control": "public, max-age=300"}


async def get_key_set(request: web.Request) -> Answer[KeySet]:
    """Read the keys that verify our access tokens."""
    keys = await request.app[KEYS].public_keys()
    return Answer(msgspec.convert({"keys": keys}, KeySet), headers=dict(_CACHED))
