"""A whole stack that exports every trace to a receiver of ours; both start once."""

from collections.abc import AsyncIterator

import pytest

from tests.e2e.stack import Stack, running_stack, state_folder
from tests.e2e.visitor import Visitor
from tests.otlp_receiver import Receiver, receiving


@pytest.fixture(scope="session")
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as running:
        yield running


@pytest.fixture(scope="session")
async def stack(receiver: Receiver) -> AsyncIterator[Stack]:
    told = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url,
        "OTEL_EXPORTER_OTLP_HEADERS": "x-tenant=colonnade%20tests",
        "TRACE_SAMPLE": "login 100%; files 0%; 100%; slow 30s",
    }
    with state_folder() as state, running_stack(state, None, **told) as running:
        yield running


@pytest.fixture(scope="session")
async def ada(stack: Stack) -> AsyncIterator[Visitor]:
    async with Visitor.at(stack.url) as visitor:
        assert (await visitor.register("ada.traced@example.org")).status == 201
        yield visitor
