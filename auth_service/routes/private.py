"""For our own programs, on the private port."""

from auth_service.handlers.internal import (
    confirm_generations,
    list_accounts,
    list_revocations,
    note_uses,
    verify_credential,
)
from auth_service.handlers.keys import get_key_set
from shared.events.feed import FEED_ROUTE
from shared.web.routes import Auth, Route

_KEY_SET = "/.well-known/jwks.json"

PRIVATE_ROUTES = (
    FEED_ROUTE,
    Route("GET", _KEY_SET, get_key_set, Auth.SERVICE),
    Route("GET", "/internal/revocations", list_revocations, Auth.SERVICE),
    Route("POST", "/internal/confirmations", confirm_generations, Auth.SERVICE, max_body=1_000_000),
    Route("POST", "/internal/credentials", verify_credential, Auth.SERVICE),
    Route("POST", "/internal/credential-uses", note_uses, Auth.SERVICE, max_body=1_000_000),
    Route("GET", "/internal/accounts", list_accounts, Auth.SERVICE),
    Route("GET", "/internal/users", list_accounts, Auth.SERVICE),  # where the release before looks: for the ids alone
)
