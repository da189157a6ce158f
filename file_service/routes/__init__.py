"""Everything that this service answers, a table for each topic."""

from file_service.routes.administration import ADMINISTRATION_ROUTES
from file_service.routes.files import FILES_ROUTES
from file_service.routes.pictures import PICTURE_ROUTES, PRIVATE_PICTURE_ROUTES
from file_service.routes.private import EXPORT_ROUTES
from file_service.routes.sharing import SHARING_ROUTES
from file_service.routes.upload_links import UPLOAD_LINK_ROUTES
from file_service.routes.uploads import UPLOADS_ROUTES

__all__ = ["PRIVATE_ROUTES", "ROUTES"]

ROUTES = (
    *UPLOAD_LINK_ROUTES,
    *SHARING_ROUTES,
    *PICTURE_ROUTES,
    *FILES_ROUTES,
    *UPLOADS_ROUTES,
    *ADMINISTRATION_ROUTES,
)
PRIVATE_ROUTES = (*EXPORT_ROUTES, *PRIVATE_PICTURE_ROUTES)
