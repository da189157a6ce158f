"""URLs that carry their own permission: to read what they name until they expire. Nothing is stored of them.

The signature covers the method (GET, which is good for HEAD too), the path and every parameter, so that each of them is
as it was when the owner asked for the URL, and none was added or given twice. Order and spelling of the query are free:
clients and proxies rewrite it, and nothing is decided by them.
"""

import base64
import json
import re
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlencode

from multidict import MultiMapping

from file_service.errors import InvalidSignedUrl
from file_service.sharing.link_keys import LinkKeys

_EXPIRES, _SIGNATURE = "expires", "signature"
_SECONDS = re.compile(r"[0-9]{1,12}")


class SignedUrls:
    def __init__(self, keys: LinkKeys, clock: Callable[[], float] = time.time) -> None:
        self._keys = keys
        self._clock = clock

    def sign(self, path: str, fields: Mapping[str, str], lifetime: int) -> tuple[str, int]:
        """Return path and query, and when they cease to be good, in seconds since 1970."""
        expires = int(self._clock()) + lifetime
        signed = {**fields, _EXPIRES: str(expires)}
        signature = base64.urlsafe_b64encode(self._keys.sign(_message(path, signed))).decode().rstrip("=")
        return f"{path}?{urlencode({**signed, _SIGNATURE: signature})}", expires

    def verify(self, path: str, query: MultiMapping[str]) -> dict[str, str]:
        """Return what was signed beside the path. Raises InvalidSignedUrl."""
        fields = dict(query.items())
        if len(fields) != len(query):
            raise InvalidSignedUrl
        signature = fields.pop(_SIGNATURE, "")
        expires = fields.get(_EXPIRES, "")
        if not self._keys.verify(_message(path, fields), _decoded(signature)) or not _SECONDS.fullmatch(expires):
            raise InvalidSignedUrl
        if int(expires) <= self._clock():
            raise InvalidSignedUrl("It has expired.")
        del fields[_EXPIRES]
        return fields


def _message(path: str, fields: Mapping[str, str]) -> bytes:
    """No two requests have the same."""
    return json.dumps(["GET", path, sorted(fields.items())]).encode()


def _decoded(signature: str) -> bytes:
    """What can't be decoded is no signature of anything."""
    try:
        return base64.b64decode(signature + "=" * (-len(signature) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return b""
