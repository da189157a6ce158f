"""user_service over a real database, and the people who use it."""

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from typing import ClassVar
from uuid import UUID

from aiohttp import ClientResponse

from shared.lifecycle import Lifecycle
from shared.serve import Apps
from shared.settings import Env
from tests.integration.following_service import AuthenticatedPerson, FollowingService, running
from user_service.app import open_service
from user_service.settings import Settings


@dataclass(frozen=True, slots=True)
class RunningService(FollowingService):
    name: ClassVar[str] = "user_service"

    @staticmethod
    def open(env: Env) -> AbstractAsyncContextManager[Apps]:
        settings = Settings.from_env(env)
        env.check()
        return open_service(settings, Lifecycle())

    def person(self, user_id: UUID) -> "Person":
        return Person(self.public, user_id, self.asserted_user(user_id))


@dataclass(frozen=True, slots=True)
class Person(AuthenticatedPerson):
    async def patch(self, body: object, headers: Mapping[str, str] | None = None) -> ClientResponse:
        return await self.client.patch("/v1/users/me", json=body, headers={**self.headers, **(headers or {})})

    async def search(self, **query: str) -> list[str]:
        """Return the names found, which must be all on one page."""
        response = await self.client.get("/v1/users", params=query, headers=self.headers)
        page = await response.json()
        assert (response.status, page["next_cursor"]) == (200, None), page
        return [item["display_name"] for item in page["items"]]


running_service = partial(running, RunningService)
