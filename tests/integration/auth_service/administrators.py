"""Administrators in the tests: how one comes to be, and what they ask for."""

from tests.integration.auth_service.people import Json, Person, Reply
from tests.integration.auth_service.world import AuthService

USERS = "/v1/admin/users"


async def make_admin(service: AuthService) -> Person:
    """Return a new administrator, signed in anew, as the first one comes to be: by the database."""
    person = await service.register()
    await service.admin.execute("update auth.account set roles = '{admin}' where user_id = $1", person.user_id)
    return await service.login(person)


def path_of(person: Person, rest: str = "") -> str:
    return f"{USERS}/{person.user_id}{rest}"


async def put(service: AuthService, admin: Person, path: str, body: Json) -> Reply:
    return await service.call("PUT", path, body, person=admin)


async def delete(service: AuthService, admin: Person, path: str, body: Json | None = None) -> Reply:
    return await service.call("DELETE", path, body, person=admin)


async def audit_of(service: AuthService, admin: Person, query: str) -> list[Json]:
    reply = await service.call("GET", f"/v1/admin/audit?{query}", person=admin)
    assert reply.status == 200, reply
    items: list[Json] = reply.body["items"]
    return items
