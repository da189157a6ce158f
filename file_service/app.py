"""The composition root: what lives as long as the program, and what it serves."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

import aiohttp

from file_service.accounts import follow_accounts
from file_service.collector import Collector
from file_service.context import FILES, FileContext
from file_service.delivery.charsets import Charsets
from file_service.delivery.content import Content
from file_service.parts.checks import intake
from file_service.parts.pages import serve_pages
from file_service.parts.pictures import picture_pool
from file_service.parts.sharing import SHARING_PURGES, compose_sharing
from file_service.parts.side_work import SIDE_PURGES, open_side_work
from file_service.parts.storage import add_redirects, open_storage, scrubbing
from file_service.parts.uploads import add_resumable
from file_service.parts.usage import measuring_usage
from file_service.pictures.renditions import Renditions
from file_service.repository.holds import PURGE_HOLDS
from file_service.repository.owners import PURGE_DELETED_OWNERS
from file_service.repository.uploads import PURGE_UPLOADS
from file_service.routes import PRIVATE_ROUTES, ROUTES
from file_service.routes.pages import PAGES
from file_service.settings import NAME, Settings
from file_service.sharing.context import SHARING
from file_service.storage.contract import Storage
from file_service.uploads.store import Limits, Uploads
from shared.db import Database, open_database
from shared.events.client import InternalClient
from shared.identity import Signer, Verifier, load_trust
from shared.lifecycle import Lifecycle, background
from shared.migration_files import expected_version
from shared.purge import AFTER, EVERY, purge, purge_idempotency
from shared.schema_version import admission, require_schema
from shared.serve import Apps
from shared.web.app import private_app, public_app
from shared.web.health import Check

SCHEMA = "files"
MIGRATIONS = Path(__file__).with_name("migrations")
_PURGES = (
    purge_idempotency(SCHEMA),
    PURGE_DELETED_OWNERS,
    PURGE_HOLDS,
    PURGE_UPLOADS,
    *SHARING_PURGES,
    *SIDE_PURGES,
)


@asynccontextmanager
async def open_service(settings: Settings, lifecycle: Lifecycle) -> AsyncIterator[Apps]:
    """Open pool and storage, and begin to follow the accounts; the database and auth_service may still be away.

    Raises OSError when the files' folder can't be used.
    """
    verifier = Verifier(load_trust(settings.process.trust_file), NAME)
    signer = Signer.from_file(NAME, settings.identity_key_file)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(settings.database))
        storage = await stack.enter_async_context(open_storage(settings.storage))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        client = InternalClient(session, signer, settings.auth_internal_url, "auth_service")
        context = _context(settings, database, storage)
        await stack.enter_async_context(background("follow accounts", follow_accounts(client, database).run))
        await stack.enter_async_context(background("collect blobs", context.collector.run))
        users = InternalClient(session, signer, settings.user_internal_url, "user_service")
        await stack.enter_async_context(open_side_work(settings, context, users, lifecycle))
        await stack.enter_async_context(
            background("purge", partial(purge, database, _PURGES), every=EVERY, after=AFTER)
        )
        await stack.enter_async_context(scrubbing(settings, database, storage))
        await stack.enter_async_context(measuring_usage(settings, database))
        apps = _apps(settings, context, verifier, lifecycle)
        add_redirects(apps, settings.storage, database)
        serve_pages(apps, signer, settings.process.public_url)
        await stack.enter_async_context(add_resumable(apps, settings, context))
        yield apps


def _context(settings: Settings, database: Database, storage: Storage) -> FileContext:
    collector = Collector(database, storage, settings.storage.delay)
    limits = Limits(settings.max_bytes, settings.quota_bytes)
    content = Content(database, storage)
    entrance = intake(settings.checks, content)
    uploads = Uploads(entrance, collector, limits, settings.purposes)
    renditions = Renditions(content, collector, picture_pool(settings.picture_workers))
    return FileContext(
        database,
        storage,
        collector,
        content,
        Charsets(content),
        uploads,
        settings.stall_seconds,
        entrance,
        renditions,
    )


def _apps(settings: Settings, context: FileContext, verifier: Verifier, lifecycle: Lifecycle) -> Apps:
    public_url = settings.process.public_url
    public = public_app("Files", (*ROUTES, *PAGES), verifier, lifecycle, public_url=public_url)
    public[FILES] = context
    public[SHARING] = compose_sharing(settings, context)
    checks: dict[str, Check] = {
        "database": partial(require_schema, context.database, SCHEMA, expected_version(MIGRATIONS)),
        "storage": context.storage.check,
    }
    private = private_app(PRIVATE_ROUTES, verifier, checks, lifecycle)
    private[FILES] = context
    admitted = partial(admission, context.database, SCHEMA, expected_version(MIGRATIONS), lifecycle)
    return Apps(public, private, admission=admitted)
