"""The private port: is the gateway alive, can it let people in, what does it measure, what would it do."""

from collections.abc import Sequence
from pathlib import Path

from aiohttp import web

from gateway.authentication.keys import KeySet
from gateway.authentication.revocation import Revocations
from gateway.settings import NAME
from shared.errors import Unavailable
from shared.identity import Verifier, load_trust
from shared.lifecycle import Lifecycle
from shared.web.app import private_app


def admin_app(
    keys: KeySet,
    revocations: Revocations,
    for_operators: Sequence[web.RouteDef],
    trust_file: Path,
    lifecycle: Lifecycle,
) -> web.Application:
    """Ready means that nobody is turned away who has a good token, and nobody let in whose session has ended."""

    async def keys_are_known() -> None:
        if not keys.is_known:
            raise Unavailable("auth_service's keys aren't known yet")

    async def revocations_are_known() -> None:
        if not revocations.is_known:
            raise Unavailable("revoked sessions aren't known yet")

    checks = {"keys": keys_are_known, "revocations": revocations_are_known}
    verifier = Verifier(load_trust(trust_file), NAME)
    return private_app([], verifier, checks, lifecycle, for_operators)
