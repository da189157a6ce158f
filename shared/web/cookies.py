"""Cookies of ours, above all the one that a browser's session travels in: written and read here alone.

Over https its name begins with `__Host-`, by which a browser vouches that it came from this very host, encrypted, for
all paths (RFC 6265bis, 4.1.3.2). A browser takes no such cookie over http, so there it goes without name and Secure.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

SECURE_NAME, PLAIN_NAME = "__Host-session", "session"


@dataclass(frozen=True, slots=True)
class HostCookie:
    name: str
    attributes: str

    @classmethod
    def of(cls, public_url: str, plain_name: str = PLAIN_NAME) -> Self:
        """Return the cookie that is called `plain_name` where PUBLIC_URL is http."""
        attributes = "Path=/; HttpOnly; SameSite=Lax"
        if public_url.startswith("https:"):
            return cls(f"__Host-{plain_name}", f"{attributes}; Secure")
        return cls(plain_name, attributes)

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
    """The cookie of a browser's session."""

    __slots__ = ()
