"""Cache-Status (RFC 9211): what became of a request in the cache. Never the key: it would tell what else is kept."""

from dataclasses import dataclass

from gateway.cache.headers import Header

NAME = "colonnade"


@dataclass(frozen=True, slots=True)
class CacheStatus:
    """`forwarded` is why the service was asked (a type of RFC 9211, 2.2), empty for a hit; `ttl` is in seconds."""

    forwarded: str = ""
    answered: int = 0
    stored: bool = False
    collapsed: bool = False
    ttl: float | None = None

    def header(self) -> Header:
        parts = [NAME, f"fwd={self.forwarded}" if self.forwarded else "hit"]
        if self.answered:
            parts.append(f"fwd-status={self.answered}")
        if self.ttl is not None:
            parts.append(f"ttl={int(self.ttl)}")
        parts += ["stored"] * self.stored + ["collapsed"] * self.collapsed
        return "Cache-Status", "; ".join(parts)
