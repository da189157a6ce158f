"""The sentences of a report: what a step found, in words for whoever is on call."""

import time
from collections.abc import Mapping, Sequence
from math import inf
from typing import Any

import jwt

from gateway.authentication.principal import Principal
from gateway.edge.client_address import ClientAddresses
from gateway.explain.credentials import NOTHING, age, duration
from gateway.limits.verdict import Verdict
from gateway.routes.model import ANY_ACR, Route
from gateway.upstreams.pool import Outlook
from shared.identity import HEADER

_SECRETS = ("authorization", "cookie", "key", "password", "secret", "token")
_HIDDEN = "(passed on, not shown)"
_HTTP_KEYS = frozenset(("idempotency-key", "sec-websocket-key"))


def hops(addresses: ClientAddresses, peer: str, forwarded_for: Sequence[str]) -> list[dict[str, str | None]]:
    """Return the chain from its right end to where the walk stopped, each with the network by which it is trusted."""
    chain = [peer, *(hop.strip(" \t") for hop in reversed(",".join(forwarded_for).split(",")) if forwarded_for)]
    walked: list[dict[str, str | None]] = []
    for hop in chain:
        network = addresses.trusting(hop)
        walked.append({"hop": addresses.look(hop, ()), "trusted_by": str(network) if network else None})
        if network is None:
            break
    return walked


def address(client: str, walked: Sequence[Mapping[str, str | None]], *, forwarded: bool) -> str:
    trusted = [f"{each['hop']} (trusted: {each['trusted_by']})" for each in walked if each["trusted_by"]]
    if client == walked[0]["hop"]:
        return f"{client}, the socket's peer; {_why_peer(walked, forwarded=forwarded, trusted=bool(trusted))}"
    return f"{client}, by X-Forwarded-For, past {' and '.join(trusted)}"


def _why_peer(walked: Sequence[Mapping[str, str | None]], *, forwarded: bool, trusted: bool) -> str:
    if not forwarded:
        return "there is no X-Forwarded-For"
    if not trusted:
        return "it isn't in TRUSTED_PROXIES, so its X-Forwarded-For doesn't count"
    if walked[-1]["trusted_by"]:
        return "its X-Forwarded-For names none but trusted hops"
    return f"its X-Forwarded-For is malformed at {len(walked) - 1} from the right"


def path(canonical: str, bare: str, prefix: str) -> str:
    if canonical != bare:
        return f"canonical; PUBLIC_URL's prefix {prefix} taken off"
    return "canonical"


def cors(origin: str | None, headers: Sequence[tuple[str, str]]) -> str:
    if origin is None:
        return "no Origin"
    if any(name == "Access-Control-Allow-Origin" for name, _ in headers):
        return "the origin is one of CORS_ORIGINS"
    return "the origin isn't in CORS_ORIGINS: a browser keeps the answer from its page"


def place(route: Route) -> dict[str, Any]:
    kind = "exact" if route.exact else "prefix"
    return {"name": route.name, kind: route.prefix, "methods": sorted(route.methods), "line": route.line}


def rules(route: Route) -> dict[str, Any]:
    return {
        "route": place(route),
        "auth": route.auth,
        "acr": route.acr,
        "max_age": route.max_age,
        "limit": route.limit,
        "timeout": route.timeout,
        "max_body": route.max_body,
    }


def beaten(routes: Sequence[Route]) -> str:
    """Name those that cover the path, and don't decide."""
    if not routes:
        return "no other covers the path"
    named = [f"{each.name} ({'exact' if each.exact else 'prefix'} {each.prefix}, line {each.line})" for each in routes]
    return f"also covering the path: {', '.join(named)}"


def credential(policy: str, sent: str, claims: Mapping[str, Any]) -> str:
    """Say what was found, before it is judged."""
    told = f"auth = {policy}; {sent}"
    return f"{told}; by what it says of itself, {age(claims)}" if age(claims) else told


def principal(policy: str, who: Principal | None, sent: str, claims: Mapping[str, Any]) -> str:
    if who is not None:
        by = f"API key {who.api_key_id}" if who.api_key_id else f"session {who.session_id}"
        lasting = age(claims) or _lasting(who.expires_at)
        return f"auth = {policy}; user {who.user_id}, {by}; {lasting}"
    if policy == "public" and sent != NOTHING:
        return "auth = public: the credential is ignored"
    return f"auth = {policy}: anonymous"


def proof(route: Route, who: Principal | None) -> str:
    """Say what the route wants proved, and what was; nothing where it wants nothing."""
    if who is None or (route.acr == ANY_ACR and not route.max_age):
        return ""
    wanted = f"; acr = {route.acr}, max_age = {route.max_age}: "
    if not who.acr:
        return f"{wanted}nobody has proved anything"
    return f"{wanted}{who.acr} was proved {duration(max(0.0, time.time() - who.auth_time))} ago"


def _lasting(expires_at: float) -> str:
    return "it never expires" if expires_at == inf else f"it expires in {duration(expires_at - time.time())}"


def limit(verdict: Verdict, key: str, *, in_memory: bool) -> str:
    where = "this gateway's memory, as Valkey is away" if in_memory else "Valkey"
    rate = f"{verdict.limit} by {verdict.rate_name}"
    ends = duration(verdict.reset_seconds)
    if not verdict.allowed:
        spared = "; a dry run, which refuses nobody" if verdict.policy.dry_run else ""
        return f"{key} has used up its {rate}, counted in {where}; it passes again in {ends}{spared}"
    return f"{key} has {verdict.remaining} left of {rate}, counted in {where}; whole again in {ends}"


def standing(verdict: Verdict, key: str, cost: int) -> dict[str, Any]:
    rates = [{"limit": rate.limit, "seconds": rate.window_seconds} for rate in verdict.policy.rates]
    return {
        "class": verdict.policy.name,
        "key": key,
        "rates": rates,
        "binding": verdict.rate_name,
        "remaining": verdict.remaining,
        "reset_seconds": verdict.reset_seconds,
        "strict": verdict.policy.strict,
        "dry_run": verdict.policy.dry_run,
        "cost": cost,
    }


def held(places: Mapping[str, int]) -> str:
    return "being answered now: " + ", ".join(f"{count} of {holder}" for holder, count in places.items())


def upstream(route: Route, outlook: Sequence[Outlook]) -> str:
    nexts = [each.instance for each in outlook if each.is_next]
    chosen = " or ".join(nexts) if nexts else "the first instance that gets a free place: all are full"
    standings = ", ".join(f"{each.instance} {each.standing}, {each.in_flight} in flight" for each in outlook)
    return f"{route.upstream}: {chosen}, within {route.timeout:g} s ({standings})"


def instances(outlook: Sequence[Outlook]) -> list[dict[str, Any]]:
    return [
        {
            "instance": each.instance,
            "standing": each.standing,
            "in_flight": each.in_flight,
            "full": each.is_full,
            "next": each.is_next,
        }
        for each in outlook
    ]


def shown(head: bytes) -> list[tuple[str, Any]]:
    """Return a request's headers as they may be shown: the assertion as its claims, credentials as their names."""
    lines = head.decode("utf-8", "replace").split("\r\n")[1:]
    pairs = [line.split(": ", 1) for line in lines if line]
    return [(name, _shown(name, value)) for name, value in pairs]


def _shown(name: str, value: str) -> Any:
    if name == HEADER:
        return jwt.decode(value, options={"verify_signature": False})
    lower = name.lower()
    return _HIDDEN if lower not in _HTTP_KEYS and any(word in lower for word in _SECRETS) else value
