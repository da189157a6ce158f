"""Where an upload link leads: anybody who has it sends files to whoever made it."""

from aiohttp import web

from file_service.context import FILES
from file_service.handlers.pages.notices import notice
from file_service.handlers.pages.takes import Takes
from file_service.sharing.context import SHARING
from file_service.sharing.views import present_drop
from file_service.uploads.incoming import UploadRequest
from shared.web.pages.answers import SeeOther, View
from shared.web.pages.streaming import FORM_TOKEN


async def show_drop(request: web.Request, token: str) -> View:
    """A form to send files by."""
    sharing = request.app[SHARING]
    link = await sharing.upload_links.look(token)
    purpose = sharing.purposes.get(link.purpose)
    drop = present_drop(link, purpose, sharing.max_bytes)
    takes = Takes.of(purpose, min(drop.max_file_bytes, drop.bytes_left))
    return View("files/drop.html", {"drop": drop, "token": token, "takes": takes}, in_secret=True)


async def drop_on_page(request: web.Request, token: str) -> SeeOther:
    links = request.app[SHARING].upload_links
    link = await links.look(token)
    stall_seconds = request.app[FILES].stall_seconds
    upload = UploadRequest(request, "", link.purpose, stall_seconds, check_token=request[FORM_TOKEN].check)
    stored = await links.store(link, upload)
    return SeeOther(f"/drop/{token}", notice("file_sent", name=stored.name))
