"""The page that takes in a picture of oneself. user_service's page of the profile, which it leads to, shows it."""

from aiohttp import web

from file_service.context import FILES, RESUMABLE
from file_service.domain.purposes import AVATAR
from file_service.handlers.pages.files import PATH as FILES_PATH
from file_service.handlers.pages.takes import Takes
from file_service.uploads.incoming import UploadRequest
from shared.web.context import identity_of
from shared.web.pages.answers import SeeOther, View
from shared.web.pages.streaming import FORM_TOKEN

PATH = f"{FILES_PATH}/avatar"


async def show_avatar(request: web.Request) -> View:
    resumable = request.app[RESUMABLE]
    purpose = resumable.purposes.get(AVATAR)
    return View("files/avatar.html", {"takes": Takes.of(purpose, purpose.largest(resumable.limits.file))})


async def upload_avatar(request: web.Request) -> SeeOther:
    """Store it. It is only shown to others once the person has seen it on the page of their profile."""
    context = request.app[FILES]
    upload = UploadRequest(request, "", AVATAR, context.stall_seconds, check_token=request[FORM_TOKEN].check)
    stored = await context.uploads.store(identity_of(request).user_id, upload, None)
    return SeeOther(f"/account/profile?picture={stored.body.id}")
