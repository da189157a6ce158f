"""What came without TLS where PUBLIC_URL has it: browsers are sent on to its pages, and whatever else is refused.

Never redirected is what belongs to the API, or carries a token: a program that is helped along goes on telling it to
everybody on the way, and nobody notices.
"""

import re
from collections.abc import Mapping
from urllib.parse import quote

from shared.errors import AppError
from shared.web.problem import prefers_html

_API = re.compile(r"/(?:v[0-9]+|\.well-known)(?:/|$)")
_IN_QUERIES = "!$&'()*+,;=:@/?-._~%"  # RFC 3986's, the percent sign of what is encoded already included


class HttpsRequired(AppError):
    code, status, title = "https_required", 403, "This is only to be had over https"

    def __init__(self) -> None:
        super().__init__("Nothing was done. Whatever secret was sent has been readable on its way: replace it.")


class HttpsOnly:
    def __init__(self, public_url: str) -> None:
        self.public_url = public_url
        self._is_promised = public_url.startswith("https:")

    def lacks(self, forwarded_proto: str) -> bool:
        """Whether trusted proxies say in X-Forwarded-Proto that their client came without TLS.

        Of several it is the first, of the outermost: between proxies plain http may be quite right.
        """
        return self._is_promised and forwarded_proto.partition(",")[0].strip().lower() == "http"

    def location(self, method: str, headers: Mapping[str, str], path: str, query: str) -> str:
        """Return where a browser finds the page; `path` is canonical, `query` as it came. Raises HttpsRequired."""
        navigates = method in ("GET", "HEAD") and prefers_html(headers.get("Accept", ""))
        if not navigates or _API.match(path) or "Authorization" in headers:
            raise HttpsRequired
        return self.public_url + path + quote(query, safe=_IN_QUERIES)
