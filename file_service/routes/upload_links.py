"""Sending files to somebody without an account, and what owners do for it."""

from file_service.errors import TooManyLinks, UnknownPurpose, UploadLinkFull, UploadLinkIsOver
from file_service.handlers.upload_links import (
    create_upload_link,
    drop_file,
    get_drop,
    list_upload_links,
    revoke_upload_link,
)
from file_service.routes.files import UPLOAD_BODY, UPLOAD_ERRORS
from shared.web.routes import Auth, Route

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
)
