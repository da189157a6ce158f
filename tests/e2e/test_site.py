"""The installation goes by its own name, whichever program shows it."""

from email import message_from_string
from email.policy import default
from typing import Any

import aiohttp
import pytest

from tests.e2e.conftest import SITE
from tests.e2e.stack import Stack
from tests.e2e.visitor import Visitor
from tests.waiting import eventually

_BROWSER = {"Accept": "text/html,*/*;q=0.8"}
_SHOWN = "Ada &amp; Söhne"


@pytest.mark.parametrize(
    ("path", "title"),
    [
        ("/", f">{_SHOWN}"),
        ("/docs", f"API reference · {_SHOWN}"),
        ("/account/sign-in", f"Sign in · {_SHOWN}"),
        ("/nowhere", f" · {_SHOWN}"),
        ("/v1/users/nowhere", f" · {_SHOWN}"),
        ("/s/nowhere", f" · {_SHOWN}"),
    ],
)
async def test_page_bears_it(ada: Visitor, path: str, title: str) -> None:
    page = (await ada.call("GET", path, headers=_BROWSER)).body.decode()
    assert f"{title}</title>" in page
    assert "Colonnade" not in page


async def test_status_page_bears_it(stack: Stack) -> None:
    async with aiohttp.ClientSession() as session, session.get(f"{stack.private['gateway']}/status") as answer:
        assert f" · {_SHOWN}</title>" in await answer.text()


async def test_authenticators_list_it(ada: Visitor) -> None:
    options = (await ada.call("POST", "/v1/auth/factors/passkeys/options")).json()["options"]
    assert options["rp"] == {"id": "127.0.0.1", "name": SITE}
    app = (await ada.call("POST", "/v1/auth/factors/totp")).json()
    assert app["uri"].endswith("&issuer=Ada%20%26%20S%C3%B6hne")


async def test_no_password_is_made_of_it(visitor: Visitor) -> None:
    reply = await visitor.register("grace.of.the.name@example.org", "ada & söhne 1")
    assert (reply.status, reply.code) == (422, "weak_password")


async def test_mail_is_sent_in_it(stack: Stack, ada: Visitor) -> None:
    async def caught() -> list[dict[str, Any]]:
        async with session.get(f"{stack.mail}/mails.json", params={"to": ada.email}) as response:
            found: list[dict[str, Any]] = await response.json()
            return found

    async with aiohttp.ClientSession() as session:
        (mail, *_) = await eventually(caught)
        async with session.get(f"{stack.mail}/mails/{mail['id']}/source") as response:
            source = message_from_string(await response.text(), policy=default)
        async with session.get(f"{stack.mail}/mails/{mail['id']}/html") as response:
            assert f"&nbsp; {_SHOWN}</td>" in await response.text()
    assert str(source["From"]) == f"{SITE} <no-reply@127.0.0.1>"
