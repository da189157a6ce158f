from auth_service.admin_routes import ADMIN_ROUTES
from auth_service.errors import (
    AccountBanned,
    EmailNotVerified,
    EmailTaken,
    FactorExists,
    IdentityTaken,
    InvalidCredentials,
    InvalidEmail,
    InvalidKeyExpiry,
    InvalidKeyName,
    InvalidLink,
    InvalidMailCode,
    InvalidPasskeyName,
    InvalidPendingSignIn,
    InvalidRedirectUri,
    InvalidRefreshToken,
    InvalidScope,
    InvalidSignInCode,
    InvalidSignInFlow,
    LastAdministrator,
    LastWayIn,
    LinkNeedsVerifiedEmail,
    LinkRequired,
    NoSecondFactor,
    PasskeyRefused,
    ProviderDistrusted,
    ProviderEmailMissing,
    ProviderEmailUnverified,
    ProviderRefused,
    SecondFactorRequired,
    SessionExpired,
    SessionRevoked,
    TooManyApiKeys,
    TooManyAttempts,
    TooManyIdentities,
    TooManyMails,
    TooManyPasskeys,
    TooManyRefreshes,
    WeakPassword,
    WrongPassword,
    WrongSecondFactor,
)
from auth_service.handlers.account import change_password, delete_account
from auth_service.handlers.api_keys import create_api_key, delete_api_key, get_api_key, list_api_keys
from auth_service.handlers.audit import list_own_audit
from auth_service.handlers.email import (
    change_email,
    change_mail_settings,
    confirm_email_change,
    get_email,
    get_mail_settings,
    reset_password,
    undo_email_change,
    verify_email,
)
from auth_service.handlers.export import ZIP, export_account
from auth_service.handlers.factors import (
    add_passkey,
    ask_for_passkey,
    confirm_totp,
    enrol_totp,
    get_factors,
    remove_passkey,
    remove_totp,
    rename_passkey,
    renew_recovery_codes,
)
from auth_service.handlers.federation import (
    begin_app_sign_in,
    begin_provider_sign_in,
    finish_provider_sign_in,
    list_providers,
    redeem_sign_in_code,
)
from auth_service.handlers.identities import (
    begin_link,
    list_identities,
    redeem_link_code,
    unlink_identity,
)
from auth_service.handlers.internal import (
    confirm_generations,
    list_revocations,
    list_user_ids,
    note_uses,
    verify_credential,
)
from auth_service.handlers.keys import get_key_set
from auth_service.handlers.mail_requests import (
    forgot_password,
    request_sign_in_code,
    request_sign_in_link,
    resend_verification,
    sign_in_by_code,
    sign_in_by_link,
)
from auth_service.handlers.second_factor import (
    ask_passkey_to_finish,
    ask_passkey_to_sign_in,
    finish_sign_in,
    log_in_with_passkey,
)
from auth_service.handlers.sessions import list_sessions, log_out, revoke_session
from auth_service.handlers.sign_in import log_in, refresh, register
from auth_service.handlers.step_up import ask_passkey_to_step_up, step_up
from shared.errors import InsufficientUserAuthentication, InvalidParameter
from shared.events.feed import FEED_ROUTE
from shared.web.routes import Auth, Route

