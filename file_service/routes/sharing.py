"""Reading without an account, and what owners do for it."""

from file_service.errors import (
    ExtensionMismatch,
    InvalidSignedUrl,
    ShareIsOver,
    SharePasswordRequired,
    TooManyGuesses,
    TooManyLinks,
    WrongSharePassword,
)
from file_service.handlers.publishing import change_file, download_public_file
from file_service.handlers.shares import (
    create_share,
    download_shared_file,
    get_shared_file,
    list_shares,
    revoke_share,
)
from file_service.handlers.signed_urls import download_signed_file, sign_url
from file_service.routes.files import DOWNLOAD_ERRORS
from shared.errors import PreconditionFailed
from shared.web.routes import Auth, Route

_PATCH_TYPES = ("application/json", "application/merge-patch+json")
_ANY_TYPE = ("*/*",)
PASSWORD_ERRORS = (SharePasswordRequired, WrongSharePassword, TooManyGuesses)

SHARING_ROUTES = (
    Route(
        "PATCH",
        "/v1/files/{file_id}",
        change_file,
        errors=(ExtensionMismatch, PreconditionFailed),
        body_types=_PATCH_TYPES,
    ),
    Route(
        "GET",
        "/v1/files/public/{file_id}",
        download_public_file,
        Auth.PUBLIC,
        errors=DOWNLOAD_ERRORS,
        raw_answer=_ANY_TYPE,
    ),
    Route(
        "POST",
        "/v1/files/{file_id}/shares",
        create_share,
        errors=(TooManyLinks,),
        example={"expires_in": 86400, "once": False, "password": "open sesame"},
    ),
    Route("GET", "/v1/files/{file_id}/shares", list_shares),
    Route("DELETE", "/v1/files/{file_id}/shares/{share_id}", revoke_share),
    Route("GET", "/v1/files/shared/{token}", get_shared_file, Auth.PUBLIC, errors=(ShareIsOver,)),
    Route(
        "GET",
        "/v1/files/shared/{token}/content",
        download_shared_file,
        Auth.PUBLIC,
        errors=(ShareIsOver, *PASSWORD_ERRORS, *DOWNLOAD_ERRORS),
        raw_answer=_ANY_TYPE,
    ),
    Route("POST", "/v1/files/{file_id}/signed-urls", sign_url),
    Route(
        "GET",
        "/v1/files/signed/{file_id}",
        download_signed_file,
        Auth.PUBLIC,
        errors=(InvalidSignedUrl, *DOWNLOAD_ERRORS),
        raw_answer=_ANY_TYPE,
        foreign_query=True,
    ),
)
