"""Everything that this service answers, a table for each topic."""

from file_service.routes.files import FILES_ROUTES
from file_service.routes.private import PRIVATE_ROUTES
from file_service.routes.uploads import UPLOADS_ROUTES

__all__ = ["PRIVATE_ROUTES", "ROUTES"]

ROUTES = (*FILES_ROUTES, *UPLOADS_ROUTES)
