"""Sending files to somebody without an account, and what owners do for it."""

from file_service.errors import (
    TooManyLinks,
    TooManyUploads,
    UnknownPurpose,
    UploadGone,
    UploadLinkFull,
    UploadLinkIsOver,
)
from file_service.handlers.drop_uploads import (
    append_to_drop_upload,
    create_drop_upload,
    end_drop_upload,
    get_drop_upload,
    tell_drop_protocol,
)
from file_service.handlers.upload_links import (
    create_upload_link,
    drop_file,
    get_drop,
    list_upload_links,
    revoke_upload_link,
)
from file_service.routes.files import UPLOAD_BODY, UPLOAD_ERRORS
from file_service.routes.uploads import APPENDING, ASKING, WRITING
from file_service.uploads.resumable.protocol import BYTES
from shared.web.routes import Auth, Route

_UPLOADS = "/v1/files/drop/{token}/uploads"
_UPLOAD = f"{_UPLOADS}/{{upload}}"

UPLOAD_LINK_ROUTES = (
    Route("POST", "/v1/files/upload-links", create_upload_link, errors=(TooManyLinks, UnknownPurpose)),
    Route("GET", "/v1/files/upload-links", list_upload_links),
    Route("DELETE", "/v1/files/upload-links/{link_id}", revoke_upload_link),
    Route("GET", "/v1/files/drop/{token}", get_drop, Auth.PUBLIC, errors=(UploadLinkIsOver,)),
    Route(
        "POST",
        "/v1/files/drop/{token}",
        drop_file,
        Auth.PUBLIC,
        errors=(*UPLOAD_ERRORS, UploadLinkFull, UploadLinkIsOver),
        raw_body=UPLOAD_BODY,
    ),
    Route("OPTIONS", _UPLOADS, tell_drop_protocol, Auth.PUBLIC),
    Route(
        "POST",
        _UPLOADS,
        create_drop_upload,
        Auth.PUBLIC,
        errors=(*WRITING, TooManyUploads, UploadLinkFull, UploadLinkIsOver),
        raw_body=(BYTES,),
    ),
    Route("GET", _UPLOAD, get_drop_upload, Auth.PUBLIC, errors=(*ASKING, UploadGone)),
    Route(
        "PATCH", _UPLOAD, append_to_drop_upload, Auth.PUBLIC, errors=(*APPENDING, UploadLinkIsOver), raw_body=(BYTES,)
    ),
    Route("DELETE", _UPLOAD, end_drop_upload, Auth.PUBLIC, errors=(*ASKING, UploadGone)),
)
