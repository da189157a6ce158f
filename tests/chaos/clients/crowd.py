"""Everybody who uses the stack during a drill, and what is there of theirs afterwards."""

import asyncio
import hashlib
import random
from dataclasses import dataclass, field
from typing import Protocol

import asyncpg

from tests.chaos.clients.burster import Burster
from tests.chaos.clients.caller import Caller
from tests.chaos.clients.keeper import Keeper
from tests.chaos.clients.sender import Sender
from tests.chaos.clients.spender import Spender
from tests.chaos.clients.traveller import Traveller, digest, session_of
from tests.chaos.clients.writer import Writer
from tests.chaos.history import Found, FoundFile, FoundSession, History, Usage
from tests.replicated.stack import ReplicatedStack

_NUMBERS = {Traveller: 3, Writer: 4, Keeper: 3, Sender: 2, Spender: 1}


class Client(Protocol):
    @property
    def caller(self) -> Caller: ...
    async def run(self) -> None: ...


@dataclass
class Crowd:
    """`history` is what all of them recorded."""

    stack: ReplicatedStack
    name: str
    dice: random.Random
    history: History = field(default_factory=History)
    clients: list[Client] = field(default_factory=list)
    stop: asyncio.Event = field(default_factory=asyncio.Event)

    async def gather(self) -> None:
        """Register them all."""
        for kind, number in _NUMBERS.items():
            self.clients += [kind(self._caller()) for _ in range(number)]
        await asyncio.gather(*(self._enrol(number, each.caller) for number, each in enumerate(self.clients)))
        self.clients.append(Burster(self._caller(), self.stack.url))

    def _caller(self) -> Caller:
        return Caller.of(self.stack.url, self.history, self.stop, random.Random(self.dice.random()))

    async def _enrol(self, number: int, caller: Caller) -> None:
        await caller.enrol(f"{type(self.clients[number]).__name__.lower()}-{number}-{self.name}@example.org".lower())

    async def run(self) -> None:
        """Have all of them do what they do until `stop`. Raises what any of them didn't expect."""
        async with asyncio.TaskGroup() as group:
            for client in self.clients:
                group.create_task(client.run())

    @property
    def people(self) -> list[Caller]:
        return [client.caller for client in self.clients if client.caller.tokens]

    async def look(self) -> Found:
        """Find out what is there of theirs. Each refreshes first: the one token that they hold has to be good."""
        sessions = await self._sessions()
        held = {session: digest(token) for client in self.clients for session, token in _held(client).items()}
        await asyncio.gather(*(self._refresh(client) for client in self.clients if client.caller.tokens))
        revisions: dict[str, int] = {}
        files: dict[str, dict[str, FoundFile]] = {}
        usages: list[Usage] = []
        for client in self.clients:
            caller = client.caller
            if isinstance(client, Writer):
                profile = await caller.insist("GET", "/v1/users/me", expected=(200,))
                revisions[caller.email] = int(profile.json()["bio"] or 0)
            elif isinstance(client, Keeper | Sender | Spender):
                files[caller.email] = await _files(caller)
                said = (await caller.insist("GET", "/v1/files/usage", expected=(200,))).json()
                usage = Usage(caller.email, said["bytes"], said["reserved"], said["files"], said["quota"])
                usages.append(usage)
            elif isinstance(client, Traveller):
                await client.look_back()
        return Found(revisions, files, usages, sessions, held)

    async def _sessions(self) -> dict[str, FoundSession]:
        users = [caller.user_id for caller in self.people]
        connection = await asyncpg.connect(self.stack.plan["admin_url"], database="colonnade")
        try:
            rows = await connection.fetch(
                "select session_id, generation, secret_hash, coalesce(revoked_reason, '') as ended"
                " from auth.session where user_id = any($1::uuid[])",
                users,
            )
        finally:
            await connection.close()
        return {
            str(row["session_id"]): FoundSession(row["generation"], row["secret_hash"].hex(), row["ended"])
            for row in rows
        }

    async def _refresh(self, client: Client) -> None:
        caller = client.caller
        body = {"refresh_token": caller.tokens["refresh_token"]}
        reply = await caller.insist("POST", "/v1/auth/refresh", json=body, expected=(200,))
        if reply.status == 200:
            caller.tokens = reply.json()
        if isinstance(client, Traveller):
            client.held[session_of(caller.tokens["refresh_token"])] = caller.tokens["refresh_token"]

    async def leave(self) -> None:
        await asyncio.gather(*(client.caller.session.close() for client in self.clients))


def _held(client: Client) -> dict[str, str]:
    if isinstance(client, Traveller):
        return client.held
    token = client.caller.tokens.get("refresh_token")
    return {session_of(token): token} if token else {}


async def _files(caller: Caller) -> dict[str, FoundFile]:
    found: dict[str, FoundFile] = {}
    cursor: dict[str, str] = {}
    while True:
        page = (await caller.insist("GET", "/v1/files", params={"limit": "100", **cursor}, expected=(200,))).json()
        for file in page["items"]:
            content = await caller.insist("GET", f"/v1/files/{file['id']}/content", expected=(200,))
            found[file["id"]] = FoundFile(file["name"], file["size"], hashlib.sha256(content.body).hexdigest())
        if not page["next_cursor"]:
            return found
        cursor = {"cursor": page["next_cursor"]}
