"""Puts together what signing in with others needs."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from auth_service.core import Core
from auth_service.handlers.federation import BROWSER, BROWSER_COOKIE, FEDERATION, REDIRECT_URIS
from auth_service.handlers.identities import IDENTITIES
from auth_service.providers.opening import open_providers
from auth_service.service.federation import Federation
from auth_service.service.flows import FlowKeeping
from auth_service.service.identities import IdentityKeeping
from auth_service.service.recognising import Recognising
from auth_service.service.sign_in_codes import SignInCodes
from shared.web.cookies import HostCookie


@asynccontextmanager
async def serving_federation(app: web.Application, core: Core) -> AsyncIterator[None]:
    settings = core.settings
    async with open_providers(settings.providers) as providers:
        identities = IdentityKeeping(core.database, core.ways_in, core.outbox)
        flows = FlowKeeping(core.database, core.sealer)
        app[IDENTITIES] = identities
        app[REDIRECT_URIS] = settings.redirect_uris
        app[BROWSER] = HostCookie.of(settings.process.public_url, BROWSER_COOKIE)
        app[FEDERATION] = Federation(
            providers=providers,
            flows=flows,
            codes=SignInCodes(core.database, flows),
            recognising=Recognising(core.database, core.marks, core.registrar, core.outbox),
            identities=identities,
            entrance=core.entrance,
            public_url=settings.process.public_url,
        )
        yield
