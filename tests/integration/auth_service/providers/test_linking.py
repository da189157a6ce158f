"""Which account an identity opens, and who may tie the two together (A14)."""

import asyncio

import pytest

from auth_service.service.entrance import Entrance
from tests.integration.auth_service.people import Json, Person, Reply
from tests.integration.auth_service.providers.browser import Browser, visit
from tests.integration.auth_service.providers.conftest import Serve, declaration
from tests.integration.auth_service.providers.openid_server import ADA, OpenIdServer, running_openid_server
from tests.integration.auth_service.providers.test_signing_in import audit
from tests.integration.auth_service.world import AuthService, until_blocked
from tests.integration.gates import Gate

IDENTITIES = "/v1/auth/identities"


async def verify(service: AuthService, person: Person) -> None:
    await service.admin.execute("update auth.account set email_verified_at = now() where user_id = $1", person.user_id)


async def link(browser: Browser, person: Person, provider: str = "peer", return_to: str = "/account/linked") -> Reply:
    """Link an identity to the person's account by the browser, all the way."""
    begun = await browser.service.post(f"{IDENTITIES}/{provider}/start", {"return_to": return_to}, person=person)
    if begun.status != 200:
        return begun
    browser.keep(begun.headers["Set-Cookie"])
    return await browser.go(await visit(begun.body["authorization_url"]))


async def linked(service: AuthService, person: Person) -> list[Json]:
    items: list[Json] = (await service.call("GET", IDENTITIES, person=person)).body["items"]
    return items


async def test_identity_is_linked_by_its_address_where_both_sides_verified_it(
    service: AuthService, browser: Browser
) -> None:
    ada = await service.register("ADA@example.org")
    await verify(service, ada)
    assert (await browser.sign_in()).status == 303
    assert (await browser.holder()).user_id == ada.user_id
    (identity,) = await linked(service, ada)
    assert (identity["provider"], identity["email"]) == ("peer", "ada@example.org")
    assert await audit(service, "identity_linked") == [{"provider": "peer", "by": "address"}]


