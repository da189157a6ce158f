"""What administrators may ask for: the rows of the route table below /v1/admin."""

from auth_service.errors import InvalidBan, InvalidRole, LastAdministrator
from auth_service.handlers.administration import (
    ban_account,
    delete_account_api_key,
    delete_any_account,
    end_account_session,
    get_account,
    list_account_api_keys,
    list_account_sessions,
    reset_account_factors,
    search_accounts,
    set_roles,
    sign_out_account,
    unban_account,
    void_password,
)
from auth_service.handlers.audit import export_audit, search_audit
from auth_service.handlers.importing import IMPORT_TYPES, import_users
from shared.errors import BodyTooLarge, InsufficientUserAuthentication, MalformedBody, UnsupportedMediaType
from shared.web.routes import Auth, Route

_ACCOUNT = "/v1/admin/users/{user_id}"
_STALE = (InsufficientUserAuthentication,)
_IMPORT = (*_STALE, MalformedBody, UnsupportedMediaType, BodyTooLarge)
_LAST = (*_STALE, LastAdministrator)
_MEDIA = ("application/x-ndjson", "text/csv")

ADMIN_ROUTES = (
    Route("GET", "/v1/admin/users", search_accounts, Auth.ADMIN),
    Route("POST", "/v1/admin/users/import", import_users, Auth.ADMIN, errors=_IMPORT, raw_body=IMPORT_TYPES),
    Route("GET", _ACCOUNT, get_account, Auth.ADMIN),
    Route("DELETE", _ACCOUNT, delete_any_account, Auth.ADMIN, errors=_LAST),
    Route("PUT", f"{_ACCOUNT}/roles", set_roles, Auth.ADMIN, errors=(*_LAST, InvalidRole)),
    Route("PUT", f"{_ACCOUNT}/ban", ban_account, Auth.ADMIN, errors=(*_LAST, InvalidBan)),
    Route("DELETE", f"{_ACCOUNT}/ban", unban_account, Auth.ADMIN, errors=_STALE),
    Route("DELETE", f"{_ACCOUNT}/password", void_password, Auth.ADMIN, errors=_STALE),
    Route("DELETE", f"{_ACCOUNT}/factors", reset_account_factors, Auth.ADMIN, errors=_STALE),
    Route("GET", f"{_ACCOUNT}/sessions", list_account_sessions, Auth.ADMIN),
    Route("DELETE", f"{_ACCOUNT}/sessions/{{session_id}}", end_account_session, Auth.ADMIN, errors=_STALE),
    Route("DELETE", f"{_ACCOUNT}/sessions", sign_out_account, Auth.ADMIN, errors=_STALE),
    Route("GET", f"{_ACCOUNT}/api-keys", list_account_api_keys, Auth.ADMIN),
    Route("DELETE", f"{_ACCOUNT}/api-keys/{{api_key_id}}", delete_account_api_key, Auth.ADMIN, errors=_STALE),
    Route("GET", "/v1/admin/audit", search_audit, Auth.ADMIN),
    Route("GET", "/v1/admin/audit/export", export_audit, Auth.ADMIN, errors=_STALE, raw_answer=_MEDIA),
)
