"""What `python -m deploy.upgrade` is told. The embedded stack's launcher knows it by itself."""

from dataclasses import dataclass
from typing import Self

from deploy.roles import DATABASE
from shared.settings import Env, Secret


@dataclass(frozen=True, slots=True)
class InstallationSettings:
    """Both are a superuser's, to any database of a server: the one that serves, and one to try migrations on."""

    admin_url: Secret
    database: str
    scratch_url: Secret

    @classmethod
    def from_env(cls, env: Env) -> Self:
        admin_url = env.secret("DATABASE_ADMIN_URL")
        return cls(admin_url, env.text("DATABASE_NAME", DATABASE), env.secret("SCRATCH_ADMIN_URL", admin_url))


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """For one service: what its migrations are told, and where to try them."""

    owner_url: Secret
    scratch_url: Secret

    @classmethod
    def from_env(cls, env: Env) -> Self:
        return cls(env.secret("DATABASE_OWNER_URL"), env.secret("SCRATCH_ADMIN_URL"))
