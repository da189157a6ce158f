"""GitHub is no OpenID provider: it is asked who somebody is."""

from collections.abc import AsyncIterator

import pytest

from tests.integration.auth_service.providers.browser import Browser, changed, parameters, visit
from tests.integration.auth_service.providers.conftest import Serve
from tests.integration.auth_service.providers.github_server import GitHubServer, running_github_server
from tests.integration.auth_service.world import AuthService


@pytest.fixture
async def github() -> AsyncIterator[GitHubServer]:
    async with running_github_server() as server:
        yield server


@pytest.fixture
async def service(serve: Serve, github: GitHubServer) -> AsyncIterator[AuthService]:
    async with serve(f"""
        [[provider]]
        id = "github"
        label = "GitHub"
        kind = "github"
        client_id = "Iv1.0123"
        client_secret = "s3cret"
        authorization_endpoint = "{github.url}/login/oauth/authorize"
        token_endpoint = "{github.url}/login/oauth/access_token"
        api_url = "{github.url}/api"
        """) as service:
        yield service


async def test_person_signs_in_by_their_primary_address(service: AuthService, browser: Browser) -> None:
    assert (await browser.sign_in("github", "/account")).status == 303
    assert (await browser.holder()).claims["amr"] == ["fed"]
    row = await service.admin.fetchrow("select * from auth.federated_identity join auth.account a using (user_id)")
    assert row is not None
    assert (row["issuer"], row["subject"], row["provider"]) == ("https://github.com", "583231", "github")
    assert await service.admin.fetchval("select email from auth.account") == "ada@example.org"
    assert row["email_verified_at"] is not None


async def test_number_counts_and_not_the_name(service: AuthService, github: GitHubServer, browser: Browser) -> None:
    """Names are given to others, once somebody leaves."""
    await browser.sign_in("github")
    ada = (await browser.holder()).user_id
    github.user = {"login": "ada", "id": 7}
    github.emails = [{"email": "eve@example.org", "primary": True, "verified": True}]
    await browser.sign_in("github")
    assert (await browser.holder()).user_id != ada


@pytest.mark.parametrize(("emails", "code"), [
    ([{"email": "ada@example.org", "primary": True, "verified": False}], "provider_email_unverified"),
    ([{"email": "ada@example.org", "primary": True, "verified": 1}], "provider_email_unverified"),
    ([{"email": "ada@example.org", "primary": False, "verified": True}], "provider_email_missing"),
    ([], "provider_email_missing"),
    ({"message": "Not Found"}, "provider_email_missing"),
    ([7, {"primary": True, "email": 7}], "provider_email_missing"),
])  # fmt: skip
async def test_only_the_primary_verified_address_counts(
    service: AuthService, github: GitHubServer, browser: Browser, emails: object, code: str
) -> None:
    """A14"""
    github.emails = emails
    assert (await browser.sign_in("github")).code == code
    assert await service.admin.fetchval("select count(*) from auth.account") == 0


@pytest.mark.parametrize("number", [None, "583231", True, 0, -1, 1.5])
async def test_person_without_a_number_is_nobody(github: GitHubServer, browser: Browser, number: object) -> None:
    github.user = {"login": "ada", "id": number}
    assert (await browser.sign_in("github")).status == 503


async def test_code_is_of_use_once_and_to_its_own_sign_in(service: AuthService, browser: Browser) -> None:
    """A16: GitHub's way to say so is an answer of 200."""
    theirs = await visit(await Browser(service).leave("github"))
    mine = await visit(await browser.leave("github"))
    reply = await browser.go(changed(mine, code=parameters(theirs)["code"]))
    assert (reply.status, reply.code) == (403, "provider_refused")


@pytest.mark.parametrize(
    "answer", [{}, {"error": "incorrect_client_credentials"}, {"access_token": 7}, {"access_token": "a\nb"}]
)
async def test_answer_without_a_token_is_no_persons_fault(
    github: GitHubServer, browser: Browser, answer: dict[str, object]
) -> None:
    github.token_answer = answer
    assert (await browser.sign_in("github")).status == 503
    assert github.asked == []


async def test_answer_of_another_issuer_is_refused(browser: Browser) -> None:
    """A16, a mix-up."""
    back = await visit(await browser.leave("github"))
    assert (await browser.go(changed(back, iss="https://evil.example"))).code == "provider_distrusted"
