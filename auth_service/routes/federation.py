"""Signing in with others."""

from auth_service.errors import (
    AccountBanned,
    EmailNotVerified,
    IdentityTaken,
    InvalidCredentials,
    InvalidRedirectUri,
    InvalidSignInCode,
    InvalidSignInFlow,
    LastWayIn,
    LinkNeedsVerifiedEmail,
    LinkRequired,
    ProviderDistrusted,
    ProviderEmailMissing,
    ProviderEmailUnverified,
    ProviderRefused,
    SecondFactorEnrolmentRequired,
    SecondFactorRequired,
    TooManyIdentities,
)
from auth_service.handlers.federation import (
    begin_app_sign_in,
    begin_provider_sign_in,
    finish_provider_sign_in,
    list_providers,
    redeem_sign_in_code,
)
from auth_service.handlers.identities import begin_link, list_identities, redeem_link_code, unlink_identity
from shared.errors import InsufficientUserAuthentication, InvalidParameter
from shared.web.routes import Auth, Route

_REFUSED_LINK = (IdentityTaken, LinkNeedsVerifiedEmail, TooManyIdentities)
_REFUSED_RETURN = (InvalidSignInFlow, ProviderRefused, ProviderDistrusted, InvalidParameter)
_NOT_IN = (AccountBanned, EmailNotVerified, SecondFactorRequired, SecondFactorEnrolmentRequired)
_NO_NEWCOMER = (ProviderEmailMissing, ProviderEmailUnverified, LinkRequired, TooManyIdentities)
_REFUSED_NEWCOMER = (*_NO_NEWCOMER, InvalidCredentials, *_NOT_IN)

FEDERATION_ROUTES = (
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
)
