"""People with second factors, and what they do with them."""

import time
from base64 import b32decode
from dataclasses import dataclass
from typing import Any

import pyotp

from tests.authenticator import Authenticator
from tests.integration.auth_service.people import HOME, Device, Json, Person, Reply
from tests.integration.auth_service.world import AuthService

FACTORS = "/v1/auth/factors"
LOGIN = "/v1/auth/login"
FINISH = "/v1/auth/login/second-factor"
STEP_UP = "/v1/auth/step-up"
PASSKEY = f"{LOGIN}/passkey"
PASSKEYS = f"{FACTORS}/passkeys"


def code_of(secret: str, steps: int = 0) -> str:
    """Return the app's code, so many steps of 30 seconds from now."""
    return pyotp.TOTP(secret).at(int(time.time()) + 30 * steps)


def wrong_code(secret: str) -> str:
    """Return a code that is right neither now nor in the next minutes."""
    right = {code_of(secret, steps) for steps in range(-3, 10)}
    return next(f"{number:06}" for number in range(20) if f"{number:06}" not in right)


@dataclass(frozen=True)
class TwoFactored:
    """Somebody with an authenticator app. `person` has the session in which it was added."""

    person: Person
    secret: str
    recovery_codes: list[str]


async def add_totp(service: AuthService, person: Person) -> TwoFactored:
    """Add an app by the code of the step before, so that those of now and later are still good."""
    enrolment = await service.post(f"{FACTORS}/totp", person=person)
    assert enrolment.status == 200, enrolment
    secret = enrolment.body["secret"]
    assert len(b32decode(secret)) == 20
    while True:
        began = time.time() // 30
        confirmed = await service.post(f"{FACTORS}/totp/confirmation", {"code": code_of(secret, -1)}, person=person)
        if confirmed.status == 200 or began == time.time() // 30:  # else its half minute ended on the way
            break
    assert confirmed.status == 200, confirmed
    return TwoFactored(person, secret, confirmed.body["recovery_codes"])


async def two_factored(service: AuthService) -> TwoFactored:
    return await add_totp(service, await service.register())


async def pending(service: AuthService, person: Person, device: Device = HOME, kind: str = "token") -> str:
    """Sign in with the password, and return what the second factor is to finish."""
    body = {"email": person.email, "password": "correct horse battery", "session": kind}
    reply = await service.call("POST", LOGIN, body, device=device)
    assert (reply.status, reply.code) == (403, "second_factor_required"), reply
    return str(reply.body["pending_sign_in"])


async def finish(service: AuthService, token: str, device: Device = HOME, **shown: object) -> Reply:
    return await service.call("POST", FINISH, {"pending_sign_in": token, **shown}, device=device)


async def forget_codes(service: AuthService) -> None:
    """Let codes be used again, since nobody can wait for the next ones."""
    await service.admin.execute("update auth.totp set last_used_step = null")


async def age(service: AuthService, person: Person, interval: str = "11 minutes") -> None:
    """Let the session have been proved that long ago."""
    await service.admin.execute(
        f"update auth.session set authenticated_at = now() - interval '{interval}' where session_id = $1",
        person.session_id,
    )


async def offer_passkey(service: AuthService, person: Person, key: Authenticator, name: str = "Key") -> Reply:
    options = await service.post(f"{FACTORS}/passkeys/options", person=person)
    assert options.status == 200, options
    body = {"name": name, "credential": key.create(options.body["options"])}
    return await service.post(f"{FACTORS}/passkeys", body, person=person)


async def add_passkey(service: AuthService, person: Person, key: Authenticator, name: str = "Key") -> Json:
    reply = await offer_passkey(service, person, key, name)
    assert reply.status == 201, reply
    return reply.body


async def audit(service: AuthService, action: str) -> list[Json]:
    rows = await service.admin.fetch(
        "select user_id, actor_id, session_id, details::text from auth.audit_entry where action = $1 order by at",
        action,
    )
    return [dict(row) for row in rows]


async def creation_options(service: AuthService, person: Person) -> Json:
    options: Json = (await service.post(f"{PASSKEYS}/options", person=person)).body["options"]
    return options


async def passkey_sign_in(service: AuthService, key: Authenticator, **more: Any) -> Reply:
    options = (await service.post(f"{PASSKEY}/options")).body["options"]
    return await service.post(PASSKEY, {"passkey": key.get(options), **more})
