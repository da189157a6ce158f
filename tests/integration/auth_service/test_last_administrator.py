"""There is always an administrator who can act, once there was one."""

import asyncio

import pytest

from tests.integration.auth_service.administrators import USERS, delete, make_admin, path_of, put
from tests.integration.auth_service.people import PASSWORD, Person, Reply
from tests.integration.auth_service.world import AuthService, is_live

COUNT = "select count(*) from auth.account where roles @> '{admin}' and banned_at is null"
ACTS = ["demote", "ban", "delete", "leave"]


async def act(service: AuthService, how: str, admin: Person, target: Person) -> Reply:
    if how == "demote":
        return await put(service, admin, path_of(target, "/roles"), {"roles": ["support"]})
    if how == "ban":
        return await put(service, admin, path_of(target, "/ban"), {"reason": "Gone"})
    if how == "delete":
        return await delete(service, admin, path_of(target))
    return await service.post("/v1/auth/account/deletion", {"password": PASSWORD}, person=target)


@pytest.mark.parametrize("how", ACTS)
async def test_last_administrator_stays(service: AuthService, how: str) -> None:
    admin = await make_admin(service)
    reply = await act(service, how, admin, admin)
    assert (reply.status, reply.code) == (409, "last_administrator")
    assert await is_live(service, admin)
    assert await service.admin.fetchval(COUNT) == 1
    assert (await service.call("GET", USERS, person=admin)).status == 200


@pytest.mark.parametrize("how", ACTS)
async def test_one_of_two_may_go_and_the_other_not(service: AuthService, how: str) -> None:
    admin, other = await make_admin(service), await make_admin(service)
    assert (await act(service, how, admin, other)).status == 204
    assert (await act(service, how, admin, admin)).code == "last_administrator"


@pytest.mark.parametrize("how", ACTS)
async def test_of_two_who_drive_each_other_out_at_once_one_is_left(
    service: AuthService, replica: AuthService, how: str
) -> None:
    for _ in range(5):
        one, two = await make_admin(service), await make_admin(service)
        await service.admin.execute(
            "update auth.account set roles = '{}' where user_id <> all ($1)", [one.user_id, two.user_id]
        )
        replies = await asyncio.gather(act(service, how, one, two), act(replica, how, two, one))
        assert await service.admin.fetchval(COUNT) == 1
        assert min(reply.status for reply in replies) == 204
        assert {reply.code for reply in replies if reply.status != 204} <= {
            "last_administrator",
            "insufficient_role",
            "unauthenticated",
            "unavailable",
        }


async def test_banned_administrator_is_none_that_is_left(service: AuthService) -> None:
    admin, other = await make_admin(service), await make_admin(service)
    assert (await act(service, "ban", admin, other)).status == 204
    assert (await act(service, "demote", admin, admin)).code == "last_administrator"
    assert (await delete(service, admin, path_of(other, "/ban"))).status == 204
    assert (await act(service, "demote", admin, admin)).status == 204
