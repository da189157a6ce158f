import asyncio
from collections import Counter

from tests.integration.auth_service.people import HOME, STRANGER, Device, Person, Reply
from tests.integration.auth_service.world import AuthService

WRONG = "wrong password"


async def guess_by_any_route(service: AuthService, person: Person, number: int, device: Device) -> Reply:
    if number % 3 == 0:
        return await service.try_login(person.email, WRONG, device)
    if number % 3 == 1:
        body = {"current_password": WRONG, "new_password": "a new password"}
        return await service.call("POST", "/v1/auth/password", body, person=person, device=device)
    return await service.call("POST", "/v1/auth/account/deletion", {"password": WRONG}, person=person, device=device)


async def test_parallel_guesses_share_one_counter(service: AuthService, replica: AuthService) -> None:
    """A10: 40 guesses at once, by login, password change and deletion, over two replicas: ten are looked at."""
    person = await service.register()
    guesses = [
        guess_by_any_route(each, person, number, STRANGER) for number in range(20) for each in (service, replica)
    ]
    statuses = Counter(reply.status for reply in await asyncio.gather(*guesses))
    assert statuses[429] == 30
    assert statuses[401] + statuses[403] == 10


async def test_stranger_cant_lock_the_owner_out(service: AuthService) -> None:
    """A11: the stranger's guesses are used up; the owner's device, known from an earlier sign-in, has its own."""
    person = await service.register()
    for _ in range(11):
        refused = await service.try_login(person.email, WRONG, STRANGER)
    assert (refused.status, refused.code) == (429, "too_many_attempts")
    assert 0 < int(refused.headers["Retry-After"]) <= 900
    assert (await service.try_login(person.email, device=Device("198.51.100.1"))).status == 429
    assert (await service.try_login(person.email, device=HOME)).status == 200
    neighbour = Device("192.0.2.200", HOME.agent)
    assert (await service.try_login(person.email, device=neighbour)).status == 200


async def test_known_device_is_limited_too(service: AuthService) -> None:
    person = await service.register()
    statuses = [(await service.try_login(person.email, WRONG)).status for _ in range(11)]
    assert statuses == [401] * 10 + [429]
    assert (await service.try_login(person.email)).status == 429


async def test_lock_ends_by_itself(service: AuthService) -> None:
    """A11: nobody has to be asked."""
    person = await service.register()
    for _ in range(11):
        await service.try_login(person.email, WRONG, STRANGER)
    await service.admin.execute("update auth.login_failure set window_started_at = now() - interval '14 min 55 s'")
    refused = await service.try_login(person.email, device=STRANGER)
    assert int(refused.headers["Retry-After"]) <= 5
    await service.admin.execute("update auth.login_failure set window_started_at = now() - interval '15 minutes'")
    assert (await service.try_login(person.email, device=STRANGER)).status == 200


async def test_unknown_address_is_limited_alike(service: AuthService) -> None:
    """A8: a limit that known addresses alone had would tell which ones are known."""
    replies = [await service.try_login("nobody@example.org", WRONG, STRANGER) for _ in range(11)]
    assert [reply.status for reply in replies] == [401] * 10 + [429]


async def test_right_password_isnt_counted(service: AuthService) -> None:
    person = await service.register()
    for number in range(12):
        assert (await service.try_login(person.email, device=Device(f"198.51.{number}.1"))).status == 200


async def test_right_password_doesnt_forgive_a_strangers_guesses(service: AuthService) -> None:
    """A10: else guesses could go on between the owner's own logins."""
    person = await service.register()
    for _ in range(9):
        await service.try_login(person.email, WRONG, STRANGER)
    await service.login(person, device=Device("198.51.100.1"))
    statuses = [(await service.try_login(person.email, WRONG, STRANGER)).status for _ in range(2)]
    assert statuses == [401, 429]