_KEY_SET = "/.well-known/jwks.json"
_REFUSED_REFRESH = (InvalidRefreshToken, SessionRevoked, SessionExpired, TooManyRefreshes)
_REFUSED_LINK = (IdentityTaken, LinkNeedsVerifiedEmail, TooManyIdentities)
_REFUSED_RETURN = (InvalidSignInFlow, ProviderRefused, ProviderDistrusted, InvalidParameter)
_REFUSED_PASSWORD = (WeakPassword, WrongPassword, TooManyAttempts, InsufficientUserAuthentication)
_REFUSED_DELETION = (WrongPassword, TooManyAttempts, LastAdministrator, InsufficientUserAuthentication)
_NOT_IN = (AccountBanned, EmailNotVerified, SecondFactorRequired)
_NO_NEWCOMER = (ProviderEmailMissing, ProviderEmailUnverified, LinkRequired, TooManyIdentities)
_REFUSED_NEWCOMER = (*_NO_NEWCOMER, InvalidCredentials, *_NOT_IN)
_REFUSED_LOGIN = (InvalidEmail, InvalidCredentials, TooManyAttempts, *_NOT_IN)
_REFUSED_KEY = (InvalidKeyName, InvalidScope, InvalidKeyExpiry, TooManyApiKeys, InsufficientUserAuthentication)
_REFUSED_PENDING = (InvalidPendingSignIn, PasskeyRefused)
_REFUSED_SECOND_FACTOR = (*_REFUSED_PENDING, WrongSecondFactor, TooManyAttempts)
_STALE = InsufficientUserAuthentication
_REFUSED_STEP_UP = (WrongPassword, WrongSecondFactor, PasskeyRefused, TooManyAttempts, _STALE)
_REFUSED_PASSKEY = (InvalidPasskeyName, PasskeyRefused, TooManyPasskeys, _STALE)
_LOGIN, _FACTORS = "/v1/auth/login", "/v1/auth/factors"
_PASSKEY = f"{_FACTORS}/passkeys/{{passkey_id}}"
_REFUSED_CODE = (InvalidEmail, InvalidMailCode, InvalidCredentials, TooManyAttempts, *_NOT_IN)
_REFUSED_MAILED_LINK = (InvalidLink, InvalidCredentials, *_NOT_IN)
_REFUSED_ADDRESS = (InvalidEmail, WrongPassword, TooManyAttempts, InsufficientUserAuthentication, TooManyMails)

