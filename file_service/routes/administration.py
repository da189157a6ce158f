"""For administrators, beside auth_service's: everybody else's files. The gateway asks for a fresh session to delete."""

from file_service.handlers.administration import delete_any_file, get_any_file, get_any_shared_file
from shared.web.routes import Auth, Route

_FILE = "/v1/admin/files/{file_id}"

ADMINISTRATION_ROUTES = (
    Route("GET", _FILE, get_any_file, Auth.ADMIN),
    Route("DELETE", _FILE, delete_any_file, Auth.ADMIN),
    Route("GET", "/v1/admin/files/shared/{token}", get_any_shared_file, Auth.ADMIN),
)
