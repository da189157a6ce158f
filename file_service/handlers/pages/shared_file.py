"""Where a share's link leads: what there is to be had, and a button. Who merely fetches the link spends nothing."""

from dataclasses import replace

from aiohttp import web

from file_service.delivery.deliver import deliver
from file_service.domain.kinds import kind_of
from file_service.handlers.pages.fields import PasswordForm
from file_service.sharing.context import SHARING
from shared.web.pages.answers import View


async def show_shared(request: web.Request, token: str) -> View:
    """A file that somebody shares."""
    sharing = request.app[SHARING]
    shared = await sharing.shares.look(token)
    needs_form = shared.share.once or shared.share.password_hash is not None
    values = {
        "shared": shared,
        "token": token,
        "kind": kind_of(shared.file.content_type),
        "needs_password": shared.share.password_hash is not None,
        "content_url": "" if needs_form else sharing.places.content(f"/v1/files/shared/{token}/content"),
    }
    return View("files/shared.html", values, in_secret=True)


async def download_shared(request: web.Request, token: str, body: PasswordForm) -> web.StreamResponse:
    """Answer here even where bytes have a host of their own: browsers follow no form to one that its page doesn't name.

    There they are saved, and never shown.
    """
    sharing = request.app[SHARING]
    file, manner = await sharing.ways.shared_for(token, body.password or None)
    return await deliver(request, file, replace(manner, inline=manner.inline and not sharing.places.content_url))
