import asyncio
from contextlib import AsyncExitStack
from uuid import uuid4

from gateway.limits.concurrency import PER_USER
from tests.integration.gateway.running_gateway import RunningGateway
from tests.waiting import eventually


async def test_slow_uploads_of_one_person_leave_the_service_to_others(gateway: RunningGateway) -> None:
    """G16"""
    theirs, others = gateway.bearer(), gateway.bearer(sub=str(uuid4()))
    head = f"PUT /mine HTTP/1.1\r\nHost: h\r\nAuthorization: {theirs['Authorization']}\r\nContent-Length: 9\r\n\r\n"
    async with AsyncExitStack() as stack:
        for _ in range(PER_USER):
            _, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
            stack.callback(writer.close)
            writer.write(head.encode())

        async def all_are_there() -> bool:
            return len(gateway.echo.seen) == PER_USER

        await eventually(all_are_there)
        async with gateway.client.get(f"{gateway.url}/mine", headers=theirs) as answer:
            assert (answer.status, (await answer.json())["code"]) == (429, "too_many_at_once")
            assert answer.headers["Retry-After"] == "1"
        async with gateway.client.get(f"{gateway.url}/mine", headers=others) as answer:
            assert answer.status == 200

    async def is_let_in_again() -> bool:
        async with gateway.client.get(f"{gateway.url}/mine", headers=theirs) as answer:
            return answer.status == 200

    await eventually(is_let_in_again)
