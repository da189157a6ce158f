import asyncio
from uuid import uuid4

import pytest

from gateway.authentication.principal import Principal
from gateway.authentication.revocation import Revocations
from gateway.context import RequestContext
from gateway.streaming.streams import EndedBy, Kind, Streams
from shared.errors import Unavailable
from shared.lifecycle import Lifecycle, background
from shared.tracing import continue_trace
from tests.unit.gateway.authentication.auth_feed import auth_feed


def context() -> RequestContext:
    return RequestContext("GET", "/live", "id", continue_trace(None))


def principal() -> Principal:
    return Principal(str(uuid4()), str(uuid4()), 0, (), (), 0.0, "key")


async def test_streams_are_bounded_and_their_places_are_given_back() -> None:
    async with auth_feed() as (_, client):
        streams = Streams(Revocations(client), Lifecycle(), capacity=1)
        for _ in range(2):
            with (
                streams.open(Kind.EVENTS, context(), principal()),
                pytest.raises(Unavailable),
                streams.open(Kind.EVENTS, context(), None),
            ):
                pytest.fail("there was room for one")


async def test_first_to_end_a_stream_is_the_one_that_is_told() -> None:
    async with auth_feed() as (_, client):
        lifecycle = Lifecycle()
        streams = Streams(Revocations(client), lifecycle)
        ours = context()
        async with background("end streams", streams.end_when_stopping):
            with streams.open(Kind.WEBSOCKET, ours, None) as stream:
                lifecycle.begin_stop()
                async with asyncio.timeout(5):
                    assert await stream.ended is EndedBy.STOPPING
                stream.end(EndedBy.IDLE)
            assert ours.stream is not None
            assert ours.stream.ended_by == "stopping"
            with pytest.raises(Unavailable), streams.open(Kind.WEBSOCKET, context(), None):
                pytest.fail("a stopping gateway opens none")
