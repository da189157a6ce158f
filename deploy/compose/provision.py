"""Make every secret of the compose stack once, and hand each container its own: `... -m deploy.compose.provision ROOT`.

`ROOT/originals` keeps what was made. `ROOT/<container>` is what that container sees, and is written anew from the
originals each time: replacing or bringing an original and starting the stack again is how a secret is changed. The
one exception is the database superuser's password, which PostgreSQL takes from its file only when it initialises.
"""

import hashlib
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from deploy.local.errors import LaunchError
from deploy.local.state import make_folder, write_atomically
from deploy.originals import Originals
from deploy.roles import DATABASE, SCHEMAS

PROGRAM_USER = 10001  # as in deploy/Dockerfile
STORE_USER = 999  # that of the Debian images of both postgres and valkey
GRAFANA_USER = 472  # that of its image

_OWN_SECRETS: Mapping[str, tuple[str, ...]] = {
    "auth_service": ("password_pepper", "refresh_key", "key_encryption_key"),
    "file_service": ("file_link_key",),
}

Chown = Callable[[Path, int, int], None]


@dataclass(frozen=True, slots=True)
class Share:
    """The files of one container, readable by its user alone."""

    container: str
    user: int
    files: Mapping[str, str]


def provision(root: Path, chown: Chown = os.chown) -> None:
    originals = Originals(root / "originals")
    for share in shares(originals):
        folder = root / share.container
        make_folder(folder, 0o755)
        for name, content in share.files.items():
            write_atomically(folder / name, content.encode())
            chown(folder / name, share.user, share.user)


def shares(originals: Originals) -> Iterator[Share]:
    """Tell who gets what: this is the whole of who can read which secret."""
    yield Share("postgres", STORE_USER, {"password": originals.passwords("postgres")[0]})
    yield Share("valkey", STORE_USER, {"users.acl": _valkey_users(originals)})
    yield Share("roles", PROGRAM_USER, _roles(originals))
    for service, schema in SCHEMAS.items():
        owner_url = _database_url(originals, f"{schema}_owner", DATABASE)
        yield Share(f"migrate_{service.removesuffix('_service')}", PROGRAM_USER, {"database_owner_url": owner_url})
        yield Share(service, PROGRAM_USER, _service(originals, service, schema))
    yield Share("gateway", PROGRAM_USER, _gateway(originals))
    yield Share("grafana", GRAFANA_USER, {"admin_password": originals.password("grafana")})


def _roles(originals: Originals) -> dict[str, str]:
    roles = [f"{schema}_{role}" for schema in SCHEMAS.values() for role in ("owner", "runtime")]
    admin_url = _database_url(originals, "postgres", "postgres")
    return {"database_admin_url": admin_url} | {f"{role}_password": originals.passwords(role)[0] for role in roles}


def _service(originals: Originals, service: str, schema: str) -> dict[str, str]:
    own = {
        "trust.json": originals.trust(),
        "database_url": _database_url(originals, f"{schema}_runtime", DATABASE),
        "identity_key.pem": originals.key(service),
    }
    return own | {name: originals.password(name) for name in _OWN_SECRETS.get(service, ())}


def _gateway(originals: Originals) -> dict[str, str]:
    return {
        "trust.json": originals.trust(),
        "identity_key.pem": originals.key("gateway"),
        "valkey_url": f"redis://gateway:{originals.passwords('valkey')[0]}@valkey:6379/0",
    }


def _valkey_users(originals: Originals) -> str:
    """Return an ACL file: whoever has no password may ping, which is what the health check does.

    It takes all passwords of the original, so that one is changed while gateways still use the other.
    """
    digests = [hashlib.sha256(each.encode()).hexdigest() for each in originals.passwords("valkey")]
    return (
        "user default on nopass resetkeys resetchannels -@all +ping\n"
        f"user gateway on {' '.join(f'#{digest}' for digest in digests)} ~* &* +@all -@admin -@dangerous +info\n"
    )


def _database_url(originals: Originals, role: str, database: str) -> str:
    """Return one for each password of the role, a line each: which of them the server knows changes meanwhile."""
    return "\n".join(f"postgresql://{role}:{each}@postgres:5432/{database}" for each in originals.passwords(role))


def main(root: str) -> int:
    try:
        provision(Path(root))
    except LaunchError as exc:
        print(f"colonnade: {exc}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
