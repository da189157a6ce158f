"""The path of PUBLIC_URL: services never see it, and clients never miss it.

What a service names by a path alone (`/v1/files/1`) is below that path for the client: in Location, Content-Location
and Link, and in the path of its cookies. URLs with a host in them are left as they are: those come from PUBLIC_URL.
"""

import re
from collections.abc import Iterable

Header = tuple[str, str]

_REFERENCES = frozenset(("location", "content-location"))
_TARGET = re.compile(r"<(/(?!/)[^>]*)>")
_COOKIE_PATH = re.compile(r"(;\s*path\s*=\s*)(/[^;]*)", re.IGNORECASE)
_OF_THE_HOST = "__host-"  # browsers take such a cookie with the path `/` only


class Prefix:
    """`path` is empty, or begins with a slash and doesn't end with one."""

    def __init__(self, path: str) -> None:
        self.path = path

    def strip(self, path: str) -> str:
        """Return `path` without the prefix, which a proxy before us may have taken off already."""
        prefix = self.path
        if prefix and (path == prefix or path.startswith(f"{prefix}/")):
            return path[len(prefix) :] or "/"
        return path

    def add(self, headers: Iterable[Header]) -> Iterable[Header]:
        """Return an answer's headers as clients have to read them."""
        return [self._added(*header) for header in headers] if self.path else headers

    def _added(self, name: str, value: str) -> Header:
        lower = name.lower()
        if lower in _REFERENCES and value.startswith("/") and not value.startswith("//"):
            value = self.path + value
        elif lower == "link":
            value = _TARGET.sub(lambda match: f"<{self.path}{match[1]}>", value)
        elif lower == "set-cookie" and not value.lower().startswith(_OF_THE_HOST):
            value = _COOKIE_PATH.sub(lambda match: match[1] + (self.path + match[2]).rstrip("/"), value)
        return name, value
