"""A signed-in person's sessions, password, API keys and account."""

from auth_service.errors import (
    InvalidKeyExpiry,
    InvalidKeyName,
    InvalidScope,
    LastAdministrator,
    TooManyApiKeys,
    TooManyAttempts,
    WeakPassword,
    WrongPassword,
)
from auth_service.handlers.account import change_password, delete_account
from auth_service.handlers.api_keys import create_api_key, delete_api_key, get_api_key, list_api_keys
from auth_service.handlers.audit import list_own_audit
from auth_service.handlers.export import ZIP, export_account
from auth_service.handlers.sessions import list_sessions, log_out, revoke_session
from shared.errors import InsufficientUserAuthentication
from shared.web.routes import Auth, Route

_REFUSED_PASSWORD = (WeakPassword, WrongPassword, TooManyAttempts, InsufficientUserAuthentication)
_REFUSED_DELETION = (WrongPassword, TooManyAttempts, LastAdministrator, InsufficientUserAuthentication)
_REFUSED_KEY = (InvalidKeyName, InvalidScope, InvalidKeyExpiry, TooManyApiKeys, InsufficientUserAuthentication)

SESSIONS_ROUTES = (
    Route("POST", "/v1/auth/logout", log_out, Auth.SESSION, errors=(InsufficientUserAuthentication,)),
    Route("GET", "/v1/auth/sessions", list_sessions, Auth.SESSION),
    Route(
        "DELETE",
        "/v1/auth/sessions/{session_id}",
        revoke_session,
        Auth.SESSION,
        errors=(InsufficientUserAuthentication,),
    ),
    Route("POST", "/v1/auth/password", change_password, Auth.SESSION, errors=_REFUSED_PASSWORD),
    Route(
        "POST",
        "/v1/auth/account/export",
        export_account,
        Auth.SESSION,
        errors=(InsufficientUserAuthentication,),
        raw_answer=(ZIP,),
    ),
    Route("POST", "/v1/auth/account/deletion", delete_account, Auth.SESSION, errors=_REFUSED_DELETION),
    Route(
        "POST",
        "/v1/auth/api-keys",
        create_api_key,
        Auth.SESSION,
        errors=_REFUSED_KEY,
        example={"name": "backup", "scopes": ["files:read"]},
    ),
    Route("GET", "/v1/auth/api-keys", list_api_keys, Auth.SESSION),
    Route("GET", "/v1/auth/api-keys/{api_key_id}", get_api_key, Auth.SESSION),
    Route("DELETE", "/v1/auth/api-keys/{api_key_id}", delete_api_key, Auth.SESSION),
    Route("GET", "/v1/auth/audit", list_own_audit, Auth.SESSION),
)
