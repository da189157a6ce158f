"""Where a share's link leads: what there is to be had, and a button. Who merely fetches the link spends nothing."""

from dataclasses import replace

from aiohttp import web

from file_service.delivery.deliver import deliver
from file_service.domain.kinds import kind_of
from file_service.handlers.pages.fields import PasswordForm
from file_service.handlers.pages.showing import can_answer_a_form, can_be_shown
from file_service.sharing.context import SHARING
from shared.web.pages.answers import View


async def show_shared(request: web.Request, token: str) -> View:
    """A file that somebody shares."""
    sharing = request.app[SHARING]
    shared = await sharing.shares.look(token)
    needs_form = shared.share.once or shared.share.password_hash is not None
    content_type = shared.file.content_type
    is_shown = can_answer_a_form(content_type, sharing.places) if needs_form else can_be_shown(content_type)
    values = {
        "shared": shared,
        "token": token,
        "kind": kind_of(content_type),
        "is_shown": shared.share.inline and is_shown,
        "needs_password": shared.share.password_hash is not None,
        "content_url": "" if needs_form else sharing.places.content(f"/v1/files/shared/{token}/content"),
    }
    return View("files/shared.html", values, in_secret=True)


async def download_shared(request: web.Request, token: str, body: PasswordForm) -> web.StreamResponse:
    """Answer here even where bytes have a host of their own: browsers follow no form to one that its page doesn't name.

    What such an answer can't show is saved.
    """
    sharing = request.app[SHARING]
    file, manner = await sharing.ways.shared_for(token, body.password or None)
    is_shown = manner.inline and can_answer_a_form(file.content_type, sharing.places)
    return await deliver(request, file, replace(manner, inline=is_shown))
