from file_service.errors import (
    FileTooLarge,
    InsufficientStorage,
    QuotaExceeded,
    RangeNotSatisfiable,
    TooManyParts,
    TypeNotAllowed,
    UnknownPurpose,
    UploadStalled,
)
from file_service.handlers.content import download_file
from file_service.handlers.files import delete_file, get_file, list_files, upload_file
from file_service.uploads.incoming import FORM
from shared.errors import InternalError, MalformedBody, PreconditionFailed, UnsupportedMediaType
from shared.web.routes import Route

_ANY_TYPE = "*/*"

FILES_ROUTES = (
    Route(
        "POST",
        "/v1/files",
        upload_file,
        errors=(
            FileTooLarge,
            InsufficientStorage,
            MalformedBody,
            QuotaExceeded,
            TooManyParts,
            TypeNotAllowed,
            UnknownPurpose,
            UnsupportedMediaType,
            UploadStalled,
        ),
        idempotent=True,
        raw_body=(FORM, _ANY_TYPE),
    ),
    Route("GET", "/v1/files", list_files),
    Route("GET", "/v1/files/{file_id}", get_file),
    Route(
        "GET",
        "/v1/files/{file_id}/content",
        download_file,
        errors=(InternalError, PreconditionFailed, RangeNotSatisfiable),
        raw_answer=(_ANY_TYPE,),
    ),
    Route("DELETE", "/v1/files/{file_id}", delete_file),
)
