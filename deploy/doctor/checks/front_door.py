"""The way that clients take: PUBLIC_URL, what stands before the gateway, and whether clients can be told apart."""

import asyncio
import ssl
import time
from ipaddress import ip_address
from urllib.parse import urlsplit

import aiohttp

from deploy.doctor.finding import Finding, fail, ok, warn
from deploy.doctor.stack import Metrics, Program, Stack, explained, reason

PATIENCE = 5.0  # seconds, for what comes by PUBLIC_URL
_PROBES = 3
_CERTIFICATE_WARN, _CERTIFICATE_FAIL = 21, 3  # days
_ENOUGH_REQUESTS, _ENOUGH_USERS = 200, 20
_MOST = 0.5
_DAY = 86_400
_UNHEEDED = "gateway_forwarded_for_unheeded_total"


async def public_url(session: aiohttp.ClientSession, stack: Stack) -> list[Finding]:
    """Fetch the landing page by PUBLIC_URL, and compare with what the gateway says that it would answer."""
    name, url = "PUBLIC_URL", stack.public_url
    try:
        async with session.get(f"{url}/", allow_redirects=False) as answer:
            found, status, body = answer.headers.get("ETag", "").removeprefix("W/"), answer.status, await answer.text()
    except (aiohttp.ClientError, OSError, TimeoutError) as exc:
        return [
            fail(
                name,
                f"{url} can't be reached from here: {reason(exc, PATIENCE)}",
                "check DNS, the proxy in front, and the firewall",
            )
        ]
    expected = await _landing_page(session, stack.private["gateway"])
    if expected and found == expected and url not in body:
        what = f"{url} leads to this gateway, which has another PUBLIC_URL"
        return [fail(name, what, "start all programs, and the doctor, with the URL that clients type")]
    if expected and found == expected:
        return [ok(name, f"{url} leads to this gateway")]
    what = f"{url}/ answers {status}, and not with this gateway's landing page"
    return [fail(name, what, "PUBLIC_URL must be what clients type, and the proxy in front must pass it on here")]


async def _landing_page(session: aiohttp.ClientSession, private: str) -> str:
    """Return the ETag of the landing page, in which PUBLIC_URL stands, as /explain tells it."""
    report = await explained(session, private, "/")
    headers: dict[str, str] = dict(report.get("answer_headers", ()))
    return headers.get("ETag", "")


def same_public_url(stack: Stack) -> list[Finding]:
    told = {name: stack.told(name, "PUBLIC_URL").rstrip("/") for name in stack.environments}
    if wrong := {name: url for name, url in told.items() if url and url != stack.public_url}:
        each = ", ".join(f"{name} has {url}" for name, url in wrong.items())
        advice = "give all programs the same PUBLIC_URL: it is the issuer that tokens are checked for"
        return [fail("PUBLIC_URL", f"{each}, not {stack.public_url}", advice)]
    return []


def listening(stack: Stack) -> list[Finding]:
    """Where others may come, PUBLIC_URL has to be what they type: pages refuse forms from any other address.

    In a container it listens everywhere on its private port as well, and what is published is known elsewhere.
    """
    host, private = stack.told("gateway", "HOST"), stack.told("gateway", "PRIVATE_HOST")
    if not host or _is_loopback(host) or not _is_loopback(private) or not _is_loopback(_host(stack.public_url)):
        return []
    what = f"listens at {host} for other machines, and is for {stack.public_url} alone: forms from elsewhere get 403"
    return [warn("PUBLIC_URL", what, "start it with PUBLIC_URL as people there type it, or without HOST")]


def transport(stack: Stack) -> list[Finding]:
    if stack.public_url.startswith("https:") or _is_loopback(_host(stack.public_url)):
        return []
    advice = "put TLS in front and say https://: passwords and tokens cross the network in the clear, without HSTS"
    return [warn("transport", f"{stack.public_url} is plain http", advice)]


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


async def prefix(session: aiohttp.ClientSession, stack: Stack) -> list[Finding]:
    """A path prefix is to be taken off once: where a proxy does it as well, /p/p/x means /p/x too."""
    path = urlsplit(stack.public_url).path
    if not path:
        return []
    try:
        async with session.get(f"{stack.public_url}{path}/", allow_redirects=False) as answer:
            twice = answer.status == 200  # noqa: PLR2004  OK
    except (aiohttp.ClientError, OSError, TimeoutError):
        return []
    if twice:
        what = f"both the proxy in front and the gateway take {path} off"
        return [
            warn("path prefix", what, "let the proxy pass the path on as it is: the gateway strips PUBLIC_URL's prefix")
        ]
    return [ok("path prefix", f"{path} is taken off once")]


