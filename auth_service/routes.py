from auth_service.errors import (
    EmailTaken,
    InvalidCredentials,
    InvalidEmail,
    InvalidKeyExpiry,
    InvalidKeyName,
    InvalidRefreshToken,
    InvalidScope,
    SessionExpired,
    SessionRevoked,
    TooManyApiKeys,
    TooManyAttempts,
    TooManyRefreshes,
    WeakPassword,
    WrongPassword,
)
from auth_service.handlers.account import change_password, delete_account
from auth_service.handlers.api_keys import create_api_key, delete_api_key, get_api_key, list_api_keys
from auth_service.handlers.export import ZIP, export_account
from auth_service.handlers.internal import (
    confirm_generations,
    list_revocations,
    list_user_ids,
    note_uses,
    verify_credential,
)
from auth_service.handlers.keys import get_key_set
from auth_service.handlers.sessions import list_sessions, log_out, revoke_session
from auth_service.handlers.sign_in import log_in, refresh, register
from shared.errors import InsufficientUserAuthentication
from shared.events.feed import FEED_ROUTE
from shared.web.routes import Auth, Route

_KEY_SET = "/.well-known/jwks.json"
_REFUSED_REFRESH = (InvalidRefreshToken, SessionRevoked, SessionExpired, TooManyRefreshes)
_REFUSED_LOGIN = (InvalidEmail, InvalidCredentials, TooManyAttempts)
_REFUSED_KEY = (InvalidKeyName, InvalidScope, InvalidKeyExpiry, TooManyApiKeys)
_REFUSED_PASSWORD = (WeakPassword, WrongPassword, TooManyAttempts)

ROUTES = (
    Route("POST", "/v1/auth/register", register, Auth.PUBLIC, errors=(InvalidEmail, WeakPassword, EmailTaken)),
    Route("POST", "/v1/auth/login", log_in, Auth.PUBLIC, errors=_REFUSED_LOGIN),
    Route("POST", "/v1/auth/refresh", refresh, Auth.PUBLIC, errors=_REFUSED_REFRESH),
    Route("POST", "/v1/auth/logout", log_out, Auth.SESSION),
    Route("GET", "/v1/auth/sessions", list_sessions, Auth.SESSION),
    Route("DELETE", "/v1/auth/sessions/{session_id}", revoke_session, Auth.SESSION),
    Route("POST", "/v1/auth/password", change_password, Auth.SESSION, errors=_REFUSED_PASSWORD),
    Route("POST", "/v1/auth/account/deletion", delete_account, Auth.SESSION, errors=(WrongPassword, TooManyAttempts)),
    Route(
        "POST",
        "/v1/auth/account/export",
        export_account,
        Auth.SESSION,
        errors=(InsufficientUserAuthentication,),
        raw_answer=(ZIP,),
    ),
    Route("POST", "/v1/auth/api-keys", create_api_key, Auth.SESSION, errors=_REFUSED_KEY),
    Route("GET", "/v1/auth/api-keys", list_api_keys, Auth.SESSION),
    Route("GET", "/v1/auth/api-keys/{api_key_id}", get_api_key, Auth.SESSION),
    Route("DELETE", "/v1/auth/api-keys/{api_key_id}", delete_api_key, Auth.SESSION),
    Route("GET", _KEY_SET, get_key_set, Auth.PUBLIC),
)

PRIVATE_ROUTES = (
    FEED_ROUTE,
    Route("GET", _KEY_SET, get_key_set, Auth.SERVICE),
    Route("GET", "/internal/revocations", list_revocations, Auth.SERVICE),
    Route("POST", "/internal/confirmations", confirm_generations, Auth.SERVICE, max_body=1_000_000),
    Route("POST", "/internal/credentials", verify_credential, Auth.SERVICE),
    Route("POST", "/internal/credential-uses", note_uses, Auth.SERVICE, max_body=1_000_000),
    Route("GET", "/internal/users", list_user_ids, Auth.SERVICE),
)
