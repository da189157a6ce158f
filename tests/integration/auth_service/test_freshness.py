from uuid import UUID, uuid4

import pytest

from auth_service.service.freshness import require_fresh
from shared.db import open_database
from shared.errors import InsufficientUserAuthentication, Unauthenticated
from shared.settings import DatabaseSettings, Secret
from tests.integration.auth_service.people import Person
from tests.integration.auth_service.world import AuthService
from tests.stores import DatabaseUrls


async def check(urls: DatabaseUrls, user_id: UUID, session_id: UUID) -> str:
    """Return the challenge, or nothing where the session is fresh."""
    settings = DatabaseSettings(Secret(urls.runtime), Secret(urls.runtime), pool_size=1, timeout=5)
    async with open_database(settings) as database:
        try:
            await require_fresh(database, user_id, session_id)
        except InsufficientUserAuthentication as exc:
            return exc.headers["WWW-Authenticate"]
    return ""


async def age(service: AuthService, person: Person, interval: str) -> None:
    await service.admin.execute(
        f"update auth.session set authenticated_at = now() - interval '{interval}' where session_id = $1",
        person.session_id,
    )


@pytest.mark.parametrize(("interval", "challenge"), [
    ("9 minutes 50 seconds", ""),
    ("10 minutes 1 second", 'Bearer error="insufficient_user_authentication", max_age="600"'),
])  # fmt: skip
async def test_proof_is_fresh_for_ten_minutes(
    service: AuthService, auth_database: DatabaseUrls, interval: str, challenge: str
) -> None:
    person = await service.register()
    await age(service, person, interval)
    assert await check(auth_database, person.user_id, person.session_id) == challenge


async def test_one_factor_isnt_enough_where_there_is_a_second(
    service: AuthService, auth_database: DatabaseUrls
) -> None:
    """A19: aal1 where aal2 is asked for."""
    person = await service.register()
    await service.admin.execute(
        "insert into auth.totp (user_id, secret, confirmed_at) values ($1, '', now())", person.user_id
    )
    challenge = await check(auth_database, person.user_id, person.session_id)
    assert challenge == 'Bearer error="insufficient_user_authentication", acr_values="aal2", max_age="600"'
    await service.admin.execute("update auth.session set amr = '{pwd,otp,mfa}'")
    assert await check(auth_database, person.user_id, person.session_id) == ""
    await service.admin.execute("update auth.totp set confirmed_at = null")
    await service.admin.execute("update auth.session set amr = '{pwd}'")
    assert await check(auth_database, person.user_id, person.session_id) == ""


async def test_what_is_over_or_anothers_is_never_fresh(service: AuthService, auth_database: DatabaseUrls) -> None:
    person, other = await service.register(), await service.register()
    with pytest.raises(Unauthenticated):
        await check(auth_database, other.user_id, person.session_id)
    with pytest.raises(Unauthenticated):
        await check(auth_database, person.user_id, uuid4())
    await service.post("/v1/auth/logout", person=person)
    with pytest.raises(Unauthenticated):
        await check(auth_database, person.user_id, person.session_id)
