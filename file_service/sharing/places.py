"""Where links lead: pages are below PUBLIC_URL, and bytes below FILES_PUBLIC_URL where that is another host."""

from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class Places:
    """`content_url` is empty where bytes have no host of their own."""

    public_url: str
    content_url: str = ""

    def share(self, token: str) -> str:
        return f"{self.public_url}/s/{token}"

    def upload(self, token: str) -> str:
        return f"{self.public_url}/drop/{token}"

    def content(self, path: str) -> str:
        """Return the URL of bytes at `path`, which may come with a query."""
        return (self.content_url or self.public_url) + path

    def elsewhere(self, host: str, path: str) -> str | None:
        """Return where a request for bytes should have gone that came to `host`, unless it came there."""
        if not self.content_url or host.lower() == urlsplit(self.content_url).netloc.lower():
            return None
        return self.content_url + path
