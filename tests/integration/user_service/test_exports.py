from shared.ids import uuid7
from tests.integration.user_service.running_service import Person, RunningService


async def test_auth_service_is_told_all_that_is_known(service: RunningService, ada: Person) -> None:
    await ada.patch({"display_name": "Ada", "bio": "Counts.", "visibility": "private"})
    own = await (await ada.get("/v1/users/me")).json()
    path = f"/internal/exports/{ada.user_id}"
    async with service.private.get(path, headers=service.asked_by_auth_service()) as answer:
        assert (answer.status, await answer.json()) == (200, {"profile": own})


async def test_nobody_is_known_who_never_came(service: RunningService) -> None:
    """Asking makes no profile."""
    user_id = uuid7()
    for _ in range(2):
        path = f"/internal/exports/{user_id}"
        async with service.private.get(path, headers=service.asked_by_auth_service()) as answer:
            assert (answer.status, await answer.json()) == (200, {"profile": None})


async def test_nobody_else_is_told(service: RunningService, ada: Person) -> None:
    path = f"/internal/exports/{ada.user_id}"
    for headers in service.asked_by_others():
        async with service.private.get(path, headers=headers) as answer:
            assert (answer.status, (await answer.json())["code"]) == (403, "forbidden")
    async with service.private.get(path) as answer:
        assert answer.status == 401
    async with service.public.get(path, headers=service.asked_by_auth_service()) as answer:
        assert answer.status == 404
