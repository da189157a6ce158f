"""What the gateway is told by its environment."""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path
from typing import Self

from gateway.edge.client_address import Network
from gateway.edge.cors import Cors
from shared.settings import Env, ProcessSettings, Secret

NAME = "gateway"
_CACHE_BYTES = 33_554_432
_ROUTES = Path(__file__).with_name("routes.toml")


@dataclass(frozen=True, slots=True)
class Settings:
    """`workers` processes share the public port.

    `upstreams` are the base URLs of each service's instances, by the names that the route file uses.
    """

    process: ProcessSettings
    workers: int
    identity_key_file: Path
    valkey_url: Secret
    cache_url: Secret
    cache_bytes: int
    auth_internal_url: str
    upstreams: Mapping[str, tuple[str, ...]]
    routes_file: Path
    trusted_proxies: tuple[Network, ...]
    cors_origins: tuple[str, ...]

    @classmethod
    def from_env(cls, env: Env) -> Self:
        valkey_url = env.secret("VALKEY_URL")
        return cls(
            process=ProcessSettings.from_env(env, NAME, 8080),
            workers=env.integer("WORKERS", 1, minimum=1, maximum=64),
            identity_key_file=env.path("IDENTITY_KEY_FILE"),
            valkey_url=valkey_url,
            cache_url=env.secret("CACHE_URL", valkey_url),
            cache_bytes=env.integer("CACHE_BYTES", _CACHE_BYTES),
            auth_internal_url=env.url("AUTH_INTERNAL_URL", "http://127.0.0.1:9081"),
            upstreams={
                "auth_service": env.urls("AUTH_URL", "http://127.0.0.1:8081", schemes=("http",)),
                "user_service": env.urls("USER_URL", "http://127.0.0.1:8082", schemes=("http",)),
                "file_service": env.urls("FILE_URL", "http://127.0.0.1:8083", schemes=("http",)),
            },
            routes_file=env.path("ROUTES_FILE", _ROUTES),
            trusted_proxies=_networks(env),
            cors_origins=_origins(env),
        )


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
