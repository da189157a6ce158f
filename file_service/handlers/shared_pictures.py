"""Pictures for people without an account: the same ways as to the files, with the same checks."""

from uuid import UUID

from aiohttp import web
from multidict import MultiDict

from file_service.delivery.pictures import deliver_picture
from file_service.sharing.context import SHARING
from file_service.views import PictureQuery
from shared.web.binding import to_query


async def get_public_picture(request: web.Request, file_id: UUID, query: PictureQuery) -> web.StreamResponse:
    """Get a picture of a public file: no account is needed."""
    wish = query.specification()
    file, manner = await request.app[SHARING].ways.public(file_id)
    return await deliver_picture(request, file, wish, manner)


async def get_shared_picture(request: web.Request, token: str, query: PictureQuery) -> web.StreamResponse:
    """Get a picture of what a share's link leads to, with the header Share-Password where it has one.

    A share for one download has no pictures.
    """
    wish = query.specification()
    file, manner = await request.app[SHARING].ways.shared(request, token)
    return await deliver_picture(request, file, wish, manner)


async def get_signed_picture(request: web.Request, file_id: UUID) -> web.StreamResponse:
    """Get a picture by a signed URL: put `/picture` behind its path, and what it is to be like behind its query."""
    named = set(PictureQuery.__struct_fields__)
    sides, signed = MultiDict[str](), MultiDict[str]()
    for name, value in request.query.items():
        (sides if name in named else signed).add(name, value)
    path = request.path.removesuffix("/picture")
    file, manner = await request.app[SHARING].ways.signed(path, signed, file_id)
    return await deliver_picture(request, file, to_query(sides, PictureQuery).specification(), manner)
