"""Which bucket of which object store holds the blobs."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from shared.settings import Secret

KINDS = ("s3", "gs", "az")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{1,221}")
_PREFIX = re.compile(r"[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*")


@dataclass(frozen=True, slots=True)
class Address:
    """`kind` is one of KINDS; `prefix` has no slash at either end, and may be empty."""

    kind: str
    name: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Bucket:
    """`options` are obstore's own names. `timeout` is in seconds, for one request.

    `spool` is the folder for parts on their way. `public_endpoint` is where clients reach the store, empty where they
    don't.
    """

    address: Address
    options: Mapping[str, Secret]
    endpoint: str
    timeout: float
    spool: Path
    public_endpoint: str

    @property
    def public_base(self) -> str:
        """Where clients find what is under our prefix. The bucket's name stands in the path, or in the host's name."""
        chosen = self.options.get("virtual_hosted_style_request")
        in_host = chosen is not None and chosen.reveal() == "true"
        parts = (self.public_endpoint, "" if in_host else self.address.name, self.address.prefix)
        return "/".join(part for part in parts if part)


def parse_address(url: str) -> Address:
    """Read `s3://bucket/prefix` and the like. Raises ValueError with what is wrong."""
    parts = urlsplit(url)
    prefix = parts.path.strip("/")
    if parts.scheme not in KINDS:
        raise ValueError(f"must start with {', '.join(f'{kind}://' for kind in KINDS)}")
    if not _NAME.fullmatch(parts.netloc) or parts.query or parts.fragment:
        raise ValueError("must name a bucket, and perhaps a prefix: no credentials, port, query or fragment")
    if prefix and (not _PREFIX.fullmatch(prefix) or {".", ".."} & set(prefix.split("/"))):
        raise ValueError("has a prefix that isn't made of letters, digits, dots, dashes and underscores")
    return Address(parts.scheme, parts.netloc, prefix)
