"""Mail through the whole stack: from the gateway to the catcher's page, and back by the link."""

import re
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from tests.e2e.stack import Stack
from tests.waiting import eventually

ADA, PASSWORD = "ada.by.mail@example.org", "correct horse battery"


async def test_mailed_link_verifies_an_address_and_stays_out_of_the_logs(stack: Stack) -> None:
    async with aiohttp.ClientSession() as session:

        async def caught() -> list[dict[str, Any]]:
            async with session.get(f"{stack.mail}/mails.json", params={"to": ADA}) as response:
                found: list[dict[str, Any]] = await response.json()
                return found

        account = {"email": ADA, "password": PASSWORD}
        async with session.post(f"{stack.url}/v1/auth/register", json=account) as response:
            assert response.status == 201
            mine = {"Authorization": f"Bearer {(await response.json())['access_token']}"}
        (mail,) = await eventually(caught)
        (link,) = [each for each in mail["links"] if "token=" in each]
        assert link.startswith(f"{stack.url}/account/verify?token=")
        async with session.get(link):
            pass  # as a scanner does: nothing is spent by it
        token = re.sub(".*token=", "", urlsplit(link).query)
        async with session.post(f"{stack.url}/v1/auth/email/verify", json={"token": token}) as response:
            assert response.status == 204
        async with session.get(f"{stack.url}/v1/auth/email", headers=mine) as response:
            assert await response.json() == {"email": ADA, "verified": True}

    async def logged() -> bool:
        return any(line.get("url.path") == "/account/verify" for line in stack.log("gateway"))

    await eventually(logged)
    for log in (stack.state / "logs").iterdir():
        assert token not in log.read_text(errors="replace"), log
