"""People who use every service without a pause while programs come and go, and who compare what they get."""

import asyncio
import json
import random
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.e2e.visitor import PASSWORD
from tests.rolling.connection import Answer, Connection, Failed
from tests.rolling.ledger import Ledger

_READS = 4  # of the profile, between two of everything else
_ROUNDS_PER_REFRESH, _REFRESHES_PER_LOGIN = 2, 8
_WRITES = ("POST", "PATCH", "DELETE")
_TUS = {"Tus-Resumable": "1.0.0"}


@dataclass(frozen=True, slots=True)
class Wish:
    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


class Person:
    """`live` goes on until `ended` is set; any answer that isn't the expected one is a failure in the ledger."""

    def __init__(self, url: str, ledger: Ledger, number: int) -> None:
        self._connection = Connection(url)
        self._ledger = ledger
        self._email = f"person{number}@example.org"
        self._dice = random.Random(number)  # the same files in every run
        self._tokens: dict[str, Any] = {}
        self._name = ""

    async def register(self) -> None:
        made = await self._ask(_json("POST", "/v1/auth/register", self._credentials()), 201)
        assert made is not None, "nobody can register"
        self._tokens = json.loads(made.body)

    async def live(self, ended: asyncio.Event) -> None:
        rounds = 0
        try:
            while not ended.is_set():
                rounds += 1
                await self._round()
                if rounds % (_ROUNDS_PER_REFRESH * _REFRESHES_PER_LOGIN) == 0:
                    await self._take_tokens("login", self._credentials())
                elif rounds % _ROUNDS_PER_REFRESH == 0:
                    await self._take_tokens("refresh", {"refresh_token": self._tokens["refresh_token"]})
        finally:
            self._connection.close()

    async def _round(self) -> None:
        await self._read_profile()
        await self._write_profile()
        await self._read_profile()
        await self._search()
        await self._read_profile()
        await self._store_and_delete()
        await self._read_profile()
        await self._upload_in_pieces()

    async def _read_profile(self) -> None:
        for _ in range(_READS):
            await self._ask(Wish("GET", "/v1/users/me"), 200, self._is_named)

    def _is_named(self, answer: Answer) -> bool:
        """What was written is read, whoever wrote and whoever reads."""
        return bool(json.loads(answer.body)["display_name"] == self._name)

    async def _write_profile(self) -> None:
        name = f"Person {secrets.token_hex(8)}"
        if await self._ask(_json("PATCH", "/v1/users/me", {"display_name": name}), 200):
            self._name = name

    async def _search(self) -> None:
        path = f"/v1/users?q={self._name.replace(' ', '%20')}"
        await self._ask(Wish("GET", path), 200, lambda found: len(json.loads(found.body)["items"]) == 1)

    async def _store_and_delete(self) -> None:
        content = self._dice.randbytes(2000)
        made = await self._ask(Wish("POST", "/v1/files?name=notes", content), 201)
        if made:
            await self._read_and_delete(json.loads(made.body)["id"], content)

    async def _read_and_delete(self, file_id: str, content: bytes) -> None:
        path = f"/v1/files/{file_id}"
        await self._ask(Wish("GET", f"{path}/content"), 200, lambda answer: answer.body == content)
        await self._ask(Wish("DELETE", path), 204)

    async def _upload_in_pieces(self) -> None:
        content = self._dice.randbytes(6000)
        made = await self._ask(
            Wish("POST", "/v1/files/uploads", headers={**_TUS, "Upload-Length": str(len(content))}), 201
        )
        if not made:
            return
        path = urlsplit(made.headers["location"]).path
        for offset in range(0, len(content), 2000):
            headers = {**_TUS, "Upload-Offset": str(offset), "Content-Type": "application/offset+octet-stream"}
            if not await self._ask(Wish("PATCH", path, content[offset : offset + 2000], headers), 204):
                return
        done = await self._ask(Wish("HEAD", path, headers=_TUS), 200)
        if done:
            await self._read_and_delete(done.headers["content-location"].rpartition("/")[2], content)

    def _credentials(self) -> dict[str, str]:
        return {"email": self._email, "password": PASSWORD}

    async def _take_tokens(self, way: str, body: dict[str, str]) -> None:
        if answer := await self._ask(_json("POST", f"/v1/auth/{way}", body), 200):
            self._tokens = json.loads(answer.body)

    async def _ask(self, wish: Wish, expected: int, right: Callable[[Answer], bool] = lambda _: True) -> Answer | None:
        """Return the answer where it is right, and otherwise nothing."""
        told = f"{wish.method} {wish.path}"
        began = time.monotonic()
        try:
            answer = await self._connection.ask(wish.method, wish.path, self._headers(wish), wish.body)
        except Failed as exc:
            self._ledger.failed(f"{told}: {exc}")
            return None
        if answer.status != expected or not right(answer):
            self._ledger.failed(f"{told}: {answer.status} {answer.body[:300]!r} {answer.headers}")
            return None
        self._ledger.went_well(began, is_write=wish.method in _WRITES)
        return answer

    def _headers(self, wish: Wish) -> dict[str, str]:
        credential = {"Authorization": f"Bearer {self._tokens['access_token']}"} if self._tokens else {}
        return {**credential, **wish.headers}


def _json(method: str, path: str, body: dict[str, str]) -> Wish:
    return Wish(method, path, json.dumps(body).encode(), {"Content-Type": "application/json"})
