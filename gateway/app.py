"""The composition root: what lives as long as the gateway, and what it serves."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from ssl import SSLContext
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import msgspec
from aiohttp import web

from gateway.admin import admin_app
from gateway.authentication.authenticator import Authenticator, Reports, Verifiers
from gateway.authentication.confirmations import REPORT_SECONDS, Confirmations
from gateway.authentication.cookies import Cookies
from gateway.authentication.identity import Assertions
from gateway.authentication.keys import PATH as KEYS_PATH
from gateway.authentication.keys import KeySet
from gateway.authentication.opaque import OpaqueCredentials
from gateway.authentication.revocation import Revocations
from gateway.authentication.tokens import TokenVerifier
from gateway.authentication.uses import REPORT_SECONDS as USES_SECONDS
from gateway.authentication.uses import Uses
from gateway.caching.routes import CachePlace, open_caching
from gateway.downstream.certificates import Certificates
from gateway.downstream.client import no_fast_lane
from gateway.downstream.server import Server
from gateway.edge.client_address import ClientAddresses
from gateway.edge.cors import Cors
from gateway.edge.hosts import Hosts
from gateway.edge.https import HttpsOnly
from gateway.edge.prefix import Prefix
from gateway.edge.security_headers import security_headers
from gateway.edge.websocket import Handshakes
from gateway.explain.handler import explain_route
from gateway.explain.walk import Explainer
from gateway.fast_lane import FastLane
from gateway.forwarding import Forwarder
from gateway.limits.concurrency import ConcurrencyLimits
from gateway.limits.limiter import Limiter, open_limiter
from gateway.limits.policy import parse_policy
from gateway.observer import Observer
from gateway.pages.pages import Pages
from gateway.pages.scopes import tell_scopes
from gateway.proxy import Components, Proxy
from gateway.reception import Reception
from gateway.responder import Responder
from gateway.routes.file import RouteFile
from gateway.routes.load import load_routes
from gateway.routing import LiveRouting, follow_routes
from gateway.settings import NAME, Settings
from gateway.status.handler import open_status
from gateway.status.recorder import own_metrics
from gateway.streaming.streams import Streams
from gateway.upstreams.clients import open_clients
from gateway.upstreams.instance import PoolLimits
from gateway.upstreams.pools import open_pools
from shared.errors import MethodNotAllowed, NotFound, Unavailable
from shared.events.client import InternalClient
from shared.identity import Signer
from shared.lifecycle import Lifecycle, background
from shared.reload import Reload, on_hangup
from shared.serve import Apps

_AUTH = "auth_service"
_LOOK = 0.02  # seconds between looks at whether auth_service has told what is needed


def routes_of(settings: Settings) -> RouteFile:
    """Raises RoutesError, which names every mistake in the file with its line."""
    upstreams = {name: ",".join(urls) for name, urls in settings.upstreams.items()}
    load = partial(load_routes, upstreams=upstreams, parse_policy=parse_policy)
    return RouteFile(settings.routes_file, load)


@dataclass(frozen=True, slots=True)
class Trust:
    """What decides who is let in."""

    keys: KeySet
    revocations: Revocations
    authenticator: Authenticator


@asynccontextmanager
async def open_gateway(settings: Settings, routes: RouteFile, lifecycle: Lifecycle) -> AsyncIterator[Apps]:
    """Open everything; auth_service, the other services and Valkey may all still be away."""
    signer = Signer.from_file(NAME, settings.identity_key_file)
    async with AsyncExitStack() as stack:
        pools = await stack.enter_async_context(open_pools(PoolLimits()))
        routing = await stack.enter_async_context(follow_routes(routes, pools))
        tls = await stack.enter_async_context(_follow_certificates(settings, routing.reloading))
        limiter = await stack.enter_async_context(open_limiter(settings.valkey_url.reveal()))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        services = await stack.enter_async_context(open_clients(session, signer, settings.upstreams))
        internal = InternalClient(session, signer, settings.auth_internal_url, _AUTH)
        public_url = settings.process.public_url
        trust = await stack.enter_async_context(_open_trust(services[_AUTH], internal, public_url))
        prefix = Prefix(urlsplit(public_url).path)
        responder = Responder(lifecycle, prefix, https=public_url.startswith("https:"))
        streams = Streams(trust.revocations, lifecycle)
        await stack.enter_async_context(background("end streams", streams.end_when_stopping))
        assertions = Assertions(signer)
        forwarder = Forwarder(assertions, streams, responder, hosts := Hosts(public_url, settings.content_url))
        place = _cache_place(settings, limiter, hosts)
        caching = await stack.enter_async_context(open_caching(place, assertions, forwarder, responder))
        components = Components(
            reception=_reception(settings, routing, prefix, hosts),
            authenticator=trust.authenticator,
            cookies=Cookies(public_url),
            limiter=limiter,
            concurrency=ConcurrencyLimits(),
            pages=_pages(settings, services, routing),
            forwarder=forwarder,
            caching=caching,
            responder=responder,
            handshakes=Handshakes(public_url, settings.cors_origins),
            observer=Observer(),
        )
        pages = await stack.enter_async_context(_open_pages(settings, components, routes.path))
        private = admin_app(trust.keys, trust.revocations, pages, settings.process.trust_file, lifecycle)
        apps = _apps(components, FastLane(components, lifecycle), private, tls, settings.http_port)
        yield replace(apps, admission=partial(_admit, trust, lifecycle, settings.listen_wait))


def _apps(
    components: Components, fast_lane: FastLane, private: web.Application, tls: SSLContext | None, http_port: int
) -> Apps:
    proxy = Proxy(components)
    public = Server(proxy.handle, proxy.refuse, fast_lane.enter)
    if not http_port:
        return Apps(public, private, tls)
    plain = Server(partial(proxy.handle, plain=True), partial(proxy.refuse, plain=True), no_fast_lane)
    return Apps(public, private, tls, (plain, http_port))


@asynccontextmanager
async def _open_pages(
    settings: Settings, components: Components, routes_file: Path
) -> AsyncIterator[Sequence[web.RouteDef]]:
    """Yield what the private port has for operators. The status of several workers is the reporter's to tell."""
    explain = explain_route(Explainer(components, urlsplit(settings.process.public_url).netloc, routes_file))
    if settings.workers > 1:
        yield (explain,)
        return
    async with open_status(own_metrics, settings.private_urls, security_headers(html=True, https=False)) as status:
        yield (explain, *status)


