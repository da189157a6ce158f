"""What the browser keeps for us between two steps, encrypted: we need no place for it, and nobody else reads it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aiohttp import web

from shared.web.cookies import HostCookie
from shared.web.pages.notices import LIFETIME, Notice, Notices

Shown = dict[str, str | list[str]]


@dataclass(frozen=True, slots=True)
class Keeping:
    """One such cookie. `code` says what it is for, so that none can stand in for another."""

    code: str
    cookie: HostCookie
    sealer: Notices

    @classmethod
    def named(cls, name: str, public_url: str, keys: Sequence[bytes]) -> "Keeping":
        return cls(name, HostCookie.of(public_url, name.replace("_", "-")), Notices.of(keys, {name: ""}))

    def keep(self, shown: Shown) -> str:
        """Return the Set-Cookie by which it is kept for ten minutes."""
        return self.cookie.set(self.sealer.seal(Notice(self.code, shown)), LIFETIME)

    def read(self, request: web.Request) -> Shown | None:
        notice = self.sealer.open(self.cookie.read_one(request.headers.getall("Cookie", ())))
        return notice.shown if notice is not None else None

    def clear(self) -> str:
        return self.cookie.clear()


KEPT = web.AppKey("kept", Mapping[str, Keeping])
