"""Sends a picture made of a file, by any way that leads to the file itself."""

from aiohttp import web

from file_service.context import FILES
from file_service.delivery.deliver import deliver
from file_service.delivery.manner import OWN, PRIVATE, Manner
from file_service.domain.file import File
from file_service.pictures.specification import Specification
from shared.errors import NotFound

FRESH = "max-age=300"  # seconds that a picture may be shown after its file is gone


async def deliver_picture(
    request: web.Request, file: File, specification: Specification, manner: Manner = OWN
) -> web.StreamResponse:
    """Answer GET or HEAD with a picture of `file`, which the caller may have in this `manner`.

    We made it ourselves of pixels alone, so a browser may show it. What may be had once has no pictures: NotFound.
    Raises FileQuarantined, FileInfected, FileUnchecked, and what making the picture and `deliver` raise.
    """
    if manner.spend is not None:
        raise NotFound
    context = request.app[FILES]
    context.policy.require_release(file.verdict)
    cache_control = f"private, {FRESH}" if manner.cache_control == PRIVATE else manner.cache_control
    shown = Manner(f"{manner.name or file.name}.{specification.format}", inline=True, cache_control=cache_control)
    made = await context.renditions.get(file, specification)
    try:
        return await deliver(request, made, shown)
    except NotFound:  # its bytes are: it was given up for another size meanwhile, or lost
        await context.renditions.forget(file, made)
    return await deliver(request, await context.renditions.get(file, specification), shown)