ROUTES = (
    Route("POST", "/v1/auth/register", register, Auth.PUBLIC, errors=(InvalidEmail, WeakPassword, EmailTaken)),
    Route("POST", "/v1/auth/login", log_in, Auth.PUBLIC, errors=_REFUSED_LOGIN),
    Route("POST", "/v1/auth/refresh", refresh, Auth.PUBLIC, errors=_REFUSED_REFRESH),
    Route("POST", "/v1/auth/logout", log_out, Auth.SESSION),
    Route("GET", "/v1/auth/sessions", list_sessions, Auth.SESSION),
    Route("DELETE", "/v1/auth/sessions/{session_id}", revoke_session, Auth.SESSION),
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
    Route("POST", "/v1/auth/api-keys", create_api_key, Auth.SESSION, errors=_REFUSED_KEY),
    Route("GET", "/v1/auth/api-keys", list_api_keys, Auth.SESSION),
    Route("GET", "/v1/auth/api-keys/{api_key_id}", get_api_key, Auth.SESSION),
    Route("DELETE", "/v1/auth/api-keys/{api_key_id}", delete_api_key, Auth.SESSION),
    Route("GET", "/v1/auth/audit", list_own_audit, Auth.SESSION),
    # second factors, passkeys, step-up
    Route("POST", f"{_LOGIN}/second-factor", finish_sign_in, Auth.PUBLIC, errors=_REFUSED_SECOND_FACTOR),
    Route("POST", f"{_LOGIN}/second-factor/passkey", ask_passkey_to_finish, Auth.PUBLIC, errors=_REFUSED_PENDING),
    Route("POST", f"{_LOGIN}/passkey", log_in_with_passkey, Auth.PUBLIC, errors=(PasskeyRefused,)),
    Route("POST", f"{_LOGIN}/passkey/options", ask_passkey_to_sign_in, Auth.PUBLIC),
    Route("POST", "/v1/auth/step-up", step_up, Auth.SESSION, errors=_REFUSED_STEP_UP),
    Route("POST", "/v1/auth/step-up/passkey", ask_passkey_to_step_up, Auth.SESSION, errors=(PasskeyRefused,)),
    Route("GET", _FACTORS, get_factors, Auth.SESSION),
    Route("POST", f"{_FACTORS}/totp", enrol_totp, Auth.SESSION, errors=(FactorExists, _STALE)),
    Route("POST", f"{_FACTORS}/totp/confirmation", confirm_totp, Auth.SESSION, errors=(WrongSecondFactor, _STALE)),
    Route("DELETE", f"{_FACTORS}/totp", remove_totp, Auth.SESSION, errors=(_STALE,)),
    Route("POST", f"{_FACTORS}/recovery-codes", renew_recovery_codes, Auth.SESSION, errors=(NoSecondFactor, _STALE)),
    Route("POST", f"{_FACTORS}/passkeys/options", ask_for_passkey, Auth.SESSION, errors=(TooManyPasskeys, _STALE)),
    Route("POST", f"{_FACTORS}/passkeys", add_passkey, Auth.SESSION, errors=_REFUSED_PASSKEY),
    Route("PATCH", _PASSKEY, rename_passkey, Auth.SESSION, errors=(InvalidPasskeyName,)),
    Route("DELETE", _PASSKEY, remove_passkey, Auth.SESSION, errors=(LastWayIn, _STALE)),
    Route("GET", _KEY_SET, get_key_set, Auth.PUBLIC),
    # Signing in with others
    Route("GET", "/v1/auth/providers", list_providers, Auth.PUBLIC),
    Route("POST", "/v1/auth/providers/{provider}/start", begin_app_sign_in, Auth.PUBLIC, errors=(InvalidRedirectUri,)),
    Route(
        "POST",
        "/v1/auth/providers/redeem",
        redeem_sign_in_code,
        Auth.PUBLIC,
        errors=(InvalidSignInCode, *_REFUSED_NEWCOMER),
    ),
    Route("GET", "/account/sign-in/with/{provider}", begin_provider_sign_in, Auth.PUBLIC),
    Route(
        "GET",
        "/account/sign-in/with/{provider}/callback",
        finish_provider_sign_in,
        Auth.PUBLIC,
        errors=(*_REFUSED_RETURN, *_REFUSED_NEWCOMER, *_REFUSED_LINK),
        foreign_query=True,
    ),
    Route("GET", "/v1/auth/identities", list_identities, Auth.SESSION),
    Route(
        "POST",
        "/v1/auth/identities/{provider}/start",
        begin_link,
        Auth.SESSION,
        errors=(InvalidRedirectUri, InsufficientUserAuthentication),
    ),
    Route(
        "POST",
        "/v1/auth/identities/redeem",
        redeem_link_code,
        Auth.SESSION,
        errors=(InvalidSignInCode, *_REFUSED_LINK),
    ),
    Route(
        "DELETE",
        "/v1/auth/identities/{identity_id}",
        unlink_identity,
        Auth.SESSION,
        errors=(LastWayIn, InsufficientUserAuthentication),
    ),
    *ADMIN_ROUTES,
    # what mails lead to
    Route("POST", "/v1/auth/email/verify", verify_email, Auth.PUBLIC, errors=(InvalidLink,)),
    Route("POST", "/v1/auth/email/verify/resend", resend_verification, Auth.PUBLIC, errors=(InvalidEmail,)),
    Route("POST", "/v1/auth/password/forgot", forgot_password, Auth.PUBLIC, errors=(InvalidEmail,)),
    Route("POST", "/v1/auth/password/reset", reset_password, Auth.PUBLIC, errors=(InvalidLink, WeakPassword)),
    Route("POST", "/v1/auth/sign-in/code", request_sign_in_code, Auth.PUBLIC, errors=(InvalidEmail,)),
    Route("POST", "/v1/auth/sign-in/code/confirm", sign_in_by_code, Auth.PUBLIC, errors=_REFUSED_CODE),
    Route("POST", "/v1/auth/sign-in/link", request_sign_in_link, Auth.PUBLIC, errors=(InvalidEmail,)),
    Route("POST", "/v1/auth/sign-in/link/confirm", sign_in_by_link, Auth.PUBLIC, errors=_REFUSED_MAILED_LINK),
    Route("GET", "/v1/auth/email", get_email, Auth.SESSION),
    Route("POST", "/v1/auth/email", change_email, Auth.SESSION, errors=_REFUSED_ADDRESS),
    Route("POST", "/v1/auth/email/confirm", confirm_email_change, Auth.PUBLIC, errors=(InvalidLink, EmailTaken)),
    Route("POST", "/v1/auth/email/undo", undo_email_change, Auth.PUBLIC, errors=(InvalidLink, EmailTaken)),
    Route("GET", "/v1/auth/mail-settings", get_mail_settings, Auth.SESSION),
    Route("PATCH", "/v1/auth/mail-settings", change_mail_settings, Auth.SESSION),
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
