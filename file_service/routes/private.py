from file_service.handlers.exports import (
    export_file,
    list_known_files,
    list_known_shares,
    list_known_upload_links,
)
from shared.web.routes import Auth, Route

_OF_SOMEBODY = "/internal/exports/{user_id}"

EXPORT_ROUTES = (
    Route("GET", _OF_SOMEBODY, list_known_files, Auth.SERVICE),
    Route("GET", f"{_OF_SOMEBODY}/shares", list_known_shares, Auth.SERVICE),
    Route("GET", f"{_OF_SOMEBODY}/upload-links", list_known_upload_links, Auth.SERVICE),
    Route("GET", f"{_OF_SOMEBODY}/{{file_id}}", export_file, Auth.SERVICE, raw_answer=("*/*",)),
)
