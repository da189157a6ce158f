"""A stand-in for file_service's private port: it tells user_service of pictures, and asks it as file_service does."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from aiohttp import web
from aiohttp.test_utils import TestServer

from shared.identity import HEADER


@dataclass
class FilesStandIn:
    """`known` are the facts by the file's id; `status` is what it answers with."""

    known: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    status: int = 200
    assertions: list[str] = field(default_factory=list)

    def server(self) -> TestServer:
        app = web.Application()
        app.router.add_get("/internal/pictures/{file_id}", self._tell)
        return TestServer(app)

    async def _tell(self, request: web.Request) -> web.Response:
        self.assertions.append(request.headers[HEADER])
        absent = {"owner_id": None, "purpose": "", "ready": False}
        return web.json_response(self.known.get(UUID(request.match_info["file_id"]), absent), status=self.status)
