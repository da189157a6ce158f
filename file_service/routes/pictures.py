"""Pictures made of files: every way to a file has one to its pictures."""

from file_service.errors import InvalidSignedUrl, NotAPicture, PictureTooCostly, ShareIsOver
from file_service.handlers.pictures import get_avatar, get_picture, tell_picture
from file_service.handlers.shared_pictures import get_public_picture, get_shared_picture, get_signed_picture
from file_service.routes.files import DOWNLOAD_ERRORS
from file_service.routes.sharing import PASSWORD_ERRORS
from shared.web.routes import Auth, Route

_TYPES = ("image/webp", "image/jpeg")
_ERRORS = (*DOWNLOAD_ERRORS, NotAPicture, PictureTooCostly)

PICTURE_ROUTES = (
    Route("GET", "/v1/files/{file_id}/picture", get_picture, errors=_ERRORS, raw_answer=_TYPES),
    Route("GET", "/v1/files/avatars/{file_id}", get_avatar, Auth.PUBLIC, errors=_ERRORS, raw_answer=_TYPES[:1]),
    Route(
        "GET",
        "/v1/files/public/{file_id}/picture",
        get_public_picture,
        Auth.PUBLIC,
        errors=_ERRORS,
        raw_answer=_TYPES,
    ),
    Route(
        "GET",
        "/v1/files/shared/{token}/picture",
        get_shared_picture,
        Auth.PUBLIC,
        errors=(ShareIsOver, *PASSWORD_ERRORS, *_ERRORS),
        raw_answer=_TYPES,
    ),
    Route(
        "GET",
        "/v1/files/signed/{file_id}/picture",
        get_signed_picture,
        Auth.PUBLIC,
        errors=(InvalidSignedUrl, *_ERRORS),
        raw_answer=_TYPES,
        foreign_query=True,
    ),
)

PRIVATE_PICTURE_ROUTES = (Route("GET", "/internal/pictures/{file_id}", tell_picture, Auth.SERVICE),)
