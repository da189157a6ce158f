from file_service.errors import (
    FileInfected,
    FileQuarantined,
    FileUnchecked,
    NotAPicture,
    PictureTooCostly,
    RangeNotSatisfiable,
)
from file_service.handlers.pictures import get_avatar, get_picture, tell_picture
from shared.errors import InternalError, PreconditionFailed
from shared.web.routes import Auth, Route

PICTURE_TYPES = ("image/webp", "image/jpeg")
PICTURE_ERRORS = (
    FileInfected,
    FileQuarantined,
    FileUnchecked,
    InternalError,
    NotAPicture,
    PictureTooCostly,
    PreconditionFailed,
    RangeNotSatisfiable,
)

PICTURE_ROUTES = (
    Route(
        "GET",
        "/v1/files/avatars/{file_id}",
        get_avatar,
        Auth.PUBLIC,
        errors=PICTURE_ERRORS,
        raw_answer=PICTURE_TYPES[:1],
    ),
    Route("GET", "/v1/files/{file_id}/picture", get_picture, errors=PICTURE_ERRORS, raw_answer=PICTURE_TYPES),
)

PRIVATE_PICTURE_ROUTES = (Route("GET", "/internal/pictures/{file_id}", tell_picture, Auth.SERVICE),)
