"""URLs of an S3 store that are good for a while, signed with our key: AWS Signature Version 4, in the query. Pure.

The library signs URLs too, and not what an answer's headers shall be, which has to be signed as well.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote, urlsplit

from shared.settings import Secret


@dataclass(frozen=True, slots=True)
class SigningKey:
    """`token` is empty but for temporary credentials."""

    access_key_id: str
    secret_access_key: Secret
    token: Secret
    region: str

    def presign(self, url: str, query: Mapping[str, str], now: datetime, seconds: int) -> str:
        """Return `url`, whose path isn't encoded yet, with `query` and a signature that is good for GET until then."""
        parts = urlsplit(url)
        stamp = f"{now:%Y%m%dT%H%M%SZ}"
        scope = f"{now:%Y%m%d}/{self.region}/s3/aws4_request"
        path = _escaped(parts.path, "/")
        asked = _query(dict(query) | self._claims(stamp, scope, seconds))
        request = "\n".join(("GET", path, asked, f"host:{parts.netloc}", "", "host", "UNSIGNED-PAYLOAD"))
        signed = "\n".join(("AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(request.encode()).hexdigest()))
        signature = _mac(self._key(scope), signed).hex()
        return f"{parts.scheme}://{parts.netloc}{path}?{asked}&X-Amz-Signature={signature}"

    def _claims(self, stamp: str, scope: str, seconds: int) -> dict[str, str]:
        token = {"X-Amz-Security-Token": self.token.reveal()} if self.token.reveal() else {}
        return token | {
            "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
            "X-Amz-Credential": f"{self.access_key_id}/{scope}",
            "X-Amz-Date": stamp,
            "X-Amz-Expires": str(seconds),
            "X-Amz-SignedHeaders": "host",
        }

    def _key(self, scope: str) -> bytes:
        key = f"AWS4{self.secret_access_key.reveal()}".encode()
        for part in scope.split("/"):
            key = _mac(key, part)
        return key


def _mac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")


def _query(items: Mapping[str, str]) -> str:
    return "&".join(sorted(f"{_escaped(name)}={_escaped(value)}" for name, value in items.items()))


def _escaped(text: str, safe: str = "") -> str:
    return quote(text, safe=f"-_.~{safe}")
