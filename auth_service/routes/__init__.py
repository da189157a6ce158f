"""Everything that this service answers, a table for each topic."""

from auth_service.routes.administration import ADMIN_ROUTES
from auth_service.routes.factors import FACTORS_ROUTES
from auth_service.routes.federation import FEDERATION_ROUTES
from auth_service.routes.mail import MAIL_ROUTES
from auth_service.routes.private import PRIVATE_ROUTES
from auth_service.routes.sessions import SESSIONS_ROUTES
from auth_service.routes.sign_in import SIGN_IN_ROUTES

__all__ = ["PRIVATE_ROUTES", "ROUTES"]

ROUTES = (
    *SIGN_IN_ROUTES,
    *SESSIONS_ROUTES,
    *FACTORS_ROUTES,
    *FEDERATION_ROUTES,
    *MAIL_ROUTES,
    *ADMIN_ROUTES,
)
