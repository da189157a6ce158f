"""Pictures made of files, and the facts about them that user_service asks for."""

from uuid import UUID

from aiohttp import web

from file_service.context import FILES
from file_service.delivery.manner import Manner
from file_service.delivery.pictures import FRESH, deliver_picture
from file_service.domain.purposes import AVATAR
from file_service.pictures.specification import Fit, Format, Specification
from file_service.repository.files import FileRepository
from file_service.views import AvatarQuery, PictureFacts, PictureQuery
from shared.errors import NotFound
from shared.web.context import identity_of
from shared.web.programs import require_program

_AVATAR_QUALITY = 85


async def get_picture(request: web.Request, file_id: UUID, query: PictureQuery) -> web.StreamResponse:
    """Get a picture of one of your files, as webp or jpeg.

    It stands upright, in sRGB, without what else the file holds (place, camera, comments); of an animation it is the
    first frame. With neither side it is 256 pixels at most.
    """
    file = await FileRepository(request.app[FILES].database).get(identity_of(request).user_id, file_id)
    return await deliver_picture(request, file, query.specification())


async def get_avatar(request: web.Request, file_id: UUID, query: AvatarQuery) -> web.StreamResponse:
    """Get somebody's avatar, a square webp. Everybody may who has its address, which profiles tell."""
    file = await FileRepository(request.app[FILES].database).get_any(file_id)
    if file.purpose != AVATAR:
        raise NotFound
    wish = Specification(query.size, query.size, Fit.COVER, Format.WEBP, _AVATAR_QUALITY)
    return await deliver_picture(request, file, wish, Manner(AVATAR, cache_control=f"public, {FRESH}"))


async def tell_picture(request: web.Request, file_id: UUID) -> PictureFacts:
    """Tell whose a picture is, what for it was stored, and whether it may be shown."""
    require_program(request, "user_service")
    context = request.app[FILES]
    try:
        file = await FileRepository(context.database).get_any(file_id)
    except NotFound:
        return PictureFacts(None, "", ready=False)
    return PictureFacts(file.owner_id, file.purpose, ready=context.policy.releases(file.verdict))
