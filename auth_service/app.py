"""The composition root: what lives as long as the program, and what it serves."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path

from aiohttp import web

from auth_service.core import Core, make_core
from auth_service.handlers.account import ACCOUNT
from auth_service.handlers.administration import ACCOUNT_SEARCH, ADMINISTRATION
from auth_service.handlers.api_keys import API_KEYS
from auth_service.handlers.audit import AUDIT, AUDIT_EXPORT
from auth_service.handlers.callers import COOKIE
from auth_service.handlers.export import EXPORTING
from auth_service.handlers.importing import IMPORTING
from auth_service.handlers.internal import CREDENTIALS, REVOCATIONS, SESSIONS
from auth_service.handlers.keys import KEYS
from auth_service.handlers.sessions import ENDING, SESSION_LISTS
from auth_service.handlers.sign_in import REFRESHING, SIGN_IN
from auth_service.hashing.pool import LOOK_EVERY
from auth_service.key_ring import REFRESH_SECONDS, KeyRing
from auth_service.parts.export import open_exporting
from auth_service.parts.factors import serve_factors
from auth_service.parts.federation import serving_federation
from auth_service.parts.mail import open_mail, serve_mail
from auth_service.parts.pages import serve_pages
from auth_service.passwords import PasswordHasher
from auth_service.refresh_tokens import RefreshTokens
from auth_service.repository.account_search import AccountSearch
from auth_service.repository.audit_search import AuditSearch
from auth_service.repository.retention import PURGES
from auth_service.repository.revocations import RevocationRepository
from auth_service.repository.rotation import RotationRepository
from auth_service.repository.session_lists import SessionLists
from auth_service.repository.sessions import SessionRepository
from auth_service.routes import PRIVATE_ROUTES, ROUTES
from auth_service.routes.pages import PAGES
from auth_service.service.account import AccountKeeping
from auth_service.service.administration import Administration
from auth_service.service.api_keys import ApiKeyKeeping
from auth_service.service.audit import AuditExport
from auth_service.service.credentials import CredentialKeeping
from auth_service.service.ending import SessionEnding
from auth_service.service.importing import Importing
from auth_service.service.refreshing import Refreshing
from auth_service.service.rehashing import Rehashing
from auth_service.service.resealing import EVERY as RESEAL_SECONDS
from auth_service.service.resealing import Resealing
from auth_service.service.sign_in import SignIn
from auth_service.settings import NAME, Settings
from shared.db import Database, open_database
from shared.events.feed import FEED, Feed, open_feed
from shared.identity import Verifier, load_trust
from shared.lifecycle import Lifecycle, background
from shared.migration_files import expected_version
from shared.purge import AFTER, EVERY, purge
from shared.schema_version import admission, require_schema
from shared.serve import Apps
from shared.web.app import private_app, public_app
from shared.web.cookies import SessionCookie
from shared.web.health import Check

SCHEMA = "auth"
MIGRATIONS = Path(__file__).with_name("migrations")


@asynccontextmanager
async def open_service(settings: Settings, lifecycle: Lifecycle) -> AsyncIterator[Apps]:
    """Open the pool, the signing keys and the feed; the database may still be away."""
    verifier = Verifier(load_trust(settings.process.trust_file), NAME)
    async with AsyncExitStack() as stack:
        database = await stack.enter_async_context(open_database(settings.database))
        feed = await stack.enter_async_context(open_feed(SCHEMA, database, settings.database, lifecycle))
        hasher = stack.enter_context(PasswordHasher(settings.hashing))
        await stack.enter_async_context(background("rest hashing processes", hasher.rest, every=LOOK_EVERY))
        core = make_core(settings, database, hasher)
        await stack.enter_async_context(background("read signing keys", core.keys.refresh, every=REFRESH_SECONDS))
        reseal = Resealing(database, core.sealer).run
        await stack.enter_async_context(background("seal anew", reseal, every=RESEAL_SECONDS, after=AFTER))
        await stack.enter_async_context(background("purge", partial(purge, database, PURGES), every=EVERY, after=AFTER))
        public = public_app(
            "Accounts and sessions", (*ROUTES, *PAGES), verifier, lifecycle, public_url=settings.process.public_url
        )
        private = private_app(PRIVATE_ROUTES, verifier, _checks(database, core.keys), lifecycle)
        _serve_people(public, core)
        await stack.enter_async_context(serving_federation(public, core))
        public[EXPORTING] = await stack.enter_async_context(open_exporting(settings, database))
        _serve_administrators(public, core)
        serve_mail(public, core)
        serve_pages(public, core)
        _serve_programs(private, core, feed)
        await stack.enter_async_context(open_mail(core, lifecycle))
        admitted = partial(admission, database, SCHEMA, expected_version(MIGRATIONS), lifecycle)
        yield Apps(public, private, admission=admitted)


def _checks(database: Database, keys: KeyRing) -> dict[str, Check]:
    async def can_sign() -> None:
        await keys.signing_key()

    return {
        "database": partial(require_schema, database, SCHEMA, expected_version(MIGRATIONS)),
        "signing_key": can_sign,
    }


def _serve_people(app: web.Application, core: Core) -> None:
    database = core.database
    app[SIGN_IN] = SignIn(
        database=database,
        hasher=core.hasher,
        guard=core.passwords,
        marks=core.marks,
        entrance=core.entrance,
        context=core.password_context,
        rehashing=Rehashing(database, core.hasher),
        registrar=core.registrar,
    )
    tokens = RefreshTokens(core.settings.refresh_key)
    requirement = core.settings.second_factor
    app[REFRESHING] = Refreshing(database, RotationRepository(database), tokens, core.issuer, requirement)
    app[ACCOUNT] = AccountKeeping(
        database=database,
        hasher=core.hasher,
        guard=core.passwords,
        marks=core.marks,
        context=core.password_context,
        outbox=core.outbox,
        removal=core.removal,
    )
    app[ENDING] = SessionEnding(database)
    app[SESSION_LISTS] = SessionLists(database)
    app[API_KEYS] = ApiKeyKeeping(database, requirement)
    app[COOKIE] = SessionCookie.of(core.settings.process.public_url)
    app[KEYS] = core.keys
    serve_factors(app, core)


def _serve_administrators(app: web.Application, core: Core) -> None:
    database, requirement = core.database, core.settings.second_factor
    app[ADMINISTRATION] = Administration(database, core.outbox, core.removal, requirement)
    app[IMPORTING] = Importing(database, requirement)
    app[ACCOUNT_SEARCH] = AccountSearch(database)
    app[AUDIT] = AuditSearch(database)
    app[AUDIT_EXPORT] = AuditExport(database, requirement)


def _serve_programs(app: web.Application, core: Core, feed: Feed) -> None:
    app[FEED] = feed
    app[REVOCATIONS] = RevocationRepository(core.database, feed)
    app[SESSIONS] = SessionRepository(core.database)
    app[CREDENTIALS] = CredentialKeeping(core.database, core.settings.second_factor)
    app[KEYS] = core.keys
