"""The composition root: what lives as long as the program, and what it serves."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import aiohttp
from aiohttp import web

from shared.db import Database, open_database
from shared.events.client import InternalClient
from shared.identity import Signer, Verifier, load_trust
from shared.lifecycle import Lifecycle, background
from shared.migration_files import expected_version
from shared.purge import AFTER, EVERY, purge
from shared.schema_version import admission, require_schema
from shared.serve import Apps
from shared.web.app import private_app, public_app
from user_service.accounts import follow_accounts
from user_service.avatars import Avatars
from user_service.handlers import PROFILES, SEARCH
from user_service.pages.routes import PAGES
from user_service.pages.serving import serve_pages
from user_service.repository import PURGE_TOMBSTONES, ProfileRepository, ProfileSearch
from user_service.routes import PRIVATE_ROUTES, ROUTES
from user_service.service import Profiles
from user_service.settings import NAME, Settings

SCHEMA = "users"
MIGRATIONS = Path(__file__).with_name("migrations")


@asynccontextmanager
async def open_service(settings: Settings, lifecycle: Lifecycle) -> AsyncIterator[Apps]:
    """Open the pool and start following the accounts; the database and auth_service may both still be away."""
    verifier = Verifier(load_trust(settings.process.trust_file), NAME)
    signer = Signer.from_file(NAME, settings.identity_key_file)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(settings.database))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        client = InternalClient(session, signer, settings.auth_internal_url, "auth_service")
        await stack.enter_async_context(background("follow accounts", follow_accounts(client, database).run))
        await stack.enter_async_context(
            background("purge", partial(purge, database, [PURGE_TOMBSTONES]), every=EVERY, after=AFTER)
        )
        avatars = Avatars(InternalClient(session, signer, settings.file_internal_url, "file_service"))
        public_url = settings.process.public_url
        public = public_app("Users", (*ROUTES, *PAGES), verifier, lifecycle, public_url=public_url)
        serve_pages(public, signer, public_url)
        public[PROFILES] = Profiles(ProfileRepository(database), avatars)
        public[SEARCH] = ProfileSearch(database)
        yield _apps(public, database, verifier, lifecycle)


def _apps(public: web.Application, database: Database, verifier: Verifier, lifecycle: Lifecycle) -> Apps:
    checks = {"database": partial(require_schema, database, SCHEMA, expected_version(MIGRATIONS))}
    private = private_app(PRIVATE_ROUTES, verifier, checks, lifecycle)
    private[PROFILES] = public[PROFILES]
    admitted = partial(admission, database, SCHEMA, expected_version(MIGRATIONS), lifecycle)
    return Apps(public, private, admission=admitted)
