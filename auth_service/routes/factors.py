"""Second factors, passkeys, step-up."""

from auth_service.errors import (
    AccountBanned,
    EmailNotVerified,
    FactorExists,
    InvalidCredentials,
    InvalidPasskeyName,
    InvalidPendingSignIn,
    LastSecondFactor,
    LastWayIn,
    NoSecondFactor,
    PasskeyRefused,
    SessionRevoked,
    TooManyAttempts,
    TooManyPasskeys,
    WrongPassword,
    WrongSecondFactor,
)
from auth_service.handlers.enrolment import (
    ask_for_passkey_to_sign_in,
    begin_app_to_sign_in,
    finish_sign_in_by_new_app,
    finish_sign_in_by_new_passkey,
)
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
from auth_service.handlers.second_factor import (
    ask_passkey_to_finish,
    ask_passkey_to_sign_in,
    finish_sign_in,
    log_in_with_passkey,
)
from auth_service.handlers.step_up import ask_passkey_to_step_up, step_up
from shared.errors import InsufficientUserAuthentication
from shared.web.routes import Auth, Route

_REFUSED_PENDING = (InvalidPendingSignIn, PasskeyRefused)
_REFUSED_SECOND_FACTOR = (*_REFUSED_PENDING, WrongSecondFactor, TooManyAttempts)
_NOT_WAITING = (InvalidPendingSignIn,)
_REFUSED_ENROLMENT = (*_NOT_WAITING, InvalidCredentials, AccountBanned, EmailNotVerified)
_STALE = InsufficientUserAuthentication
_REFUSED_STEP_UP = (WrongPassword, WrongSecondFactor, PasskeyRefused, TooManyAttempts, SessionRevoked, _STALE)
_REFUSED_PASSKEY = (InvalidPasskeyName, PasskeyRefused, TooManyPasskeys, _STALE)
_LOGIN = "/v1/auth/login"
_ENROLMENT = f"{_LOGIN}/enrolment"
_FACTORS = "/v1/auth/factors"
_PASSKEY = f"{_FACTORS}/passkeys/{{passkey_id}}"

FACTORS_ROUTES = (
    Route("POST", f"{_LOGIN}/second-factor", finish_sign_in, Auth.PUBLIC, errors=_REFUSED_SECOND_FACTOR),
    Route("POST", f"{_LOGIN}/second-factor/passkey", ask_passkey_to_finish, Auth.PUBLIC, errors=_REFUSED_PENDING),
    Route("POST", f"{_LOGIN}/passkey", log_in_with_passkey, Auth.PUBLIC, errors=(PasskeyRefused,)),
    Route("POST", f"{_LOGIN}/passkey/options", ask_passkey_to_sign_in, Auth.PUBLIC),
    Route("POST", f"{_ENROLMENT}/totp", begin_app_to_sign_in, Auth.PUBLIC, errors=_NOT_WAITING),
    Route(
        "POST",
        f"{_ENROLMENT}/totp/confirmation",
        finish_sign_in_by_new_app,
        Auth.PUBLIC,
        errors=(*_REFUSED_ENROLMENT, WrongSecondFactor),
    ),
    Route("POST", f"{_ENROLMENT}/passkeys/options", ask_for_passkey_to_sign_in, Auth.PUBLIC, errors=_NOT_WAITING),
    Route(
        "POST",
        f"{_ENROLMENT}/passkeys",
        finish_sign_in_by_new_passkey,
        Auth.PUBLIC,
        errors=(*_REFUSED_ENROLMENT, PasskeyRefused, InvalidPasskeyName),
    ),
    Route("POST", "/v1/auth/step-up", step_up, Auth.SESSION, errors=_REFUSED_STEP_UP),
    Route("POST", "/v1/auth/step-up/passkey", ask_passkey_to_step_up, Auth.SESSION, errors=(PasskeyRefused,)),
    Route("GET", _FACTORS, get_factors, Auth.SESSION),
    Route("POST", f"{_FACTORS}/totp", enrol_totp, Auth.SESSION, errors=(FactorExists, _STALE)),
    Route("POST", f"{_FACTORS}/totp/confirmation", confirm_totp, Auth.SESSION, errors=(WrongSecondFactor, _STALE)),
    Route("DELETE", f"{_FACTORS}/totp", remove_totp, Auth.SESSION, errors=(LastSecondFactor, _STALE)),
    Route("POST", f"{_FACTORS}/recovery-codes", renew_recovery_codes, Auth.SESSION, errors=(NoSecondFactor, _STALE)),
    Route("POST", f"{_FACTORS}/passkeys/options", ask_for_passkey, Auth.SESSION, errors=(TooManyPasskeys, _STALE)),
    Route("POST", f"{_FACTORS}/passkeys", add_passkey, Auth.SESSION, errors=_REFUSED_PASSKEY),
    Route("PATCH", _PASSKEY, rename_passkey, Auth.SESSION, errors=(InvalidPasskeyName,)),
    Route("DELETE", _PASSKEY, remove_passkey, Auth.SESSION, errors=(LastWayIn, LastSecondFactor, _STALE)),
)
