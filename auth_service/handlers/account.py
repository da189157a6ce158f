from aiohttp import web

from auth_service.handlers.callers import device_of, doer_of, session_of
from auth_service.messages.accounts import DeletionRequest, PasswordChangeRequest
from auth_service.service.account import AccountKeeping, PasswordChange
from shared.web.context import identity_of

ACCOUNT = web.AppKey("account", AccountKeeping)


async def change_password(request: web.Request, body: PasswordChangeRequest) -> None:
    """Change your password; all your other sessions end, and your API keys are revoked unless you keep them."""
    change = PasswordChange(session_of(request), body.current_password, body.new_password, body.keep_api_keys)
    await request.app[ACCOUNT].change_password(identity_of(request).user_id, change, device_of(request))


async def delete_account(request: web.Request, body: DeletionRequest) -> None:
    """Delete your account and all that belongs to it, everywhere."""
    await request.app[ACCOUNT].delete(doer_of(request), body.password)
