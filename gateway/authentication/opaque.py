"""Credentials that say nothing by themselves, cookies and API keys: auth_service knows whom they stand for."""

import asyncio
from datetime import datetime
from functools import partial
from math import inf
from typing import Protocol
from uuid import UUID

import msgspec

from gateway.authentication.errors import InvalidSession, InvalidToken
from gateway.authentication.principal import Credential, Principal
from gateway.authentication.revocation import Revocations
from shared.credentials import is_api_key, session_in_cookie
from shared.errors import AppError, Unavailable

PATH = "/internal/credentials"
AT_ONCE = 16  # questions that auth_service is asked: a flood of invented keys must leave it room for all else
MOST = 1024  # questions that wait or are asked
PATIENCE = 3.0  # seconds, the wait included

_Question = tuple[Credential, str]


class Asked(Protocol):
    """shared.events.client.InternalClient, as far as it is needed here."""

    async def post(self, path: str, body: object) -> bytes: ...


class _Holder(msgspec.Struct):
    user_id: UUID
    credential_id: UUID
    scopes: list[str]
    roles: list[str]
    amr: list[str]
    expires_at: datetime | None
    acr: str = ""
    auth_time: int = 0


class _Verification(msgspec.Struct):
    holder: _Holder | None


class OpaqueCredentials:
    """Asks once for all who wait for the same answer. Remembers nothing: neither good ones nor bad ones."""

    def __init__(self, auth_service: Asked, revocations: Revocations) -> None:
        """What `revocations` know of needn't be asked about."""
        self._auth_service = auth_service
        self._revocations = revocations
        self._asking: dict[_Question, asyncio.Task[Principal | None]] = {}
        self._slots = asyncio.Semaphore(AT_ONCE)

    async def verify(self, kind: Credential, text: str) -> Principal:
        """Return whom the credential stands for. What can't be ours is refused without asking.

        Raises InvalidToken or InvalidSession, or Unavailable where auth_service doesn't answer in time, or too much is
        being asked already.
        """
        self._check_form(kind, text)
        principal = await self._answer(kind, text)
        if principal is None:
            raise refusal(
                kind, "auth_service doesn't know it, it has been revoked or has expired, or its owner is banned"
            )
        return principal

    def _check_form(self, kind: Credential, text: str) -> None:
        if kind is Credential.API_KEY:
            if not is_api_key(text):
                raise refusal(kind, "it isn't an API key's 54 characters, or its checksum is wrong")
            return
        session_id = session_in_cookie(text)
        if session_id is None:
            raise refusal(kind, "the cookie isn't one of ours, or its checksum is wrong")
        if str(session_id) in self._revocations:
            raise refusal(kind, "its session is revoked")

    async def _answer(self, kind: Credential, text: str) -> Principal | None:
        question = (kind, text)
        task = self._asking.get(question)
        if task is None:
            if len(self._asking) >= MOST:
                raise Unavailable("Too many credentials are being checked at once.")
            task = self._asking[question] = asyncio.create_task(self._ask(kind, text))
            task.add_done_callback(partial(self._answered, question))
        return await asyncio.shield(task)  # one who leaves must not spoil it for the others

    async def _ask(self, kind: Credential, text: str) -> Principal | None:
        try:
            async with asyncio.timeout(PATIENCE), self._slots:
                answer = await self._auth_service.post(PATH, {"kind": kind.value, "credential": text})
            holder = msgspec.json.decode(answer, type=_Verification).holder
        except TimeoutError as exc:
            raise Unavailable("The credential can't be checked now.") from exc
        except msgspec.DecodeError as exc:
            raise Unavailable("auth_service answers in a way that isn't understood.") from exc
        return None if holder is None else _principal(kind, holder)

    def _answered(self, question: _Question, task: asyncio.Task[Principal | None]) -> None:
        del self._asking[question]
        if not task.cancelled():
            task.exception()  # nobody may be left who would look at it


def refusal(kind: Credential, flaw: str) -> AppError:
    """Return what a bad credential is refused with."""
    return InvalidSession(flaw) if kind is Credential.BROWSER_SESSION else InvalidToken(flaw)


def _principal(kind: Credential, holder: _Holder) -> Principal:
    return Principal(
        user_id=str(holder.user_id),
        credential_id=str(holder.credential_id),
        generation=0,
        scopes=tuple(holder.scopes),
        amr=tuple(holder.amr),
        expires_at=inf if holder.expires_at is None else holder.expires_at.timestamp(),
        key_id="",
        roles=tuple(holder.roles),
        acr=holder.acr,
        auth_time=holder.auth_time,
        kind=kind,
    )
