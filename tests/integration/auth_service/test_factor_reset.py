from auth_service.service.factors import reset_factors
from shared.db import open_database
from shared.settings import DatabaseSettings, Secret
from tests.authenticator import Authenticator
from tests.integration.auth_service.administrators import audit_of, delete, make_admin, path_of
from tests.integration.auth_service.factor_people import FACTORS, add_passkey, two_factored
from tests.integration.auth_service.mailing import Mailing
from tests.integration.auth_service.world import AuthService
from tests.stores import DatabaseUrls


async def test_administrator_resets_factors_and_their_owner_is_told(post: Mailing) -> None:
    service = post.service
    admin, somebody = await make_admin(service), await two_factored(service)
    for _ in range(2):  # what is reset already is told of no more
        assert (await delete(service, admin, path_of(somebody.person, "/factors"))).status == 204
    assert (await service.try_login(somebody.person.email)).status == 200
    [entry] = await audit_of(service, admin, "action=factors_reset")
    assert (entry["user_id"], entry["actor_id"]) == (str(somebody.person.user_id), str(admin.user_id))
    assert "authenticator app" in (await post.server.mail_to(somebody.person.email, "A second factor was removed")).text
    await post.settled()
    assert len(post.server.to(somebody.person.email, "A second factor was removed")) == 1


async def test_reset_takes_every_factor_of_one_account(service: AuthService, auth_database: DatabaseUrls) -> None:
    """For who has lost them all. Another's stay, and the sessions too."""
    somebody, other = await two_factored(service), await two_factored(service)
    await add_passkey(service, somebody.person, Authenticator())
    url = Secret(auth_database.runtime)
    async with open_database(DatabaseSettings(url, url, pool_size=1, timeout=5)) as database:
        async with database.transaction() as connection:
            assert await reset_factors(connection, somebody.person.user_id) == 2
        async with database.transaction() as connection:
            assert await reset_factors(connection, somebody.person.user_id) == 0
    told = (await service.call("GET", FACTORS, person=somebody.person)).body
    assert (told["second_factor"], told["recovery_codes_left"], told["passkeys"]) == (False, 0, [])
    assert (await service.try_login(somebody.person.email)).status == 200
    assert (await service.try_login(other.person.email)).code == "second_factor_required"
