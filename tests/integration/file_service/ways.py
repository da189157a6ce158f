"""Every way to a file's bytes. A new one is added to WAYS, and has to hold to all that the others hold to."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiohttp import ClientResponse

from tests.integration.file_service.links import Stranger, content_of, publish, share, sign
from tests.integration.file_service.running_service import Person, RunningService


@dataclass(frozen=True, slots=True)
class Way:
    """`path` is asked for with `headers`, and is answered with `gone` once the file isn't there any more."""

    service: RunningService
    path: str
    headers: Mapping[str, str]
    gone: tuple[int, str] = (404, "not_found")

    async def ask(self, method: str = "GET", headers: Mapping[str, str] | None = None) -> ClientResponse:
        return await Stranger(self.service).ask(method, self.path, {**self.headers, **(headers or {})})


Open = Callable[[RunningService, Person, str], Awaitable[Way]]


async def own(service: RunningService, owner: Person, file_id: str) -> Way:
    return Way(service, f"/v1/files/{file_id}/content?inline=true", owner.headers)


async def public(service: RunningService, owner: Person, file_id: str) -> Way:
    return Way(service, f"{await publish(owner, file_id)}?inline=true", {})


async def shared(service: RunningService, owner: Person, file_id: str) -> Way:
    return Way(service, content_of(await share(owner, file_id, disposition="inline")), {})


async def guarded(service: RunningService, owner: Person, file_id: str) -> Way:
    """Return a share with a password."""
    path = content_of(await share(owner, file_id, disposition="inline", password="open sesame"))
    return Way(service, path, {"Share-Password": "open sesame"})


async def signed(service: RunningService, owner: Person, file_id: str) -> Way:
    path = await sign(owner, file_id, disposition="inline")
    return Way(service, path, {}, gone=(403, "invalid_signed_url"))


WAYS: Mapping[str, Open] = {each.__name__: each for each in (own, public, shared, guarded, signed)}