@asynccontextmanager
async def _follow_certificates(settings: Settings, *others: Reload) -> AsyncIterator[SSLContext | None]:
    """Have SIGHUP reload the certificates, if there are any, and the `others`; yield what to speak TLS with."""
    if settings.tls is None:
        async with on_hangup(*(other.ask for other in others)):
            yield None
        return
    certificates = Certificates(settings.tls.certificate, settings.tls.key)
    reloading = Reload(certificates.has_changed, certificates.reload)
    async with (
        on_hangup(reloading.ask, *(other.ask for other in others)),
        background("follow the certificate", reloading.follow),
    ):
        yield certificates.context


def _reception(settings: Settings, routing: LiveRouting, prefix: Prefix, hosts: Hosts) -> Reception:
    return Reception(
        addresses=ClientAddresses(settings.trusted_proxies),
        cors=Cors(settings.cors_origins, settings.cors_headers, settings.cors_expose),
        routing=routing,
        https=HttpsOnly(settings.process.public_url),
        prefix=prefix,
        hosts=hosts,
    )


def _cache_place(settings: Settings, limiter: Limiter, hosts: Hosts) -> CachePlace:
    """Where limits and cache share a Valkey, only the first of them waits to find out that it is away."""
    url = settings.cache_url.reveal()
    shared = url == settings.valkey_url.reveal()
    return CachePlace(
        url=url,
        most_bytes=settings.cache_bytes,
        is_lost=lambda: shared and limiter.is_away,
        public_url=settings.process.public_url,
        hosts=hosts,
    )


@asynccontextmanager
async def _open_trust(public: Sequence[InternalClient], internal: InternalClient, issuer: str) -> AsyncIterator[Trust]:
    """Follow auth_service, by its public port and by its internal one."""
    keys = KeySet(partial(_get, public, KEYS_PATH))
    revocations = Revocations(internal)
    confirmations, uses = Confirmations(internal), Uses(internal)
    async with AsyncExitStack() as stack:
        revocations.watch_keys(keys.hurry)
        await stack.enter_async_context(background("read signing keys", keys.follow))
        await stack.enter_async_context(background("follow revocations", revocations.follow))
        await stack.enter_async_context(background("report generations", confirmations.report, every=REPORT_SECONDS))
        await stack.enter_async_context(background("report uses", uses.report, every=USES_SECONDS))
        verifiers = Verifiers(keys, TokenVerifier(keys, issuer), OpaqueCredentials(internal, revocations))
        yield Trust(keys, revocations, Authenticator(verifiers, revocations, Reports(confirmations, uses)))


async def _admit(trust: Trust, lifecycle: Lifecycle, seconds: float) -> bool:
    """Wait until it can be told who may come in: whoever balances by names alone sends requests to all that listens.

    Not for longer than that: what needs no auth_service is served without it. Return whether there is still a point.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            # Looked at, as neither of them has anything else that waits for it, and this is over in a moment.
            while not (trust.keys.is_known and trust.revocations.is_known) and not lifecycle.stopping:  # noqa: ASYNC110
                await asyncio.sleep(_LOOK)
    return not lifecycle.stopping


async def _get(instances: Sequence[InternalClient], path: str) -> bytes:
    """Ask one after the other for what all of them have. Raises Unavailable."""
    *others, last = instances
    for instance in others:
        with suppress(Unavailable):
            return await instance.get(path)
    return await last.get(path)


def _pages(settings: Settings, services: Mapping[str, Sequence[InternalClient]], routing: LiveRouting) -> Pages:
    def policy(method: str, path: str) -> str:
        with suppress(NotFound, MethodNotAllowed):
            return routing.current.table.match(method, path).auth
        return ""

    async def describe(service: str) -> dict[str, Any]:
        document = msgspec.json.decode(await _get(services[service], "/openapi.json"), type=dict[str, Any])
        return tell_scopes(document, policy)

    return Pages(settings.process.public_url, describe, tuple(services), settings.security_contacts)
