"""The way back from a provider is gone once, by who began it, with the answer to that (A16)."""

import asyncio
from datetime import timedelta

import pytest

from auth_service.repository.retention import PURGES
from shared.db import open_database
from shared.opaque_tokens import digest
from shared.purge import purge
from shared.settings import DatabaseSettings, Secret
from tests.integration.auth_service.people import STRANGER
from tests.integration.auth_service.providers.browser import (
    Browser,
    assert_nothing_was_made,
    changed,
    parameters,
    visit,
)
from tests.integration.auth_service.providers.openid_server import (
    OpenIdServer,
)
from tests.integration.auth_service.world import AuthService
from tests.stores import DatabaseUrls

EVIL = "https://evil.example"


@pytest.mark.parametrize("state", [None, "", "x", "0" * 49])
async def test_state_that_is_not_ours_is_refused(browser: Browser, state: str | None) -> None:
    back = await visit(await browser.leave())
    assert (await browser.go(changed(back, state=state))).code == "invalid_sign_in_flow"


async def test_way_back_is_gone_once(service: AuthService, browser: Browser) -> None:
    back = await visit(await browser.leave())
    assert (await browser.go(back)).status == 303
    assert (await browser.go(back)).code == "invalid_sign_in_flow"
    assert await service.admin.fetchval("select count(*) from auth.session") == 1


async def test_of_many_who_go_it_at_once_one_gets_through(service: AuthService, browser: Browser) -> None:
    back = await visit(await browser.leave())
    replies = await asyncio.gather(*(browser.go(back) for _ in range(20)))
    assert sorted(reply.status for reply in replies) == [303] + [400] * 19


async def test_code_that_was_used_before_is_refused(peer: OpenIdServer, browser: Browser) -> None:
    back = await visit(await browser.leave())
    await browser.go(back)
    again = await visit(await browser.leave())
    reply = await browser.go(changed(again, code=parameters(back)["code"]))
    assert (reply.status, reply.code) == (403, "provider_refused")


async def test_code_of_another_sign_in_is_refused(browser: Browser, service: AuthService) -> None:
    """An attacker's code, slipped into somebody's sign-in: the proof key isn't that code's."""
    theirs = await visit(await Browser(service, device=STRANGER).leave())
    mine = await visit(await browser.leave())
    assert (await browser.go(changed(mine, code=parameters(theirs)["code"]))).code == "provider_refused"


async def test_another_browser_cannot_finish_it(service: AuthService, browser: Browser) -> None:
    """Nobody is signed in to an attacker's account by a link of theirs; nor by their own browser's cookie."""
    other = Browser(service, device=STRANGER)
    await other.leave()
    for cookies in ({}, dict(other.cookies), {"sign-in": "b_x"}):
        back = await visit(await browser.leave())
        reply = await Browser(service, cookies).go(back)
        assert (reply.status, reply.code) == (400, "invalid_sign_in_flow")
        assert (await browser.go(back)).code == "invalid_sign_in_flow"  # and it is spent
    await assert_nothing_was_made(service)


async def test_sign_in_expires(service: AuthService, browser: Browser) -> None:
    back = await visit(await browser.leave())
    await service.admin.execute("update auth.federated_flow set expires_at = now()")
    assert (await browser.go(back)).code == "invalid_sign_in_flow"


async def test_person_who_declines_is_told_so(browser: Browser) -> None:
    back = await visit(await browser.leave())
    reply = await browser.go(changed(back, code=None, error="access_denied", error_description="<b>no</b>"))
    assert (reply.status, reply.code, reply.body["detail"]) == (403, "provider_refused", "It says: access_denied.")


@pytest.mark.parametrize("issuer", [EVIL, "", None])
async def test_answer_of_another_issuer_is_refused(peer: OpenIdServer, browser: Browser, issuer: str | None) -> None:
    """A16, a mix-up (RFC 9207): the code isn't even sent to our provider."""
    peer.returned = {"iss": issuer}
    assert (await browser.sign_in()).code == "provider_distrusted"
    assert "/token" not in peer.asked


async def test_issuer_that_is_told_counts_though_it_was_not_announced(peer: OpenIdServer, browser: Browser) -> None:
    peer.tells_issuer = False
    peer.returned = {"iss": EVIL}
    assert (await browser.sign_in()).code == "provider_distrusted"
    peer.returned = {}
    assert (await browser.sign_in()).status == 303


@pytest.mark.parametrize("query", ["state=a&state=b&code=x", "state=%00&code=x", "state=a&code=" + "x" * 5000])
async def test_way_back_with_nonsense_is_a_bad_request(browser: Browser, query: str) -> None:
    reply = await browser.go(f"/account/sign-in/with/peer/callback?{query}")
    assert (reply.status, reply.code) == (400, "invalid_parameter")


async def test_sign_ins_that_nobody_came_back_from_are_forgotten(
    service: AuthService, browser: Browser, auth_database: DatabaseUrls
) -> None:
    one, other = parameters(await browser.leave()), parameters(await browser.leave())
    await service.admin.execute(
        "update auth.federated_flow set expires_at = now() where token_hash = $1", digest(one["state"])
    )
    url = Secret(auth_database.runtime)
    async with open_database(DatabaseSettings(url, url, pool_size=1, timeout=5)) as database:
        await purge(database, PURGES)
    left = await service.admin.fetch("select token_hash, expires_at - now() as life from auth.federated_flow")
    assert [row["token_hash"] for row in left] == [digest(other["state"])]
    assert timedelta(minutes=9) < left[0]["life"] <= timedelta(minutes=10)


async def test_what_is_kept_of_a_sign_in_is_of_no_use_for_another(service: AuthService, browser: Browser) -> None:
    """Not even to somebody who can write into the database."""
    backs = [await visit(await browser.leave()) for _ in range(2)]
    await service.admin.execute(
        """
        update auth.federated_flow f set sealed = other.sealed from auth.federated_flow other
        where other.token_hash <> f.token_hash
        """
    )
    assert [(await browser.go(back)).code for back in backs] == ["invalid_sign_in_flow"] * 2