async def test_identity_that_is_unlinked_meanwhile_lets_nobody_in(
    service: AuthService, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A14: its owner unlinks it and signs out the others; whoever is just coming in by it is none of them yet."""
    ada = await service.register("ada@example.org")
    await verify(service, ada)
    assert (await browser.sign_in()).status == 303
    (identity,) = await linked(service, ada)
    thief = Browser(service)
    gate = Gate(monkeypatch, Entrance, "admit")
    sign_in = asyncio.create_task(thief.sign_in())
    await gate.reached()
    assert (await service.call("DELETE", f"{IDENTITIES}/{identity['id']}", person=ada)).status == 204
    gate.open()
    refused = await sign_in
    assert (refused.status, refused.code) == (401, "invalid_credentials")
    assert "session" not in thief.cookies


@pytest.mark.parametrize(("ours", "theirs"), [(False, True), (True, False), (False, False)])
async def test_address_that_one_side_has_not_verified_links_nothing(
    serve: Serve, peer: OpenIdServer, *, ours: bool, theirs: bool
) -> None:
    """A14: neither does a squatter here wait for the owner, nor a liar there get in."""
    async with serve(declaration(peer.issuer, more="accept_unverified_email = true")) as service:
        ada = await service.register("ada@example.org")
        if ours:
            await verify(service, ada)
        peer.person["email_verified"] = theirs
        browser = Browser(service)
        reply = await browser.sign_in()
        assert (reply.status, reply.code) == (409, "link_required")
        assert "session" not in browser.cookies
        assert await linked(service, ada) == []


@pytest.mark.parametrize("verified", [False, None, "false", "yes", 1, ["true"]])
async def test_unverified_address_makes_no_account_and_tells_of_none(
    service: AuthService, peer: OpenIdServer, browser: Browser, verified: object
) -> None:
    """A14: the same is said whether or not somebody has an account with it."""
    peer.person["email_verified"] = verified
    replies = [await browser.sign_in()]
    await verify(service, await service.register("ada@example.org"))
    replies.append(await browser.sign_in())
    assert [(reply.status, reply.code) for reply in replies] == [(403, "provider_email_unverified")] * 2


async def test_unverified_address_makes_an_unverified_account_where_the_operator_takes_that(
    serve: Serve, peer: OpenIdServer
) -> None:
    peer.person["email_verified"] = False
    async with serve(declaration(peer.issuer, more="accept_unverified_email = true")) as service:
        assert (await Browser(service).sign_in()).status == 303
        assert await service.admin.fetchval("select email from auth.account where email_verified_at is null")


async def test_operator_may_vouch_for_a_provider(serve: Serve, peer: OpenIdServer) -> None:
    del peer.person["email_verified"]
    async with serve(declaration(peer.issuer, more="email_always_verified = true")) as service:
        assert (await Browser(service).sign_in()).status == 303
        assert await service.admin.fetchval("select email from auth.account where email_verified_at is not null")


@pytest.mark.parametrize("email", [None, "", "no address", "a@b", 7, "ada\r\nBcc: eve@example.org"])
async def test_account_needs_an_address(peer: OpenIdServer, browser: Browser, email: object) -> None:
    peer.person, peer.userinfo = {"sub": "ada", "email": email, "email_verified": True}, {"sub": "ada"}
    reply = await browser.sign_in()
    assert (reply.status, reply.code) == (403, "provider_email_missing")


async def test_newcomer_of_twenty_tabs_gets_one_account(service: AuthService) -> None:
    browsers = [Browser(service) for _ in range(20)]
    ways = await asyncio.gather(*(browser.leave() for browser in browsers))
    backs = await asyncio.gather(*(visit(way) for way in ways))
    replies = await asyncio.gather(*(browser.go(back) for browser, back in zip(browsers, backs, strict=True)))
    assert {reply.status for reply in replies} == {303}
    for table, number in (("account", 1), ("federated_identity", 1), ("session", 20)):
        assert await service.admin.fetchval(f"select count(*) from auth.{table}") == number


async def test_subject_counts_within_its_issuer_alone(serve: Serve, peer: OpenIdServer) -> None:
    """A15: another provider's subject of the same name opens nothing, whatever the provider is called."""
    async with running_openid_server() as other:
        other.person = {**ADA, "email": "eve@example.org"}
        for issuer in (peer.issuer, other.issuer):
            async with serve(declaration(issuer)) as service:
                assert (await Browser(service).sign_in()).status == 303
                number = await service.admin.fetchval("select count(*) from auth.account")
        assert number == 2


async def test_answer_of_one_provider_is_not_taken_at_anothers_address(serve: Serve, peer: OpenIdServer) -> None:
    """A16: a mix-up."""
    both = declaration(peer.issuer) + declaration(peer.issuer, "twin")
    async with serve(both) as service:
        browser = Browser(service)
        back = await visit(await browser.leave("twin"))
        assert (await browser.go(back.replace("/twin/", "/peer/"))).code == "invalid_sign_in_flow"


# By a person who is signed in


async def test_person_links_lists_and_unlinks(service: AuthService, peer: OpenIdServer, browser: Browser) -> None:
    peer.person["email"] = "ada@elsewhere.example"
    ada = await service.register()
    await verify(service, ada)
    reply = await link(browser, ada)
    assert (reply.status, reply.headers["Location"]) == (303, "/account/linked")
    assert "session" not in browser.cookies
    (identity,) = await linked(service, ada)
    assert (identity["provider"], identity["email"]) == ("peer", "ada@elsewhere.example")
    await browser.sign_in()
    assert (await browser.holder()).user_id == ada.user_id

    assert (await service.call("DELETE", f"{IDENTITIES}/{identity['id']}", person=ada)).status == 204
    assert await linked(service, ada) == []
    assert await audit(service, "identity_linked") == [{"provider": "peer", "by": "session"}]
    assert await audit(service, "identity_unlinked") == [{"provider": "peer"}]


async def test_linking_twice_changes_nothing(service: AuthService, browser: Browser) -> None:
    ada = await service.register("ada@example.org")
    assert [(await link(browser, ada)).status for _ in range(2)] == [303, 303]
    assert len(await linked(service, ada)) == 1


async def test_identity_belongs_to_one_account(service: AuthService, browser: Browser) -> None:
    await browser.sign_in()
    other = await service.register()
    await verify(service, other)
    reply = await link(browser, other)
    assert (reply.status, reply.code) == (409, "identity_taken")


async def test_squatter_leaves_no_way_in_behind(service: AuthService, peer: OpenIdServer, browser: Browser) -> None:
    """A14: whoever registered a stranger's address links no identity of theirs before the stranger takes it back."""
    squatter = await service.register("stranger@example.org")
    reply = await link(browser, squatter)
    assert (reply.status, reply.code) == (409, "link_needs_verified_email")
    peer.person |= {"email": "stranger@example.org", "email_verified": False}
    assert (await link(browser, squatter)).code == "link_needs_verified_email"


async def test_identity_with_the_accounts_own_address_verifies_it(service: AuthService, browser: Browser) -> None:
    ada = await service.register("Ada@Example.org")
    assert (await link(browser, ada)).status == 303
    assert await service.admin.fetchval("select email_verified_at is not null from auth.account")


async def test_linking_needs_a_fresh_session(service: AuthService, browser: Browser) -> None:
    ada = await service.register("ada@example.org")
    await link(browser, ada)
    (identity,) = await linked(service, ada)
    await service.admin.execute("update auth.session set authenticated_at = now() - interval '11 minutes'")
    assert (await link(browser, ada)).code == "insufficient_user_authentication"
    gone = await service.call("DELETE", f"{IDENTITIES}/{identity['id']}", person=ada)
    assert (gone.status, gone.code) == (401, "insufficient_user_authentication")
    assert len(await linked(service, ada)) == 1


async def test_session_that_ends_meanwhile_links_nothing(service: AuthService, browser: Browser) -> None:
    ada = await service.register("ada@example.org")
    begun = await service.post(f"{IDENTITIES}/peer/start", {}, person=ada)
    browser.keep(begun.headers["Set-Cookie"])
    back = await visit(begun.body["authorization_url"])
    await service.post("/v1/auth/logout", person=ada)
    assert (await browser.go(back)).status == 401
    assert await service.admin.fetchval("select count(*) from auth.federated_identity") == 0


async def test_link_is_finished_in_the_browser_that_began_it(service: AuthService) -> None:
    """Nobody has a stranger link themselves to an account that isn't theirs."""
    ada = await service.register("ada@example.org")
    begun = await service.post(f"{IDENTITIES}/peer/start", {}, person=ada)
    back = await visit(begun.body["authorization_url"])
    assert (await Browser(service).go(back)).code == "invalid_sign_in_flow"


async def test_somebody_elses_identity_is_not_there(service: AuthService, browser: Browser) -> None:
    ada, eve = await service.register("ada@example.org"), await service.register()
    await link(browser, ada)
    (identity,) = await linked(service, ada)
    assert await linked(service, eve) == []
    assert (await service.call("DELETE", f"{IDENTITIES}/{identity['id']}", person=eve)).code == "not_found"
    assert len(await linked(service, ada)) == 1


async def test_account_has_twenty_identities_at_most(service: AuthService, browser: Browser) -> None:
    ada = await service.register("ada@example.org")
    await service.admin.execute(
        """
        insert into auth.federated_identity (identity_id, user_id, provider, issuer, subject)
        select gen_random_uuid(), $1, 'x', 'x', n::text from generate_series(1, 20) n
        """,
        ada.user_id,
    )
    reply = await link(browser, ada)
    assert (reply.status, reply.code) == (409, "too_many_identities")


# The last way in


async def test_last_way_in_stays(service: AuthService, browser: Browser) -> None:
    await browser.sign_in()
    ada = await browser.holder()
    (identity,) = await linked(service, ada)
    reply = await service.call("DELETE", f"{IDENTITIES}/{identity['id']}", person=ada)
    assert (reply.status, reply.code) == (409, "last_way_in")
    assert len(await linked(service, ada)) == 1
    assert await audit(service, "identity_unlinked") == []


async def test_identity_at_a_provider_that_is_gone_is_no_way_in(service: AuthService, browser: Browser) -> None:
    await browser.sign_in()
    ada = await browser.holder()
    await service.admin.execute(
        """
        insert into auth.federated_identity (identity_id, user_id, provider, issuer, subject)
        values (gen_random_uuid(), $1, 'gone', 'https://gone.example', 'ada')
        """,
        ada.user_id,
    )
    own, gone = await linked(service, ada)
    assert (await service.call("DELETE", f"{IDENTITIES}/{own['id']}", person=ada)).code == "last_way_in"
    assert (await service.call("DELETE", f"{IDENTITIES}/{gone['id']}", person=ada)).status == 204


async def test_two_ways_in_taken_away_at_once_leave_one(
    service: AuthService, peer: OpenIdServer, browser: Browser
) -> None:
    await browser.sign_in()
    ada = await browser.holder()
    await service.admin.execute(
        """
        insert into auth.federated_identity (identity_id, user_id, provider, issuer, subject)
        values (gen_random_uuid(), $1, 'peer', $2, 'another')
        """,
        ada.user_id,
        peer.issuer,
    )
    paths = [f"{IDENTITIES}/{each['id']}" for each in await linked(service, ada)]
    async with service.admin.transaction():
        await service.admin.execute("select from auth.account for update")
        both = asyncio.gather(*(service.call("DELETE", path, person=ada) for path in paths))
        await until_blocked(service)
    assert sorted(reply.status for reply in await both) == [204, 409]
    assert len(await linked(service, ada)) == 1
