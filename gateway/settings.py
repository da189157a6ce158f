"""What the gateway is told by its environment."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

from gateway.downstream.certificates import CertificateError, server_context
from gateway.edge.client_address import Network
from gateway.edge.cors import Cors, is_header_name
from gateway.edge.paths import BadPath, canonical_path
from gateway.pages.security_txt import is_contact
from shared.content_url import read_content_url
from shared.settings import Env, ProcessSettings, Secret

NAME = "gateway"
_CACHE_BYTES = 33_554_432
_PLACES = ("http", "unix")  # an upstream's port, or its Unix domain socket
_ROUTES = Path(__file__).with_name("routes.toml")

# The upstreams that every route file may name: the variable that says where each is, and its default.
BUILT_IN: Mapping[str, tuple[str, str]] = {
    "auth_service": ("AUTH_URL", "http://127.0.0.1:8081"),
    "user_service": ("USER_URL", "http://127.0.0.1:8082"),
    "file_service": ("FILE_URL", "http://127.0.0.1:8083"),
}

PRIVATE: Mapping[str, tuple[str, str]] = {
    "auth_service": ("AUTH_PRIVATE_URL", "http://127.0.0.1:9081"),
    "user_service": ("USER_PRIVATE_URL", "http://127.0.0.1:9082"),
    "file_service": ("FILE_PRIVATE_URL", "http://127.0.0.1:9083"),
}


@dataclass(frozen=True, slots=True)
class TlsFiles:
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class Settings:
    """`workers` processes share the public port.

    `upstreams` are the base URLs of each service's instances, by the names that the route file uses.
    `private_urls` are the services' private ports, for the status page.
    `cors_headers` are what pages of other origins may send beside what ours do, `cors_expose` what they may read.
    `http_port` is where pages are sent on to https from, 0 for nowhere. `content_url` is the second name that we are
    reached by, empty for none. `security_contacts` are whom security.txt names. `listen_wait` is for how many seconds
    it puts off taking connections until it is ready.
    """

    process: ProcessSettings
    workers: int
    identity_key_file: Path
    valkey_url: Secret
    cache_url: Secret
    cache_bytes: int
    auth_internal_url: str
    private_urls: Mapping[str, str]
    upstreams: Mapping[str, tuple[str, ...]]
    routes_file: Path
    trusted_proxies: tuple[Network, ...]
    cors_origins: tuple[str, ...]
    cors_headers: tuple[str, ...]
    cors_expose: tuple[str, ...]
    tls: TlsFiles | None
    http_port: int
    content_url: str
    security_contacts: tuple[str, ...]
    listen_wait: float

    @classmethod
    def from_env(cls, env: Env) -> Self:
        process = ProcessSettings.from_env(env, NAME, 8080)
        _check_prefix(env, process.public_url)
        if process.public_socket is not None:
            env.mistake("SOCKET is for services: who comes by one has no address to be limited by")
        valkey_url = env.secret("VALKEY_URL")
        return cls(
            process=process,
            workers=env.integer("WORKERS", 1, minimum=1, maximum=64),
            identity_key_file=env.path("IDENTITY_KEY_FILE"),
            valkey_url=valkey_url,
            cache_url=env.secret("CACHE_URL", valkey_url),
            cache_bytes=env.integer("CACHE_BYTES", _CACHE_BYTES),
            auth_internal_url=env.url("AUTH_INTERNAL_URL", "http://127.0.0.1:9081"),
            private_urls={name: env.url(*place, schemes=("http",)) for name, place in PRIVATE.items()},
            upstreams={name: env.urls(*place, schemes=_PLACES) for name, place in BUILT_IN.items()},
            routes_file=routes_file(env),
            trusted_proxies=_networks(env),
            cors_origins=_origins(env),
            cors_headers=_header_names(env, "CORS_HEADERS"),
            cors_expose=_header_names(env, "CORS_EXPOSE"),
            tls=_tls(env, process.public_url),
            http_port=_http_port(env, process.public_url),
            content_url=read_content_url(env, process.public_url),
            security_contacts=_contacts(env),
            listen_wait=env.number("LISTEN_WAIT_SECONDS", 0.0),
        )


def routes_file(env: Env | None = None) -> Path:
    """Return the file that a gateway reads; without `env`, one that is started in this process's environment."""
    return (env or Env(os.environ)).path("ROUTES_FILE", _ROUTES)


def _networks(env: Env) -> tuple[Network, ...]:
    """TRUSTED_PROXIES: addresses and networks (10.0.0.0/8), comma-separated."""
    try:
        return tuple(ip_network(word) for word in env.words("TRUSTED_PROXIES"))
    except ValueError as exc:
        env.mistake(f"TRUSTED_PROXIES: {exc}")
        return ()


def _origins(env: Env) -> tuple[str, ...]:
    origins = env.words("CORS_ORIGINS")
    try:
        Cors(origins)
    except ValueError as exc:
        env.mistake(f"CORS_ORIGINS: {exc}")
    return origins


def _header_names(env: Env, variable: str) -> tuple[str, ...]:
    names = env.words(variable)
    for name in names:
        if not is_header_name(name):
            env.mistake(f"{variable}: {name!r} isn't the name of a header")
    return names


def _contacts(env: Env) -> tuple[str, ...]:
    contacts = env.words("SECURITY_CONTACT")
    for contact in contacts:
        if not is_contact(contact):
            env.mistake(f"SECURITY_CONTACT: {contact!r} doesn't start with mailto:, https:// or tel:")
    return contacts


def _tls(env: Env, public_url: str) -> TlsFiles | None:
    """TLS_CERT_FILE and TLS_KEY_FILE, both or neither."""
    certificate, key = env.text("TLS_CERT_FILE", ""), env.text("TLS_KEY_FILE", "")
    if not (certificate or key):
        return None
    if not (certificate and key):
        env.mistake("TLS_CERT_FILE and TLS_KEY_FILE are only of use together")
        return None
    if not _is_https(public_url):
        env.mistake("PUBLIC_URL must start with https:// where TLS_CERT_FILE is set")
    files = TlsFiles(Path(certificate), Path(key))
    try:
        server_context(files.certificate, files.key)
    except CertificateError as exc:
        env.mistake(f"TLS_CERT_FILE, TLS_KEY_FILE: {exc}")
    return files


def _http_port(env: Env, public_url: str) -> int:
    port = env.integer("HTTP_PORT", 0, maximum=65535)
    if port and not _is_https(public_url):
        env.mistake("PUBLIC_URL must start with https:// where HTTP_PORT is set: that port only leads there")
    return port


def _is_https(public_url: str) -> bool:
    return public_url.startswith("https://")


def _check_prefix(env: Env, public_url: str) -> None:
    """A path that no request's can match would leave the installation unreachable."""
    prefix = urlsplit(public_url).path
    try:
        if not prefix or canonical_path(prefix) == prefix:
            return
    except BadPath:
        pass
    env.mistake(f"PUBLIC_URL has a path that isn't in its canonical form: {prefix}")
