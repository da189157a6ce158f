"""Cookies of this host alone: written and read here, among them the one that a browser's session travels in.

Over https their names begin with `__Host-`, by which a browser vouches that one came from this very host, encrypted,
for all paths (RFC 6265bis, 4.1.3.2). A browser takes no such cookie over http, so there it is neither so named nor
Secure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

_HOST = "__Host-"
PLAIN_NAME = "session"
SECURE_NAME = _HOST + PLAIN_NAME


@dataclass(frozen=True, slots=True)
class HostCookie:
    name: str
    attributes: str

    @classmethod
    def named(cls, name: str, public_url: str) -> Self:
        attributes = "Path=/; HttpOnly; SameSite=Lax"
        if public_url.startswith("https:"):
            return cls(_HOST + name, f"{attributes}; Secure")
        return cls(name, attributes)

    def set(self, value: str, max_age: int | None) -> str:
        """Return the Set-Cookie that has a browser keep it for `max_age` seconds; with none, until it is closed."""
        age = f"Max-Age={max_age}; " if max_age is not None else ""
        return f"{self.name}={value}; {age}{self.attributes}"

    def clear(self) -> str:
        return f"{self.name}=; Max-Age=0; {self.attributes}"

    def read(self, headers: Iterable[str]) -> list[str]:
        """Return all its values in a request's Cookie headers: more than one is somebody's forgery."""
        pairs = (pair.partition("=") for header in headers for pair in header.split(";"))
        return [value.strip(" \t") for name, _, value in pairs if name.strip(" \t") == self.name]

    def read_one(self, headers: Iterable[str]) -> str:
        """Return its value; empty if there is none, or more than one."""
        values = self.read(headers)
        return values[0] if len(values) == 1 else ""


class SessionCookie(HostCookie):
    @classmethod
    def of(cls, public_url: str) -> Self:
        return cls.named(PLAIN_NAME, public_url)
