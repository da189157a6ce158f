"""Where an upstream's instances are: addresses as they were given, and names looked up again and again."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address
from urllib.parse import urlsplit

from shared.errors import describe
from shared.logs import log
from shared.places import socket_path

LOOKUP_INTERVAL = 3.0  # seconds
_PATIENCE = 2.0  # seconds for a lookup
_MOST = 64  # addresses of one upstream

Address = tuple[str, int]  # host and port; of a Unix domain socket the path, and 0
Lookup = Callable[[str, int], Awaitable[Sequence[Address]]]  # raises OSError


class SystemLookup:
    """Asks the system's resolver in threads of its own, few, so that a resolver that hangs holds up nothing else."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="lookup")

    async def __call__(self, host: str, port: int) -> Sequence[Address]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, _look_up, host, port)
        return [(str(place[0]), port) for *_, place in found]

    def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int) -> list[tuple[object, object, object, object, tuple[str | int | bytes, ...]]]:
    return [*socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def address_of(url: str) -> Address:
    if url.startswith("unix:"):
        return socket_path(url), 0
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or 80


def is_socket(address: Address) -> bool:
    return not address[1]


def authority(url: str) -> bytes:
    """Return what the Host header says; a name alone for a socket, whose path is nobody else's business."""
    address = address_of(url)
    return b"localhost" if is_socket(address) else label(address).encode()


def label(address: Address) -> str:
    host, port = address
    if is_socket(address):
        return f"unix:{host}"
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class Discovery:
    """The addresses of one upstream. A name that can't be looked up keeps its last good answer."""

    def __init__(self, urls: Sequence[str], lookup: Lookup) -> None:
        self._places = [address_of(url) for url in urls]
        self._lookup = lookup
        self._found: dict[Address, Sequence[Address]] = {
            place: (place,) for place in self._places if is_socket(place) or _is_literal(place[0])
        }
        self._names = [place for place in self._places if place not in self._found]

    @property
    def has_names(self) -> bool:
        return bool(self._names)

    @property
    def addresses(self) -> list[Address]:
        """All known, each once, in the order of the URLs; many gateways thus agree on their names in the metrics."""
        found = (address for place in self._places for address in self._found.get(place, ()))
        return list(dict.fromkeys(found))[:_MOST]

    async def refresh(self) -> None:
        """Look all names up, side by side. Never raises for one that fails."""
        await asyncio.gather(*map(self._refresh, self._names))

    async def _refresh(self, name: Address) -> None:
        try:
            async with asyncio.timeout(_PATIENCE):
                found = await self._lookup(*name)
        except OSError as exc:  # a TimeoutError is one
            log.warning("upstream_lookup_failed", **{"dns.question.name": name[0], "error.message": describe(exc)})
            return
        if found:
            self._found[name] = sorted(set(found))


def _is_literal(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
