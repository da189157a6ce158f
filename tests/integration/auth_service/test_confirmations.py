import asyncio

from tests.integration.auth_service.people import Person
from tests.integration.auth_service.world import AuthService, rotation_of


async def test_confirmations_only_go_forward_and_never_ahead(service: AuthService) -> None:
    person, other = await service.register(), await service.register()
    await service.refresh(person.refresh_token)

    async def report(*pairs: tuple[Person, int]) -> None:
        seen = [{"session_id": str(who.session_id), "generation": number} for who, number in pairs]
        reply = await service.internal("POST", "/internal/confirmations", {"confirmations": seen})
        assert reply.status == 204

    await report((person, 1), (person, 2), (other, 1), (person, 1))
    assert (await rotation_of(service, person))[1] == 2
    assert (await rotation_of(service, other))[1] == 1
    await report((person, 1), (other, 7))
    assert (await rotation_of(service, person))[1] == 2
    assert (await rotation_of(service, other))[1] == 1
    await report()


async def test_confirmations_in_any_order_dont_block_each_other(service: AuthService, replica: AuthService) -> None:
    people = [await service.register() for _ in range(20)]
    seen = [{"session_id": str(person.session_id), "generation": 1} for person in people]
    batches = [
        each.internal("POST", "/internal/confirmations", {"confirmations": order})
        for each, order in [(service, seen), (replica, seen[::-1])] * 10
    ]
    assert {reply.status for reply in await asyncio.gather(*batches)} == {204}


async def test_confirmation_waits_for_nobody_who_deletes_an_ended_session(service: AuthService) -> None:
    """Each would wait for the other otherwise, when the account's live sessions are among the confirmed ones too."""
    person = await service.register()
    await service.post("/v1/auth/logout", person=person)
    async with service.admin.transaction():
        await service.admin.execute("select from auth.session for update")
        await asyncio.wait_for(service.confirm(person.tokens), 1.0)
