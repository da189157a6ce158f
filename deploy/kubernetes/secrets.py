"""Print the Secrets and the trust ConfigMap that the Helm chart refers to, as JSON that kubectl takes:

    python -m deploy.kubernetes.secrets FOLDER --postgres HOST:5432/colonnade --valkey redis://HOST:6379/0 \\
        | kubectl apply --server-side -f -

FOLDER keeps the originals, each made on first use, as the compose stack's volume does: back it up, keep it from others,
and bring a secret of your own by putting a file of its name there (docs/secrets.md).
"""

import argparse
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from deploy.compose.provision import shares
from deploy.originals import Originals

_TRUST = "trust.json"
_NOT_OURS = frozenset({"postgres", "grafana"})  # the compose stack's own

Manifest = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Places:
    """Where the stores are: `HOST:PORT/NAME?OPTIONS` twice, past the pooler and perhaps through it, and a URL.

    Where the Valkey's URL names no user, it is `gateway` with the password of the originals.
    """

    postgres: str
    pooler: str | None
    valkey: str


def manifests(originals: Originals, places: Places, release: str) -> Iterator[Manifest]:
    """Yield what is applied, named as the chart expects it in a release of this name."""
    yield _named("ConfigMap", f"{release}-trust", {_TRUST: originals.trust()})
    for share in shares(originals):
        if share.container not in _NOT_OURS:
            name = f"{release}-{share.container.replace('_', '-')}"
            yield _named("Secret", name, dict(_keys(share.files, places)))


def _named(kind: str, name: str, content: Mapping[str, str]) -> Manifest:
    field = "data" if kind == "ConfigMap" else "stringData"
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name}, field: dict(content)}


def _keys(files: Mapping[str, str], places: Places) -> Iterator[tuple[str, str]]:
    """Yield a container's files with the stores where they are here."""
    for name, content in files.items():
        if name == "database_url":
            yield name, _at(content, places.pooler or places.postgres)
            yield "database_direct_url", _at(content, places.postgres)
        elif name == "database_owner_url":
            yield name, _at(content, places.postgres)
        elif name == "database_admin_url":
            yield name, _at(content, places.postgres, database="postgres")
        elif name == "valkey_url":
            yield name, _valkey(content, places.valkey)
        elif name != _TRUST:
            yield name, content


def _at(urls: str, place: str, database: str | None = None) -> str:
    """Return the DSNs with another server, database and options."""
    return "\n".join(_moved(url, place, database) for url in urls.split())


def _moved(url: str, place: str, database: str | None) -> str:
    user, there = urlsplit(url), urlsplit(f"//{place}")
    netloc = f"{user.netloc.rpartition('@')[0]}@{there.netloc}"
    return urlunsplit((user.scheme, netloc, f"/{database}" if database else there.path, there.query, ""))


def _valkey(url: str, place: str) -> str:
    there = urlsplit(place)
    if there.username is not None or there.password is not None:
        return place
    return urlunsplit(there._replace(netloc=f"{urlsplit(url).netloc.rpartition('@')[0]}@{there.netloc}"))


def _server(place: str) -> str:
    """Check HOST[:PORT]/NAME[?OPTIONS]."""
    parts = urlsplit(f"//{place}")
    if not parts.hostname or parts.username is not None or not parts.path.strip("/") or "/" in parts.path[1:]:
        raise argparse.ArgumentTypeError(f"{place!r} isn't HOST:PORT/DATABASE")
    return place


def _valkey_url(place: str) -> str:
    if urlsplit(place).scheme not in ("redis", "rediss") or not urlsplit(place).hostname:
        raise argparse.ArgumentTypeError("must be a URL that starts with redis:// or rediss://")
    return place


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="deploy.kubernetes.secrets", allow_abbrev=False)
    parser.add_argument("folder", type=Path, help="where the originals are kept, or made")
    parser.add_argument("--postgres", type=_server, required=True, metavar="HOST:PORT/DATABASE")
    parser.add_argument("--pooler", type=_server, metavar="HOST:PORT/DATABASE", help="what services go through")
    parser.add_argument("--valkey", type=_valkey_url, required=True, metavar="URL")
    parser.add_argument("--release", default="colonnade", metavar="NAME", help="what the chart's objects begin with")
    told = parser.parse_args(arguments)
    found = manifests(Originals(told.folder), Places(told.postgres, told.pooler, told.valkey), told.release)
    print(json.dumps({"apiVersion": "v1", "kind": "List", "items": list(found)}, indent=2))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
