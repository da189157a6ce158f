"""A request of the slow lane: aiohttp's, with what the parser made of its head."""

from typing import Any

from aiohttp import web
from aiohttp.http import RawRequestMessage

Head = RawRequestMessage


class Request(web.BaseRequest):
    """`begun` is what the fast lane has learnt of it, if it was there first."""

    ATTRS = web.BaseRequest.ATTRS | frozenset(("head", "begun"))

    def __init__(self, head: Head, *rest: Any) -> None:
        super().__init__(head, *rest)
        self.head = head
        self.begun: Any = None
