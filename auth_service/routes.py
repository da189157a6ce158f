from auth_service.errors import (
    EmailTaken,
    InvalidCredentials,
    InvalidEmail,
    InvalidRefreshToken,
    SessionExpired,
    SessionRevoked,
    TooManyAttempts,
    TooManyRefreshes,
    WeakPassword,
    WrongPassword,
)
from auth_service.handlers.account import change_password, delete_account
from auth_service.handlers.internal import confirm_generations, list_revocations, list_user_ids
from auth_service.handlers.keys import get_key_set
from auth_service.handlers.sessions import list_sessions, log_out, revoke_session
from auth_service.handlers.sign_in import log_in, refresh, register
from shared.events.feed import FEED_ROUTE
from shared.web.routes import Auth, Route

_KEY_SET = "/.well-known/jwks.json"
_REFUSED_REFRESH = (InvalidRefreshToken, SessionRevoked, SessionExpired, TooManyRefreshes)

ROUTES = (
    Route("POST", "/v1/auth/register", register, Auth.PUBLIC, errors=(InvalidEmail, WeakPassword, EmailTaken)),
    Route("POST", "/v1/auth/login", log_in, Auth.PUBLIC, errors=(InvalidEmail, InvalidCredentials, TooManyAttempts)),
    Route("POST", "/v1/auth/refresh", refresh, Auth.PUBLIC, errors=_REFUSED_REFRESH),
    Route("POST", "/v1/auth/logout", log_out),
    Route("GET", "/v1/auth/sessions", list_sessions),
    Route("DELETE", "/v1/auth/sessions/{session_id}", revoke_session),
    Route("POST", "/v1/auth/password", change_password, errors=(WeakPassword, WrongPassword, TooManyAttempts)),
    Route("POST", "/v1/auth/account/deletion", delete_account, errors=(WrongPassword, TooManyAttempts)),
    Route("GET", _KEY_SET, get_key_set, Auth.PUBLIC),
)

PRIVATE_ROUTES = (
    FEED_ROUTE,
    Route("GET", _KEY_SET, get_key_set, Auth.SERVICE),
    Route("GET", "/internal/revocations", list_revocations, Auth.SERVICE),
    Route("POST", "/internal/confirmations", confirm_generations, Auth.SERVICE, max_body=1_000_000),
    Route("GET", "/internal/users", list_user_ids, Auth.SERVICE),
)
