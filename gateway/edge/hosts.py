"""Which of our two names a request came to: PUBLIC_URL's, or the one that is for what people have stored.

Of Host no more is believed than that it is the latter, where less is served. All else that it says means PUBLIC_URL.
"""

from urllib.parse import urlsplit


class Hosts:
    """`content_url` is empty where there is no second name."""

    def __init__(self, public_url: str, content_url: str = "") -> None:
        self.scheme = urlsplit(public_url).scheme
        self.public = urlsplit(public_url).netloc
        self.content = urlsplit(content_url).netloc
        self._content_name = urlsplit(content_url).hostname or ""

    def is_content(self, host: str) -> bool:
        """Whether `host`, a Host header that has been found well-formed, is the second name, at whatever port.

        Cookies know no ports: none of this name may ever be set by, or reach, what is served under the first.
        """
        if not self._content_name:
            return False
        return (urlsplit(f"//{host}").hostname or "").rstrip(".") == self._content_name

    def told(self, *, content: bool) -> str:
        """Return what services are told that the client reached us by."""
        return self.content if content else self.public
