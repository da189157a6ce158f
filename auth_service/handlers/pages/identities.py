"""Accounts elsewhere that one signs in with."""

from uuid import UUID

from aiohttp import web

from auth_service.handlers.callers import device_of
from auth_service.handlers.federation import FEDERATION, browser_of, departure_headers
from auth_service.handlers.identities import IDENTITIES, linker_of
from auth_service.handlers.pages.notices import notice
from auth_service.service.federation import Wish
from shared.web.context import identity_of
from shared.web.pages.answers import SeeOther, View

PATH = "/account/identities"


async def show_identities(request: web.Request) -> View:
    """What is linked, and what can be."""
    found = await request.app[IDENTITIES].list_all(identity_of(request).user_id)
    providers = request.app[FEDERATION].providers
    labels = {name: each.label for name, each in providers.items()}
    return View("account/identities.html", {"identities": found, "labels": labels})


async def begin_link_on_page(request: web.Request, provider: str) -> SeeOther:
    """Prepare the way to the provider. It is a link on the next page: no form of ours may lead off our site."""
    linker = linker_of(request)
    await request.app[IDENTITIES].require_fresh(linker)
    departure = await request.app[FEDERATION].depart(provider, Wish(PATH, linker=linker), browser_of(request))
    cookie = departure_headers(request, departure).get("Set-Cookie")
    label = request.app[FEDERATION].providers[provider].label
    told = notice("link_begun", url=departure.url, provider=label)
    return SeeOther(PATH, told, [cookie] if cookie else [])


async def unlink_on_page(request: web.Request, identity_id: UUID) -> SeeOther:
    await request.app[IDENTITIES].unlink(linker_of(request), identity_id, device_of(request))
    return SeeOther(PATH, notice("identity_unlinked"))
