from file_service.errors import (
    ChecksumMismatch,
    ExtensionMismatch,
    FileTooLarge,
    InsufficientStorage,
    MalformedUploadHeader,
    QuotaExceeded,
    TooManyUploads,
    TusVersionUnsupported,
    TypeNotAllowed,
    UnknownPurpose,
    UploadGone,
    UploadIncomplete,
    UploadLengthExceeded,
    UploadOffsetMismatch,
    UploadStalled,
    UploadTakesNoBytes,
)
from file_service.handlers.uploads import (
    append_to_upload,
    create_upload,
    end_upload,
    get_upload,
    override_method,
    tell_upload_protocol,
)
from file_service.handlers.usage import get_usage
from file_service.uploads.resumable.protocol import BYTES
from shared.errors import AppError, InternalError, MalformedBody, MethodNotAllowed, UnsupportedMediaType
from shared.web.routes import Auth, Route

_UPLOAD = "/v1/files/uploads/{token}"
ASKING: tuple[type[AppError], ...] = (
    ExtensionMismatch,
    InternalError,
    MalformedUploadHeader,
    TusVersionUnsupported,
    TypeNotAllowed,
    UnknownPurpose,
)
WRITING = (
    *ASKING,
    ChecksumMismatch,
    FileTooLarge,
    InsufficientStorage,
    MalformedBody,
    QuotaExceeded,
    UnsupportedMediaType,
    UploadLengthExceeded,
    UploadOffsetMismatch,
    UploadStalled,
    UploadTakesNoBytes,
)
APPENDING = (*WRITING, UploadGone)

UPLOADS_ROUTES = (
    Route("OPTIONS", "/v1/files/uploads", tell_upload_protocol, Auth.PUBLIC),
    Route(
        "POST",
        "/v1/files/uploads",
        create_upload,
        errors=(*WRITING, TooManyUploads, UploadGone, UploadIncomplete),
        raw_body=(BYTES,),
    ),
    Route("GET", _UPLOAD, get_upload, errors=(*ASKING, UploadGone)),
    Route("PATCH", _UPLOAD, append_to_upload, errors=APPENDING, raw_body=(BYTES,)),
    Route("DELETE", _UPLOAD, end_upload, errors=(*ASKING, UploadGone)),
    Route("POST", _UPLOAD, override_method, errors=(*APPENDING, MethodNotAllowed), raw_body=(BYTES,)),
    Route("GET", "/v1/files/usage", get_usage),
)
