from file_service.errors import (
    ArchiveBomb,
    ExtensionMismatch,
    FileInfected,
    FileQuarantined,
    FileTooLarge,
    FileUnchecked,
    InsufficientStorage,
    PixelBomb,
    QuotaExceeded,
    RangeNotSatisfiable,
    TooManyParts,
    TypeNotAllowed,
    UnknownPurpose,
    UnreadableArchive,
    UploadStalled,
)
from file_service.handlers.content import download_file
from file_service.handlers.files import (
    delete_file,
    get_file,
    list_files,
    refuse_nameless_file,
    upload_file,
    upload_named_file,
)
from file_service.uploads.incoming import FORM
from shared.errors import InternalError, MalformedBody, PreconditionFailed, UnsupportedMediaType
from shared.web.routes import Route

_ANY_TYPE = "*/*"
UPLOAD_BODY = (FORM, _ANY_TYPE)
UPLOAD_ERRORS = (
    ArchiveBomb,
    ExtensionMismatch,
    FileTooLarge,
    InsufficientStorage,
    MalformedBody,
    PixelBomb,
    TooManyParts,
    TypeNotAllowed,
    UnreadableArchive,
    UnsupportedMediaType,
    UploadStalled,
)
DOWNLOAD_ERRORS = (
    FileInfected,
    FileQuarantined,
    FileUnchecked,
    InternalError,
    PreconditionFailed,
    RangeNotSatisfiable,
)

FILES_ROUTES = (
    Route(
        "POST",
        "/v1/files",
        upload_file,
        errors=(*UPLOAD_ERRORS, QuotaExceeded, UnknownPurpose),
        idempotent=True,
        raw_body=UPLOAD_BODY,
    ),
    Route(
        "PUT",
        "/v1/files/{name}",
        upload_named_file,
        errors=(*UPLOAD_ERRORS, QuotaExceeded, UnknownPurpose),
        idempotent=True,
        raw_body=(_ANY_TYPE,),
    ),
    Route("PUT", "/v1/files/", refuse_nameless_file, hidden=True),
    Route("GET", "/v1/files", list_files),
    Route("GET", "/v1/files/", list_files, hidden=True),  # files are sent there by name, so one looks there for them
    Route("GET", "/v1/files/{file_id}", get_file),
    Route(
        "GET",
        "/v1/files/{file_id}/content",
        download_file,
        errors=DOWNLOAD_ERRORS,
        raw_answer=(_ANY_TYPE,),
    ),
    Route("DELETE", "/v1/files/{file_id}", delete_file),
)
