"""Coming in by password, staying in, and the keys that verify what one gets."""

from auth_service.errors import (
    AccountBanned,
    EmailNotVerified,
    EmailTaken,
    InvalidCredentials,
    InvalidEmail,
    InvalidRefreshToken,
    SecondFactorEnrolmentRequired,
    SecondFactorRequired,
    SessionExpired,
    SessionRevoked,
    TooManyAttempts,
    TooManyRefreshes,
    WeakPassword,
)
from auth_service.handlers.keys import get_key_set
from auth_service.handlers.sign_in import log_in, refresh, register
from shared.web.routes import Auth, Route

_KEY_SET = "/.well-known/jwks.json"
_REFUSED_REFRESH = (InvalidRefreshToken, SessionRevoked, SessionExpired, TooManyRefreshes)
_NOT_IN = (AccountBanned, EmailNotVerified, SecondFactorRequired, SecondFactorEnrolmentRequired)
_REFUSED_NEWCOMER = (InvalidEmail, WeakPassword, EmailTaken, SecondFactorEnrolmentRequired)
_REFUSED_LOGIN = (InvalidEmail, InvalidCredentials, TooManyAttempts, *_NOT_IN)
_ADA = {"email": "ada@example.org", "password": "analytical engine no. 1"}

SIGN_IN_ROUTES = (
    Route("POST", "/v1/auth/register", register, Auth.PUBLIC, errors=_REFUSED_NEWCOMER, example=_ADA),
    Route("POST", "/v1/auth/login", log_in, Auth.PUBLIC, errors=_REFUSED_LOGIN, example=_ADA),
    Route("POST", "/v1/auth/refresh", refresh, Auth.PUBLIC, errors=_REFUSED_REFRESH),
    Route("GET", _KEY_SET, get_key_set, Auth.PUBLIC),
)
