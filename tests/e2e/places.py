"""The ways in which an installation is reached. A visit has to go the same everywhere.

direct        plain http, no proxy
odd_port      TLS in the gateway itself, on a port that no browser takes for granted
tls           a Caddy ends TLS, and speaks TLS of its own to the gateway
two_proxies   the same installation through two: the outer appends to what the client claims, as nginx does by custom
prefix        below a path, beside another application; a Caddy ends TLS and speaks plain http to the gateway
"""

import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from aiohttp.abc import AbstractResolver, ResolveResult

from tests.authority import Authority, Pair
from tests.e2e.proxies import caddy
from tests.e2e.stack import Stack, free_port, running_stack, state_folder

HOST = "colonnade.test"
PREFIX = "/at/home"
_GATEWAY, _TLS, _TWO, _HOME = "127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4"

# By name, the session fixture of the stack behind it.
STACKS = {"direct": "stack", "odd_port": "https_stack", "tls": "https_stack", "two_proxies": "https_stack"}
STACKS["prefix"] = "prefix_stack"
everywhere = pytest.mark.parametrize("place", list(STACKS), indirect=True)
over_https = pytest.mark.parametrize("place", [name for name in STACKS if name != "direct"], indirect=True)


@dataclass(frozen=True)
class Place:
    """`url` is PUBLIC_URL, `connecting` how a client's connector gets there, `http` who answers plain http."""

    name: str
    url: str
    stack: Stack
    connecting: Mapping[str, Any] = field(default_factory=dict)
    http: str = ""

    @property
    def prefix(self) -> str:
        return urlsplit(self.url).path


@dataclass(frozen=True)
class Installation:
    """A stack and all places that lead to it, by name."""

    stack: Stack
    places: Mapping[str, Place]


class _OneAddress(AbstractResolver):
    """The one name leads to another front door in each place, as DNS would have it."""

    def __init__(self, address: str) -> None:
        self._address = address

    async def resolve(self, host: str, port: int = 0, family: int = 0) -> list[ResolveResult]:
        assert host == HOST
        return [ResolveResult(hostname=host, host=self._address, port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        """Hold nothing."""


def _connecting(address: str, trust: ssl.SSLContext) -> dict[str, Any]:
    return {"resolver": _OneAddress(address), "ssl": trust}


def direct(stack: Stack) -> Place:
    return Place("direct", stack.url, stack)


@contextmanager
def https_installation(folder: Path) -> Iterator[Installation]:
    """TLS in the gateway; a Caddy beside it, and two in a row beside that, all on one port of different addresses."""
    authority = Authority(folder)
    (folder / "authority.pem").write_text(authority.certificate)
    pair, port, inner, http = authority.issue(HOST), free_port(), free_port(), free_port()
    url = f"https://{HOST}:{port}"
    tls = {"TLS_CERT_FILE": str(pair.certificate), "TLS_KEY_FILE": str(pair.key), "HTTP_PORT": str(http)}
    gateway = _reencrypted(port, folder / "authority.pem")
    with ExitStack() as opened:
        state = opened.enter_context(state_folder())
        stack = opened.enter_context(running_stack(state, port, PUBLIC_URL=url, TRUSTED_PROXIES=_GATEWAY, **tls))
        nearer = f"http://:{inner} {{\n bind {_GATEWAY}\n reverse_proxy {gateway}\n}}\n"
        opened.enter_context(caddy(folder / "inner", nearer, [(_GATEWAY, inner)], trusted=_GATEWAY))
        upstreams = {_TLS: gateway, _TWO: _appending(inner)}
        outer = "".join(_sites(address, (port, http), pair, upstream) for address, upstream in upstreams.items())
        listening = [(address, each) for address in upstreams for each in (port, http)]
        opened.enter_context(caddy(folder / "outer", outer, listening))
        trust = authority.client()
        doors = {"odd_port": _GATEWAY, "tls": _TLS, "two_proxies": _TWO}
        plain = f"http://{HOST}:{http}"
        places = {name: Place(name, url, stack, _connecting(door, trust), plain) for name, door in doors.items()}
        yield Installation(stack, places)


@contextmanager
def prefix_installation(folder: Path) -> Iterator[Installation]:
    authority = Authority(folder)
    pair, port, http = authority.issue(HOST), free_port(), free_port()
    url = f"https://{HOST}:{port}{PREFIX}"
    with ExitStack() as opened:
        state = opened.enter_context(state_folder())
        stack = opened.enter_context(running_stack(state, PUBLIC_URL=url, TRUSTED_PROXIES=_GATEWAY))
        sites = _sites(_HOME, (port, http), pair, f"{_GATEWAY}:{stack.port}", f"{PREFIX}/*")
        opened.enter_context(caddy(folder / "caddy", sites, [(_HOME, port), (_HOME, http)]))
        connecting = _connecting(_HOME, authority.client())
        place = Place("prefix", url, stack, connecting, f"http://{HOST}:{http}{PREFIX}")
        yield Installation(stack, {"prefix": place})


def _sites(address: str, ports: tuple[int, int], pair: Pair, upstream: str, paths: str = "") -> str:
    """The same with TLS on the first port and without it on the second; whatever isn't of `paths` is another's."""
    handling = f"handle {paths} {{\n reverse_proxy {upstream}\n }}\n handle {{\n respond 418\n }}"
    if not paths:
        handling = f"reverse_proxy {upstream}"
    with_tls = f"https://:{ports[0]} {{\n bind {address}\n tls {pair.certificate} {pair.key}\n {handling}\n}}\n"
    return f"{with_tls}http://:{ports[1]} {{\n bind {address}\n {handling}\n}}\n"


def _reencrypted(port: int, authority: Path) -> str:
    trust = f"transport http {{\n   tls_trust_pool file {authority}\n   tls_server_name {HOST}\n  }}"
    return f"https://{_GATEWAY}:{port} {{\n  header_up Host {{http.request.hostport}}\n  {trust}\n }}"


def _appending(port: int) -> str:
    chain = '"{http.request.header.X-Forwarded-For}, {http.request.remote.host}"'
    return f"{_GATEWAY}:{port} {{\n  header_up X-Forwarded-For {chain}\n }}"