async def origins(session: aiohttp.ClientSession, stack: Stack) -> list[Finding]:
    """Ask, as a browser of each allowed origin would, whether it may."""
    told = stack.told("gateway", "CORS_ORIGINS")
    return [await _origin(session, stack, each.strip()) for each in told.split(",") if each.strip()]


async def _origin(session: aiohttp.ClientSession, stack: Stack, origin: str) -> Finding:
    name, asked = f"CORS origin {origin}", {"Origin": origin, "Access-Control-Request-Method": "GET"}
    try:
        async with session.options(f"{stack.public_url}/", headers=asked) as answer:
            allowed = answer.headers.getall("Access-Control-Allow-Origin", [])
    except (aiohttp.ClientError, OSError, TimeoutError) as exc:
        return fail(name, f"a preflight gets no answer: {reason(exc, PATIENCE)}", "see PUBLIC_URL")
    if allowed != [origin]:
        what = f"a preflight by PUBLIC_URL is answered with {', '.join(allowed) or 'no'} Access-Control-Allow-Origin"
        return fail(name, what, "the proxy in front must leave OPTIONS and CORS headers alone; restart after a change")
    parts = urlsplit(origin)
    if parts.scheme == "http" and stack.public_url.startswith("https:") and not _is_loopback(parts.hostname or ""):
        return warn(name, "is plain http, and gets answers of an https API", "serve the page by https")
    return ok(name, "may call the API")


async def proxies(session: aiohttp.ClientSession, stack: Stack) -> list[Finding]:
    """Visit by PUBLIC_URL, without any forwarding header, and see whether one arrived that the gateway didn't heed."""
    private = stack.private["gateway"]
    before = await _unheeded(session, private)
    try:
        for _ in range(_PROBES):
            async with session.get(f"{stack.public_url}/", allow_redirects=False) as answer:
                await answer.read()
    except (aiohttp.ClientError, OSError, TimeoutError):
        return []
    after = await _unheeded(session, private)
    if before is None or after is None:
        return []
    if after - before >= _PROBES:
        what = (
            "a proxy before the gateway sends X-Forwarded-For, and isn't trusted: all its clients count as one address"
        )
        return [fail("proxies", what, "set TRUSTED_PROXIES to the address that it connects from")]
    return [ok("proxies", "what comes by PUBLIC_URL comes directly, or through proxies that are trusted")]


async def _unheeded(session: aiohttp.ClientSession, private: str) -> float | None:
    try:
        async with session.get(f"{private}/metrics") as answer:
            return Metrics(await answer.text()).value(_UNHEEDED)
    except (aiohttp.ClientError, OSError, TimeoutError, ValueError):
        return None


def client_addresses(gateway: Program) -> list[Finding]:
    """Tell a crowd behind one address, which a proxy that isn't trusted makes of everybody."""
    metrics, name = gateway.metrics, "client addresses"
    requests = metrics.value("gateway_recent_requests")
    if gateway.error or requests is None:
        return []
    commonest = metrics.value("gateway_recent_requests_commonest_address") or 0.0
    users = metrics.value("gateway_recent_users_commonest_address") or 0.0
    addresses = metrics.value("gateway_recent_addresses") or 0.0
    share = commonest / requests if requests else 0.0
    what = f"{share:.0%} of the last {requests:.0f} requests are from one address of {addresses:.0f}"
    if requests >= _ENOUGH_REQUESTS and share > _MOST and users >= _ENOUGH_USERS:
        advice = "if that is a proxy or balancer of yours, name it in TRUSTED_PROXIES; if it is one NAT, all is well"
        return [warn(name, f"{what}, by {users:.0f} users", advice)]
    return [ok(name, what)]


async def certificate(stack: Stack) -> list[Finding]:
    parts = urlsplit(stack.public_url)
    if parts.scheme != "https":
        return []
    try:
        left = await _days_left(parts.hostname or "", parts.port or 443)
    except (OSError, TimeoutError) as exc:  # an ssl.SSLError is one
        return [fail("certificate", f"isn't accepted: {reason(exc, PATIENCE)}", "renew it, and send its whole chain")]
    what = f"good for {left:.0f} more days"
    if left < _CERTIFICATE_WARN:
        return [
            (fail if left < _CERTIFICATE_FAIL else warn)("certificate", what, "renew it: is the renewal job running?")
        ]
    return [ok("certificate", what)]


async def _days_left(host: str, port: int) -> float:
    """Raises OSError where there is no TLS that this machine would trust."""
    async with asyncio.timeout(PATIENCE):
        _, writer = await asyncio.open_connection(host, port, ssl=ssl.create_default_context())
    try:
        peer = writer.get_extra_info("peercert")
        return (ssl.cert_time_to_seconds(peer["notAfter"]) - time.time()) / _DAY
    finally:
        writer.close()
