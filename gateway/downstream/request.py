"""A request of the slow lane: aiohttp's, with what the parser made of its head."""

from typing import Any

from aiohttp import web
from aiohttp.http import RawRequestMessage
from yarl import URL

from gateway.downstream.client import Client

Head = RawRequestMessage
_NOWHERE = URL("/")


class Request(web.BaseRequest):
    ATTRS = web.BaseRequest.ATTRS | frozenset(("head",))

    def __init__(self, head: Head, *rest: Any) -> None:
        # All but a path is refused, once there is a request: aiohttp reads its host, and a malformed one makes it fail
        # outside of all that would answer.
        super().__init__(head if head.path.startswith("/") else head._replace(url=_NOWHERE), *rest)
        self.head = head

    def take_begun(self) -> Any:
        """Return what the fast lane has learnt of it, if it was there first: whoever calls is its heir."""
        return self.client.take_begun()

    @property
    def client(self) -> Client:
        client = self.protocol
        assert isinstance(client, Client)  # our server makes no other
        return client
