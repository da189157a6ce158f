"""Private routes that serve one program alone: what a stolen key opens stays small."""

from aiohttp import web

from shared.errors import Forbidden
from shared.web.context import identity_of


def require_program(request: web.Request, name: str) -> None:
    """Raises Forbidden for every caller but the program `name`, other programs of ours included."""
    if identity_of(request).subject != name:
        raise Forbidden(f"This is for {name}.")
