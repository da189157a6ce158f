"""People who have to have a second factor, and add it as they sign in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from tests.authenticator import Authenticator
from tests.integration.auth_service.factor_people import LOGIN, code_of
from tests.integration.auth_service.people import HOME, Device, Gateway, Person, Reply
from tests.integration.auth_service.world import AuthService, running
from tests.stores import DatabaseUrls

ENROLMENT = f"{LOGIN}/enrolment"
OWED = (403, "second_factor_enrolment_required")


@asynccontextmanager
async def strict(
    urls: DatabaseUrls, gateway: Gateway, whom: str = "required", **changes: str
) -> AsyncIterator[AuthService]:
    """Run the service as it asks for second factors, beside one on the same database that doesn't."""
    async with running(urls, gateway, AUTH_SECOND_FACTOR=whom, **changes) as service:
        yield service


def owed(reply: Reply) -> str:
    """Return what adding a factor is to finish: nothing else was told."""
    assert (reply.status, reply.code) == OWED, reply
    assert reply.body["factors"] == ["totp", "passkey"]
    assert "Set-Cookie" not in reply.headers
    return str(reply.body["pending_sign_in"])


@dataclass(frozen=True)
class Enrolled:
    reply: Reply
    secret: str


async def begin_app(service: AuthService, token: str, device: Device = HOME) -> Reply:
    return await service.call("POST", f"{ENROLMENT}/totp", {"pending_sign_in": token}, device=device)


async def confirm_app(service: AuthService, token: str, code: str, device: Device = HOME) -> Reply:
    body = {"pending_sign_in": token, "code": code}
    return await service.call("POST", f"{ENROLMENT}/totp/confirmation", body, device=device)


async def enrol_app(service: AuthService, token: str) -> Enrolled:
    begun = await begin_app(service, token)
    assert begun.status == 200, begun
    secret = str(begun.body["secret"])
    reply = await confirm_app(service, token, code_of(secret))
    assert reply.status == 200, reply
    return Enrolled(reply, secret)


async def enrol_passkey(service: AuthService, token: str, key: Authenticator) -> Reply:
    options = await service.post(f"{ENROLMENT}/passkeys/options", {"pending_sign_in": token})
    assert options.status == 200, options
    body = {"pending_sign_in": token, "name": "Key", "credential": key.create(options.body["options"])}
    return await service.post(f"{ENROLMENT}/passkeys", body)


async def enrolled(service: AuthService, email: str = "ada@example.org") -> tuple[Person, str]:
    """Return somebody who registered with an authenticator app, and the app's secret."""
    reply = await service.post("/v1/auth/register", {"email": email, "password": "correct horse battery"})
    done = await enrol_app(service, owed(reply))
    return Person(email, done.reply.body), done.secret
